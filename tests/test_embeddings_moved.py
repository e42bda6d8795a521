"""COV116 fires where embeddings lie elsewhere, names rows, and is quiet on two draws."""

from __future__ import annotations

import numpy as np
import pytest

from diagnose import testing
from diagnose.analyzers.embeddings_moved import EmbeddingsMoved
from diagnose.finding import Cause, Status
from diagnose.run import Run
from shifted_samples import embedded, embeddings

RULE = EmbeddingsMoved()


def run(train: np.ndarray, val: np.ndarray, **fields: object) -> Run:
    return testing.run_of_data(train=embedded("train", train), val=embedded("val", val, **fields))


@pytest.mark.parametrize(("n", "seed"), [(40, 0), (200, 1), (1000, 2), (2000, 3)])
def test_quiet_on_two_draws(n: int, seed: int) -> None:
    outcome = testing.assert_quiet(RULE, history=run(embeddings(n, seed), embeddings(n, seed + 100)))
    assert outcome.status is Status.PASSED
    assert "would have been found" in outcome.why


def test_false_alarms_are_at_most_one_in_twenty() -> None:
    alarms = [bool(testing.examine(RULE, history=run(embeddings(80, s, 6), embeddings(80, s + 500, 6)))[0])
              for s in range(60)]  # fmt: skip
    assert sum(alarms) <= 7  # 8 or more of 60 happen once in a hundred at 5 %


def test_fires_on_a_shift_of_the_mean() -> None:
    one, other = embeddings(800, 0), embeddings(800, 1)
    finding = testing.assert_fires(RULE, history=run(one, other + 0.15 * one.std(0)), cause=Cause.COVARIATE_SHIFT)
    assert finding.probability >= 0.9
    assert "lie elsewhere" in finding.claim


def test_names_the_rows_that_moved() -> None:
    one, other = embeddings(1000, 0), embeddings(1000, 1)
    other[:80] += np.float32(2) * one.std(0) * np.sign(np.random.default_rng(0).normal(size=40)).astype(np.float32)
    names = tuple(f"{k:04d}.png" for k in range(1000))
    finding = testing.assert_fires(RULE, history=run(one, other, rows=names))
    named = [int(name[:4]) for name in finding.where[0].names]
    assert np.mean(np.array(named) < 80) >= 0.9
    assert finding.figure is not None
    assert finding.figure.rows[0][0].endswith(".png")


def test_a_tiny_shift_of_many_rows_is_no_finding() -> None:
    one, other = (np.random.default_rng(s).normal(size=(20_000, 3)) for s in (0, 1))
    testing.assert_quiet(RULE, history=run(one, other + np.array([0.01, 0, 0])))


def test_rows_without_finite_embeddings_are_left_out_and_numbers_kept() -> None:
    one, other = embeddings(500, 0), embeddings(500, 1)
    other[:40] = np.nan
    other[460:] += 4 * one.std(0)
    finding = testing.assert_fires(RULE, history=run(one, other))
    assert np.mean([int(name) >= 460 for name in finding.where[0].names]) >= 0.8


def test_skips_without_embeddings_with_few_rows_and_with_other_widths() -> None:
    few = testing.assert_quiet(RULE, history=run(embeddings(9, 0), embeddings(9, 1)))
    other = testing.assert_quiet(RULE, history=run(embeddings(100, 0), embeddings(100, 1, 20)))
    none = testing.assert_quiet(RULE, history=testing.run_of_data(train={"a": [1.0]}, val={"a": [1.0]}))
    assert {few.status, other.status, none.status} == {Status.SKIPPED}


def test_ten_rows_are_compared_exactly() -> None:
    alarms = [bool(testing.examine(RULE, history=run(embeddings(60, s, 8), embeddings(10, s + 700, 8)))[0])
              for s in range(40)]  # fmt: skip
    assert sum(alarms) <= 6  # 7 or more of 40 happen less than once in a hundred at 5 %
    far = embeddings(10, 1) + 3 * embeddings(60, 0).std(0)
    testing.assert_fires(RULE, history=run(embeddings(60, 0), far))


def test_the_same_seed_says_the_same() -> None:
    given = run(embeddings(300, 0), embeddings(300, 1) + 0.1)
    assert testing.examine(RULE, history=given) == testing.examine(RULE, history=given)

"""EVA901 fires on tiny validation sets, given or betrayed by their scores' steps."""

from __future__ import annotations

import numpy as np
import pytest

from diagnose import testing
from diagnose.analyzers.coarse_validation import CoarseValidation
from diagnose.finding import Cause, Severity, Status
from diagnose.measures.sampling import implied_samples
from simulated_runs import assert_never_crashes, assert_same, healthy, with_extra_columns

RULE = CoarseValidation()


def scored_on(n: int, digits: int = 4, seed: int = 0) -> dict[str, list[float]]:
    """Return a healthy run whose validation accuracy is counted on ``n`` samples."""
    run = healthy(30, seed)
    rng = np.random.default_rng(seed)
    counts = rng.binomial(n, np.clip(run["val_accuracy"], 0, 1))
    return {**run, "val_accuracy": [round(c / n, digits) for c in counts.tolist()]}


@pytest.mark.parametrize("n", [5, 13, 20])
def test_fires_where_the_steps_betray_few_samples(n: int) -> None:
    finding = testing.assert_fires(RULE, history=scored_on(n), cause=Cause.EVALUATION)
    assert finding.severity is Severity.WARNING
    assert f"{n} samples" in finding.claim


def test_fires_where_few_samples_are_given() -> None:
    assert testing.assert_fires(RULE, history=healthy(), context={"n_val": 12}).probability > 0.9


def test_only_mentions_an_interval_wider_than_the_change() -> None:
    run = {**healthy(30), "val_accuracy": [0.94 + 0.001 * (i % 5) for i in range(30)]}
    assert testing.assert_fires(RULE, history=run, context={"n_val": 500}).severity is Severity.INFO


@pytest.mark.parametrize("n", [40, 200, 777])
def test_quiet_on_enough_samples(n: int) -> None:
    testing.assert_quiet(RULE, history=scored_on(n))


def test_quiet_where_many_samples_are_given() -> None:
    testing.assert_quiet(RULE, history=healthy(), context={"n_val": 10_000})


def test_skips_and_asks_where_nothing_is_known() -> None:
    outcome = testing.assert_quiet(RULE, history=healthy())
    assert outcome.status is Status.SKIPPED
    assert "n_val" in outcome.settle


def test_skips_without_a_score() -> None:
    run = {k: v for k, v in healthy().items() if k.endswith("loss")}
    assert testing.assert_quiet(RULE, history=run).status is Status.SKIPPED


@pytest.mark.parametrize("digits", [3, 4, 6])
def test_unquantised_scores_imply_no_count(digits: int) -> None:
    rng = np.random.default_rng(1)
    hits = sum(implied_samples(np.round(rng.random(6), digits)) is not None for _ in range(500))
    assert hits <= 3


@pytest.mark.parametrize("n", [3, 7, 29, 64, 431])
def test_reads_the_count_off_the_steps(n: int) -> None:
    counts = np.random.default_rng(n).permutation(n + 1)[:12]
    assert implied_samples(np.round(counts / n, 6)) == n


def test_unchanged_by_extra_columns() -> None:
    assert_same(RULE, scored_on(13), with_extra_columns(scored_on(13)))


def test_never_crashes() -> None:
    assert_never_crashes(RULE, {"n_val": 10})

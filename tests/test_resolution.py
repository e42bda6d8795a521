"""EVA907 says how well a held-out score is known, and what it could tell."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from diagnose import testing
from diagnose.analyzers.resolution import TOLD, Resolution
from diagnose.data import Column, Kind, Split
from diagnose.finding import Cause, Severity, Status
from gap_worlds import split_of
from simulated_runs import healthy

RULE = Resolution()


def judged_on(n: int, error: float = 0.2, seed: int = 0, task: str = "classes") -> Split:
    """Return validation rows of which a share is misjudged."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(n, 2)), rng.integers(0, 2, n)
    wrong = rng.random(n) < error
    return split_of("val", x, y, np.where(wrong, 1 - y, y), task=task)


def test_mentions_a_coarse_score() -> None:
    finding = testing.assert_fires(RULE, history=testing.run_of_data(val=judged_on(150)), cause=Cause.EVALUATION)
    assert finding.severity is Severity.INFO
    assert "150 rows" in finding.claim


def test_a_handful_of_rows_is_a_fault() -> None:
    finding = testing.assert_fires(RULE, history=testing.run_of_data(val=judged_on(20)))
    assert finding.severity is Severity.WARNING


@pytest.mark.parametrize(("n", "error"), [(500, 0.2), (5000, 0.5), (900, 0.02), (400, 0.1)])
def test_quiet_on_enough_rows_and_says_what_they_tell(n: int, error: float) -> None:
    outcome = testing.assert_quiet(RULE, history=testing.run_of_data(val=judged_on(n, error)))
    assert outcome.status is Status.PASSED
    assert "told apart" in outcome.why


def test_rows_of_few_patients_are_few_rows() -> None:
    rng = np.random.default_rng(1)
    patient = np.repeat(np.arange(40), 50)
    y = rng.integers(0, 2, 2000)
    wrong = np.repeat(rng.random(40) < 0.3, 50)  # a patient is misjudged as a whole
    alone = split_of("val", rng.normal(size=(2000, 2)), y, np.where(wrong, 1 - y, y))
    testing.assert_quiet(RULE, history=testing.run_of_data(val=alone))
    grouped = replace(alone, groups=Column("patient", Kind.IDENTIFIER, patient.astype(np.uint64) + 1))
    finding = testing.assert_fires(RULE, history=testing.run_of_data(val=grouped))
    counted = next(m.value for m in finding.evidence if "stand for themselves" in m.name)
    assert counted == pytest.approx(40, rel=0.1)


def test_losses_serve_where_outputs_are_not_known() -> None:
    rng = np.random.default_rng(2)
    many = replace(judged_on(4000), outputs=None, classes=(), losses=rng.exponential(size=4000))
    assert "loss on validation rows" in testing.assert_quiet(RULE, history=testing.run_of_data(val=many)).why
    few = replace(judged_on(60), outputs=None, classes=(), losses=rng.exponential(size=60))
    testing.assert_fires(RULE, history=testing.run_of_data(val=few))


def test_the_log_serves_where_no_data_are_given() -> None:
    outcome = testing.assert_quiet(RULE, history=healthy(), context={"n_val": 5000})
    assert "val_accuracy" in outcome.why
    testing.assert_fires(RULE, history=healthy(), context={"n_val": 60})


def test_leaves_tiny_sets_of_a_log_to_eva901() -> None:
    outcome = testing.assert_quiet(RULE, history=healthy(), context={"n_val": 12})
    assert outcome.status is Status.NOT_APPLICABLE
    assert "EVA901" in outcome.why


def test_skips_and_asks_where_nothing_is_known() -> None:
    outcome = testing.assert_quiet(RULE, history=healthy())
    assert outcome.status is Status.SKIPPED
    assert "--prediction" in outcome.settle


def test_the_difference_it_names_is_told_four_times_in_five() -> None:
    rng = np.random.default_rng(3)
    n, worse = 2000, 0.2
    error = np.sqrt(worse * (1 - worse) / n)
    better = worse - TOLD * error
    first, second = rng.binomial(n, worse, 4000) / n, rng.binomial(n, better, 4000) / n
    pooled = (first + second) / 2
    told = (first - second) / np.sqrt(2 * pooled * (1 - pooled) / n) > 1.96
    assert 0.78 < told.mean() < 0.86


@pytest.mark.parametrize("error", [0.0, 1.0])
def test_perfect_and_hopeless_models_crash_nothing(error: float) -> None:
    testing.examine(RULE, history=testing.run_of_data(val=judged_on(300, error)))
    testing.assert_quiet(RULE, history=testing.run_of_data(val=judged_on(300, error)))


def test_documented() -> None:
    testing.assert_documented(RULE)

"""EVA903 fires on values that a score can't have."""

from __future__ import annotations

import pytest

from diagnose import testing
from diagnose.analyzers.impossible_metric import ImpossibleMetric
from diagnose.finding import Cause, Status
from simulated_runs import EARLY, QUIET, assert_never_crashes, healthy

RULE = ImpossibleMetric()


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("val_accuracy", [0.5, 0.7, 1.3, 0.9]),
        ("val_dice", [0.4, 0.9, 1.7, 1.9]),
        ("val_f1", [-0.2, 0.1, 0.3, 0.4]),
        ("val_r2", [0.1, 0.5, 0.9, 1.4]),
        ("val_mae", [0.3, 0.1, -0.1, -0.2]),
        ("accuracy", [50.0, 80.0, 99.0, 101.0]),
    ],
)
def test_fires_outside_the_definition(name: str, values: list[float]) -> None:
    run = {"loss": [1.0, 0.8, 0.7, 0.6], "val_loss": [1.0, 0.9, 0.8, 0.7], name: values}
    finding = testing.assert_fires(RULE, history=run, cause=Cause.EVALUATION)
    assert name in finding.claim


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("val_accuracy", [0.0, 0.5, 1.0, 1.0]),
        ("val_accuracy", [10.0, 55.0, 99.0, 100.0]),
        ("val_accuracy", [0.5, 0.7, 1.00001, 0.9]),
        ("val_r2", [-12.0, -0.5, 0.3, 0.8]),
        ("val_wer", [1.8, 1.0, 0.6, 0.4]),
        ("val_mae", [300.0, 200.0, 100.0, 50.0]),
        ("val_my_own_score", [-3.0, 4.0, 5.0, 6.0]),
    ],
)
def test_quiet_within_the_definition(name: str, values: list[float]) -> None:
    testing.assert_quiet(RULE, history={"loss": [1.0, 0.8, 0.7, 0.6], "val_loss": [1.0, 0.9, 0.8, 0.7], name: values})


def test_negative_losses_are_no_scores() -> None:
    run = {"loss": [-1.0, -2.0, -3.0, -4.0], "val_loss": [-1.0, -2.0, -3.0, -3.5]}
    assert testing.assert_quiet(RULE, history=run).status is Status.SKIPPED


@pytest.mark.parametrize("name", QUIET)
def test_quiet_on_healthy_runs(name: str) -> None:
    testing.assert_quiet(RULE, history=QUIET[name])


@pytest.mark.parametrize("name", EARLY)
def test_quiet_on_a_healthy_run_in_progress(name: str) -> None:
    testing.assert_quiet(RULE, history=EARLY[name])


def test_says_how_many_points() -> None:
    finding = testing.assert_fires(RULE, history={**healthy(5), "val_accuracy": [0.1, 1.2, 1.3, 0.4, 1.1]})
    assert next(m.value for m in finding.evidence if m.name == "points outside") == 3


def test_never_crashes() -> None:
    assert_never_crashes(RULE)

"""UNF301 fires where training itself ended near guessing, and never on a loss alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from diagnose import testing
from diagnose.analyzers.poor_training_score import PoorTrainingScore
from diagnose.finding import RULED_OUT, Cause, Severity, Status
from simulated_runs import (
    EARLY,
    QUIET,
    SCALES,
    SHIFTS,
    History,
    assert_never_crashes,
    assert_same,
    decay,
    flat,
    healthy,
    history,
    moved,
    noise,
    overfit,
    with_extra_columns,
)

RULE = PoorTrainingScore()


def stuck(level: float = 0.41, gain: float = 0.03, n: int = 40) -> History:
    """Accuracy creeps up by three points and stops; the loss levels off at once."""
    score = level + gain * (1 - decay(n, 1.0, 0.0))
    return history(decay(n, 1.2, 1.1, 12) + noise(n, 0.002), decay(n, 1.2, 1.12, 12) + noise(n, 0.003, 1),
                   score + noise(n, 0.003, 2), score + noise(n, 0.004, 3))  # fmt: skip


def test_fires_at_guessing() -> None:
    finding = testing.assert_fires(RULE, history=flat(), context={"n_classes": 10}, cause=Cause.UNDERFITTING)
    assert finding.severity is Severity.ERROR
    assert finding.probability >= 0.8


def test_fires_where_little_was_gained() -> None:
    assert testing.assert_fires(RULE, history=stuck()).severity is Severity.WARNING


@pytest.mark.parametrize("classes", [None, 2, 10, 1000])
@pytest.mark.parametrize("name", QUIET)
def test_quiet_on_healthy_runs(name: str, classes: int | None) -> None:
    testing.assert_quiet(RULE, history=QUIET[name], context={"n_classes": classes})


@pytest.mark.parametrize("name", EARLY)
def test_quiet_on_a_healthy_run_in_progress(name: str) -> None:
    testing.assert_quiet(RULE, history=EARLY[name])


def test_quiet_on_a_run_that_started_near_its_best() -> None:
    testing.assert_quiet(RULE, history=stuck(level=0.93))


def test_quiet_where_a_low_level_is_good() -> None:
    testing.assert_quiet(RULE, history=stuck(), context={"n_classes": 1000})


def test_quiet_where_validation_is_good() -> None:
    run = stuck()
    run["val_accuracy"] = healthy(40)["val_accuracy"]
    testing.assert_quiet(RULE, history=run)


def test_quiet_on_overfitting() -> None:
    testing.assert_quiet(RULE, history=overfit(), context={"n_classes": 10})


def test_a_loss_alone_has_no_level() -> None:
    run = {k: v for k, v in stuck().items() if k.endswith("loss")}
    outcome = testing.assert_quiet(RULE, history=run)
    assert outcome.status is Status.SKIPPED
    assert "R²" in outcome.settle


@settings(max_examples=15, deadline=None)
@given(scale=SCALES, shift=SHIFTS)
def test_unchanged_by_scale_and_shift(scale: float, shift: float) -> None:
    assert_same(RULE, stuck(), moved(stuck(), scale, shift))


def test_unchanged_by_extra_columns() -> None:
    assert_same(RULE, stuck(), with_extra_columns(stuck()))


def test_never_crashes() -> None:
    assert_never_crashes(RULE, {"n_classes": 3})


def test_a_poor_score_that_validation_contradicts_is_not_ruled_out() -> None:
    n = 31
    run = {"loss": list(np.linspace(0.64, 0.57, n)), "val_loss": list(np.linspace(0.52, 0.44, n))}
    run |= {"accuracy": list(np.linspace(0.41, 0.45, n)), "val_accuracy": [0.724] * n}
    outcome = testing.assert_quiet(RULE, history=run)
    assert outcome.probability is not None
    assert outcome.probability >= RULED_OUT

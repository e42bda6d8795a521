"""OVF107 names a training score far above the validation score, leaves it open, and keeps quiet on ordinary gaps."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

import diagnose
from diagnose import testing
from diagnose.analyzers.wide_score_gap import WideScoreGap
from diagnose.finding import Cause, Status
from simulated_runs import (
    EARLY,
    QUIET,
    SCALES,
    SHIFTS,
    History,
    assert_never_crashes,
    assert_same,
    decay,
    history,
    moved,
    overfit,
    with_extra_columns,
)

RULE = WideScoreGap()


def plateau(n: int = 50, val_level: float = 0.78) -> History:
    """Both fall together to a wide, steady gap: 0.99 in training, less in validation."""
    score = 1 - decay(n, 0.9, 0.01)
    return history(decay(n, 2.0, 0.02), decay(n, 2.6, 0.6), score, val_level * score)


def test_fires_on_a_wide_steady_gap() -> None:
    finding = testing.assert_fires(RULE, history=plateau(), cause=Cause.OVERFITTING)
    assert finding.evidence[0].value == pytest.approx(0.99 * 0.22, abs=0.01)


def test_the_diagnosis_is_open_and_never_healthy() -> None:
    diagnosis = diagnose.audit(plateau())
    assert diagnosis.main == "cannot_tell"
    assert "compare the training with the validation data" in diagnosis.sentence


@pytest.mark.parametrize("name", QUIET)
def test_quiet_on_healthy_runs(name: str) -> None:
    testing.assert_quiet(RULE, history=QUIET[name])


@pytest.mark.parametrize("name", EARLY)
def test_quiet_on_a_healthy_run_in_progress(name: str) -> None:
    testing.assert_quiet(RULE, history=EARLY[name])


def test_quiet_on_ten_points() -> None:
    testing.assert_quiet(RULE, history=plateau(val_level=0.9))


def test_quiet_where_so_few_samples_explain_the_gap() -> None:
    testing.assert_fires(RULE, history=plateau(), context={"n_val": 2000})
    testing.assert_quiet(RULE, history=plateau(), context={"n_val": 20})


def test_leaves_what_the_losses_show_to_their_codes() -> None:
    run = overfit()
    n = len(run["loss"])
    run |= {"accuracy": list(1 - decay(n, 0.9, 0.01)), "val_accuracy": [0.6] * n}
    assert testing.assert_quiet(RULE, history=run).status is Status.NOT_APPLICABLE


def test_quiet_on_a_score_that_is_no_share() -> None:
    run = {
        "loss": list(decay(40)),
        "val_loss": list(decay(40)),
        "rmse": list(decay(40)),
        "val_rmse": list(5 * decay(40)),
    }
    assert testing.assert_quiet(RULE, history=run).status is Status.NOT_APPLICABLE


@settings(max_examples=15, deadline=None)
@given(scale=SCALES, shift=SHIFTS)
def test_unchanged_by_the_scale_and_shift_of_the_loss(scale: float, shift: float) -> None:
    assert_same(RULE, plateau(), moved(plateau(), scale, shift))


def test_unchanged_by_extra_columns() -> None:
    assert_same(RULE, plateau(), with_extra_columns(plateau()))


def test_never_crashes() -> None:
    assert_never_crashes(RULE)

"""OVF101 fires where validation turns up, at the right epoch, and keeps quiet where it does not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.rising_validation_loss import RisingValidationLoss
from diagnose.finding import Cause
from simulated_runs import (
    EARLY,
    QUIET,
    SCALES,
    SHIFTS,
    assert_never_crashes,
    assert_same,
    flat,
    healthy,
    moved,
    noise,
    overfit,
    two_descents,
    with_extra_columns,
)

RULE = RisingValidationLoss()


@pytest.mark.parametrize("turn", [8, 20, 40])
def test_fires_on_a_turn(turn: int) -> None:
    finding = testing.assert_fires(RULE, history=overfit(turn=turn), cause=Cause.OVERFITTING)
    assert finding.probability > 0.5


def test_interval_holds_the_turn_in_nine_of_ten() -> None:
    held = 0
    for seed in range(40):
        finding = testing.assert_fires(RULE, history=overfit(turn=25, seed=seed, size=0.02))
        turn = next(m for m in finding.evidence if m.name == "turning point")
        assert turn.low is not None
        assert turn.high is not None
        held += turn.low <= 26 <= turn.high  # epochs count from one
    assert held >= 36


@pytest.mark.parametrize("name", QUIET)
def test_quiet_on_healthy_runs(name: str) -> None:
    testing.assert_quiet(RULE, history=QUIET[name])


@pytest.mark.parametrize("name", EARLY)
def test_quiet_on_a_healthy_run_in_progress(name: str) -> None:
    testing.assert_quiet(RULE, history=EARLY[name])


def test_quiet_on_a_second_descent() -> None:
    testing.assert_quiet(RULE, history=two_descents())


def test_false_alarms_on_noise_are_rare() -> None:
    alarms = 0
    for seed in range(100):
        run = healthy(seed=seed)
        run["val_loss"] = list(0.4 + noise(60, 0.02, seed))
        alarms += bool(testing.examine(RULE, history=run).findings)
    assert alarms <= 5


def test_quiet_where_training_rises_too() -> None:
    run = overfit()
    run["loss"] = list(np.array(run["val_loss"]) - 0.05)
    assert not testing.examine(RULE, history=run).findings or testing.assert_fires(RULE, history=run).probability < 0.9


def test_quiet_on_noise_all_over() -> None:
    alarms = sum(bool(testing.examine(RULE, history=flat(seed=4 * seed)).findings) for seed in range(40))
    assert alarms <= 4


@settings(max_examples=20, deadline=None)
@given(scale=SCALES, shift=SHIFTS, fires=st.booleans())
def test_unchanged_by_scale_and_shift(scale: float, shift: float, fires: bool) -> None:
    run = overfit() if fires else healthy()
    assert_same(RULE, run, moved(run, scale, shift))


def test_unchanged_by_extra_columns() -> None:
    assert_same(RULE, overfit(), with_extra_columns(overfit()))


def test_never_crashes() -> None:
    assert_never_crashes(RULE)

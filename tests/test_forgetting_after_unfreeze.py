"""FRZ801 fires where the loss jumps at an unfreezing and stays up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.forgetting_after_unfreeze import ForgettingAfterUnfreeze
from diagnose.finding import Cause, Severity, Status
from diagnose.run import Phase, Run
from simulated_runs import (
    QUIET,
    SCALES,
    SHIFTS,
    History,
    assert_never_crashes,
    decay,
    history,
    moved,
    noise,
    simple_run,
)

RULE = ForgettingAfterUnfreeze()
STATED = (Phase(1, 20, trainable_layers=("head",)), Phase(21, 40, "recompiled", trainable_layers=("head", "block4")))


def two_phases(jump: float, left: float) -> History:
    """Head only for 20 epochs down to 0.6; then a jump that decays to ``left`` above it."""
    val = np.concatenate([decay(20, 2.0, 0.6), 0.6 + left + (jump - left) * 0.7 ** np.arange(20)])
    return history(val - 0.1 + noise(40, 0.004), val + noise(40, 0.008, 1))


def run(jump: float, left: float, phases: tuple[Phase, ...] = STATED, context: object = None) -> Run:
    return simple_run(two_phases(jump, left), context, phases=phases)


def test_fires_where_the_loss_stays_up() -> None:
    finding = testing.assert_fires(RULE, history=run(1.0, 0.3), cause=Cause.FREEZING)
    assert finding.severity is Severity.WARNING
    assert finding.where[0].start == 21


def test_a_change_of_rate_alone_is_only_mentioned() -> None:
    phases = (Phase(1, 20), Phase(21, 40, "learning rate 0.001 → 0.01"))
    assert testing.assert_fires(RULE, history=run(1.0, 0.3, phases)).severity is Severity.INFO
    known = run(1.0, 0.3, phases, {"pretrained": True})
    assert testing.assert_fires(RULE, history=known).severity is Severity.WARNING


@pytest.mark.parametrize(("jump", "left"), [(1.0, -0.2), (0.5, -0.05), (0.0, 0.0), (0.0, -0.3)])
def test_quiet_where_it_comes_back(jump: float, left: float) -> None:
    testing.assert_quiet(RULE, history=run(jump, left))


def test_not_applicable_to_restarts() -> None:
    phases = (Phase(1, 20), Phase(21, 40, "epochs restart at row 20"))
    assert testing.assert_quiet(RULE, history=run(1.4, 0.3, phases)).status is Status.NOT_APPLICABLE


@pytest.mark.parametrize("name", QUIET)
def test_skips_runs_of_one_phase(name: str) -> None:
    assert testing.assert_quiet(RULE, history=QUIET[name]).status is Status.SKIPPED


def test_skips_phases_that_are_too_short() -> None:
    phases = (Phase(1, 39), Phase(40, 40, "recompiled"))
    assert testing.assert_quiet(RULE, history=run(1.0, 0.3, phases)).status is Status.SKIPPED


@settings(max_examples=15, deadline=None)
@given(scale=SCALES, shift=SHIFTS, left=st.sampled_from([0.3, -0.3]))
def test_unchanged_by_scale_and_shift(scale: float, shift: float, left: float) -> None:
    other = simple_run(moved(two_phases(1.0, left), scale, shift), phases=STATED)
    fires = bool(testing.examine(RULE, history=run(1.0, left)).findings)
    assert bool(testing.examine(RULE, history=other).findings) is fires is (left > 0)


def test_never_crashes() -> None:
    assert_never_crashes(RULE)

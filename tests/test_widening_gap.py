"""OVF102 fires where training goes on alone, and keeps quiet on wide gaps that stood from the start."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.widening_gap import WideningGap
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
    healthy,
    history,
    moved,
    noise,
    overfit,
    with_extra_columns,
)

RULE = WideningGap()


def stalled(n: int = 80, seed: int = 0) -> History:
    """Validation stands from a quarter of the run on, and drifts up by less than noise; training falls on."""
    t = np.arange(n)
    val = 1.2 + 0.8 * np.exp(-t / 5) + 0.03 * t / n
    return history(0.02 + 2 * np.exp(-t / 25) + noise(n, 0.005, seed), val + noise(n, 0.03, seed + 1))


@pytest.mark.parametrize("seed", range(3))
def test_fires_where_training_goes_on_alone(seed: int) -> None:
    testing.assert_fires(RULE, history=stalled(seed=seed), cause=Cause.OVERFITTING)


@pytest.mark.parametrize("name", QUIET)
def test_quiet_on_healthy_runs(name: str) -> None:
    testing.assert_quiet(RULE, history=QUIET[name])


@pytest.mark.parametrize("name", EARLY)
def test_quiet_on_a_healthy_run_in_progress(name: str) -> None:
    testing.assert_quiet(RULE, history=EARLY[name])


def test_leaves_a_turn_to_the_other_code() -> None:
    outcome = testing.assert_quiet(RULE, history=overfit())
    assert outcome.status is Status.NOT_APPLICABLE
    assert "OVF101" in outcome.why


def test_quiet_where_both_level_off() -> None:
    testing.assert_quiet(RULE, history=history(decay(60, 2, 0.5, 10), decay(60, 2, 0.55, 10)))


@settings(max_examples=20, deadline=None)
@given(scale=SCALES, shift=SHIFTS, fires=st.booleans())
def test_unchanged_by_scale_and_shift(scale: float, shift: float, fires: bool) -> None:
    run = stalled() if fires else healthy()
    assert_same(RULE, run, moved(run, scale, shift))


def test_unchanged_by_extra_columns() -> None:
    assert_same(RULE, stalled(), with_extra_columns(stalled()))


def test_never_crashes() -> None:
    assert_never_crashes(RULE)


def test_quiet_where_training_did_not_go_on() -> None:
    n = 40
    stands = history(2.35 + noise(n, 0.01), [2.3559] * n)
    testing.assert_quiet(RULE, history=stands)

"""INS503 fires where the training loss itself runs away."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.diverging_training import DivergingTraining
from diagnose.finding import Cause, Severity, Status
from diagnose.recording import Recording
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
    moved,
    noise,
    overfit,
    with_extra_columns,
)

RULE = DivergingTraining()


def diverging(n: int = 60, turn: int = 30) -> History:
    """Training falls to epoch ``turn`` and then climbs back."""
    run = healthy(n)
    t = np.arange(n)
    run["loss"] = list(decay(n) + 0.06 * np.maximum(t - turn, 0) + noise(n, 0.01))
    return run


def test_fires_where_training_climbs_back() -> None:
    finding = testing.assert_fires(RULE, history=diverging(), cause=Cause.INSTABILITY)
    assert finding.severity is Severity.ERROR
    assert finding.where[0].start == pytest.approx(31, abs=5)


def test_fires_where_training_only_rises() -> None:
    testing.assert_fires(RULE, history={"loss": list(2 + 0.05 * np.arange(30) + noise(30, 0.02))})


@pytest.mark.parametrize("name", QUIET)
def test_quiet_on_healthy_runs(name: str) -> None:
    testing.assert_quiet(RULE, history=QUIET[name])


@pytest.mark.parametrize("name", EARLY)
def test_quiet_on_a_healthy_run_in_progress(name: str) -> None:
    testing.assert_quiet(RULE, history=EARLY[name])


def test_quiet_where_validation_alone_rises() -> None:
    testing.assert_quiet(RULE, history=overfit())


def test_quiet_on_one_spike_at_the_end() -> None:
    run = healthy()
    run["loss"][-1] += 2.0
    testing.assert_quiet(RULE, history=run)


def test_quiet_on_a_small_rise() -> None:
    run = healthy()
    run["loss"] = list(np.array(run["loss"]) + np.maximum(np.arange(60) - 40, 0) * 0.01)
    testing.assert_quiet(RULE, history=run)


def test_false_alarms_on_noise_are_rare() -> None:
    assert sum(bool(testing.examine(RULE, history=flat(seed=4 * s)).findings) for s in range(60)) <= 1


def test_skips_without_training_loss() -> None:
    assert testing.assert_quiet(RULE, history={"val_loss": [1.0, 2.0, 3.0, 4.0]}).status is Status.SKIPPED


@settings(max_examples=15, deadline=None)
@given(scale=SCALES, shift=SHIFTS, fires=st.booleans())
def test_unchanged_by_scale_and_shift(scale: float, shift: float, fires: bool) -> None:
    run = diverging() if fires else healthy()
    assert_same(RULE, run, moved(run, scale, shift))


def test_unchanged_by_extra_columns() -> None:
    assert_same(RULE, diverging(), with_extra_columns(diverging()))


def test_never_crashes() -> None:
    assert_never_crashes(RULE)


@pytest.mark.parametrize(("of_others", "fires"), [(0, True), (3, True), (100, False)])
def test_a_loss_against_another_network_may_rise(of_others: int, *, fires: bool) -> None:
    counters = {"steps": 100, "steps_of_others": of_others}
    run = replace(testing.run_of(diverging()), recording=Recording("torch", counters=counters))
    (testing.assert_fires if fires else testing.assert_quiet)(RULE, history=run)

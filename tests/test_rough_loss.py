"""INS502 fires on spikes and oscillation, not on jitter or one early spike."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.rough_loss import RoughLoss
from diagnose.finding import Cause, Status
from simulated_runs import (
    QUIET,
    SCALES,
    SHIFTS,
    History,
    assert_never_crashes,
    assert_same,
    healthy,
    moved,
    noise,
    overfit,
    with_extra_columns,
)

RULE = RoughLoss()


def spiking(column: str = "val_loss", n: int = 60) -> History:
    """Every seventh epoch leaps by as much as the whole run gained."""
    run = healthy(n)
    run[column] = [v + 1.6 * (i % 7 == 6) for i, v in enumerate(run[column])]
    return run


@pytest.mark.parametrize("column", ["loss", "val_loss"])
def test_fires_on_spikes(column: str) -> None:
    finding = testing.assert_fires(RULE, history=spiking(column), cause=Cause.INSTABILITY)
    assert column in finding.where[0].names


def test_fires_on_oscillation() -> None:
    run = healthy()
    run["loss"] = [v + 1.6 * (i % 2) for i, v in enumerate(run["loss"])]
    testing.assert_fires(RULE, history=run)


@pytest.mark.parametrize("name", QUIET)
def test_quiet_on_healthy_runs(name: str) -> None:
    testing.assert_quiet(RULE, history=QUIET[name])


def test_quiet_on_one_early_spike() -> None:
    run = healthy()
    run["val_loss"][4] += 3.0
    testing.assert_quiet(RULE, history=run)


def test_quiet_on_a_smooth_turn() -> None:
    testing.assert_quiet(RULE, history=overfit())


def test_quiet_on_steps_of_a_schedule() -> None:
    run = healthy()
    run["loss"] = list(np.repeat([2.0, 1.0, 0.5, 0.3], 15) + 0.004 * np.sin(np.arange(60.0)))
    testing.assert_quiet(RULE, history=run)


def test_skips_without_losses() -> None:
    assert testing.assert_quiet(RULE, history={"accuracy": [0.1, 0.2]}).status is Status.SKIPPED


def test_quiet_on_noise_alone() -> None:
    flat = {"loss": list(0.69 + noise(100, 0.002)), "val_loss": list(0.69 + noise(100, 0.002, 1))}
    testing.assert_quiet(RULE, history=flat)


@settings(max_examples=15, deadline=None)
@given(scale=SCALES, shift=SHIFTS, fires=st.booleans())
def test_unchanged_by_scale_and_shift(scale: float, shift: float, fires: bool) -> None:
    run = spiking() if fires else healthy()
    assert_same(RULE, run, moved(run, scale, shift))


def test_unchanged_by_extra_columns() -> None:
    assert_same(RULE, spiking(), with_extra_columns(spiking()))


def test_never_crashes() -> None:
    assert_never_crashes(RULE)

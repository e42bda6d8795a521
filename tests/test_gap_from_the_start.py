"""OVF106 names a wide gap that stood from the start, leaves it open, and keeps quiet where a gap opened later."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

import diagnose
from diagnose import testing
from diagnose.analyzers.gap_from_the_start import GapFromTheStart
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

RULE = GapFromTheStart()


def shifted(n: int = 60, seed: int = 0) -> History:
    """Validation learns half of what training learns, and lies above it from the first epoch on."""
    return history(decay(n, 2.0, 0.1) + noise(n, 0.004, seed), decay(n, 2.6, 1.3) + noise(n, 0.01, seed + 1))


@pytest.mark.parametrize("seed", range(3))
def test_fires_on_a_gap_from_the_start(seed: int) -> None:
    finding = testing.assert_fires(RULE, history=shifted(seed=seed), cause=Cause.OVERFITTING)
    assert "validation data" in finding.settle


def test_the_diagnosis_stays_open_and_asks_for_the_data() -> None:
    diagnosis = diagnose.audit(shifted())
    assert diagnosis.main == "cannot_tell"
    assert "compare the training with the validation data" in diagnosis.sentence
    assert diagnosis.verdicts["overfitting"].level.value == "unlikely"
    assert diagnosis.verdicts["covariate_shift"].level.value == "not_examined"


@pytest.mark.parametrize("name", [name for name in QUIET if name != "wide gap"])
def test_quiet_on_healthy_runs(name: str) -> None:
    testing.assert_quiet(RULE, history=QUIET[name])


@pytest.mark.parametrize("name", EARLY)
def test_quiet_on_a_healthy_run_in_progress(name: str) -> None:
    testing.assert_quiet(RULE, history=EARLY[name])


def test_quiet_on_a_gap_that_opens_later() -> None:
    outcome = testing.assert_quiet(RULE, history=overfit())
    assert outcome.status is Status.NOT_APPLICABLE


def test_quiet_on_a_gap_that_closes() -> None:
    closing = history(decay(60, 2.0, 0.1), 0.12 + 2.6 * 0.5 ** (np.arange(60) / 12))
    testing.assert_quiet(RULE, history=closing)


def test_quiet_on_a_small_gap_from_the_start() -> None:
    small = healthy()
    small["val_loss"] = [value + 0.2 for value in small["val_loss"]]
    testing.assert_quiet(RULE, history=small)


@settings(max_examples=20, deadline=None)
@given(scale=SCALES, shift=SHIFTS)
def test_unchanged_by_the_scale_and_shift_of_the_loss(scale: float, shift: float) -> None:
    assert_same(RULE, shifted(), moved(shifted(), scale, shift))


def test_unchanged_by_extra_columns() -> None:
    assert_same(RULE, shifted(), with_extra_columns(shifted()))


def test_never_crashes() -> None:
    assert_never_crashes(RULE)

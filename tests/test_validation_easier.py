"""EVA906 mentions validation that is better than training beyond noise, and never alarms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.validation_easier import ValidationEasier
from diagnose.finding import Cause, Severity, Status
from simulated_runs import (
    EARLY,
    QUIET,
    SCALES,
    SHIFTS,
    assert_never_crashes,
    assert_same,
    decay,
    healthy,
    history,
    moved,
    noise,
    overfit,
    validation_better,
    with_extra_columns,
)

RULE = ValidationEasier()


def test_mentions_validation_below_training() -> None:
    finding = testing.assert_fires(RULE, history=validation_better(), cause=Cause.EVALUATION)
    assert finding.severity is Severity.INFO


def test_names_the_dropout_that_explains_it() -> None:
    finding = testing.assert_fires(RULE, history=validation_better(), context={"dropout": 0.5})
    assert "dropout" in finding.claim


@pytest.mark.parametrize("name", [name for name in QUIET if name != "validation better"])
def test_quiet_on_healthy_runs(name: str) -> None:
    testing.assert_quiet(RULE, history=QUIET[name])


@pytest.mark.parametrize("name", EARLY)
def test_quiet_on_a_healthy_run_in_progress(name: str) -> None:
    testing.assert_quiet(RULE, history=EARLY[name])


def test_quiet_within_noise() -> None:
    run = history(decay(60) + noise(60, 0.05), decay(60) - 0.01 + noise(60, 0.05, 1))
    testing.assert_quiet(RULE, history=run)


def test_quiet_where_validation_is_better_only_at_first() -> None:
    run = healthy()
    run["val_loss"] = list(np.array(run["loss"]) + np.linspace(-0.1, 0.5, 60))
    testing.assert_quiet(RULE, history=run)


def test_quiet_on_overfitting() -> None:
    testing.assert_quiet(RULE, history=overfit())


def test_skips_without_training_loss() -> None:
    assert testing.assert_quiet(RULE, history={"val_loss": healthy()["val_loss"]}).status is Status.SKIPPED


@settings(max_examples=15, deadline=None)
@given(scale=SCALES, shift=SHIFTS, fires=st.booleans())
def test_unchanged_by_scale_and_shift(scale: float, shift: float, fires: bool) -> None:
    run = validation_better() if fires else healthy()
    assert_same(RULE, run, moved(run, scale, shift))


def test_unchanged_by_extra_columns() -> None:
    assert_same(RULE, validation_better(), with_extra_columns(validation_better()))


def test_never_crashes() -> None:
    assert_never_crashes(RULE)

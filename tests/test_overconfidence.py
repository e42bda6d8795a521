"""REG201 fires where the loss rises while the score holds, not where both get worse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.overconfidence import Overconfidence
from diagnose.finding import Cause, Status
from simulated_runs import (
    EARLY,
    QUIET,
    SCALES,
    SHIFTS,
    History,
    assert_never_crashes,
    assert_same,
    flat,
    healthy,
    moved,
    noise,
    overfit,
    with_extra_columns,
)

RULE = Overconfidence()


def too_sure(late_gain: float = 0.05, seed: int = 0) -> History:
    """The loss of an overfitting run, and a score that goes on rising after the turn."""
    run = overfit(seed=seed)
    t = np.arange(60)
    rising = 0.8 - 0.5 * (1 - np.minimum(t, 20) / 20) ** 2 + late_gain * np.maximum(t - 20, 0) / 40
    run["val_accuracy"] = list(rising + noise(60, 0.003, seed + 5))
    return run


def test_fires_where_the_score_improves() -> None:
    finding = testing.assert_fires(RULE, history=too_sure(), cause=Cause.REGULARIZATION)
    assert finding.probability > 0.8


def test_is_less_sure_where_the_score_holds() -> None:
    holds = testing.assert_fires(RULE, history=too_sure(0.0))
    assert holds.probability < testing.assert_fires(RULE, history=too_sure()).probability


def test_quiet_where_the_score_gets_worse() -> None:
    testing.assert_quiet(RULE, history=overfit())


@pytest.mark.parametrize("name", QUIET)
def test_quiet_on_healthy_runs(name: str) -> None:
    testing.assert_quiet(RULE, history=QUIET[name])


@pytest.mark.parametrize("name", EARLY)
def test_quiet_on_a_healthy_run_in_progress(name: str) -> None:
    testing.assert_quiet(RULE, history=EARLY[name])


def test_quiet_where_the_score_never_rose() -> None:
    run = overfit()
    run["val_accuracy"] = list(0.1 + noise(60, 0.003))
    testing.assert_quiet(RULE, history=run)


def test_not_applicable_to_regression() -> None:
    run = {k: v for k, v in too_sure().items() if "accuracy" not in k}
    run["val_mae"] = list(np.linspace(1, 0.5, 60))
    assert testing.assert_quiet(RULE, history=run).status is Status.NOT_APPLICABLE


def test_quiet_on_noise() -> None:
    testing.assert_quiet(RULE, history=flat())


@settings(max_examples=15, deadline=None)
@given(scale=SCALES, shift=SHIFTS, fires=st.booleans())
def test_unchanged_by_scale_and_shift(scale: float, shift: float, fires: bool) -> None:
    run = too_sure() if fires else healthy()
    assert_same(RULE, run, moved(run, scale, shift))


def test_unchanged_by_extra_columns() -> None:
    assert_same(RULE, too_sure(), with_extra_columns(too_sure()))


def test_never_crashes() -> None:
    assert_never_crashes(RULE)

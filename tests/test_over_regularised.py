"""REG202 fires where settings, level and gap agree that regularisation holds training down."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from diagnose import testing
from diagnose.analyzers.over_regularised import OverRegularised
from diagnose.finding import Cause
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
    noise,
    overfit,
    validation_better,
)

RULE = OverRegularised()
STRONG = {"dropout": 0.8, "n_classes": 10}


def held_down(n: int = 50) -> History:
    return history(decay(n, 2.4, 2.2, 12) + noise(n, 0.003), decay(n, 2.2, 2.05, 12) + noise(n, 0.004, 1),
                   0.12 + noise(n, 0.002, 2), 0.16 + noise(n, 0.003, 3))  # fmt: skip


@pytest.mark.parametrize("setting", [{"dropout": 0.8}, {"weight_decay": 1.0}, {"label_smoothing": 0.5}])
def test_fires_where_all_agree(setting: dict[str, float]) -> None:
    testing.assert_fires(RULE, history=held_down(), context={**setting, "n_classes": 10}, cause=Cause.REGULARIZATION)


@pytest.mark.parametrize("setting", [{}, {"dropout": 0.5}, {"weight_decay": 1e-4}, {"label_smoothing": 0.1}])
def test_quiet_on_usual_settings(setting: dict[str, float]) -> None:
    testing.assert_quiet(RULE, history=held_down(), context={**setting, "n_classes": 10})


def test_quiet_where_training_is_good() -> None:
    testing.assert_quiet(RULE, history=validation_better(), context=STRONG)


def test_quiet_where_validation_is_worse() -> None:
    testing.assert_quiet(RULE, history=overfit(), context=STRONG)


@pytest.mark.parametrize("name", QUIET)
def test_quiet_on_healthy_runs(name: str) -> None:
    testing.assert_quiet(RULE, history=QUIET[name], context=STRONG)


@pytest.mark.parametrize("name", EARLY)
def test_quiet_on_a_healthy_run_in_progress(name: str) -> None:
    testing.assert_quiet(RULE, history=EARLY[name], context=STRONG)


@settings(max_examples=15, deadline=None)
@given(scale=SCALES, shift=SHIFTS)
def test_unchanged_by_scale_and_shift(scale: float, shift: float) -> None:
    assert_same(RULE, held_down(), moved(held_down(), scale, shift), STRONG)


def test_never_crashes() -> None:
    assert_never_crashes(RULE, STRONG)

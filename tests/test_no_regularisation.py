"""REG203 fires on overfitting where the settings say that nothing holds it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from diagnose import testing
from diagnose.analyzers.no_regularisation import NoRegularisation
from diagnose.finding import Cause, Status
from simulated_runs import EARLY, QUIET, SCALES, SHIFTS, assert_never_crashes, assert_same, moved, overfit

RULE = NoRegularisation()
OFF = {"weight_decay": 0.0, "dropout": 0.0}


def test_fires_where_all_is_off() -> None:
    finding = testing.assert_fires(RULE, history=overfit(), context=OFF, cause=Cause.REGULARIZATION)
    assert "no weight decay" in finding.claim
    assert "no dropout" in finding.claim


@pytest.mark.parametrize("on", [{"weight_decay": 0.01}, {"dropout": 0.3}, {"augmentation": True}])
def test_quiet_where_something_is_on(on: dict[str, object]) -> None:
    testing.assert_quiet(RULE, history=overfit(), context={**OFF, **on})


@pytest.mark.parametrize("known", [{}, {"dropout": 0.0}, {"augmentation": False}])
def test_unknown_is_not_off(known: dict[str, object]) -> None:
    outcome = testing.assert_quiet(RULE, history=overfit(), context=known)
    assert outcome.status is Status.SKIPPED
    assert "weight_decay=0" in outcome.settle


@pytest.mark.parametrize("name", QUIET)
def test_quiet_on_healthy_runs(name: str) -> None:
    testing.assert_quiet(RULE, history=QUIET[name], context=OFF)


@pytest.mark.parametrize("name", EARLY)
def test_quiet_on_a_healthy_run_in_progress(name: str) -> None:
    testing.assert_quiet(RULE, history=EARLY[name], context=OFF)


@settings(max_examples=15, deadline=None)
@given(scale=SCALES, shift=SHIFTS)
def test_unchanged_by_scale_and_shift(scale: float, shift: float) -> None:
    assert_same(RULE, overfit(), moved(overfit(), scale, shift), OFF)


def test_never_crashes() -> None:
    assert_never_crashes(RULE, OFF)

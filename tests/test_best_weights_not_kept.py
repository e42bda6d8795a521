"""OVF104 mentions a best epoch that lies behind, and warns where its weights are known to be lost."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.best_weights_not_kept import BestWeightsNotKept
from diagnose.finding import Cause, Severity, Status
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
    overfit,
    two_descents,
    with_extra_columns,
)

RULE = BestWeightsNotKept()


def test_mentions_the_best_epoch() -> None:
    finding = testing.assert_fires(RULE, history=overfit(), cause=Cause.OVERFITTING)
    assert finding.severity is Severity.INFO
    assert {"Prechelt's GL", "Prechelt's PQ"} <= {m.name for m in finding.evidence}


def test_warns_where_the_best_weights_are_lost() -> None:
    finding = testing.assert_fires(RULE, history=overfit(), context={"best_weights_kept": False})
    assert finding.severity is Severity.WARNING


def test_not_applicable_where_they_are_kept() -> None:
    outcome = testing.assert_quiet(RULE, history=overfit(), context={"best_weights_kept": True})
    assert outcome.status is Status.NOT_APPLICABLE


@pytest.mark.parametrize("name", QUIET)
def test_quiet_on_healthy_runs(name: str) -> None:
    testing.assert_quiet(RULE, history=QUIET[name])


@pytest.mark.parametrize("name", EARLY)
def test_quiet_on_a_healthy_run_in_progress(name: str) -> None:
    testing.assert_quiet(RULE, history=EARLY[name])


def test_quiet_on_a_second_descent() -> None:
    testing.assert_quiet(RULE, history=two_descents())


def test_seldom_fires_on_noise() -> None:
    assert sum(bool(testing.examine(RULE, history=flat(seed=4 * s)).findings) for s in range(60)) <= 6


@settings(max_examples=15, deadline=None)
@given(scale=SCALES, shift=SHIFTS, fires=st.booleans())
def test_unchanged_by_scale_and_shift(scale: float, shift: float, fires: bool) -> None:
    run = overfit() if fires else healthy()
    assert_same(RULE, run, moved(run, scale, shift), {"best_weights_kept": False})


def test_unchanged_by_extra_columns() -> None:
    assert_same(RULE, overfit(), with_extra_columns(overfit()))


def test_never_crashes() -> None:
    assert_never_crashes(RULE, {"best_weights_kept": False})

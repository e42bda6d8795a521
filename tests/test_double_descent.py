"""OVF105 mentions a hump followed by a lower valley, and nothing shorter or later."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.double_descent import DoubleDescent
from diagnose.finding import Cause, Severity
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

RULE = DoubleDescent()


@pytest.mark.parametrize("seed", range(4))
def test_mentions_the_hump(seed: int) -> None:
    finding = testing.assert_fires(RULE, history=two_descents(seed=seed), cause=Cause.OVERFITTING)
    assert finding.severity is Severity.INFO
    top = next(mark.x for mark in finding.figure.marks if mark.label == "top")  # type: ignore[union-attr]
    assert top == pytest.approx(0.35 * 120, abs=8)


@pytest.mark.parametrize("name", QUIET)
def test_quiet_on_healthy_runs(name: str) -> None:
    testing.assert_quiet(RULE, history=QUIET[name])


@pytest.mark.parametrize("name", EARLY)
def test_quiet_on_a_healthy_run_in_progress(name: str) -> None:
    testing.assert_quiet(RULE, history=EARLY[name])


def test_quiet_on_overfitting() -> None:
    testing.assert_quiet(RULE, history=overfit())


def test_quiet_while_still_on_the_hump() -> None:
    testing.assert_quiet(RULE, history={k: v[:50] for k, v in two_descents().items()})


def test_quiet_on_a_spike() -> None:
    run = healthy()
    run["val_loss"][20] += 2.0
    testing.assert_quiet(RULE, history=run)


def test_seldom_fires_on_noise() -> None:
    assert sum(bool(testing.examine(RULE, history=flat(seed=4 * s)).findings) for s in range(60)) <= 2


@settings(max_examples=15, deadline=None)
@given(scale=SCALES, shift=SHIFTS, fires=st.booleans())
def test_unchanged_by_scale_and_shift(scale: float, shift: float, fires: bool) -> None:
    run = two_descents() if fires else healthy()
    assert_same(RULE, run, moved(run, scale, shift))


def test_unchanged_by_extra_columns() -> None:
    assert_same(RULE, two_descents(), with_extra_columns(two_descents()))


def test_never_crashes() -> None:
    assert_never_crashes(RULE)

"""LRN603 mentions a noisy plateau at a known constant rate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from diagnose import testing
from diagnose.analyzers.never_decayed import NeverDecayed
from diagnose.finding import Cause, Severity, Status
from simulated_runs import (
    QUIET,
    SCALES,
    SHIFTS,
    History,
    assert_never_crashes,
    decay,
    healthy,
    history,
    moved,
    noise,
    simple_run,
)

RULE = NeverDecayed()


def jittering(n: int = 60) -> History:
    return history(decay(n, 2, 0.5, 14) + noise(n, 0.08, 2), decay(n, 2, 0.6, 14) + noise(n, 0.08, 1))


def at_rate(run: History, rate: object = None) -> object:
    n = len(run["loss"])
    return simple_run(run, rate=np.full(n, 0.1) if rate is None else rate)


def test_mentions_a_noisy_plateau() -> None:
    finding = testing.assert_fires(RULE, history=at_rate(jittering()), cause=Cause.LEARNING_RATE)
    assert finding.severity is Severity.INFO


def test_skips_where_the_rate_is_unknown() -> None:
    outcome = testing.assert_quiet(RULE, history=jittering())
    assert outcome.status is Status.SKIPPED
    assert "learning rate" in outcome.settle


@pytest.mark.parametrize("last", [0.01, 0.05, 0.2])
def test_not_applicable_where_it_changed(last: float) -> None:
    run = at_rate(jittering(), np.linspace(0.1, last, 60))
    assert testing.assert_quiet(RULE, history=run).status is Status.NOT_APPLICABLE


@pytest.mark.parametrize("name", QUIET)
def test_quiet_on_healthy_runs(name: str) -> None:
    testing.assert_quiet(RULE, history=at_rate(QUIET[name]))


def test_quiet_on_a_smooth_plateau() -> None:
    testing.assert_quiet(RULE, history=at_rate(healthy()))


def test_quiet_while_it_still_falls() -> None:
    testing.assert_quiet(RULE, history=at_rate(history(decay(60, 2, 0.5, 1) + noise(60, 0.08), decay(60, 2, 0.5, 1))))


def test_quiet_on_few_points() -> None:
    testing.assert_quiet(RULE, history=at_rate({k: v[:10] for k, v in jittering().items()}))


@settings(max_examples=15, deadline=None)
@given(scale=SCALES, shift=SHIFTS)
def test_unchanged_by_scale_and_shift(scale: float, shift: float) -> None:
    testing.assert_fires(RULE, history=at_rate(moved(jittering(), scale, shift)))


def test_never_crashes() -> None:
    assert_never_crashes(RULE)

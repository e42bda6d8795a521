"""LRN604 mentions a spike at the start that recovers, where the rate was not warmed up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.warm_up_missing import WarmUpMissing
from diagnose.finding import Cause, Severity, Status
from simulated_runs import (
    EARLY,
    QUIET,
    SCALES,
    SHIFTS,
    History,
    assert_never_crashes,
    assert_same,
    healthy,
    moved,
    simple_run,
    with_extra_columns,
)

RULE = WarmUpMissing()


def spike_at_start() -> History:
    run = healthy(100)
    run["loss"] = [v + 3.0 * np.exp(-((i - 4) ** 2) / 4) for i, v in enumerate(run["loss"])]
    return run


def test_mentions_the_spike() -> None:
    finding = testing.assert_fires(RULE, history=spike_at_start(), cause=Cause.LEARNING_RATE)
    assert finding.severity is Severity.INFO


@pytest.mark.parametrize("name", QUIET)
def test_quiet_on_healthy_runs(name: str) -> None:
    testing.assert_quiet(RULE, history=QUIET[name])


@pytest.mark.parametrize("name", EARLY)
def test_quiet_on_a_healthy_run_in_progress(name: str) -> None:
    testing.assert_quiet(RULE, history=EARLY[name])


def test_not_applicable_where_the_context_says_warm_up() -> None:
    outcome = testing.assert_quiet(RULE, history=spike_at_start(), context={"warmup": 500})
    assert outcome.status is Status.NOT_APPLICABLE


def test_not_applicable_where_the_rate_rises() -> None:
    rate = np.minimum(np.arange(1, 101) / 10, 1.0)
    outcome = testing.assert_quiet(RULE, history=simple_run(spike_at_start(), rate=rate))
    assert outcome.status is Status.NOT_APPLICABLE


def test_quiet_on_a_later_spike() -> None:
    run = healthy(100)
    run["loss"][40] += 3.0
    testing.assert_quiet(RULE, history=run)


def test_quiet_where_it_does_not_recover() -> None:
    run = spike_at_start()
    run["loss"] = list(2.0 + 0.02 * np.arange(100))
    testing.assert_quiet(RULE, history=run)


@settings(max_examples=15, deadline=None)
@given(scale=SCALES, shift=SHIFTS, fires=st.booleans())
def test_unchanged_by_scale_and_shift(scale: float, shift: float, fires: bool) -> None:
    run = spike_at_start() if fires else healthy(100)
    assert_same(RULE, run, moved(run, scale, shift))


def test_unchanged_by_extra_columns() -> None:
    assert_same(RULE, spike_at_start(), with_extra_columns(spike_at_start()))


def test_never_crashes() -> None:
    assert_never_crashes(RULE)

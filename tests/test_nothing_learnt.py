"""UNF302 fires where the training loss never moved."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.nothing_learnt import NothingLearnt
from diagnose.finding import Cause, Severity, Status
from simulated_runs import (
    EARLY,
    QUIET,
    SCALES,
    SHIFTS,
    assert_never_crashes,
    assert_same,
    decay,
    flat,
    healthy,
    history,
    moved,
    noise,
    overfit,
    with_extra_columns,
)

RULE = NothingLearnt()


@pytest.mark.parametrize("n", [3, 4, 50])
def test_fires_on_a_constant(n: int) -> None:
    run = history([2.67146] * n, [2.6859] * n, [0.0919] * n, [0.0914] * n)
    finding = testing.assert_fires(RULE, history=run, cause=Cause.UNDERFITTING)
    assert finding.severity is Severity.ERROR
    assert finding.probability > 0.9


def test_fires_on_noise_around_a_level() -> None:
    fired = [testing.examine(RULE, history=flat(seed=4 * seed)).findings for seed in range(20)]
    assert sum(map(bool, fired)) >= 17
    assert all(found[0].severity is Severity.WARNING for found in fired if found)


@pytest.mark.parametrize("name", QUIET)
def test_quiet_on_healthy_runs(name: str) -> None:
    testing.assert_quiet(RULE, history=QUIET[name])


@pytest.mark.parametrize("name", EARLY)
def test_quiet_on_a_healthy_run_in_progress(name: str) -> None:
    testing.assert_quiet(RULE, history=EARLY[name])


def test_quiet_on_a_resumed_run_whose_score_is_good() -> None:
    run = history(0.1 + noise(30, 0.01), 0.12 + noise(30, 0.01, 1), 0.97 + noise(30, 0.002, 2))
    testing.assert_quiet(RULE, history=run)


def test_quiet_where_all_came_in_the_first_epoch() -> None:
    testing.assert_quiet(RULE, history=history([2.0, *(1.0 + noise(30, 0.01))], [1.5, *(1.1 + noise(30, 0.01, 1))]))


def test_quiet_on_a_slow_fall_within_noise() -> None:
    testing.assert_quiet(RULE, history={"loss": list(decay(80, 2.0, 1.9, 1) + noise(80, 0.03))})


def test_quiet_where_training_rose() -> None:
    outcome = testing.assert_quiet(RULE, history={"loss": [1.0, 1.1, 1.3, 1.6, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0]})
    assert outcome.status is Status.NOT_APPLICABLE


def test_quiet_on_overfitting() -> None:
    testing.assert_quiet(RULE, history=overfit())


def test_few_noisy_points_can_not_tell() -> None:
    outcome = testing.assert_quiet(RULE, history={"loss": [1.0, 1.02, 0.99, 1.01, 1.0]})
    assert outcome.settle


@settings(max_examples=15, deadline=None)
@given(scale=SCALES, shift=SHIFTS, fires=st.booleans())
def test_unchanged_by_scale_and_shift(scale: float, shift: float, fires: bool) -> None:
    run = flat() if fires else healthy()
    assert_same(RULE, run, moved(run, scale, shift))


def test_unchanged_by_extra_columns() -> None:
    assert_same(RULE, flat(), with_extra_columns(flat()))


def test_never_crashes() -> None:
    assert_never_crashes(RULE)

"""LRN602 fires where nothing moves, or where a long run falls slowly on a straight line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.learning_rate_too_low import LearningRateTooLow
from diagnose.finding import Cause, Severity, Status
from simulated_runs import (
    EARLY,
    QUIET,
    SCALES,
    SHIFTS,
    History,
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

RULE = LearningRateTooLow()


def slow(n: int = 100, score: float = 0.02) -> History:
    """A tenth of the way in a hundred epochs, on a line."""
    t = np.linspace(0, 1, n)
    return history(2.67 - 0.15 * t + noise(n, 0.0004), 2.68 - 0.15 * t + noise(n, 0.0006, 1), 0.09 + score * t,
                   0.09 + score * t)  # fmt: skip


def still(n: int = 4) -> History:
    return history([2.67146] * n, [2.6859] * n, [0.0919] * n, [0.0914] * n)


@pytest.mark.parametrize("n", [3, 4, 30])
def test_fires_where_nothing_moves(n: int) -> None:
    finding = testing.assert_fires(RULE, history=still(n), cause=Cause.LEARNING_RATE)
    assert finding.probability >= 0.5


@pytest.mark.parametrize("n", [25, 100, 400])
def test_fires_on_a_slow_straight_line(n: int) -> None:
    assert testing.assert_fires(RULE, history=slow(n)).severity is Severity.WARNING


@pytest.mark.parametrize("name", QUIET)
def test_quiet_on_healthy_runs(name: str) -> None:
    testing.assert_quiet(RULE, history=QUIET[name])


@pytest.mark.parametrize("name", EARLY)
def test_quiet_on_a_healthy_run_in_progress(name: str) -> None:
    testing.assert_quiet(RULE, history=EARLY[name])


def test_only_mentions_it_without_a_training_score() -> None:
    run = {k: v for k, v in slow().items() if k.endswith("loss")}
    assert testing.assert_fires(RULE, history=run).severity is Severity.INFO


def test_short_runs_were_stopped_too_early_instead() -> None:
    testing.assert_quiet(RULE, history=slow(12))


def test_quiet_where_the_score_came_most_of_its_way() -> None:
    testing.assert_quiet(RULE, history=slow(score=0.7))


def test_quiet_where_validation_does_not_follow() -> None:
    run = slow()
    run["val_loss"] = list(2.68 + noise(100, 0.02))
    run["val_accuracy"] = list(0.09 + noise(100, 0.002))
    testing.assert_quiet(RULE, history=run)


@pytest.mark.parametrize("half_lives", [2, 4, 8])
def test_quiet_on_a_decay_that_levels_off(half_lives: float) -> None:
    testing.assert_quiet(RULE, history=history(decay(60, 2, 0.3, half_lives), decay(60, 2, 0.35, half_lives)))


def test_quiet_on_noise_and_overfitting() -> None:
    testing.assert_quiet(RULE, history=flat())
    testing.assert_quiet(RULE, history=overfit())


def test_skips_two_points() -> None:
    assert testing.assert_quiet(RULE, history={"loss": [1.0, 1.0]}).status is Status.SKIPPED


@settings(max_examples=15, deadline=None)
@given(scale=SCALES, shift=SHIFTS, kind=st.sampled_from([slow, still, healthy]))
def test_unchanged_by_scale_and_shift(scale: float, shift: float, kind: object) -> None:
    run = kind()  # type: ignore[operator]
    assert_same(RULE, run, moved(run, scale, shift))


def test_unchanged_by_extra_columns() -> None:
    assert_same(RULE, slow(), with_extra_columns(slow()))


def test_never_crashes() -> None:
    assert_never_crashes(RULE)

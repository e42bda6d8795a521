"""UTR401 fires where training and validation still improve at the end, and only there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.still_improving import StillImproving
from diagnose.finding import CONFIRMED, Cause
from simulated_runs import (
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
    steep_first_epoch,
    wide_constant_gap,
    with_extra_columns,
)

RULE = StillImproving()


def unfinished(n: int = 30, seed: int = 0) -> History:
    """One half-life in the whole run."""
    return history(decay(n, 2, 0.3, 1) + noise(n, 0.004, seed), decay(n, 2, 0.35, 1) + noise(n, 0.006, seed + 1))


@pytest.mark.parametrize("n", [6, 10, 30, 100])
def test_fires_on_an_unfinished_run(n: int) -> None:
    testing.assert_fires(RULE, history=unfinished(n), cause=Cause.UNDERTRAINING)


def test_says_what_more_training_would_gain() -> None:
    finding = testing.assert_fires(RULE, history=unfinished())
    gain = next(m for m in finding.evidence if "as many" in m.name)
    assert gain.value is not None
    assert 0.2 < gain.value < 0.9  # the truth: a quarter of 1.65, 0.41


@pytest.mark.parametrize(
    "run",
    [healthy(), healthy(seed=3), healthy(700), steep_first_epoch(), wide_constant_gap(), overfit(), flat()],
    ids=["healthy", "another", "long", "steep start", "wide gap", "overfit", "noise"],
)
def test_quiet_on_finished_runs(run: History) -> None:
    testing.assert_quiet(RULE, history=run)


def scored(score: list[float], n: int = 6) -> History:
    steps = np.arange(1.0, n + 1)
    curves = {"loss": 0.9 * 0.5**steps, "val_loss": 0.1 + 0.5**steps, "val_accuracy": np.array(score)}
    return {name: values.tolist() for name, values in curves.items()}


def test_a_loss_that_falls_while_the_score_is_at_its_top_is_no_reason_to_go_on() -> None:
    testing.assert_quiet(RULE, history=scored([0.7, 0.95, 0.985, 0.99, 0.992, 0.994]))
    testing.assert_fires(RULE, history=scored([0.3, 0.5, 0.6, 0.66, 0.7, 0.73]))


def test_noise_seldom_looks_like_progress() -> None:
    alarms = sum(bool(testing.examine(RULE, history=flat(seed=4 * seed)).findings) for seed in range(50))
    assert alarms <= 8


def test_quiet_where_training_alone_improves() -> None:
    n = 60
    testing.assert_quiet(RULE, history=history(decay(n, 2, 0.1, 1), 1.0 + np.exp(-np.arange(n)) + noise(n, 0.01)))


def test_validation_alone_is_never_confirmed() -> None:
    finding = testing.assert_fires(RULE, history={"val_loss": unfinished()["val_loss"]})
    assert finding.probability < CONFIRMED
    assert "training's" not in finding.claim
    testing.assert_quiet(RULE, history={"val_loss": healthy()["val_loss"]})


@settings(max_examples=20, deadline=None)
@given(scale=SCALES, shift=SHIFTS, fires=st.booleans())
def test_unchanged_by_scale_and_shift(scale: float, shift: float, fires: bool) -> None:
    run = unfinished() if fires else healthy()
    assert_same(RULE, run, moved(run, scale, shift))


def test_unchanged_by_extra_columns() -> None:
    assert_same(RULE, unfinished(), with_extra_columns(unfinished()))


def test_never_crashes() -> None:
    assert_never_crashes(RULE)


def test_the_last_third_of_four_points_is_a_third() -> None:
    history = {"loss": [2.1, 1.7, 1.45, 1.3], "val_loss": [1.9, 1.55, 1.38, 1.27]}
    finding = testing.assert_fires(RULE, history=history)
    shares = [measured.value for measured in finding.evidence if "last third" in measured.name]
    assert all(value is not None and 0.1 < value < 0.4 for value in shares)

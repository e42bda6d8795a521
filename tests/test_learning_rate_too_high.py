"""LRN601 fires on explosion, collapse and a plateau at guessing, not on rough or overfitting curves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.learning_rate_too_high import LearningRateTooHigh
from diagnose.finding import Cause, Status
from diagnose.recording import NonFinite, Recording
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
    simple_run,
    with_extra_columns,
)

RULE = LearningRateTooHigh()
NAN = float("nan")


def dead(n: int = 21, seed: int = 0) -> History:
    """Falls from a wild start to a plateau on which one class after another is predicted for all."""
    rng = np.random.default_rng(seed)
    return history(
        2.306 + 0.9 * np.exp(-np.arange(n)) + noise(n, 0.001, seed),
        2.306 + 0.2 * np.exp(-np.arange(n)) + noise(n, 0.002, 1),
        0.105 + noise(n, 0.001, seed), rng.choice([0.0958, 0.1009, 0.1028, 0.1135], n),
    )  # fmt: skip


def exploded(n: int = 6) -> History:
    return history([4e23, 1.5e27, *[2e26] * (n - 2)], [7e24, *[2e26] * (n - 1)], [0.1] * n, [0.1] * n)


def climbing(n: int = 30) -> History:
    return history(2 + 0.1 * np.arange(n) + noise(n, 0.02), 2 + 0.1 * np.arange(n) + noise(n, 0.03, 1))


@pytest.mark.parametrize("seed", range(4))
def test_fires_on_a_plateau_at_guessing(seed: int) -> None:
    assert testing.assert_fires(RULE, history=dead(seed=seed), cause=Cause.LEARNING_RATE).probability >= 0.5


def test_fires_on_an_explosion() -> None:
    assert testing.assert_fires(RULE, history=exploded()).probability > 0.8


@pytest.mark.parametrize("before", [0, 1, 2])
def test_fires_on_nan_at_the_start(before: int) -> None:
    run = simple_run({"loss": [3e3] * before + [NAN] * 4, "val_loss": [NAN] * 4})
    assert testing.assert_fires(RULE, history=run).probability >= 0.6


def test_fires_on_a_training_loss_that_climbs() -> None:
    testing.assert_fires(RULE, history=climbing())


def test_fires_on_a_collapse_of_the_training_score() -> None:
    run = healthy(40)
    run["accuracy"] = [0.2 + 0.03 * min(i, 20) if i < 25 else 0.21 for i in range(40)]
    assert "fell back by 98%" in testing.assert_fires(RULE, history=run).claim


def test_an_error_rate_collapses_upwards() -> None:
    run = {name: values for name, values in healthy(40).items() if "loss" in name}
    run["wer"] = [0.9 - 0.03 * min(i, 20) if i < 25 else 0.89 for i in range(40)]
    run["val_wer"] = [0.9 - 0.02 * min(i, 20) for i in range(40)]
    assert "fell back by 98%" in testing.assert_fires(RULE, history=run).claim


def test_names_the_learning_rate() -> None:
    assert "0.5" in testing.assert_fires(RULE, history=climbing(), context={"learning_rate": 0.5}).claim


@pytest.mark.parametrize("name", QUIET)
def test_quiet_on_healthy_runs(name: str) -> None:
    testing.assert_quiet(RULE, history=QUIET[name])


@pytest.mark.parametrize("name", EARLY)
def test_quiet_on_a_healthy_run_in_progress(name: str) -> None:
    testing.assert_quiet(RULE, history=EARLY[name])


def test_quiet_on_overfitting() -> None:
    testing.assert_quiet(RULE, history=overfit())


def test_quiet_on_a_rough_validation_loss() -> None:
    run = healthy()
    run["val_loss"] = [v + 0.8 * (i % 5 == 4) for i, v in enumerate(run["val_loss"])]
    testing.assert_quiet(RULE, history=run)


def test_quiet_on_sums_of_losses() -> None:
    testing.assert_quiet(RULE, history=history(1e8 * decay(40), 1.02e8 * decay(40)))


def test_quiet_where_one_class_is_the_majority() -> None:
    run = history(decay(40, 0.69, 0.58, 20), decay(40, 0.66, 0.59, 20), [0.724] * 40, [0.7241] * 40)
    testing.assert_quiet(RULE, history=run)


def test_quiet_where_nothing_moves() -> None:
    testing.assert_quiet(RULE, history=history([2.67] * 6, [2.68] * 6, [0.09] * 6, [0.09] * 6))


def test_seldom_fires_on_noise() -> None:
    assert sum(bool(testing.examine(RULE, history=flat(seed=4 * s)).findings) for s in range(40)) <= 10


def test_skips_without_losses() -> None:
    assert testing.assert_quiet(RULE, history={"accuracy": [0.1, 0.2, 0.3]}).status is Status.SKIPPED


@settings(max_examples=15, deadline=None)
@given(scale=SCALES, shift=SHIFTS, kind=st.sampled_from([dead, climbing, healthy]))
def test_unchanged_by_scale_and_shift(scale: float, shift: float, kind: object) -> None:
    run = kind()  # type: ignore[operator]
    assert_same(RULE, run, moved(run, scale, shift))


def test_unchanged_by_extra_columns() -> None:
    assert_same(RULE, dead(), with_extra_columns(dead()))


def test_never_crashes() -> None:
    assert_never_crashes(RULE)


def test_quiet_on_a_score_that_learnt_nothing() -> None:
    flat = np.random.default_rng(3).normal(size=(2, 40))
    run = {"loss": list(2.34 + 0.001 * flat[0]), "val_loss": list(2.34 + 0.001 * flat[1])}
    run |= {"accuracy": [0.1061, 0.1102, *[0.1055] * 37, 0.1053], "val_accuracy": [0.1] * 40}
    testing.assert_quiet(RULE, history=run, context={"learning_rate": 3e-7})


LOST_AT_ONCE = {"loss": [2.3, float("nan"), float("nan"), float("nan")], "val_loss": [2.3, *[float("nan")] * 3]}


@pytest.mark.parametrize("kind", ["input", "label", "loss", "gradient"])
def test_quiet_where_the_first_nan_came_otherwise(kind: Any) -> None:
    run = replace(testing.run_of(LOST_AT_ONCE), recording=Recording("torch", non_finite=NonFinite(3, 1.1, kind)))
    testing.assert_quiet(RULE, history=run)


@pytest.mark.parametrize("kind", ["weight", "activation"])
def test_fires_where_the_first_nan_came_of_the_weights(kind: Any) -> None:
    run = replace(testing.run_of(LOST_AT_ONCE), recording=Recording("torch", non_finite=NonFinite(3, 1.1, kind, "fc")))
    testing.assert_fires(RULE, history=run)

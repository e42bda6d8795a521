"""The stopping rule: quiet while a loss falls or jitters, quick where it has turned, and never worse for a scale."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.hooks.watched import Watched, watched_name
from diagnose.stats.stopping import PLATEAU, WAIT, Decision, StoppingRule, stop_now

RESULT = Path(__file__).parents[1] / "calibration" / "early_stopping.json"


def stopped_at(values: list[float], training: list[float] | None = None) -> int | None:
    rule = StoppingRule()
    for n, value in enumerate(values, 1):
        if rule.next(n, value, math.nan if training is None else training[n - 1]).stop:
            return n
    return None


def falling(n: int, noise: float = 0.0, seed: int = 0) -> list[float]:
    draws = np.random.default_rng(seed).normal(size=n)
    return [float(1 / math.sqrt(t) + noise * z) for t, z in zip(range(1, n + 1), draws, strict=True)]


def turned(n: int, at: int, noise: float = 0.0, seed: int = 0) -> list[float]:
    draws = np.random.default_rng(seed).normal(size=n)
    return [float(1 / math.sqrt(min(t, at)) + 0.02 * max(t - at, 0) + noise * draws[t - 1]) for t in range(1, n + 1)]


@pytest.mark.parametrize("n", [5, 30, 300])
def test_a_falling_loss_goes_on(n: int) -> None:
    assert stopped_at(falling(n)) is None


@pytest.mark.parametrize("seed", range(8))
def test_a_noisy_falling_loss_goes_on(seed: int) -> None:
    assert stopped_at(falling(60, 0.02, seed)) is None


@pytest.mark.parametrize("seed", range(4))
def test_a_turned_loss_stops_soon_after_the_turn(seed: int) -> None:
    at = stopped_at(turned(100, 30, 0.01, seed))
    assert at is not None
    assert 22 + WAIT <= at <= 30 + WAIT + 8


def test_the_best_epoch_is_told() -> None:
    found = stop_now(turned(60, 30))
    assert found.stop
    assert found.best_at == 30
    assert "epoch 30" in found.why


def test_epochs_are_told_as_they_are_counted() -> None:
    assert stop_now(turned(60, 30), epochs=[2.0 * n for n in range(1, 61)]).best_at == 60


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_few_values_never_stop(n: int) -> None:
    assert not stop_now([1.0 + i for i in range(n)]).stop


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_no_number_stops_at_once(bad: float) -> None:
    found = stop_now([1.0, 0.5, bad])
    assert found.stop
    assert found.best_at == 2
    assert f"{bad:g}" in found.why


def test_no_number_from_the_start_has_no_best() -> None:
    assert stop_now([math.nan]).best_at is None


def test_a_plateau_stops_in_proportion_to_the_way_there() -> None:
    first, second = (stopped_at(falling(n) + [falling(n)[-1]] * 400) for n in (10, 200))
    assert first is not None
    assert second is not None
    assert PLATEAU <= first - 10 <= PLATEAU + 10
    assert PLATEAU + 80 <= second - 200 <= PLATEAU + 120


def test_a_rise_of_both_losses_is_waited_out() -> None:
    values = turned(45, 15)
    both = stopped_at(values, [value * 0.9 for value in values])
    alone = stopped_at(values, falling(45))
    assert alone is not None
    assert both is None


def test_a_second_descent_is_missed_as_documented() -> None:
    rises_then_falls = turned(40, 10) + [0.9 - 0.02 * n for n in range(44)]
    at = stopped_at(rises_then_falls)
    assert at is not None
    assert at < 40


@settings(max_examples=40, deadline=None)
@given(
    scale=st.floats(1e-6, 1e6),
    shift=st.floats(-1e3, 1e3),
    seed=st.integers(0, 50),
    at=st.integers(5, 40),
)
def test_the_scale_and_shift_of_the_loss_do_not_matter(scale: float, shift: float, seed: int, at: int) -> None:
    values = turned(60, at, 0.03, seed)
    moved = [scale * (value + shift) for value in values]
    assert stopped_at(moved) == stopped_at(values)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), max_size=60))
def test_value_by_value_is_all_at_once(values: list[float]) -> None:
    rule = StoppingRule()
    last = Decision(False)
    for n, value in enumerate(values, 1):
        last = rule.next(n, value)
    assert last == stop_now(values)


def test_the_committed_comparison_is_of_this_rule() -> None:
    found = json.loads(RESULT.read_text(encoding="utf-8"))
    own = found["trained, held out"]["comparison"]
    assert own["default"] < own["patience that misses as much"]
    assert f"rule {WAIT}" in found["trained, held out"]["policies"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"loss": 1.0, "val_loss": 2.0}, ("val_loss", True)),
        ({"loss": 1.0, "accuracy": 2.0}, ("loss", False)),
        ({"train_loss": 1.0, "eval_loss": 2.0}, ("eval_loss", True)),
        ({"train/loss": 1.0, "val/loss": 2.0}, ("val/loss", True)),
        ({"loss": 1.0, "val_out_loss": 3.0, "val_loss": 2.0}, ("val_loss", True)),
        ({"accuracy": 0.5}, None),
        ({}, None),
    ],
)
def test_which_loss_is_watched(values: dict[str, float], expected: tuple[str, bool] | None) -> None:
    assert watched_name(values) == expected


def test_the_best_is_of_validation_from_where_it_begins() -> None:
    watched = Watched()
    bests = [
        watched.next(1, {"loss": 0.1})[0],
        watched.next(2, {"loss": 0.05, "val_loss": 0.9})[0],
        watched.next(3, {"loss": 0.01})[0],
        watched.next(4, {"loss": 0.2, "val_loss": 0.8})[0],
        watched.next(5, {"loss": 0.2, "val_loss": math.nan})[0],
    ]
    assert bests == [True, True, False, True, False]
    assert watched.best_epoch == 4


def test_a_training_loss_alone_stops_only_where_it_is_no_number() -> None:
    watched = Watched()
    for n in range(1, 80):
        assert watched.next(n, {"loss": 1.0 + n})[1] is None
    decision = watched.next(80, {"loss": math.nan})[1]
    assert decision is not None
    assert decision.stop

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from diagnose.finding import Basis, Cause
from diagnose.remedies.stopping import LEAST_PATIENCE, patience, stopping
from remedy_cases import FALLING, OVERCONFIDENT, RISING, STALLED, TURNING, case


def test_stops_at_the_turn_and_says_what_that_saves() -> None:
    (stop,) = stopping(case(TURNING, [Cause.OVERFITTING], framework="keras"))
    remedy = stop.remedy
    at = remedy.action["stop_at"]
    assert at == pytest.approx(11, abs=2)
    assert remedy.title == f"Stop at epoch {at:g} and keep its weights"
    assert remedy.basis is Basis.ESTIMATED
    assert remedy.effect is not None
    assert remedy.effect.value == pytest.approx(-0.53, abs=0.08)
    assert remedy.effect.low < remedy.effect.value < remedy.effect.high <= 0
    assert "'val_loss'" in remedy.code
    assert f"patience={remedy.action['patience']}" in remedy.code


def test_effect_scales_with_the_loss() -> None:
    tenfold = {name: 10 * values for name, values in TURNING.items()}
    (one,), (ten,) = stopping(case(TURNING, [Cause.OVERFITTING])), stopping(case(tenfold, [Cause.OVERFITTING]))
    assert one.remedy.effect is not None
    assert ten.remedy.effect is not None
    assert ten.remedy.effect.value == pytest.approx(10 * one.remedy.effect.value)
    assert ten.remedy.action == one.remedy.action


def test_kept_weights_leave_only_time_to_save() -> None:
    (stop,) = stopping(case(TURNING, [Cause.OVERFITTING], best_weights_kept=True))
    assert stop.remedy.effect is not None
    assert stop.remedy.effect.unit == "epochs"
    assert "kept already" in stop.remedy.title


def test_stops_where_validation_stalled() -> None:
    (stop,) = stopping(case(STALLED, [Cause.OVERFITTING]))
    assert 3 <= stop.remedy.action["stop_at"] <= 10
    assert stop.remedy.effect is not None
    assert stop.remedy.effect.name == "epochs saved"


def test_an_overconfident_run_is_not_stopped_at_the_turn_of_its_loss() -> None:
    assert list(stopping(case(OVERCONFIDENT, [Cause.OVERFITTING]))) == []


def test_keeps_the_weights_of_the_best_score() -> None:
    score = np.array(OVERCONFIDENT["val_accuracy"])
    score[24:] -= 0.1
    (stop,) = stopping(case({**OVERCONFIDENT, "val_accuracy": score}, [Cause.OVERFITTING], framework="torch"))
    assert stop.remedy.action["stop_at"] == pytest.approx(23, abs=1)
    assert "accuracy" in stop.remedy.title
    assert 'float("-inf")' in stop.remedy.code
    assert "value > best" in stop.remedy.code


@pytest.mark.parametrize("history", [RISING, {"loss": [1.0, 0.5], "val_loss": [1.0, 0.9]}, {"loss": list(range(9))}])
def test_quiet_where_there_is_nothing_to_go_back_to(history: object) -> None:
    assert list(stopping(case(history, [Cause.OVERFITTING]))) == []


@pytest.mark.parametrize("history", [TURNING, STALLED, FALLING])
def test_quiet_without_a_verdict(history: object) -> None:
    assert list(stopping(case(history))) == []


def test_patience_outlasts_the_waits_of_a_noisy_curve() -> None:
    rng = np.random.default_rng(3)
    epochs = np.arange(60.0)
    calm = 1 + np.exp(-epochs / 20)
    noisy = calm + 0.15 * rng.normal(size=60)
    waits = []
    for values in (calm, noisy):
        made = case({"loss": calm, "val_loss": values})
        waits.append(patience(made.measure("val_loss"), made.measure("val_loss_trend")))
    assert waits[0] == LEAST_PATIENCE
    assert waits[1] > waits[0]


def test_boosted_trees_are_cut_not_restored() -> None:
    (stop,) = stopping(case(TURNING, [Cause.OVERFITTING], framework="xgboost"))
    assert "trees" in stop.remedy.title
    assert "early_stopping_rounds" in stop.remedy.code


@pytest.mark.parametrize("history", [TURNING, {**TURNING, "val_loss": TURNING["val_loss"] + 1}])
def test_a_tiny_validation_set_promises_nothing(history: Any) -> None:
    (few,) = stopping(case(history, [Cause.OVERFITTING], n_val=20))
    assert few.remedy.effect is None
    assert few.remedy.source
    assert "95 %" not in few.remedy.why
    assert "20 validation samples can't say" in few.remedy.why
    (many,) = stopping(case(history, [Cause.OVERFITTING], n_val=2000))
    assert many.remedy.effect is not None
    assert "can't say" not in many.remedy.why


def test_levels_are_called_levels() -> None:
    (stop,) = stopping(case(TURNING, [Cause.OVERFITTING]))
    assert "its level rose from" in stop.remedy.why
    assert "at the end" in stop.remedy.why

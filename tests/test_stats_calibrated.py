"""Calibrated probabilities: the logistic formula, its floor, and models that are whole."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.stats.calibrated import FLOOR, LogisticModel, models, probability, squash

QUESTIONS = ("overfitting_gap", "overfitting_turn", "undertraining", "instability")


def test_the_formula() -> None:
    model = LogisticModel(-1.0, {"a": 2.0, "b": -0.5})
    assert model.probability({"a": 1.0, "b": 0.4}) == pytest.approx(1 / (1 + math.exp(-0.8)))


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_never_certain(intercept: float, value: float) -> None:
    assert FLOOR <= LogisticModel(intercept, {"a": 1.0}).probability({"a": value}) <= 1 - FLOOR


@pytest.mark.parametrize("question", QUESTIONS)
def test_more_of_a_sign_is_never_less_probable(question: str) -> None:
    """Every sign is defined to speak for its cause: a negative weight would be a fit to chance."""
    model = models()[question]
    assert all(weight > 0 for weight in model.weights.values())
    nothing = probability(question, dict.fromkeys(model.weights, 0.0))
    assert nothing < 0.2
    assert probability(question, dict.fromkeys(model.weights, 1.0)) > nothing


def test_a_missing_sign_is_an_error() -> None:
    with pytest.raises(KeyError):
        probability("instability", {})


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_squash_rises_from_nought_to_one(a: float, b: float) -> None:
    assert 0 <= squash(a) < 1
    assert (squash(a) <= squash(b)) or a > b

"""PRG902 knows which output goes with which loss."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.analyzers.output_against_loss import OutputAgainstLoss
from diagnose.analyzers.output_table import floor_of
from diagnose.finding import Severity
from programme_cards import GOOD, POOR, card, fires, labels, quiet, recorded, run

RULE = OutputAgainstLoss()

WRONG = [
    ("ce", "softmax", 10, "indices", "applied twice"),
    ("scce_logits", "softmax", 10, "indices", "applied twice"),
    ("ce", "sigmoid", 10, "indices", "between 0 and 1"),
    ("ce", "tanh", 10, "indices", "between -1 and 1"),
    ("cce", "linear", 10, "one-hot", "logarithms of probabilities"),
    ("scce", "linear", 10, "indices", "logarithms of probabilities"),
    ("cce", "sigmoid", 10, "one-hot", "only one class is right"),
    ("cce", "relu", 10, "one-hot", "no probabilities"),
    ("cce", "softmax", 1, "binary", "1 for every input"),
    ("bce", "softmax", 1, "binary", "1 for every input"),
    ("bce", "linear", 1, "binary", "logarithms of probabilities"),
    ("bce", "tanh", 1, "binary", "no probabilities"),
    ("bce", "relu", 1, "binary", "no probabilities"),
    ("bce", "softmax", 10, "multi-hot", "several at once"),
    ("bce_logits", "sigmoid", 1, "binary", "applied twice"),
    ("bce_logits", "relu", 1, "binary", "below 0.5"),
    ("bce_logits", "softmax", 10, "multi-hot", "below 0.5"),
    ("nll", "softmax", 10, "indices", "log-probabilities"),
    ("nll", "linear", 10, "indices", "no lower bound"),
    ("kl_log", "softmax", 10, "smoothed", "log-probabilities"),
    ("hinge", "sigmoid", 1, "signs", "margin"),
    ("mse", "sigmoid", 1, "standardised", "0 to 1 only"),
    ("mse", "relu", 1, "standardised", "no less than 0"),
    ("mse", "tanh", 1, "prices", "-1 to 1 only"),
    ("mae", "sigmoid", 1, "prices", "0 to 1 only"),
    ("mse", "softmax", 1, "prices", "1 for every input"),
]
RIGHT = [
    ("cce", "softmax", 10, "one-hot"),
    ("cce", "softmax", 10, "smoothed"),
    ("scce", "softmax", 2, "binary"),
    ("scce", "softmax", 10, "pixels"),
    ("ce", "linear", 10, "indices"),
    ("ce", "linear", 2, "binary"),
    ("ce", "linear", 5000, "tokens"),
    ("ce", "linear", 10, "padded"),
    ("ce", "log_softmax", 10, "indices"),
    ("ce", "leaky_relu", 10, "indices"),
    ("ce", "gelu", 10, "indices"),
    ("bce", "sigmoid", 1, "binary"),
    ("bce", "sigmoid", 10, "multi-hot"),
    ("bce", "sigmoid", 10, "images"),
    ("bce", "softmax", 10, "one-hot"),
    ("bce_logits", "linear", 1, "binary"),
    ("bce_logits", "linear", 10, "multi-hot"),
    ("nll", "log_softmax", 10, "indices"),
    ("kl_log", "log_softmax", 10, "smoothed"),
    ("kl", "softmax", 10, "smoothed"),
    ("hinge", "linear", 1, "signs"),
    ("hinge", "tanh", 1, "binary"),
    ("mse", "linear", 1, "standardised"),
    ("mse", "linear", 10, "one-hot"),
    ("mse", "sigmoid", 1, "unit"),
    ("mse", "sigmoid", 1, "images"),
    ("mse", "tanh", 1, "unit"),
    ("mse", "relu", 1, "prices"),
    ("mse", "softplus", 1, "counts"),
    ("mse", "exponential", 1, "prices"),
    ("mse", "softmax", 10, "one-hot"),
    ("mse", "sigmoid", 10, "one-hot"),
    ("cce", "sigmoid", 2, "one-hot"),
    ("triplet", "linear", 128, "indices"),
    ("triplet", "sigmoid", 128, "indices"),
    ("ctc", "log_softmax", 40, "indices"),
    ("own", "softmax", 10, "one-hot"),
    ("own", "relu", 1, "standardised"),
    (None, "linear", 10, "indices"),
    ("cce", None, 10, "one-hot"),
]


@pytest.mark.parametrize(("loss", "act", "width", "kind", "words"), WRONG)
def test_fires(loss: str, act: str, width: int, kind: str, words: str) -> None:
    found = fires(RULE, run(card(loss, act, width), [labels(kind)]), words)
    assert found.severity is not Severity.INFO
    assert found.probability >= 0.85


@pytest.mark.parametrize(("loss", "act", "width", "kind"), RIGHT)
def test_quiet(loss: str | None, act: str | None, width: int, kind: str) -> None:
    quiet(RULE, run(card(loss, act, width), [labels(kind)]))


@pytest.mark.parametrize(("loss", "act", "width"), [("cce", "softmax", 10), ("ce", "linear", 10), ("mse", "relu", 1)])
def test_quiet_without_data(loss: str, act: str, width: int) -> None:
    quiet(RULE, run(card(loss, act, width)))


def test_several_outputs_are_not_judged() -> None:
    quiet(RULE, run(card(None, None, None, n_outputs=2)))


def test_names_the_layer_and_the_loss() -> None:
    fires(RULE, run(card("ce", "softmax", framework="torch")), "CrossEntropyLoss()", "'out'", "1.46")


def test_a_fault_of_the_first_phase_says_so() -> None:
    made = run(recording=recorded(card("cce", "linear"), card("cce", "softmax")))
    fires(RULE, made, "in phase 1 of 2 (epochs 0 to 3)")


def test_a_fault_of_both_phases_is_one() -> None:
    made = run(recording=recorded(card("cce", "linear"), card("cce", "linear")))
    assert "phase" not in fires(RULE, made).claim


def test_a_run_that_learns_contradicts_what_cannot_learn() -> None:
    made = run(card("cce", "linear"), [labels()], history=GOOD)
    assert fires(RULE, made, "learns").probability < 0.5


def test_a_run_that_does_not_learn_leaves_it() -> None:
    assert fires(RULE, run(card("cce", "linear"), [labels()], history=POOR)).probability > 0.95


def test_a_loss_below_the_bound_contradicts_a_second_softmax() -> None:
    made = run(card("scce_logits", "softmax"), [labels("indices")], history=GOOD)
    fires(RULE, made, "in front of the softmax", severity=Severity.INFO)


def test_a_loss_above_the_bound_does_not() -> None:
    slow = {"loss": [2.3, 2.0, 1.7, 1.6, 1.55], "accuracy": [0.2, 0.5, 0.7, 0.8, 0.9]}
    fires(RULE, run(card("ce", "softmax"), [labels("indices")], history=slow), severity=Severity.ERROR)


def test_targets_slightly_out_of_reach_are_information() -> None:
    facts = labels("unit")
    facts = type(facts)(**{**vars(facts), "high": 1.02})
    fires(RULE, run(card("mse", "sigmoid", 1), [facts]), severity=Severity.INFO)


@settings(max_examples=30, deadline=None)
@given(width=st.integers(2, 2000))
def test_the_bound_is_the_least_loss_of_a_softmax_taken_twice(width: int) -> None:
    perfect = -math.log(math.e / (math.e + width - 1))
    assert floor_of("softmax", width) == pytest.approx(perfect)


@settings(max_examples=20, deadline=None)
@given(scale=st.floats(1.0, 1e6), shift=st.floats(-1e3, 1e3))
def test_no_activation_reaches_all_targets(scale: float, shift: float) -> None:
    facts = labels("standardised")
    moved = {"low": scale * facts.low + shift, "high": scale * facts.high + shift,
             "mean": scale * facts.mean + shift, "std": scale * facts.std}  # fmt: skip
    quiet(RULE, run(card("mse", "linear", 1), [type(facts)(**{**vars(facts), **moved})]))

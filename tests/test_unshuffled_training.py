"""PRG912 tells sorted labels and orders that repeat."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.analyzers.unshuffled_training import UnshuffledTraining
from diagnose.finding import Severity
from diagnose.recording import OrderFacts
from programme_cards import card, fires, inputs, quiet, recorded, run

RULE = UnshuffledTraining()


def order(labels: Any, epoch: float = 0.0, digest: str = "a", **more: Any) -> OrderFacts:
    """Return what a hook sees of labels in their order."""
    shares = np.unique(labels, return_counts=True)[1] / len(labels)
    expected = (len(labels) - 1) * (1 - float((shares**2).sum())) * len(labels) / (len(labels) - 1)
    return OrderFacts(epoch, digest, len(labels), int((np.diff(labels) != 0).sum()), expected, **more)


def epochs(labels: Any, digests: str = "aaa", **more: Any) -> Any:
    return run(recording=recorded(card(), orders=tuple(order(labels, e, d, **more) for e, d in enumerate(digests))))


def drawn(n: int = 2000, classes: int = 10, seed: int = 0) -> Any:
    return np.random.default_rng(seed).integers(0, classes, n)


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_sorted(classes: int) -> None:
    found = fires(RULE, epochs(np.sort(drawn(classes=classes))), "sorted by label", severity=Severity.ERROR)
    assert found.probability >= 0.95


def test_sorted_in_one_epoch_that_was_seen() -> None:
    fires(RULE, epochs(np.sort(drawn()), "a"), "sorted by label")
    fires(RULE, epochs(np.sort(drawn()), "a", is_shuffled=False), "sorted by label")


def test_blocks() -> None:
    fires(RULE, epochs(np.repeat(drawn(200), 10)), "sorted by label")


def test_a_rare_class_first() -> None:
    fires(RULE, epochs(np.r_[np.ones(300, int), np.zeros(1700, int)]), "sorted by label")


def test_the_same_order_each_epoch_is_information() -> None:
    fires(RULE, epochs(drawn()), "the same order", severity=Severity.INFO)


@pytest.mark.parametrize(
    "made",
    [
        epochs(drawn(), "abc"), epochs(drawn(), "aa"), epochs(drawn(), "a"), epochs(drawn(), ""),
        epochs(np.sort(drawn()), "abc"),  # grouped anew each epoch: sampling for metric learning
        epochs(np.repeat(drawn(500), 4), "abcd"), epochs(np.sort(drawn()), "", is_shuffled=True),
        epochs(np.sort(drawn()), "aaa", is_shuffled=True), epochs(np.sort(drawn(8)), "aa"),
        epochs(drawn(classes=2), "aa"),
        epochs(np.r_[drawn(1990), np.zeros(10, int)], "aa"), epochs(np.zeros(50, int), "aa"),
        run(recording=recorded(card(), orders=(OrderFacts(0, "a", 100), OrderFacts(1, "b", 100)))),
        run(recording=recorded(card(), orders=(OrderFacts(0, "", 0, is_shuffled=True),))),
        run(recording=recorded(card(), orders=())), run(card()),
    ],
)  # fmt: skip
def test_quiet(made: Any) -> None:
    quiet(RULE, made)


def test_tokens_are_read_in_order() -> None:
    tokens = inputs(drawn(400).reshape(40, 10), embedded=True)
    made = run(recording=recorded(card(), orders=(order(np.sort(drawn())),), inputs=(tokens,)))
    quiet(RULE, made)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), classes=st.integers(2, 30), n=st.integers(2, 800))
def test_quiet_on_any_random_order(seed: int, classes: int, n: int) -> None:
    quiet(RULE, epochs(drawn(n, classes, seed), "aa", is_shuffled=False))

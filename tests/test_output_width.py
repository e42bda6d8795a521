"""PRG903 compares the width of the output with the labels."""

from __future__ import annotations

from dataclasses import replace

import pytest

from diagnose.analyzers.output_width import OutputWidth
from diagnose.finding import Severity
from programme_cards import GOOD, OutputFacts, card, fires, labels, quiet, recorded, run

RULE = OutputWidth()


@pytest.mark.parametrize(
    ("loss", "width", "kind", "classes", "words"),
    [
        ("scce", 5, "indices", 10, "5 outputs for 10 classes"),
        ("ce", 9, "indices", 10, "9 outputs for 10 classes"),
        ("nll", 3, "indices", 4, "3 outputs for 4 classes"),
        ("bce", 1, "indices", 10, "a single output cannot tell 10 classes"),
        ("bce_logits", 1, "indices", 3, "a single output cannot tell 3 classes"),
        ("scce", 1, "indices", 10, "a single output"),
        ("cce", 5, "one-hot", 10, "5 outputs for labels of 10 columns"),
        ("cce", 1, "one-hot", 10, "1 output for labels of 10 columns"),
        ("bce", 1, "multi-hot", 6, "1 output for labels of 6 columns"),
        ("scce", 3, "pixels", 10, "3 outputs for 10 classes"),
    ],
)
def test_fires(loss: str, width: int, kind: str, classes: int, words: str) -> None:
    fires(RULE, run(card(loss, "softmax", width), [labels(kind, classes=classes)]), words, severity=Severity.ERROR)


@pytest.mark.parametrize(
    ("loss", "act", "width", "kind", "classes"),
    [
        ("scce", "softmax", 10, "indices", 10),
        ("scce", "softmax", 11, "from one", 10),
        ("scce", "softmax", 2, "binary", 2),
        ("ce", "linear", 10, "indices", 10),
        ("ce", "linear", 10, "smoothed", 10),
        ("ce", "linear", 1000, "indices", 10),
        ("ce", "linear", 50_000, "tokens", 10),
        ("ce", "linear", 10, "padded", 10),
        ("ce", "linear", 10, "pixels", 10),
        ("ce", "linear", 13, "indices", 10),
        ("cce", "softmax", 10, "one-hot", 10),
        ("bce", "sigmoid", 1, "binary", 2),
        ("bce", "sigmoid", 6, "multi-hot", 6),
        ("bce", "sigmoid", 1, "images", 2),
        ("bce_logits", "linear", 1, "binary", 2),
        ("mse", "linear", 1, "standardised", 2),
        ("mse", "linear", 1, "standardised flat", 2),
        ("mse", "linear", 10, "one-hot", 10),
        ("mse", "sigmoid", 1, "images", 10),
        ("mse", "linear", 4, "bytes", 4),
        ("mse", "linear", 1, "counts", 4),
        ("triplet", "linear", 128, "indices", 10),
        ("ctc", "log_softmax", 40, "padded", 10),
        ("own", "linear", 3, "indices", 10),
        ("hinge", "linear", 1, "signs", 2),
    ],
)
def test_quiet(loss: str, act: str, width: int, kind: str, classes: int) -> None:
    quiet(RULE, run(card(loss, act, width), [labels(kind, classes=classes)]))


def test_quiet_on_several_outputs_and_without_labels() -> None:
    quiet(RULE, run(card(None, None, None, n_outputs=3), [labels("indices")]))
    quiet(RULE, run(card("scce", "softmax", 10)))


def test_spare_outputs_are_information() -> None:
    fires(RULE, run(card("scce", "softmax", 100), [labels("indices")]), "100 outputs", severity=Severity.INFO)


def test_a_run_that_learns_contradicts_it() -> None:
    made = run(card("scce", "softmax", 5), [labels("indices")], history=GOOD)
    assert fires(RULE, made).probability < 0.5


def test_targets_of_another_width() -> None:
    fires(RULE, run(card("mse", "linear", 3), [labels("bytes")]), "3 outputs and 4 targets", severity=Severity.ERROR)


def looks(spread: float) -> tuple[OutputFacts, ...]:
    return tuple(OutputFacts(step, step / 10, "probe", 64, 1, 0.0, 0.1, spread, 0.1) for step in (1.0, 20.0))


def test_losses_of_unequal_shapes_are_told_by_their_count() -> None:
    one = card("mse", "linear", 1, framework="torch")
    facts = [labels("standardised")]
    seen = replace(recorded(one, outputs=looks(0.8)), counters={"broadcast_losses": 12})
    assert fires(RULE, run(one, facts, recording=seen), "in 12 losses").probability > 0.9
    quiet(RULE, run(one, facts, recording=replace(seen, counters={"steps": 12})))


def test_broadcast_shapes_whose_outputs_collapsed() -> None:
    one = card("mse", "linear", 1, framework="torch")
    facts = [labels("standardised flat")]
    fires(RULE, run(one, facts, recording=recorded(one, outputs=looks(0.001))), "all with all")
    quiet(RULE, run(one, facts, recording=recorded(one, outputs=looks(0.8))))
    quiet(RULE, run(one, [labels("standardised")], recording=recorded(one, outputs=looks(0.001))))
    in_keras = card("mse", "linear", 1)  # which puts the axis right itself
    quiet(RULE, run(in_keras, facts, recording=recorded(in_keras, outputs=looks(0.001))))

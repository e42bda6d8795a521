"""PRG904 compares how labels are written with what the loss expects."""

from __future__ import annotations

from dataclasses import replace

import pytest

from diagnose.analyzers.label_encoding import LabelEncoding
from diagnose.finding import Severity
from diagnose.recording import LabelFacts
from programme_cards import GOOD, LOSSES, card, fires, labels, quiet, run

RULE = LabelEncoding()


@pytest.mark.parametrize(
    ("loss", "act", "width", "kind", "words"),
    [
        ("cce", "softmax", 10, "indices", "expects one-hot rows"),
        ("cce", "softmax", 10, "column", "expects one-hot rows"),
        ("scce", "softmax", 10, "one-hot", "expects the number of the class"),
        ("nll", "log_softmax", 10, "one-hot", "expects the number of the class"),
        ("scce", "softmax", 10, "from one", "from 1"),
        ("ce", "linear", 10, "from one", "the label 10 has none"),
        ("ce", "linear", 2, "signs", "classes count from 0"),
        ("ce", "linear", 10, "texts", "are texts"),
        ("bce", "sigmoid", 1, "signs", "expects 0 to 1"),
        ("bce", "sigmoid", 4, "bytes", "expects 0 to 1"),
        ("bce_logits", "linear", 1, "standardised", "expects 0 to 1"),
        ("bce", "sigmoid", 10, "binary", "one value a row"),
        ("cce", "softmax", 10, "multi-hot", "several classes"),
        ("mse", "linear", 10, "indices", "numbers of classes"),
        ("hinge_torch", "linear", 1, "binary", "−1 and 1"),
    ],
)
def test_fires(loss: str, act: str, width: int, kind: str, words: str) -> None:
    framework = "torch" if loss in {"ce", "nll", "bce_logits", "hinge_torch"} else "keras"
    found = fires(RULE, run(card(loss, act, width, framework=framework), [labels(kind)]), words)
    assert found.severity is not Severity.INFO
    assert found.probability >= 0.9


@pytest.mark.parametrize(
    ("loss", "act", "width", "kind"),
    [
        ("cce", "softmax", 10, "one-hot"),
        ("cce", "softmax", 10, "smoothed"),
        ("scce", "softmax", 10, "indices"),
        ("scce", "softmax", 10, "float indices"),
        ("scce", "softmax", 10, "column"),
        ("scce", "softmax", 11, "from one"),
        ("scce", "softmax", 10, "pixels"),
        ("ce", "linear", 10, "indices"),
        ("ce", "linear", 10, "one-hot"),
        ("ce", "linear", 10, "smoothed"),
        ("ce", "linear", 10, "padded"),
        ("ce", "linear", 5_000, "tokens"),
        ("nll", "log_softmax", 10, "indices"),
        ("bce", "sigmoid", 1, "binary"),
        ("bce", "sigmoid", 10, "multi-hot"),
        ("bce", "sigmoid", 10, "one-hot"),
        ("bce", "sigmoid", 1, "unit"),
        ("bce", "sigmoid", 1, "images"),
        ("bce_logits", "linear", 2, "binary"),
        ("hinge", "linear", 1, "binary"),
        ("hinge", "linear", 1, "signs"),
        ("mse", "linear", 1, "counts"),
        ("mse", "linear", 1, "indices"),
        ("mse", "linear", 1, "binary"),
        ("mse", "linear", 10, "one-hot"),
        ("mse", "linear", 1, "standardised"),
        ("mse", "linear", 1, "prices"),
        ("triplet", "linear", 64, "indices"),
        ("ctc", "log_softmax", 10, "padded"),
        ("own", "linear", 10, "signs"),
    ],
)
def test_quiet(loss: str, act: str, width: int, kind: str) -> None:
    framework = "torch" if loss in {"ce", "nll", "bce_logits", "triplet"} else "keras"
    quiet(RULE, run(card(loss, act, width, framework=framework), [labels(kind)]))


def test_quiet_on_several_losses() -> None:
    quiet(RULE, run(card(None, None, None, n_outputs=2), [labels("signs")]))


def test_an_accuracy_tells_classes_from_grades() -> None:
    fires(RULE, run(card("mse", "linear", 1, metrics=("accuracy",)), [labels("indices")]), "distance between them")
    fires(RULE, run(card("mse", "linear", 1), [labels("indices")], context={"task": "classification"}), "classes")
    quiet(RULE, run(card("mse", "linear", 1, metrics=("mean_absolute_error",)), [labels("indices")]))


def test_a_marker_that_the_loss_ignores() -> None:
    facts = replace(labels("indices"), low=-1.0)
    one = card("ce", "linear", framework="torch")
    fires(RULE, run(one, [facts]), "go down to -1")
    told = replace(LOSSES["ce"], settings={"ignore_index": -1.0})
    quiet(RULE, run(replace(one, loss=told), [facts]))


def test_bytes_for_a_thousand_classes() -> None:
    facts = LabelFacts("train", (), "uint8", 1000, 0.0, 255.0, 256, labels("indices").written, is_whole=True)
    fires(RULE, run(card("scce", "softmax", 1000), [facts]), "uint8")
    quiet(RULE, run(card("scce", "softmax", 256), [facts]))


def test_a_run_that_learns_contradicts_it() -> None:
    made = run(card("cce", "softmax", 10), [labels("indices")], history=GOOD)
    assert fires(RULE, made, "learns").probability < 0.5

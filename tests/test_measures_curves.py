"""Which curves the questions are asked of."""

from __future__ import annotations

import numpy as np
import pytest

from diagnose.errors import NotEnoughEvidence
from diagnose.measures.curves import MIN_POINTS, train_loss, train_score, val_loss, val_score
from diagnose.run import OVERFLOW, Curve, History

NAN, INF = float("nan"), float("inf")


def curve(name: str, split: str, quantity: str, values=(4.0, 3.0, 2.0, 1.0, 0.5)) -> Curve:
    better = "lower" if quantity.endswith("loss") else "higher"
    return Curve(name, split, quantity, better, np.arange(len(values)), np.array(values))  # type: ignore[arg-type]


def test_the_total_loss_goes_before_its_parts() -> None:
    history = History((curve("a", "train", "box_loss"), curve("b", "train", "loss"), curve("c", "val", "cls_loss"),
                       curve("d", "val", "loss")))  # fmt: skip
    assert train_loss(history).name == "b"
    assert val_loss(history).name == "d"


def test_a_part_stands_in_for_the_total() -> None:
    history = History((curve("a", "train", "box_loss"), curve("c", "val", "cls_loss")))
    assert (train_loss(history).name, val_loss(history).name) == ("a", "c")


def test_the_test_split_stands_in_only_without_validation() -> None:
    test, val = curve("t", "test", "loss"), curve("v", "val", "loss")
    assert val_loss(History((test,))).name == "t"
    assert val_loss(History((test, val))).name == "v"


def test_people_look_at_accuracy_first_and_then_in_the_logs_order() -> None:
    scores = [curve(q, "val", q) for q in ("my_score", "precision", "f1", "accuracy", "other")]
    assert val_score(History(tuple(scores))).name == "accuracy"
    assert val_score(History((scores[1], scores[2]))).name == "f1"
    assert val_score(History((scores[0], scores[4]))).name == "my_score"


def test_a_score_with_too_few_points_is_passed_over() -> None:
    short = curve("accuracy", "val", "accuracy", (0.1, NAN, NAN, 0.2, 0.3))
    assert val_score(History((short, curve("f1", "val", "f1")))).name == "f1"


def test_train_score_is_the_same_quantity() -> None:
    val = curve("vf", "val", "f1")
    history = History((curve("ta", "train", "accuracy"), curve("tf", "train", "f1"), val))
    assert train_score(history, val).name == "tf"
    with pytest.raises(NotEnoughEvidence, match="no training dice"):
        train_score(history, curve("vd", "val", "dice"))


def test_only_finite_points_are_measured() -> None:
    logged = curve("l", "train", "loss", (NAN, 4, INF, 3, 2 * OVERFLOW, 2, -INF, 1, -2 * OVERFLOW))
    measured = train_loss(History((logged,)))
    assert measured.values.tolist() == [4, 3, 2, 1]
    assert measured.steps.tolist() == [1, 3, 5, 7]
    assert np.isinf(logged.values[[4, 8]]).all()  # what no square can hold is as lost as infinity


@pytest.mark.parametrize("measure", [train_loss, val_loss, val_score])
def test_what_is_missing_is_said_with_what_to_log(measure) -> None:
    with pytest.raises(NotEnoughEvidence, match="the log holds no") as caught:
        measure(History(()))
    assert caught.value.settle.startswith("log ")


def test_too_few_points_are_counted() -> None:
    with pytest.raises(NotEnoughEvidence, match=f"2 finite points; a trend needs {MIN_POINTS}"):
        train_loss(History((curve("l", "train", "loss", (1.0, NAN, 0.5)),)))

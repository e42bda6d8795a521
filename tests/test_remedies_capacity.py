from __future__ import annotations

import pytest

from diagnose.finding import Cause
from diagnose.remedies.capacity import capacity
from remedy_cases import OVERCONFIDENT, TURNING, case


def test_a_larger_model_for_poor_training() -> None:
    (larger,) = capacity(case(TURNING, [Cause.UNDERFITTING], parameters=52_000))
    assert larger.remedy.title == "A larger model than 52,000 parameters: twice the width, or a pretrained backbone"


def test_a_smaller_one_where_it_can_store_the_sample() -> None:
    (smaller,) = capacity(case(TURNING, [Cause.OVERFITTING], parameters=11_200_000, n_train=800))
    assert smaller.remedy.action == {"capacity_factor": 0.5}
    assert "11.2 M" in smaller.remedy.title


@pytest.mark.parametrize(
    ("history", "causes", "codes", "context"),
    [
        (TURNING, [Cause.OVERFITTING], [], {}),
        (TURNING, [Cause.OVERFITTING], [], {"parameters": 500, "n_train": 800}),
        (TURNING, [Cause.OVERFITTING], [], {"parameters": 50_000, "n_train": 800, "pretrained": True}),
        (OVERCONFIDENT, [Cause.OVERFITTING], [], {"parameters": 50_000, "n_train": 800}),
        (TURNING, [Cause.UNDERFITTING], ["UNF302"], {}),
        (TURNING, [Cause.UNDERFITTING], [], {"framework": "xgboost"}),
        (TURNING, [Cause.UNDERTRAINING], [], {"parameters": 50_000, "n_train": 800}),
    ],
)
def test_quiet(history: object, causes: list[Cause], codes: list[str], context: dict[str, object]) -> None:
    assert list(capacity(case(history, causes, codes, **context))) == []


def test_no_larger_model_while_the_score_stands_at_guessing() -> None:
    guessing = {"loss": [0.69] * 5 + [0.68] * 5, "accuracy": [0.5, 0.51] * 5, "val_accuracy": [0.5] * 10}
    fair = {**guessing, "accuracy": [0.5 + 0.02 * i for i in range(10)]}
    assert list(capacity(case(guessing, codes=["UNF301"], n_classes=2))) == []
    assert len(list(capacity(case(fair, codes=["UNF301"], n_classes=2)))) == 1

from __future__ import annotations

import numpy as np
import pytest

from diagnose.finding import Cause
from diagnose.remedies.regularisation import regularisation
from remedy_cases import OVERCONFIDENT, TURNING, case


def by_key(*args: object, **context: object) -> dict[str, object]:
    return {p.key: p.remedy for p in regularisation(case(*args, **context))}  # type: ignore[arg-type]


def test_none_becomes_the_optimizers_default() -> None:
    adam = by_key(TURNING, [Cause.OVERFITTING], weight_decay=0.0, dropout=0.0, optimizer="AdamW")
    assert adam["weight_decay"].title == "Weight decay 0 → 0.01"
    assert "1711.05101" in adam["weight_decay"].source
    assert adam["dropout"].title == "Dropout 0 → 0.3"
    sgd = by_key(TURNING, [Cause.OVERFITTING], weight_decay=0.0, optimizer="SGD", framework="torch")
    assert sgd["weight_decay"].title == "Weight decay 0 → 5e-4"
    assert "Krizhevsky" in sgd["weight_decay"].source
    assert "5e-4" in sgd["weight_decay"].code


def test_what_is_there_grows() -> None:
    more = by_key(TURNING, [Cause.OVERFITTING], weight_decay=0.01, dropout=0.2)
    assert more["weight_decay"].action == {"weight_decay": 0.03}
    assert more["dropout"].action == {"dropout": 0.4}


def test_a_high_dropout_is_left_alone() -> None:
    assert "dropout" not in by_key(TURNING, [Cause.OVERFITTING], dropout=0.5)


def test_the_sizes_stand_in_the_reason() -> None:
    more = by_key(TURNING, [Cause.OVERFITTING], weight_decay=0.0, trainable_parameters=14_714_688, n_train=800)
    assert "14,714,688 trainable parameters stand against 800 samples" in more["weight_decay"].why


def test_unknown_is_said_to_be_unknown() -> None:
    assert "or three times yours" in by_key(TURNING, [Cause.OVERFITTING])["weight_decay"].title


def test_plain_adam_needs_the_decoupled_form() -> None:
    assert (
        "with AdamW" in by_key(TURNING, [Cause.OVERFITTING], weight_decay=0.0, optimizer="adam")["weight_decay"].title
    )


def test_less_where_training_is_held_back() -> None:
    less = by_key(TURNING, codes=["REG202"], dropout=0.5, weight_decay=0.1)
    assert less["dropout"].action == {"dropout": 0.25}
    assert less["weight_decay"].action == {"weight_decay": 0.01}
    assert list(by_key(TURNING, codes=["REG202"])) == ["regularisation"]


def test_more_where_a_finding_says_so() -> None:
    assert by_key(TURNING, codes=["REG203"], weight_decay=0.0)["weight_decay"].action == {"weight_decay": 0.01}


@pytest.mark.parametrize(
    ("history", "causes", "codes", "context"),
    [
        (TURNING, [Cause.REGULARIZATION], [], {}),  # no direction
        (TURNING, [Cause.UNDERFITTING], [], {}),  # nothing known to reduce
        (TURNING, [Cause.UNDERFITTING], ["UNF302"], {"dropout": 0.5}),  # nothing learnt at all
        (OVERCONFIDENT, [Cause.OVERFITTING], [], {}),
        (TURNING, [Cause.OVERFITTING], [], {"framework": "lightgbm"}),
        (TURNING, [Cause.UNDERTRAINING], [], {"dropout": 0.5}),
    ],
)
def test_quiet(history: object, causes: list[Cause], codes: list[str], context: dict[str, object]) -> None:
    assert list(regularisation(case(history, causes, codes, **context))) == []


@pytest.mark.parametrize(
    ("before", "optimizer", "after"),
    [
        (0.01, "AdamW", 0.03), (0.05, "AdamW", 0.1), (0.03, "", 0.09), (1e-3, "SGD", 3e-3), (5e-3, "SGD", 1e-2),
        (0.1, "AdamW", None), (0.5, "AdamW", None), (1e-2, "SGD", None), (0.05, "SGD", None),
    ],
)  # fmt: skip
def test_weight_decay_has_a_ceiling(before: float, optimizer: str, after: float | None) -> None:
    made = by_key(TURNING, [Cause.OVERFITTING], weight_decay=before, **({"optimizer": optimizer} if optimizer else {}))
    found = made["weight_decay"].action["weight_decay"] if "weight_decay" in made else None
    assert found == (after if after is None else pytest.approx(after))


@pytest.mark.parametrize("context", [{"dropout": 0.8, "weight_decay": 0.5}, {"dropout": 0.5}, {"weight_decay": 0.1}])
def test_what_is_regularised_heavily_is_not_regularised_more(context: dict[str, float]) -> None:
    assert by_key(TURNING, [Cause.OVERFITTING], ["REG203"], **context) == {}


def test_a_score_that_moved_within_its_noise_has_not_improved() -> None:
    wobble = 0.7 + 0.03 * np.sin(2.1 * np.arange(30.0) ** 1.3)
    wobble[11:] += 0.005
    wobble[-8:] += 0.009
    assert "weight_decay" in by_key({**TURNING, "val_accuracy": wobble}, [Cause.OVERFITTING])

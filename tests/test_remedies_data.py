from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import sklearn.ensemble
import sklearn.model_selection

from diagnose.finding import Cause, Level
from diagnose.remedies.case import Case
from diagnose.remedies.data import COMPARE, DUPLICATES, REWEIGHT, SUSPECTS, data
from remedy_cases import OVERCONFIDENT, RISING, STALLED, TURNING, case


def keys(made: Case) -> list[str]:
    return [p.key for p in data(made)]


def unexamined(made: Case) -> Case:
    shifts = (Cause.COVARIATE_SHIFT, Cause.LABEL_SHIFT, Cause.CONCEPT_SHIFT)
    blank = {c: replace(made.verdicts[c], level=Level.NOT_EXAMINED, probability=None) for c in shifts}
    return replace(made, verdicts={**made.verdicts, **blank})


def test_a_gap_is_compared_before_it_is_treated() -> None:
    assert "compare" in keys(unexamined(case(STALLED, {Cause.OVERFITTING: 0.99})))
    assert "compare" in keys(unexamined(case(TURNING, {Cause.OVERFITTING: 0.7})))


def test_a_confirmed_turn_is_not_a_question_of_shift() -> None:
    assert "compare" not in keys(unexamined(case(TURNING, {Cause.OVERFITTING: 0.99})))


def test_decisions_that_improve_are_no_question_of_shift() -> None:
    assert "compare" not in keys(unexamined(case(OVERCONFIDENT, {Cause.OVERFITTING: 0.7})))


def test_what_was_compared_is_not_compared_again() -> None:
    assert "compare" not in keys(case(TURNING, {Cause.OVERFITTING: 0.7}))


def test_a_validation_that_never_improved_puts_labels_and_shift_in_doubt() -> None:
    assert {"labels", "compare"} <= set(keys(unexamined(case(RISING, {Cause.OVERFITTING: 0.99}))))


def test_images_are_augmented_unless_they_are() -> None:
    assert "augmentation" in keys(case(TURNING, [Cause.OVERFITTING], framework="ultralytics", n_train=800))
    assert "augmentation" in keys(case(TURNING, [Cause.OVERFITTING], task="image classification"))
    assert "augmentation" not in keys(case(TURNING, [Cause.OVERFITTING], framework="ultralytics", augmentation=True))
    assert "augmentation" not in keys(case(TURNING, [Cause.OVERFITTING], framework="torch"))


@pytest.mark.parametrize(
    ("cause", "key"),
    [
        (Cause.LEAKAGE, "leakage"),
        (Cause.LABEL_ERRORS, "labels"),
        (Cause.LABEL_SHIFT, "class_weights"),
        (Cause.COVARIATE_SHIFT, "collect_covariate_shift"),
        (Cause.CONCEPT_SHIFT, "collect_concept_shift"),
    ],
)
def test_faults_of_the_data(cause: Cause, key: str) -> None:
    assert keys(case(TURNING, [cause])) == [key]


@pytest.mark.parametrize("cause", [Cause.UNDERFITTING, Cause.UNDERTRAINING, Cause.LEARNING_RATE, Cause.EVALUATION])
def test_quiet_for_other_causes(cause: Cause) -> None:
    assert keys(unexamined(case(OVERCONFIDENT, [cause]))) == []


@pytest.fixture
def names() -> dict[str, object]:
    rng = np.random.default_rng(0)
    x_train, y_train = rng.normal(size=(120, 3)), rng.integers(0, 2, 120)
    x_train[:, 0] += 3 * y_train
    x_val = np.vstack([rng.normal(size=(58, 3)) + 4, x_train[:2]])
    return {
        "np": np,
        "sklearn": sklearn,
        "x_train": x_train,
        "y_train": y_train,
        "x_val": x_val,
        "y_val": np.zeros(60, int),
        "print": lambda *args: None,
    }


def test_the_comparison_runs_and_sees_a_shift(names: dict[str, object]) -> None:
    exec(COMPARE["generic"], names)
    assert np.mean(names["auc"]) > 0.9


def test_the_search_for_duplicates_finds_them(names: dict[str, object]) -> None:
    exec(DUPLICATES["generic"], names)
    assert names["repeated"] == [58, 59]


def test_the_search_for_wrong_labels_finds_one(names: dict[str, object]) -> None:
    names["x_train"][7, 0], names["y_train"][7] = 9.0, 0
    exec(SUSPECTS["generic"], names)
    assert 7 in names["suspects"][:10]


def test_weights_follow_the_validation_shares(names: dict[str, object]) -> None:
    exec(REWEIGHT["generic"], names)
    assert names["weights"][0] == pytest.approx(120 / (names["y_train"] == 0).sum())
    assert names["weights"][1] == 0

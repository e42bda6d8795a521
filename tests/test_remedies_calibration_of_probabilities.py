from __future__ import annotations

import numpy as np
import pytest
import scipy.optimize

from diagnose.finding import Cause
from diagnose.remedies.calibration_of_probabilities import TEMPERATURE, calibration_of_probabilities
from remedy_cases import OVERCONFIDENT, TURNING, case


def test_overconfidence_is_met_by_temperature_and_smoothing() -> None:
    made = case(OVERCONFIDENT, [Cause.OVERFITTING], framework="torch", label_smoothing=0.0)
    temperature, smoothing = calibration_of_probabilities(made)
    assert "accuracy improved" in temperature.remedy.why
    assert smoothing.remedy.title == "Label smoothing 0 → 0.1"
    assert "label_smoothing=0.1" in smoothing.remedy.code


def test_a_finding_says_so_too() -> None:
    assert len(list(calibration_of_probabilities(case(TURNING, codes=["REG201"])))) == 2


@pytest.mark.parametrize("context", [{"label_smoothing": 0.1}, {"framework": "catboost"}, {"framework": "sklearn"}])
def test_smoothed_or_unsmoothable_gets_the_temperature_alone(context: dict[str, object]) -> None:
    (only,) = calibration_of_probabilities(case(OVERCONFIDENT, [Cause.OVERFITTING], **context))
    assert only.key == "temperature"


FALLEN = {**OVERCONFIDENT, "val_accuracy": 0.9 - np.abs(np.arange(30) - 11) * 0.01}
REGRESSION = {**TURNING, "val_r2": OVERCONFIDENT["val_accuracy"]}


@pytest.mark.parametrize(
    ("history", "causes", "codes"),
    [
        (OVERCONFIDENT, [], []),
        (TURNING, [Cause.OVERFITTING], []),
        (FALLEN, [Cause.OVERFITTING], []),
        (REGRESSION, [Cause.OVERFITTING], []),
        (OVERCONFIDENT, [Cause.OVERFITTING], ["OVF103"]),
        (OVERCONFIDENT, [Cause.UNDERTRAINING], []),
        (OVERCONFIDENT, [Cause.INSTABILITY], ["REG201"]),
    ],
)
def test_quiet(history: object, causes: list[Cause], codes: list[str]) -> None:
    assert list(calibration_of_probabilities(case(history, causes, codes))) == []


def test_the_temperature_is_found() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(4000, 4))
    chance = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    labels = np.array([rng.choice(4, p=row) for row in chance])
    names = {"np": np, "scipy": scipy, "val_logits": 3 * logits, "val_labels": labels}
    exec(TEMPERATURE["generic"], names)
    assert names["temperature"] == pytest.approx(3, abs=0.3)

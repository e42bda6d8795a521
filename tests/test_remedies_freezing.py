from __future__ import annotations

import pytest

from diagnose.finding import Cause
from diagnose.remedies.freezing import freezing
from remedy_cases import OVERCONFIDENT, TURNING, case


def test_the_sizes_stand_in_the_title() -> None:
    made = case(
        TURNING, [Cause.OVERFITTING], pretrained=True, trainable_parameters=14_714_688, n_train=800, framework="keras"
    )
    (freeze,) = freezing(made)
    assert freeze.remedy.title == "Freeze the backbone: 14.7 M trainable parameters for 800 samples"
    assert "training=False" in freeze.remedy.code


def test_a_frozen_backbone_that_does_not_serve_is_thawed() -> None:
    (thaw,) = freezing(case(TURNING, [Cause.UNDERFITTING], frozen="backbone", learning_rate=1e-3))
    assert thaw.remedy.action == {"unfreeze": "last block", "pretrained_learning_rate": 1e-4}


def test_forgetting_slows_the_backbone() -> None:
    (slow,) = freezing(case(TURNING, codes=["FRZ801"], learning_rate=1e-3, framework="torch"))
    assert slow.remedy.title.endswith("1e-3 → 1e-4")
    assert "1801.06146" in slow.remedy.source
    (unknown,) = freezing(case(TURNING, codes=["FRZ801"]))
    assert unknown.remedy.action == {"pretrained_learning_rate_factor": 0.1}


def test_more_parameters_than_samples_bear_are_frozen() -> None:
    (freeze,) = freezing(case(TURNING, codes=["FRZ802"], parameters=14_714_688, n_train=800))
    assert freeze.remedy.causes == (Cause.FREEZING,)
    assert "if there are any" in freeze.remedy.title
    assert list(freezing(case(TURNING, codes=["FRZ802"], parameters=14_714_688, n_train=800, pretrained=False))) == []


@pytest.mark.parametrize(
    ("history", "causes", "context"),
    [
        (TURNING, [Cause.OVERFITTING], {}),
        (TURNING, [Cause.OVERFITTING], {"pretrained": False}),
        (TURNING, [Cause.OVERFITTING], {"pretrained": True, "frozen": "backbone"}),
        (TURNING, [Cause.UNDERFITTING], {"pretrained": True, "frozen": "none"}),
        (OVERCONFIDENT, [Cause.OVERFITTING], {"pretrained": True}),
        (TURNING, [Cause.LEARNING_RATE], {"pretrained": True}),
    ],
)
def test_quiet(history: object, causes: list[Cause], context: dict[str, object]) -> None:
    assert list(freezing(case(history, causes, **context))) == []

from __future__ import annotations

import pytest

from diagnose.finding import Cause
from diagnose.remedies.schedule import schedule
from remedy_cases import TURNING, case


def test_a_rate_that_never_fell_decays() -> None:
    (decay,) = schedule(case(TURNING, codes=["LRN603"], learning_rate=0.1, framework="torch"))
    assert decay.remedy.action == {"learning_rate_schedule": "cosine"}
    assert "from 0.1" in decay.remedy.title
    assert "1608.03983" in decay.remedy.source


def test_warm_up() -> None:
    (warm,) = schedule(case(TURNING, codes=["LRN604"], framework="keras", learning_rate=0.1))
    assert warm.remedy.action == {"warmup_epochs": 5}
    assert "warmup_target=0.1" in warm.remedy.code
    (steps,) = schedule(case(TURNING, codes=["LRN604"], framework="transformers"))
    assert steps.remedy.action == {"warmup_ratio": 0.06}


@pytest.mark.parametrize("codes", [["LRN601"], ["LRN602"], ["INS501"]])
def test_quiet_for_other_findings(codes: list[str]) -> None:
    assert list(schedule(case(TURNING, codes=codes))) == []


def test_quiet_for_boosted_trees_and_unlikely_causes() -> None:
    assert list(schedule(case(TURNING, codes=["LRN603"], framework="catboost"))) == []
    assert list(schedule(case(TURNING, {Cause.LEARNING_RATE: 0.2}, ["LRN603"]))) == []

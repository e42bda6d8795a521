from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from diagnose.finding import Cause
from diagnose.measurements import Measurements
from diagnose.measures import MEASURES
from diagnose.remedies.case import Case
from diagnose.remedies.program import program
from diagnose.run import Curve
from remedy_cases import FALLING, TURNING, case


def keys(made: Case) -> list[str]:
    return [p.key for p in program(made)]


def test_an_unstable_run_is_clipped() -> None:
    (clip,) = program(case(TURNING, codes=["INS503"], framework="torch"))
    assert clip.remedy.action == {"clip_gradient_norm": 1.0}
    assert "max_norm=1" in clip.remedy.code


def test_the_logged_norm_sets_the_limit() -> None:
    made = case(TURNING, codes=["INS503"])
    norms = Curve("grad_norm", "train", "grad_norm", "lower", np.arange(30.0), np.r_[np.full(29, 4.0), 900.0])
    run = replace(made.run, history=replace(made.history, extra=(norms,)))
    (clip,) = program(replace(made, measurements=Measurements(run, MEASURES)))
    assert clip.remedy.action == {"clip_gradient_norm": 4.0}
    assert "peaks at 900" in clip.remedy.why


def test_doubt_in_the_code_is_settled_by_one_batch() -> None:
    assert keys(case(TURNING, [Cause.TRAINING_PROGRAM])) == ["one_batch"]
    assert keys(case(TURNING, [Cause.UNDERFITTING])) == ["one_batch"]


@pytest.mark.parametrize("code", ["UNF302", "PRG901"])
def test_a_loss_that_stands_is_a_question_of_gradients(code: str) -> None:
    made = case(TURNING, codes=[code], framework="torch")
    assert keys(made) == ["gradients", "one_batch"]
    assert f"what {code} claims" in next(program(made)).remedy.why


@pytest.mark.parametrize("framework", ["sklearn", "ultralytics", "xgboost"])
def test_what_can_not_be_clipped_is_not(framework: str) -> None:
    assert keys(case(TURNING, codes=["INS503"], framework=framework)) == []


@pytest.mark.parametrize("cause", [Cause.OVERFITTING, Cause.UNDERTRAINING, Cause.LEARNING_RATE])
def test_quiet_for_other_causes(cause: Cause) -> None:
    assert keys(case(FALLING, [cause])) == []

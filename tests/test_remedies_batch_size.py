from __future__ import annotations

import pytest

from diagnose.finding import Cause
from diagnose.remedies.batch_size import batch_size
from diagnose.remedies.proposal import Axis
from remedy_cases import TURNING, case


def test_a_noisy_gradient_wants_a_larger_batch_at_the_same_rate() -> None:
    (larger,) = batch_size(case(TURNING, codes=["BAT701"], batch_size=8, n_train=20_000, learning_rate=0.1))
    assert larger.remedy.action == {"batch_size": 32}
    assert Axis.LEARNING_RATE not in dict(larger.moves)


def test_an_epoch_of_few_steps_wants_a_smaller_one() -> None:
    made = case(TURNING, codes=["BAT701"], batch_size=256, n_train=1000, learning_rate=0.4, optimizer="sgd")
    (smaller,) = batch_size(made)
    assert smaller.remedy.action == {"batch_size": 64, "learning_rate": 0.1}
    assert "4 steps an epoch" in smaller.remedy.why


def test_the_linear_rule_is_for_sgd() -> None:
    made = case(TURNING, codes=["BAT701"], batch_size=256, n_train=1000, learning_rate=0.4, optimizer="adam")
    assert next(batch_size(made)).remedy.action == {"batch_size": 64}


def test_unknown_batch() -> None:
    (larger,) = batch_size(case(TURNING, codes=["BAT701"], framework="lightning"))
    assert larger.remedy.action == {"batch_size_factor": 4}
    assert "accumulate_grad_batches" in larger.remedy.code


@pytest.mark.parametrize("cause", [Cause.OVERFITTING, Cause.INSTABILITY, Cause.LEARNING_RATE])
def test_quiet_for_other_causes(cause: Cause) -> None:
    assert list(batch_size(case(TURNING, [cause], batch_size=8))) == []

from __future__ import annotations

import numpy as np
import pytest

from diagnose.finding import Basis, Cause
from diagnose.remedies.more_epochs import more_epochs
from remedy_cases import FALLING, TURNING, case


def test_as_long_again_with_the_gain_it_should_bring() -> None:
    (more,) = more_epochs(case(FALLING, [Cause.UNDERTRAINING], framework="torch"))
    last = 29 if min(FALLING["loss"]) else 30
    assert more.remedy.action["train_until"] == pytest.approx(2 * last, abs=2)
    assert more.remedy.basis is Basis.ESTIMATED
    effect = more.remedy.effect
    assert effect is not None
    truth = 2 * (np.exp(-59 / 25) - np.exp(-29 / 25))
    assert effect.low <= truth <= effect.high
    assert effect.value < 0


def test_a_run_cut_short_goes_on_to_its_plan() -> None:
    (more,) = more_epochs(case(FALLING, [Cause.UNDERTRAINING], epochs_planned=100, patience=3))
    assert more.remedy.action["train_until"] == 100
    assert "planned 100" in more.remedy.title
    assert "patience of 3" in more.remedy.why
    assert more.remedy.effect is None
    assert more.remedy.source


def test_a_finished_plan_is_no_cut() -> None:
    (more,) = more_epochs(case(FALLING, [Cause.UNDERTRAINING], epochs_planned=30))
    assert "planned" not in more.remedy.title


def test_a_schedule_that_ran_out_is_stretched_not_resumed() -> None:
    rate = np.linspace(1e-3, 1e-6, 30)
    (more,) = more_epochs(case({**FALLING, "lr": rate}, [Cause.UNDERTRAINING], framework="keras"))
    assert "stretch its schedule" in more.remedy.why
    assert "initial_epoch=0" in more.remedy.code
    (resumed,) = more_epochs(case({**FALLING, "lr": np.full(30, 1e-3)}, [Cause.UNDERTRAINING], framework="keras"))
    assert "initial_epoch=0" not in resumed.remedy.code


def test_few_epochs_become_ten() -> None:
    (more,) = more_epochs(case({"loss": [1, 0.8, 0.6], "val_loss": [1, 0.9, 0.8]}, codes=["UTR402"]))
    assert more.remedy.title == "Train at least 10 epochs, with early stopping"


@pytest.mark.parametrize("cause", [Cause.UNDERFITTING, Cause.OVERFITTING, Cause.LEARNING_RATE])
def test_quiet_for_other_causes(cause: Cause) -> None:
    assert list(more_epochs(case(TURNING, [cause]))) == []

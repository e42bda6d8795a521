"""PRG911 counts passes in the wrong mode."""

from __future__ import annotations

from typing import Any

import pytest

from diagnose.analyzers.wrong_mode import WrongMode
from diagnose.finding import Severity
from diagnose.model_card import ModelCard, Role
from diagnose.recording import Recording
from programme_cards import card, fires, layer, plain, quiet, recorded, run, table

RULE = WrongMode()
CONV, FC = layer("conv1", Role.CONVOLUTION), layer("fc")
NORM = layer("bn1", Role.BATCH_NORMALISATION, is_initial=True)
OLD_NORM = layer("bn1", Role.BATCH_NORMALISATION, is_initial=False)
FROZEN_NORM = layer("bn1", Role.BATCH_NORMALISATION, is_initial=False, trained=False)
DROPOUT = plain("drop", Role.DROPOUT, settings={"rate": 0.5})


def net(*extra: Any) -> ModelCard:
    return card("ce", "linear", layers=[CONV, *extra, FC], framework="torch")


def counted(one: ModelCard, *, training: int = 0, passes: int = 100, evaluation: int = 0, of: int = 20,
            **more: Any) -> Recording:  # fmt: skip
    counters = {"steps": passes, "backward_passes": passes, "training_passes_in_evaluation_mode": training,
                "evaluation_passes": of, "evaluation_passes_in_training_mode": evaluation}  # fmt: skip
    return recorded(one, counters=counters, **more)


@pytest.mark.parametrize("training", [100, 90, 10])
def test_batch_norm_that_never_learns(training: int) -> None:
    found = fires(RULE, run(recording=counted(net(NORM), training=training)), "'bn1' never learns its statistics",
                  severity=Severity.ERROR)  # fmt: skip
    assert found.probability >= 0.95


def test_dropout_that_is_off() -> None:
    fires(RULE, run(recording=counted(net(DROPOUT), training=80)), "'drop'", "is off", severity=Severity.WARNING)


@pytest.mark.parametrize("extra", [NORM, OLD_NORM, FROZEN_NORM])
def test_evaluation_in_training_mode(extra: Any) -> None:
    found = fires(RULE, run(recording=counted(net(extra), evaluation=20)), "20 of 20 evaluation passes",
                  severity=Severity.WARNING)  # fmt: skip
    assert found.probability >= 0.9


def test_dropout_at_prediction_may_be_meant() -> None:
    assert fires(RULE, run(recording=counted(net(DROPOUT), evaluation=20)), "Monte Carlo").probability < 0.8


def test_pretrained_statistics_that_are_kept_are_information() -> None:
    fires(RULE, run(recording=counted(net(OLD_NORM), training=100)), "brought along", severity=Severity.INFO)
    fires(RULE, run(recording=counted(net(FROZEN_NORM), training=100)), severity=Severity.INFO)


@pytest.mark.parametrize(
    "recording",
    [
        counted(net(NORM)), counted(net(DROPOUT)), counted(net(NORM, DROPOUT)), counted(net(), training=100),
        counted(net(), evaluation=20), counted(net(plain("drop", Role.DROPOUT, settings={"rate": 0.0})), training=100),
        counted(net(NORM), training=2), counted(net(NORM), training=3, passes=1000), counted(net(NORM), evaluation=2),
        counted(net(NORM), evaluation=3, of=100), counted(net(NORM), of=0), recorded(net(NORM)),
        counted(net(layer("ln", Role.NORMALISATION)), training=100),
    ],
)  # fmt: skip
def test_quiet(recording: Recording) -> None:
    quiet(RULE, run(recording=recording))


def test_parts_that_were_put_in_training_mode_themselves() -> None:
    mode = table(layers=["bn1"], epochs=[0.5, 1], in_training_mode=[[1.0], [1.0]])
    quiet(RULE, run(recording=counted(net(NORM), training=100, layers=mode)))


def test_a_first_epoch_in_the_right_mode_does_not_excuse_the_others() -> None:
    mode = table(layers=["bn1"], epochs=[0.5, 1, 2, 3], in_training_mode=[[1.0], [1.0], [0.0], [0.0]])
    fires(RULE, run(recording=counted(net(NORM), training=80, layers=mode)), "never learns")


def test_quiet_without_a_hook() -> None:
    quiet(RULE, run(net(NORM)))

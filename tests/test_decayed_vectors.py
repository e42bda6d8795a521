"""REG205 remarks weight decay on biases and normalisation layers."""

from __future__ import annotations

import pytest

from diagnose.analyzers.decayed_vectors import DecayedVectors
from diagnose.finding import Severity
from diagnose.model_card import GroupCard, OptimizerCard
from programme_cards import ADAM, card, fires, quiet, recorded, run

RULE = DecayedVectors()


def adamw(*groups: GroupCard) -> OptimizerCard:
    return OptimizerCard("AdamW", groups, is_decoupled=True)


def test_is_only_ever_information() -> None:
    one = card(optimizer=adamw(GroupCard(1e-3, 0.01, parameters=1000, decayed_vectors=40)))
    fires(RULE, run(one), "40 values", "0.01", severity=Severity.INFO)
    assert "40 values" in quiet(RULE, run(one))


@pytest.mark.parametrize(
    "optimizer",
    [
        ADAM,
        None,
        adamw(),
        adamw(GroupCard(1e-3, 0.01, parameters=1000)),
        adamw(GroupCard(1e-3, 0.01, parameters=1000), GroupCard(1e-3, 0.0, parameters=40, decayed_vectors=40)),
    ],
)
def test_silent(optimizer: OptimizerCard | None) -> None:
    assert "acts on" not in quiet(RULE, run(card(optimizer=optimizer))).replace("acts on biases or", "")


def test_phases_are_joined() -> None:
    one = card(optimizer=adamw(GroupCard(1e-3, 0.01, parameters=1000, decayed_vectors=40)))
    assert "phase" not in fires(RULE, run(recording=recorded(one, one))).claim

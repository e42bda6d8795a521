"""PRG908 tells layers whose flag has no effect."""

from __future__ import annotations

import pytest

from diagnose.analyzers.stale_trainable import StaleTrainable
from diagnose.finding import Severity
from diagnose.model_card import ModelCard, Role
from programme_cards import card, fires, layer, plain, quiet, recorded, run

RULE = StaleTrainable()


def net(*stale: str, flag: bool = True, **more: object) -> ModelCard:
    layers = [layer("vgg16/block5_conv1", Role.CONVOLUTION, trained=False, flag=flag), layer("dense"),
              plain("flatten", Role.RESHAPE)]  # fmt: skip
    return card(layers=layers, stale_layers=stale, **more)  # type: ignore[arg-type]


def test_unfrozen_without_effect() -> None:
    made = run(recording=recorded(net(), net("vgg16/block5_conv1")))
    found = fires(RULE, made, "made trainable after compile", "in phase 2 of 2", severity=Severity.ERROR)
    assert found.probability > 0.95
    assert found.where[0].names == ("vgg16/block5_conv1",)


def test_frozen_without_effect() -> None:
    fires(RULE, run(recording=recorded(net("vgg16/block5_conv1", flag=False))), "trained all the same",
          severity=Severity.WARNING)  # fmt: skip


def test_a_part_is_named() -> None:
    fires(RULE, run(recording=recorded(net("vgg16"))), "block5_conv1")


def test_a_model_that_was_looked_at_afterwards() -> None:
    assert fires(RULE, run(net("vgg16/block5_conv1"))).probability == RULE.afterwards


@pytest.mark.parametrize("one", [net(), net("flatten"), net("gone"), net("dense", framework="torch"), card(None, None)])
def test_quiet(one: ModelCard) -> None:
    quiet(RULE, run(one))
    quiet(RULE, run(recording=recorded(one)))


def test_quiet_on_phases_that_were_compiled() -> None:
    quiet(RULE, run(recording=recorded(net(), net())))


def test_skips_without_a_model() -> None:
    assert "model" in quiet(RULE, run())

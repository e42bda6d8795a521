"""PRG907 compares the optimizer with the model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from diagnose.analyzers.optimizer_misses_layers import OptimizerMissesLayers
from diagnose.finding import Severity
from diagnose.model_card import GroupCard, ModelCard, OptimizerCard, Role
from programme_cards import ADAM, card, fires, layer, quiet, recorded, run, table

RULE = OptimizerMissesLayers()


def net(initial: bool | None = True, head_initial: bool | None = True, **optimizer: Any) -> ModelCard:
    layers = [layer("conv1", Role.CONVOLUTION, is_initial=initial), layer("fc", is_initial=head_initial)]
    return card("ce", "linear", layers=layers, framework="torch", optimizer=replace(ADAM, **optimizer))


def test_a_new_layer_is_forgotten() -> None:
    fires(RULE, run(net(missing=("fc.weight", "fc.bias"))), "'fc'", "initialised", severity=Severity.ERROR)


def test_a_replaced_head() -> None:
    made = run(net(initial=False, missing=("fc.weight",), foreign=512_000))
    fires(RULE, made, "before the layer was replaced", severity=Severity.ERROR)


def test_keras_names() -> None:
    one = card(layers=[layer("dense", is_initial=True), layer("out", is_initial=True)],
               optimizer=replace(ADAM, missing=("out/kernel",)))  # fmt: skip
    fires(RULE, run(one), "'out'")


def test_where_nothing_is_known_of_the_beginning() -> None:
    found = fires(RULE, run(net(None, None, missing=("conv1.weight",))), severity=Severity.WARNING)
    assert found.probability == RULE.unsure
    assert found.settle


def test_held_twice() -> None:
    fires(RULE, run(net(twice=("fc.weight",))), "more than once", severity=Severity.WARNING)


def test_frozen_by_leaving_out_is_information() -> None:
    fires(RULE, run(net(initial=False, missing=("conv1.weight",))), "as if frozen", severity=Severity.INFO)


def test_how_layers_began_is_read_off_the_first_phase() -> None:
    began = net(initial=True)
    later = net(initial=False, missing=("conv1.weight",))
    fires(RULE, run(recording=recorded(began, later)), "in phase 2 of 2", severity=Severity.ERROR)


def test_layers_that_move_are_held_by_another_optimizer() -> None:
    moving = table(layers=["fc"], epochs=[0.5, 1.0], update_ratio=[[1e-3], [1e-3]])
    quiet(RULE, run(recording=recorded(net(missing=("fc.weight",)), layers=moving)))
    still = table(layers=["fc"], epochs=[0.5, 1.0], update_ratio=[[0.0], [0.0]])
    fires(RULE, run(recording=recorded(net(missing=("fc.weight",)), layers=still)))


@pytest.mark.parametrize(
    "one",
    [
        net(), net(initial=False), net(groups=(GroupCard(1e-3), GroupCard(1e-4))), net(foreign=512),
        net(groups=(GroupCard(1e-3, frozen_parameters=100),)), net(missing=()), card(optimizer=OptimizerCard("SGD")),
        card(optimizer=None), card(None, None, optimizer=ADAM, n_outputs=2),
        net(initial=False, missing=("conv1.bias",)),
        net(missing=("gone.weight",)),
        card(layers=[layer("conv1", Role.CONVOLUTION, trained=False), layer("fc")], optimizer=ADAM, framework="torch"),
    ],
)  # fmt: skip
def test_quiet(one: ModelCard) -> None:
    quiet(RULE, run(one))


def test_quiet_on_two_right_phases() -> None:
    quiet(RULE, run(recording=recorded(net(), net(initial=False))))

"""PRG905 tells inputs of a scale that networks are not made for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.analyzers.unscaled_inputs import UnscaledInputs
from diagnose.finding import Severity
from diagnose.model_card import Role
from programme_cards import GOOD, POOR, card, fires, images, inputs, layer, plain, quiet, run

RULE = UnscaledInputs()
RNG = np.random.default_rng(0)
N = 300
NORMAL = RNG.normal(size=(N, 8))
PEOPLE = np.column_stack([RNG.uniform(18, 90, N), RNG.lognormal(10, 1, N), RNG.integers(0, 2, N), RNG.random(N)])


def test_bytes() -> None:
    fires(RULE, run(card(), [images()]), "0 and 255", "does not rescale", severity=Severity.WARNING)


def test_columns_of_other_units() -> None:
    fires(RULE, run(card(), [inputs(PEOPLE)]), "-fold", severity=Severity.WARNING)


def test_large_columns_of_one_unit() -> None:
    fires(RULE, run(card(), [inputs(400 + 50 * NORMAL)]), "root mean square")


def test_divided_twice() -> None:
    fires(RULE, run(card(), [images(0, 1 / 255)]), "divided by 255 twice")


def test_not_finite() -> None:
    values = NORMAL.copy()
    values[3, 2] = np.nan
    assert fires(RULE, run(card(), [inputs(values)]), "no finite numbers", severity=Severity.ERROR).probability > 0.95


@pytest.mark.parametrize(
    "facts",
    [
        images(0, 1), images(-1, 1), images(-2.1, 2.6), inputs(NORMAL), inputs(NORMAL.astype("float32")),
        inputs(RNG.random((N, 12))), inputs(np.eye(12)[RNG.integers(0, 12, N)]),
        inputs((RNG.random((N, 40)) < 0.01) * 1),
        inputs(RNG.integers(0, 2, (N, 20))), inputs(3 * NORMAL + 2), inputs(RNG.normal(200, 40, (N, 1))),
        inputs(RNG.integers(0, 8, (N, 6))), inputs(RNG.normal(size=(40, 100, 3))), inputs(PEOPLE[:, 3:]),
        inputs(RNG.integers(0, 5000, (N, 20)), embedded=True), inputs(np.zeros((N, 4))),
        inputs(RNG.normal(0, 3000, (40, 1000, 1)).astype("int16")),
        inputs(NORMAL * np.array([1, 2, 5, 10, 20, 0.5, 0.1, 1])),
    ],
)  # fmt: skip
def test_quiet(facts: object) -> None:
    quiet(RULE, run(card(), [facts]))  # type: ignore[list-item]


@pytest.mark.parametrize(
    "front",
    [
        [plain("rescaling", Role.RESCALING), layer("conv", Role.CONVOLUTION)],
        [layer("normalization", Role.NORMALISATION), layer("dense")],
        [layer("bn", Role.BATCH_NORMALISATION), layer("dense")],
        [layer("conv1", Role.CONVOLUTION), layer("bn1", Role.BATCH_NORMALISATION), plain("relu", Role.ACTIVATION)],
        [layer("embedding", Role.EMBEDDING), layer("dense")],
        [plain("input", Role.INPUT), plain("flip", Role.AUGMENTATION), plain("rescaling", Role.RESCALING)],
    ],
)
@pytest.mark.parametrize("facts", [images(), inputs(PEOPLE)])
def test_quiet_where_the_model_does_it(front: list[object], facts: object) -> None:
    quiet(RULE, run(card(layers=[*front, layer("out")]), [facts]))  # type: ignore[list-item]


def test_normalisation_further_back_does_not_help() -> None:
    late = [layer("conv1", Role.CONVOLUTION, activation="relu"), layer("bn", Role.BATCH_NORMALISATION), layer("out")]
    fires(RULE, run(card(layers=late), [images()]))


def test_what_a_run_shows_of_it() -> None:
    well = {"loss": [1.0, 0.1, 0.05], "accuracy": [0.7, 0.99, 0.99]}
    context = {"n_classes": 10}
    fires(RULE, run(card(), [images()], history=well, context=context), "learns", severity=Severity.INFO)
    partly = {"loss": [2, 1.5, 1.4], "accuracy": [0.2, 0.5, 0.55]}
    assert fires(RULE, run(card(), [images()], history=partly, context=context)).probability < 0.7
    assert fires(RULE, run(card(), [images()], history=POOR, context=context)).probability > 0.8
    assert GOOD


def test_a_pretrained_backbone_is_of_another_code() -> None:
    parts = [layer("vgg16/block1_conv1", Role.CONVOLUTION, backbone="vgg16", is_initial=False, trained=False),
             layer("out")]  # fmt: skip
    assert "PRG906" in quiet(RULE, run(card(layers=parts, backbones={"vgg16": "vgg16"}), [images()]))


def test_constant_columns_are_information() -> None:
    fires(RULE, run(card(), [inputs(np.column_stack([NORMAL, np.ones(N)]))]), "one value", severity=Severity.INFO)


@settings(max_examples=25, deadline=None)
@given(order=st.permutations(range(4)), seed=st.integers(0, 99))
def test_order_of_rows_and_columns_says_nothing(order: list[int], seed: int) -> None:
    rows = np.random.default_rng(seed).permutation(N)
    mixed = fires(RULE, run(card(), [inputs(PEOPLE[rows][:, order])]))
    assert mixed.claim == fires(RULE, run(card(), [inputs(PEOPLE)])).claim

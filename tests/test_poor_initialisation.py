"""PRG913 fires on weights that begin all zero, all equal, far too large or too small."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.poor_initialisation import PoorInitialisation
from diagnose.finding import Cause, Status
from diagnose.model_card import LayerCard, Role
from diagnose.recording import InputFacts
from layer_recordings import (
    LOST,
    QUIET,
    STANDS,
    VALUES_LOSS,
    assert_same_claims,
    assert_silent,
    card_of,
    rescaled,
    reversed_layers,
    run_of_layers,
    thinned,
)

RULE = PoorInitialisation()
FIRES = run_of_layers(losses=STANDS, weight={"fc2": 0.0, "fc3": 0.0})
UNKNOWN_LEVEL = run_of_layers(card=VALUES_LOSS, losses=STANDS, weight={"fc2": 0.0, "fc3": 0.0})


def test_fires_on_zeros() -> None:
    finding = testing.assert_fires(RULE, history=FIRES, cause=Cause.TRAINING_PROGRAM)
    assert "all weights of 'fc2' and 'fc3' are zero" in finding.claim
    assert finding.probability > 0.9


def test_fires_on_equal_units() -> None:
    run = run_of_layers(losses=STANDS, spread={"fc1": 1.0, "fc2": 1.0})
    assert "all units of 'fc1' and 'fc2' say the same" in testing.assert_fires(RULE, history=run).claim


def test_fires_on_weights_far_too_large() -> None:
    run = run_of_layers(losses=STANDS * 40, weight=100.0)
    finding = testing.assert_fires(RULE, history=run)
    assert "far too large: 1.6 a value, a gain of 12" in finding.claim
    assert "guessing costs 2.3" in finding.claim


def test_fires_on_outputs_that_grow_with_depth() -> None:
    run = run_of_layers(losses=LOST * 40, weight=25.0, activation_std=np.geomspace(1, 1e4, 6))
    assert "outputs grow to 1e+04" in testing.assert_fires(RULE, history=run).claim


def test_fires_on_weights_far_too_small() -> None:
    run = run_of_layers(losses=STANDS, weight=0.05)
    assert "far too small" in testing.assert_fires(RULE, history=run).claim


def test_quiet_on_small_weights_between_normalisation_layers() -> None:
    card = card_of()
    normalised = replace(
        card, layers=(*card.layers[:3], LayerCard("ln", "LayerNorm", Role.NORMALISATION), *card.layers[3:])
    )
    testing.assert_quiet(RULE, history=run_of_layers(card=normalised, losses=STANDS, weight=0.05))


def test_unscaled_inputs_come_first() -> None:
    inputs = (InputFacts("train", "x", (64,), "float32", "table", 500, 0.0, 255.0, 60.0, 70.0),)
    run = run_of_layers(losses=STANDS * 40, weight=100.0, recording={"inputs": inputs})
    assert testing.assert_fires(RULE, history=run).probability == RULE.certainty_inputs


def test_a_last_layer_of_zeros_is_a_choice() -> None:
    assert_silent(RULE, run_of_layers(losses=STANDS, weight={"out": 0.0}))


@pytest.mark.parametrize("changed", [{"weight": {"fc2": 0.0}}, {"spread": 1.0}, {"weight": 100.0}, {"weight": 0.05}])
def test_quiet_where_it_learns(changed: dict[str, Any]) -> None:
    assert_silent(RULE, run_of_layers(**changed))


def test_large_weights_that_begin_near_guessing() -> None:
    assert_silent(RULE, run_of_layers(losses=STANDS, weight=100.0))


def test_normalised_outputs_are_not_equal_units() -> None:
    assert_silent(RULE, run_of_layers(losses=STANDS, spread=0.998))


def test_a_later_first_sample_says_nothing() -> None:
    late = thinned(FIRES, range(6, 12))
    assert assert_silent(RULE, late).status is Status.SKIPPED


def test_unknown_shapes_have_no_gain() -> None:
    card = card_of()
    bare = replace(card, layers=tuple(replace(layer, output_shape=None) for layer in card.layers))
    assert_silent(RULE, run_of_layers(losses=STANDS, card=bare, weight=100.0))


@pytest.mark.parametrize("name", QUIET)
def test_quiet_on_ordinary_runs(name: str) -> None:
    assert_silent(RULE, QUIET[name])


def test_says_what_is_missing_without_a_hook() -> None:
    outcome = testing.assert_quiet(RULE, history={"loss": [1.0, 0.5, 0.4], "val_loss": [1.0, 0.6, 0.5]})
    assert outcome.status is Status.SKIPPED
    assert "diagnose.hooks" in outcome.settle


@settings(max_examples=20, deadline=None)
@given(factor=st.floats(1e-3, 1e3))
def test_unchanged_by_the_scale_of_the_loss(factor: float) -> None:
    assert_same_claims(RULE, UNKNOWN_LEVEL, rescaled(UNKNOWN_LEVEL, factor))


@settings(max_examples=20, deadline=None)
@given(keep=st.sets(st.integers(0, 11), min_size=4))
def test_unchanged_by_which_steps_were_sampled(keep: set[int]) -> None:
    assert_same_claims(RULE, FIRES, thinned(FIRES, sorted({0} | keep)))


def test_unchanged_by_the_order_of_columns() -> None:
    assert_same_claims(RULE, FIRES, reversed_layers(FIRES))

"""PRG914 fires on layers that should move and do not, or should not and do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.stalled_layers import StalledLayers
from diagnose.finding import Cause, Severity, Status
from diagnose.model_card import Role
from diagnose.recording import Stage
from layer_recordings import (
    LAYERS,
    QUIET,
    STANDS,
    STEPS,
    VALUES_LOSS,
    assert_same_claims,
    assert_silent,
    card_of,
    rescaled,
    reversed_layers,
    run_of_layers,
    table_of,
    thinned,
    without,
)

RULE = StalledLayers()
FIRES = run_of_layers(gradient={"fc1": 0.0, "fc2": 0.0}, update_ratio={"fc1": 0.0, "fc2": 0.0})
UNKNOWN_LEVEL = run_of_layers(card=VALUES_LOSS, gradient={"fc1": 0.0}, update_ratio={"fc1": 0.0})
BEGUN = np.arange(12) / 100


def test_fires_where_no_gradient_arrives() -> None:
    finding = testing.assert_fires(RULE, history=FIRES, cause=Cause.TRAINING_PROGRAM)
    assert "no gradient reaches 'fc1' and 'fc2'" in finding.claim
    assert "4 other layers move" in finding.claim


def test_fires_where_gradients_were_never_made() -> None:
    run = run_of_layers(gradient={"fc1": np.nan}, update_ratio={"fc1": 0.0})
    assert "no gradient reaches 'fc1'" in testing.assert_fires(RULE, history=run).claim


def test_a_layer_that_is_never_called_is_information() -> None:
    run = run_of_layers(gradient={"fc1": np.nan}, update_ratio={"fc1": 0.0}, activation_std={"fc1": np.nan})
    (finding,) = testing.examine(RULE, history=run).findings
    assert finding.severity is Severity.INFO
    assert "no training pass goes through 'fc1'" in finding.claim


def test_fires_where_no_step_acts() -> None:
    run = run_of_layers(update_ratio={"fc1": 0.0})
    assert "'fc1' gets a gradient, and no step acts on it" in testing.assert_fires(RULE, history=run).claim


def test_fires_where_nothing_moves() -> None:
    finding = testing.assert_fires(RULE, history=run_of_layers(losses=STANDS, update_ratio=0.0))
    assert "none of 6 trained layers moved" in finding.claim
    assert "though the learning rate is 0.01" in finding.claim


def test_fires_on_a_frozen_layer_that_moves() -> None:
    card = card_of(trained={"fc2", "fc3", "fc4", "fc5", "out"})
    run = run_of_layers(card=card, distance=BEGUN, update_ratio=2e-3)
    assert "'fc1' is frozen and moved by up to 0.11" in testing.assert_fires(RULE, history=run).claim


def test_followers_move_by_design() -> None:
    layers = ("ema.fc1", "target_net.fc", "fc", "out")
    card = card_of(layers, trained={"fc", "out"})
    assert_silent(RULE, run_of_layers(card=card, distance=BEGUN))


def test_frozen_layers_that_stay_where_an_earlier_stage_left_them() -> None:
    first = Stage(0.0, 0.0, card_of())
    second = Stage(2.0, 100.0, card_of(trained={"out"}))
    away = np.where(STEPS < 100, STEPS / 500, 0.2)
    updates = dict.fromkeys(LAYERS[:-1], 0.0)
    table = table_of(distance=away)
    table.values["update_ratio"][STEPS > 100, :-1] = 0.0
    assert updates
    assert_silent(RULE, run_of_layers(stages=(first, second), table=table))


def test_tokens_that_did_not_come() -> None:
    card = card_of(roles={"fc1": Role.EMBEDDING})
    assert_silent(RULE, run_of_layers(card=card, update_ratio={"fc1": 0.0}, gradient={"fc1": 0.0}))


def test_dead_units_explain_it() -> None:
    run = run_of_layers(losses=STANDS, gradient={"fc1": 0.0}, update_ratio={"fc1": 0.0}, dead_share={"fc2": 1.0})
    assert_silent(RULE, run)


def test_steps_that_rounding_swallows_are_vanishing_gradients() -> None:
    run = run_of_layers(losses=STANDS, gradient={"fc1": 1e-12}, update_ratio={"fc1": 0.0})
    assert_silent(RULE, run)


def test_fires_where_the_optimizer_never_steps() -> None:
    never = {"counters": {"backward_passes": 300}, "layers": None, "stages": ()}
    finding = testing.assert_fires(RULE, history=run_of_layers(losses=STANDS, recording=never))
    assert "300 backward passes and not one optimizer step" in finding.claim


def test_few_passes_or_steps_are_no_such_thing() -> None:
    for counters in ({"backward_passes": 10}, {"backward_passes": 300, "steps": 4}, {}):
        bare = {"counters": counters, "layers": None, "stages": ()}
        assert assert_silent(RULE, run_of_layers(losses=STANDS, recording=bare)).status is Status.SKIPPED


def test_one_skipped_step() -> None:
    assert_silent(RULE, run_of_layers(update_ratio=np.where(np.arange(12) == 5, 0.0, 1e-3)))


def test_a_warm_up_from_nothing() -> None:
    assert_silent(RULE, run_of_layers(update_ratio=np.where(np.arange(12) < 2, 0.0, 1e-3)))


def test_a_rate_below_rounding_is_told_elsewhere() -> None:
    assert_silent(RULE, run_of_layers(losses=STANDS, card=card_of(rate=1e-9), update_ratio=0.0))


def test_layers_that_the_optimizer_does_not_hold_are_told_elsewhere() -> None:
    card = card_of(held={"fc2", "fc3", "fc4", "fc5", "out"})
    assert_silent(RULE, run_of_layers(card=card, update_ratio={"fc1": 0.0}))


def test_two_samples_are_too_few() -> None:
    assert assert_silent(RULE, thinned(FIRES, (0, 1))).status is Status.SKIPPED


def test_what_was_not_recorded_is_not_blamed() -> None:
    assert_silent(RULE, without(FIRES, "update_ratio"))


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

"""LRN605 fires where steps are as large as the weights and nothing is learnt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.updates_too_large import UpdatesTooLarge
from diagnose.finding import Cause, Severity, Status
from diagnose.recording import InputFacts
from layer_recordings import (
    EXPLODES,
    GUESSING,
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
    without,
)

RULE = UpdatesTooLarge()
FIRES = run_of_layers(losses=STANDS, card=card_of(rate=1.0), update_ratio=0.8)
UNKNOWN_LEVEL = run_of_layers(card=VALUES_LOSS, losses=STANDS, update_ratio=0.8)
FIRST = np.where(np.arange(12) == 0, 5.0, 1e-6)


def test_fires_with_the_rate() -> None:
    finding = testing.assert_fires(RULE, history=FIRES, cause=Cause.LEARNING_RATE)
    assert "by 80% of themselves" in finding.claim
    assert "at a learning rate of 1" in finding.claim
    assert finding.severity is Severity.ERROR


def test_fires_on_a_first_step_that_broke_it() -> None:
    assert "(step 1)" in testing.assert_fires(RULE, history=run_of_layers(losses=STANDS, update_ratio=FIRST)).claim


def test_surest_where_the_loss_explodes() -> None:
    run = run_of_layers(losses=EXPLODES, update_ratio=0.8)
    assert testing.assert_fires(RULE, history=run).probability == RULE.certainty_diverged


def test_fires_where_little_is_learnt() -> None:
    run = run_of_layers(losses=0.7 * GUESSING + 0 * STANDS, update_ratio=FIRST)
    assert testing.assert_fires(RULE, history=run).severity is Severity.WARNING


def test_vanishing_gradients_and_decay_share_the_blame() -> None:
    faded = run_of_layers(losses=STANDS, update_ratio=0.8, gradient=np.geomspace(1e-9, 0.1, 6))
    decayed = run_of_layers(losses=STANDS, update_ratio=0.8, decay_ratio=0.9)
    for run in (faded, decayed):
        assert testing.assert_fires(RULE, history=run).probability == RULE.certainty_swings


def test_inputs_far_too_large_come_first() -> None:
    inputs = (InputFacts("train", "x", (64,), "float32", "table", 500, 0.0, 255.0, 60.0, 70.0),)
    run = run_of_layers(losses=STANDS, update_ratio=0.8, recording={"inputs": inputs})
    assert testing.assert_fires(RULE, history=run).probability == RULE.certainty_inputs


def test_the_first_steps_say_nothing_yet() -> None:
    losses = FIRES.recording.batch_losses
    early = replace(FIRES, recording=replace(FIRES.recording, batch_losses=replace(losses, steps=losses.steps / 10)))
    assert assert_silent(RULE, early).status is Status.SKIPPED


def test_weights_that_begin_far_too_large_come_first() -> None:
    run = run_of_layers(losses=EXPLODES, update_ratio=0.8, weight=100.0)
    assert testing.assert_fires(RULE, history=run).probability == RULE.certainty_start


def test_quiet_where_it_learns_all_the_same() -> None:
    assert_silent(RULE, run_of_layers(update_ratio=0.3))


def test_quiet_on_one_wild_layer() -> None:
    assert_silent(RULE, run_of_layers(losses=STANDS, update_ratio={"out": 5.0}))


def test_quiet_below_the_limit() -> None:
    assert_silent(RULE, run_of_layers(losses=STANDS, update_ratio=0.05))


def test_what_was_not_recorded_is_skipped() -> None:
    assert assert_silent(RULE, without(FIRES, "update_ratio")).status is Status.SKIPPED


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

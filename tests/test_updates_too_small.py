"""LRN606 fires where steps hardly move the weights and nothing is learnt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.updates_too_small import UpdatesTooSmall
from diagnose.finding import Cause, Status
from layer_recordings import (
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
    thinned,
    without,
)

RULE = UpdatesTooSmall()
FIRES = run_of_layers(losses=STANDS, card=card_of(rate=1e-6), update_ratio=1e-5, distance=1e-3)
UNKNOWN_LEVEL = run_of_layers(card=VALUES_LOSS, losses=STANDS, update_ratio=1e-5, distance=1e-3)


def test_fires_with_the_rate() -> None:
    finding = testing.assert_fires(RULE, history=FIRES, cause=Cause.LEARNING_RATE)
    assert "at a learning rate of 1e-06" in finding.claim
    assert finding.probability == RULE.certainty


def test_less_sure_near_the_limit() -> None:
    run = run_of_layers(losses=STANDS, update_ratio=3e-4, distance=0.05)
    assert testing.assert_fires(RULE, history=run).probability == RULE.certainty_near


def test_quiet_where_it_learns() -> None:
    assert_silent(RULE, run_of_layers(update_ratio=1e-5, distance=1e-3))


def test_quiet_after_a_decayed_schedule() -> None:
    assert_silent(RULE, run_of_layers(losses=STANDS, update_ratio=np.where(STEPS < 100, 5e-3, 1e-8), distance=0.02))


def test_quiet_while_a_warm_up_lasts() -> None:
    assert "grow" in assert_silent(RULE, run_of_layers(losses=STANDS, update_ratio=STEPS * 1e-6, distance=0.01)).why


FADING = np.array([1e-8, 1e-7, 1e-5, 1e-3, 1e-2, 1e-1])


@pytest.mark.parametrize(("optimizer", "is_quiet"), [("SGD", True), ("Adam", False), ("AdamW", False)])
def test_small_gradients_explain_small_steps_where_steps_follow_them(optimizer: str, is_quiet: bool) -> None:
    run = run_of_layers(losses=STANDS, card=card_of(optimizer=optimizer), update_ratio=1e-5, distance=1e-3,
                        gradient=FADING)  # fmt: skip
    assert bool(testing.examine(RULE, history=run).findings) is not is_quiet


def test_quiet_where_nothing_moves_at_all() -> None:
    assert "PRG914" in assert_silent(RULE, run_of_layers(losses=STANDS, update_ratio=0.0, distance=0.0)).why


def test_pretrained_layers_are_tuned_slowly() -> None:
    run = run_of_layers(losses=STANDS, card=card_of(initial=("out",)), update_ratio=2e-4, distance=0.01)
    assert_silent(RULE, run)


@pytest.mark.parametrize("why", ["gradient", "dead_share", "weight"])
def test_other_faults_explain_small_steps(why: str) -> None:
    value = {"gradient": np.geomspace(1e-9, 0.1, 6), "dead_share": {"fc2": 1.0}, "weight": {"fc2": 0.0}}[why]
    assert_silent(RULE, run_of_layers(losses=STANDS, update_ratio=1e-5, distance=1e-3, **{why: value}))


def test_few_steps_say_nothing() -> None:
    run = run_of_layers(losses=STANDS, update_ratio=1e-5, distance=1e-3)
    few = replace(run.recording.batch_losses, steps=run.recording.batch_losses.steps / 10)
    short = replace(run, recording=replace(run.recording, batch_losses=few))
    assert assert_silent(RULE, short).status is Status.SKIPPED


def test_few_steps_are_enough_where_they_are_tiny() -> None:
    run = run_of_layers(losses=STANDS, update_ratio=1e-6, distance=1e-5)
    few = replace(run.recording.batch_losses, steps=run.recording.batch_losses.steps / 8)
    testing.assert_fires(RULE, history=replace(run, recording=replace(run.recording, batch_losses=few)))


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

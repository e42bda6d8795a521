"""REG204 fires where regularisation moves the weights more than the data do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.decay_dominates import DecayDominates
from diagnose.finding import Cause, Severity, Status
from diagnose.model_card import Role
from layer_recordings import (
    LAYERS,
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

RULE = DecayDominates()
SHRINKS = np.geomspace(8.0, 0.01, 12)
FIRES = run_of_layers(losses=STANDS, card=card_of(decay=1.0), decay_ratio=0.97, weight=SHRINKS, update_ratio=0.05)
UNKNOWN_LEVEL = run_of_layers(card=VALUES_LOSS, losses=STANDS, decay_ratio=0.97, weight=SHRINKS, update_ratio=0.05)


def test_fires_on_weight_decay() -> None:
    finding = testing.assert_fires(RULE, history=FIRES, cause=Cause.REGULARIZATION)
    assert "weight decay of 1 makes up 97% of a step's change" in finding.claim
    assert finding.severity is Severity.ERROR


def test_fires_on_a_penalty() -> None:
    run = run_of_layers(losses=STANDS + 30, card=card_of(settings={"l2": 0.1}))
    assert "L2 penalty makes up" in testing.assert_fires(RULE, history=run).claim


def test_fires_on_dropout() -> None:
    card = card_of((*LAYERS, "drop"), roles={"drop": Role.DROPOUT}, settings={"rate": 0.95})
    assert "leaves 5% of the units" in testing.assert_fires(RULE, history=run_of_layers(losses=STANDS, card=card)).claim


def test_a_dead_network_may_have_died_first() -> None:
    run = run_of_layers(losses=STANDS, decay_ratio=1.0, weight=SHRINKS, update_ratio=1e-3, dead_share=1.0)
    assert testing.assert_fires(RULE, history=run).probability == RULE.certainty_dead


def test_quiet_where_it_learns() -> None:
    assert_silent(RULE, run_of_layers(decay_ratio=0.97, weight=SHRINKS))


def test_quiet_where_the_gradient_is_gone_and_weights_stay() -> None:
    assert_silent(RULE, run_of_layers(losses=STANDS, decay_ratio=1.0, update_ratio=5e-5))


def test_quiet_on_usual_settings() -> None:
    card = card_of(settings={"l2": 1e-4, "rate": 0.5}, roles={"fc3": Role.DROPOUT}, decay=0.01)
    assert_silent(RULE, run_of_layers(losses=STANDS, card=card))


def test_what_was_not_recorded_is_not_blamed() -> None:
    assert_silent(RULE, without(FIRES, "decay_ratio"))


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

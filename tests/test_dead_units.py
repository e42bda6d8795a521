"""UNF304 fires where a layer of ReLU is dead and nothing is learnt."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.dead_units import DeadUnits
from diagnose.finding import Cause, Severity, Status
from layer_recordings import (
    QUIET,
    STANDS,
    VALUES_LOSS,
    assert_same_claims,
    assert_silent,
    rescaled,
    reversed_layers,
    run_of_layers,
    thinned,
    without,
)

RULE = DeadUnits()
FIRES = run_of_layers(losses=STANDS, dead_share={"fc3": 1.0})
UNKNOWN_LEVEL = run_of_layers(card=VALUES_LOSS, losses=STANDS, dead_share={"fc3": 1.0})
LATER = np.where(np.arange(12) < 4, 0.1, 1.0)


def test_fires_and_names_the_layer() -> None:
    finding = testing.assert_fires(RULE, history=FIRES, cause=Cause.UNDERFITTING)
    assert "100% of the units of 'fc3' are dead since the first sample" in finding.claim
    assert finding.where[0].names == ("fc3",)
    assert finding.severity is Severity.ERROR


def test_less_sure_where_some_units_live() -> None:
    finding = testing.assert_fires(RULE, history=run_of_layers(losses=STANDS, dead_share={"fc3": 0.9}))
    assert finding.severity is Severity.WARNING
    assert finding.probability == RULE.certainty


def test_tells_since_when_and_why() -> None:
    updates = np.where(np.arange(12) == 3, 0.7, 1e-3)
    finding = testing.assert_fires(RULE, history=run_of_layers(losses=STANDS, dead_share=LATER, update_ratio=updates))
    assert "since step 16" in finding.claim
    assert "one step changed the weights by 70%" in finding.claim
    assert finding.probability == RULE.certainty_explained


def test_information_where_the_network_learns() -> None:
    (finding,) = testing.examine(RULE, history=run_of_layers(dead_share={"fc3": 0.95})).findings
    assert finding.severity is Severity.INFO


def test_quiet_where_units_come_back() -> None:
    assert_silent(RULE, run_of_layers(losses=STANDS, dead_share=LATER[::-1]))


def test_quiet_on_half_a_layer() -> None:
    assert_silent(RULE, run_of_layers(losses=STANDS, dead_share=0.5))


def test_quiet_on_sparse_outputs() -> None:
    assert_silent(RULE, run_of_layers(losses=STANDS, zero_share=0.95))


def test_what_was_not_recorded_is_not_passed() -> None:
    outcome = assert_silent(RULE, without(FIRES, "dead_share"))
    assert outcome.status in (Status.SKIPPED, Status.NOT_APPLICABLE)


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

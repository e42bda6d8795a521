"""UNF305 fires where hidden sigmoid or tanh units are saturated and nothing is learnt."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.saturated_units import SaturatedUnits
from diagnose.finding import Cause, Severity, Status
from layer_recordings import (
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

RULE = SaturatedUnits()
FIRES = run_of_layers(losses=STANDS, card=card_of(activation="tanh"), saturated_share={"fc2": 0.97}, dead_share=np.nan)
UNKNOWN_LEVEL = run_of_layers(card=VALUES_LOSS, losses=STANDS, saturated_share={"fc2": 0.97})


def test_fires_and_names_the_layer() -> None:
    finding = testing.assert_fires(RULE, history=FIRES, cause=Cause.UNDERFITTING)
    assert "97% of the outputs of 'fc2' are at the end of their range, from the first sample on" in finding.claim


def test_the_output_may_be_sure() -> None:
    assert_silent(RULE, run_of_layers(losses=STANDS, saturated_share={"out": 1.0, "fc1": 0.1}))


def test_information_where_the_network_learns() -> None:
    (finding,) = testing.examine(RULE, history=run_of_layers(saturated_share={"fc2": 0.9})).findings
    assert finding.severity is Severity.INFO


def test_steps_too_large_come_first() -> None:
    grows = np.linspace(0.0, 1.0, 12)
    run = run_of_layers(losses=STANDS, saturated_share=grows, update_ratio=np.where(np.arange(12) == 2, 0.5, 1e-3))
    finding = testing.assert_fires(RULE, history=run)
    assert finding.probability == RULE.certainty_explained


def test_quiet_on_half_a_layer() -> None:
    assert_silent(RULE, run_of_layers(losses=STANDS, saturated_share=0.5))


def test_not_applicable_to_relu() -> None:
    assert assert_silent(RULE, run_of_layers(losses=STANDS)).status is Status.NOT_APPLICABLE


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

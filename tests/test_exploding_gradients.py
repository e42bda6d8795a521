"""INS504 fires where gradients grow by orders of magnitude in a run that fails."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.exploding_gradients import ExplodingGradients
from diagnose.finding import Cause, Severity, Status
from layer_recordings import (
    EXPLODES,
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

RULE = ExplodingGradients()
DEEP = np.geomspace(1e3, 1e-2, 6)
FIRES = run_of_layers(losses=STANDS, gradient=DEEP)
UNKNOWN_LEVEL = run_of_layers(card=VALUES_LOSS, losses=STANDS, gradient=DEEP)
GROWS = np.geomspace(1e-2, 1e4, 12)


def test_fires_through_the_depth() -> None:
    finding = testing.assert_fires(RULE, history=FIRES, cause=Cause.INSTABILITY)
    assert finding.severity is Severity.ERROR
    assert "'out' to 'fc1'" in finding.claim


def test_fires_over_time_where_the_loss_explodes() -> None:
    finding = testing.assert_fires(RULE, history=run_of_layers(losses=EXPLODES, gradient=GROWS))
    assert "at step 300" in finding.claim


def test_steps_too_large_come_first() -> None:
    finding = testing.assert_fires(RULE, history=run_of_layers(losses=EXPLODES, gradient=GROWS, update_ratio=2.0))
    assert finding.probability == RULE.certainty_by_steps


def test_information_where_the_network_learns() -> None:
    assert_silent(RULE, run_of_layers(gradient=DEEP))
    assert_silent(RULE, run_of_layers(gradient=GROWS))


def test_quiet_where_gradients_fall() -> None:
    assert_silent(RULE, run_of_layers(losses=STANDS, gradient=GROWS[::-1]))


def test_quiet_where_all_layers_have_large_ones() -> None:
    assert_silent(RULE, run_of_layers(losses=STANDS, gradient=1e6))


def test_what_was_not_recorded_is_skipped() -> None:
    assert assert_silent(RULE, without(FIRES, "gradient")).status is Status.SKIPPED


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

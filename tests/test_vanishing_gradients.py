"""UNF303 fires where gradients are lost on their way to the first layers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.vanishing_gradients import VanishingGradients
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
    without,
)

RULE = VanishingGradients()
FADING = [1e-8, 1e-7, 1e-5, 1e-3, 1e-2, 1e-1]
FIRES = run_of_layers(losses=STANDS, gradient=np.array(FADING))
UNKNOWN_LEVEL = run_of_layers(card=VALUES_LOSS, losses=STANDS, gradient=np.array(FADING))


def test_fires_and_names_the_layer_where_it_begins() -> None:
    finding = testing.assert_fires(RULE, history=FIRES, cause=Cause.UNDERFITTING)
    assert finding.severity is Severity.ERROR
    assert "below 0.003 of the largest from 'fc3' on" in finding.claim
    assert finding.where[0].names == ("fc1", "fc2", "fc3")
    assert finding.evidence[0].value < finding.evidence[0].limit


def test_information_where_the_network_learns() -> None:
    (finding,) = testing.examine(RULE, history=run_of_layers(gradient=np.array(FADING))).findings
    assert finding.severity is Severity.INFO


def test_sizes_do_not_matter() -> None:
    sizes = np.array([4e6, 4e5, 4e4, 4e3, 4e2, 4e1])
    assert_silent(RULE, run_of_layers(losses=STANDS, size=sizes, gradient=1e-3 * np.sqrt(sizes)))


def test_a_dead_layer_explains_it() -> None:
    run = run_of_layers(losses=STANDS, gradient=np.array([0, 0, 0, 0, 0.0, 0.1]), dead_share={"fc5": 1.0})
    assert "dead" in assert_silent(RULE, run).why


def test_a_mild_fall_is_ordinary() -> None:
    assert_silent(RULE, run_of_layers(losses=STANDS, gradient=np.geomspace(0.005, 0.1, 6)))


def test_frozen_layers_are_not_compared() -> None:
    run = run_of_layers(losses=STANDS, card=card_of(trained={"fc4", "fc5", "out"}), gradient=np.array(FADING) * 0 + 0.1)
    assert_silent(RULE, run)


@pytest.mark.parametrize(
    ("first", "second", "is_quiet"), [("attn.query", "attn.k_proj", True), ("h0", "monkey", False)]
)
def test_queries_and_keys_lie_beside_the_way(first: str, second: str, is_quiet: bool) -> None:
    names = (first, second, "attn.value", "attn.dense", "h.out", "pooler", "classifier")
    gradient = dict(zip(names, [1e-8, 1e-8, 0.02, 0.02, 0.02, 0.05, 0.1], strict=True))
    run = run_of_layers(losses=STANDS, card=card_of(names), gradient=gradient)
    assert bool(testing.examine(RULE, history=run).findings) is not is_quiet


def test_two_layers_have_no_depth() -> None:
    run = run_of_layers(losses=STANDS, card=card_of(("fc1", "out")), gradient={"fc1": 1e-9})
    assert assert_silent(RULE, run).status is Status.SKIPPED


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

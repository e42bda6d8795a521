"""UNF306 fires where every sample gets the same answer."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.collapsed_outputs import CollapsedOutputs
from diagnose.finding import Cause, Status
from diagnose.recording import LabelFacts
from layer_recordings import QUIET, STANDS, VALUES_LOSS, assert_same_claims, assert_silent, looks, run_of_layers

RULE = CollapsedOutputs()
SAME = looks(spread=1e-4, top=1.0)
FIRES = run_of_layers(losses=STANDS, recording={"outputs": SAME})


def test_fires() -> None:
    finding = testing.assert_fires(RULE, history=FIRES, cause=Cause.UNDERFITTING)
    assert "all 128 samples get the same class" in finding.claim
    assert finding.probability < 0.75


def test_behind_a_dead_layer_it_counts_less() -> None:
    run = run_of_layers(losses=STANDS, dead_share={"fc2": 1.0}, recording={"outputs": SAME})
    finding = testing.assert_fires(RULE, history=run)
    assert "'fc2'" in finding.claim
    assert finding.probability < RULE.certainty


def test_fires_on_a_regression_of_known_labels() -> None:
    labels = (LabelFacts("train", (1,), "float32", 1000, -3.0, 3.0, 900, std=1.0),)
    outputs = looks(spread=1e-3, level=50.0, top=None, width=1)
    run = run_of_layers(losses=STANDS, card=VALUES_LOSS, recording={"outputs": outputs, "labels": labels})
    assert "the labels' spread" in testing.assert_fires(RULE, history=run).claim


def test_a_large_mean_is_no_collapse() -> None:
    outputs = looks(spread=1.0, level=5000.0, top=None, width=1)
    assert_silent(RULE, run_of_layers(losses=STANDS, card=VALUES_LOSS, recording={"outputs": outputs}))


def test_one_class_for_all_but_with_different_outputs() -> None:
    assert_silent(RULE, run_of_layers(losses=STANDS, recording={"outputs": looks(spread=0.3, top=1.0)}))


def test_labels_of_nearly_one_class() -> None:
    outputs = looks(spread=1e-4, top=1.0, label_top=0.98, width=2)
    assert_silent(RULE, run_of_layers(losses=STANDS, recording={"outputs": outputs}))


def test_a_run_that_learns() -> None:
    assert_silent(RULE, run_of_layers(recording={"outputs": SAME}))


def test_first_steps() -> None:
    outputs = tuple(replace(look, step=float(i), epoch=0.1) for i, look in enumerate(SAME))
    assert assert_silent(RULE, run_of_layers(losses=STANDS, recording={"outputs": outputs})).why


def test_few_samples() -> None:
    outputs = looks(spread=0.0, top=1.0, n=4)
    assert assert_silent(RULE, run_of_layers(losses=STANDS, recording={"outputs": outputs})).status is Status.SKIPPED


@settings(max_examples=20, deadline=None)
@given(factor=st.floats(1e-3, 1e3))
def test_unchanged_by_the_scale_of_the_outputs(factor: float) -> None:
    scaled = tuple(replace(o, low=o.low * factor, high=o.high * factor, spread=o.spread * factor,
                           level=o.level * factor) for o in SAME)  # fmt: skip
    assert_same_claims(RULE, FIRES, run_of_layers(losses=STANDS, recording={"outputs": scaled}))


@pytest.mark.parametrize("name", QUIET)
def test_quiet_on_ordinary_runs(name: str) -> None:
    assert_silent(RULE, QUIET[name])


def test_says_what_is_missing_without_a_hook() -> None:
    outcome = testing.assert_quiet(RULE, history={"loss": [1.0, 0.5, 0.4], "val_loss": [1.0, 0.6, 0.5]})
    assert outcome.status is Status.SKIPPED
    assert "diagnose.hooks" in outcome.settle

"""LRN607 fires where pretrained layers are tuned at the rate of a head."""

from __future__ import annotations

from dataclasses import replace

import pytest

from diagnose import testing
from diagnose.analyzers.fast_pretrained_layers import FastPretrainedLayers
from diagnose.finding import Cause, Status
from diagnose.recording import Stage
from layer_recordings import QUIET, assert_same_claims, assert_silent, card_of, reversed_layers, run_of_layers

RULE = FastPretrainedLayers()
NEW = ("out",)
FIRES = run_of_layers(card=card_of(initial=NEW, optimizer="Adam", rate=1e-3), distance=0.2)


def test_fires_at_a_heads_rate() -> None:
    finding = testing.assert_fires(RULE, history=FIRES, cause=Cause.LEARNING_RATE)
    assert "5 pretrained layers ('fc1', 'fc2', 'fc3' and 2 more) are tuned by Adam at 0.001" in finding.claim
    assert "the rate of the new head" in finding.claim
    assert finding.where[0].names == ("fc1", "fc2", "fc3", "fc4", "fc5")


@pytest.mark.parametrize(("distance", "certainty"), [(0.5, 0.85), (0.1, 0.75), (0.001, 0.55)])
def test_the_distance_speaks_too(distance: float, certainty: float) -> None:
    run = run_of_layers(card=card_of(initial=NEW, optimizer="Adam", rate=1e-3), distance=distance)
    assert testing.assert_fires(RULE, history=run).probability == certainty


def test_fires_in_the_second_phase() -> None:
    head = Stage(0.0, 0.0, card_of(initial=NEW, optimizer="Adam", rate=1e-3, trained={"out"}))
    after = Stage(3.0, 150.0, card_of(initial=(), optimizer="Adam", rate=1e-3), "recompiled; 6 of 6 layers trainable")
    finding = testing.assert_fires(RULE, history=run_of_layers(stages=(head, after)))
    assert "from epoch 3 on" in finding.claim


def test_the_users_word_counts_where_weights_can_t_tell() -> None:
    card = replace(card_of(initial=None, optimizer="Adam", rate=1e-3), backbones={"": "vgg16"})
    testing.assert_fires(RULE, history=run_of_layers(card=card, context={"pretrained": True}))
    assert_silent(RULE, run_of_layers(card=card))


def test_random_backbones_say_nothing() -> None:
    run = run_of_layers(card=card_of(optimizer="Adam", rate=1e-2))
    assert assert_silent(RULE, run).status is Status.NOT_APPLICABLE


def test_a_resumed_training_says_nothing() -> None:
    run = run_of_layers(card=card_of(initial=False, optimizer="Adam", rate=1e-2))
    assert assert_silent(RULE, run).status is Status.NOT_APPLICABLE


def test_frozen_layers_say_nothing() -> None:
    run = run_of_layers(card=card_of(initial=NEW, optimizer="Adam", rate=1e-2, trained={"out"}))
    assert assert_silent(RULE, run).status is Status.NOT_APPLICABLE


@pytest.mark.parametrize(("optimizer", "rate"), [("Adam", 5e-5), ("AdamW", 1e-4), ("SGD", 1e-2), ("Adadelta", 1.0)])
def test_quiet_at_rates_of_recipes(optimizer: str, rate: float) -> None:
    assert_silent(RULE, run_of_layers(card=card_of(initial=NEW, optimizer=optimizer, rate=rate)))


def test_quiet_without_a_rate() -> None:
    assert_silent(RULE, run_of_layers(card=card_of(initial=NEW, optimizer="Adam", rate=None)))


def test_works_without_samples_of_layers() -> None:
    run = replace(FIRES, recording=replace(FIRES.recording, layers=None))
    testing.assert_fires(RULE, history=run)


def test_unchanged_by_the_order_of_columns() -> None:
    assert_same_claims(RULE, FIRES, reversed_layers(FIRES))


@pytest.mark.parametrize("name", QUIET)
def test_quiet_on_ordinary_runs(name: str) -> None:
    assert_silent(RULE, QUIET[name])


def test_says_what_is_missing_without_a_hook() -> None:
    outcome = testing.assert_quiet(RULE, history={"loss": [1.0, 0.5, 0.4], "val_loss": [1.0, 0.6, 0.5]})
    assert outcome.status is Status.SKIPPED
    assert "diagnose.hooks" in outcome.settle

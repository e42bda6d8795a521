"""BAT702 fires where batches are far below the noise scale and little is learnt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.batch_below_noise import BatchBelowNoise
from diagnose.finding import Cause, Severity, Status
from diagnose.measures.noise_scale import noise_scale
from diagnose.recording import GradientNoise, Recording
from layer_recordings import (
    QUIET,
    STANDS,
    VALUES_LOSS,
    assert_same_claims,
    assert_silent,
    noises,
    rescaled,
    run_of_layers,
)

RULE = BatchBelowNoise()
FIRES = run_of_layers(losses=STANDS, recording={"noise": noises(1000.0, batch=4)})


def test_fires_on_a_tiny_batch_that_learns_nothing() -> None:
    finding = testing.assert_fires(RULE, history=FIRES, cause=Cause.BATCH_SIZE)
    assert finding.severity is Severity.WARNING
    assert finding.evidence[0].low < 1000.0 < finding.evidence[0].high


def test_information_where_it_learns() -> None:
    (finding,) = testing.examine(RULE, history=run_of_layers(recording={"noise": noises(1e4, batch=4)})).findings
    assert finding.severity is Severity.INFO


def test_information_where_the_gradient_is_only_noise() -> None:
    noise = tuple(replace(n, product=0.01 * (-1) ** i) for i, n in enumerate(noises(1e3, batch=4)))
    (finding,) = testing.examine(RULE, history=run_of_layers(losses=STANDS, recording={"noise": noise})).findings
    assert finding.severity is Severity.INFO
    assert finding.probability < 0.5


@pytest.mark.parametrize(("scale", "batch"), [(40.0, 4), (1.0, 32), (600.0, 32), (0.0, 32)])
def test_quiet_below_the_limit(scale: float, batch: int) -> None:
    assert_silent(RULE, run_of_layers(losses=STANDS, recording={"noise": noises(scale, batch)}))


def test_two_looks_are_too_few() -> None:
    run = run_of_layers(losses=STANDS, recording={"noise": noises(1e4, batch=4, n=2)})
    assert assert_silent(RULE, run).status is Status.SKIPPED


@settings(max_examples=20, deadline=None)
@given(factor=st.floats(1e-3, 1e3))
def test_unchanged_by_the_scale_of_the_loss(factor: float) -> None:
    run = run_of_layers(card=VALUES_LOSS, losses=STANDS, recording={"noise": noises(1000.0, batch=4)})
    assert_same_claims(RULE, run, rescaled(run, factor))


def test_the_interval_holds_what_it_says() -> None:
    rng = np.random.default_rng(1)
    true, batch, dimension, inside = 200.0, 16, 400, 0
    signal = np.full(dimension, 1.0 / np.sqrt(dimension))
    for _ in range(300):
        looks = []
        for _ in range(6):
            drawn = signal + rng.normal(0, np.sqrt(true / batch / dimension), (4, dimension))
            pairs = [drawn[i] @ drawn[j] for i in range(4) for j in range(i)]
            looks.append(GradientNoise(1.0, 1.0, batch, 4, float((drawn**2).sum(1).mean()), float(np.mean(pairs))))
        found = noise_scale(Recording("torch", noise=tuple(looks)))
        inside += found.low <= true <= found.high
    assert 0.85 <= inside / 300 <= 0.97


@pytest.mark.parametrize("name", QUIET)
def test_quiet_on_ordinary_runs(name: str) -> None:
    assert_silent(RULE, QUIET[name])


def test_says_what_is_missing_without_a_hook() -> None:
    outcome = testing.assert_quiet(RULE, history={"loss": [1.0, 0.5, 0.4], "val_loss": [1.0, 0.6, 0.5]})
    assert outcome.status is Status.SKIPPED
    assert "diagnose.hooks" in outcome.settle

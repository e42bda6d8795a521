"""BAT703 tells where batches are larger than the noise asks for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.batch_above_noise import BatchAboveNoise
from diagnose.finding import Cause, Severity, Status
from layer_recordings import QUIET, assert_same_claims, assert_silent, noises, rescaled, run_of_layers

RULE = BatchAboveNoise()
FIRES = run_of_layers(recording={"noise": noises(5.0, batch=512)})


def test_tells_as_information() -> None:
    finding = testing.assert_fires(RULE, history=FIRES, cause=Cause.BATCH_SIZE)
    assert finding.severity is Severity.INFO
    assert "batches hold 512" in finding.claim


@pytest.mark.parametrize(("scale", "batch"), [(100.0, 512), (5.0, 32), (1e4, 32)])
def test_quiet_where_the_noise_asks_for_them(scale: float, batch: int) -> None:
    testing.assert_quiet(RULE, history=run_of_layers(recording={"noise": noises(scale, batch)}))


def test_quiet_where_the_gradient_is_only_noise() -> None:
    noise = tuple(replace(n, product=0.01 * (-1) ** i) for i, n in enumerate(noises(1.0, batch=512)))
    testing.assert_quiet(RULE, history=run_of_layers(recording={"noise": noise}))


@settings(max_examples=20, deadline=None)
@given(factor=st.floats(1e-3, 1e3))
def test_unchanged_by_the_scale_of_the_loss(factor: float) -> None:
    assert_same_claims(RULE, FIRES, rescaled(FIRES, factor))


@pytest.mark.parametrize("name", QUIET)
def test_quiet_on_ordinary_runs(name: str) -> None:
    assert_silent(RULE, QUIET[name])


def test_says_what_is_missing_without_a_hook() -> None:
    outcome = testing.assert_quiet(RULE, history={"loss": [1.0, 0.5, 0.4], "val_loss": [1.0, 0.6, 0.5]})
    assert outcome.status is Status.SKIPPED
    assert "diagnose.hooks" in outcome.settle

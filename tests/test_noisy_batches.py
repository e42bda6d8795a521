"""BAT701 weighs the noise of a step-logged loss against its progress, at a known small batch size."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from diagnose import testing
from diagnose.analyzers.noisy_batches import NoisyBatches
from diagnose.finding import Cause, Status
from simulated_runs import (
    QUIET,
    SCALES,
    SHIFTS,
    History,
    assert_never_crashes,
    assert_same,
    decay,
    history,
    moved,
    noise,
)

RULE = NoisyBatches()
SMALL = {"batch_size": 4}


def noisy(n: int = 400, size: float = 0.6) -> History:
    return history(decay(n, 2.0, 1.0, 16) + noise(n, size), decay(n, 2.0, 1.0, 16) + noise(n, 0.02, 1))


def test_fires_on_noise_that_hides_progress() -> None:
    testing.assert_fires(RULE, history=noisy(), context=SMALL, cause=Cause.BATCH_SIZE)


def test_skips_where_the_batch_size_is_unknown() -> None:
    outcome = testing.assert_quiet(RULE, history=noisy())
    assert outcome.status is Status.SKIPPED
    assert "batch_size" in outcome.settle


@pytest.mark.parametrize("size", [16, 64, 4096])
def test_quiet_on_usual_batches(size: int) -> None:
    testing.assert_quiet(RULE, history=noisy(), context={"batch_size": size})


@pytest.mark.parametrize("name", QUIET)
def test_quiet_on_healthy_runs(name: str) -> None:
    testing.assert_quiet(RULE, history=QUIET[name], context=SMALL)


def test_quiet_on_little_noise() -> None:
    testing.assert_quiet(RULE, history=noisy(size=0.05), context=SMALL)


def test_quiet_while_it_still_falls() -> None:
    run = {"loss": list(decay(400, 2.0, 0.2, 1) + noise(400, 0.6))}
    testing.assert_quiet(RULE, history=run, context=SMALL)


def test_skips_a_loss_logged_by_epochs() -> None:
    assert testing.assert_quiet(RULE, history=noisy(30), context=SMALL).status is Status.SKIPPED


@settings(max_examples=15, deadline=None)
@given(scale=SCALES, shift=SHIFTS)
def test_unchanged_by_scale_and_shift(scale: float, shift: float) -> None:
    assert_same(RULE, noisy(), moved(noisy(), scale, shift), SMALL)


def test_never_crashes() -> None:
    assert_never_crashes(RULE, SMALL)

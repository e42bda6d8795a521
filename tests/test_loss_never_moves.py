"""PRG901 fires on a training loss that is one number."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from diagnose import testing
from diagnose.analyzers.loss_never_moves import LossNeverMoves
from diagnose.finding import Cause, Status
from simulated_runs import EARLY, QUIET, SCALES, SHIFTS, assert_never_crashes, assert_same, flat, moved

RULE = LossNeverMoves()
STILL = {"loss": [0.6931] * 5, "val_loss": [0.6931] * 5}


def test_fires_on_one_number() -> None:
    finding = testing.assert_fires(RULE, history=STILL, cause=Cause.TRAINING_PROGRAM)
    assert finding.probability >= 0.5


def test_a_sensible_learning_rate_leaves_the_program() -> None:
    assert testing.assert_fires(RULE, history=STILL, context={"learning_rate": 1e-3}).probability >= 0.8


def test_a_vanishing_learning_rate_explains_it() -> None:
    testing.assert_quiet(RULE, history=STILL, context={"learning_rate": 1e-11})


@pytest.mark.parametrize("name", QUIET)
def test_quiet_on_healthy_runs(name: str) -> None:
    testing.assert_quiet(RULE, history=QUIET[name])


@pytest.mark.parametrize("name", EARLY)
def test_quiet_on_a_healthy_run_in_progress(name: str) -> None:
    testing.assert_quiet(RULE, history=EARLY[name])


def test_quiet_on_noise() -> None:
    testing.assert_quiet(RULE, history=flat())


def test_quiet_on_a_loss_that_creeps() -> None:
    testing.assert_quiet(RULE, history={"loss": [0.69315, 0.69312, 0.6931, 0.69308]})


def test_quiet_where_it_moves_once() -> None:
    testing.assert_quiet(RULE, history={"loss": [0.7, 0.6931, 0.6931, 0.6931]})


def test_skips_two_points() -> None:
    assert testing.assert_quiet(RULE, history={"loss": [1.0, 1.0]}).status is Status.SKIPPED


@settings(max_examples=15, deadline=None)
@given(scale=SCALES, shift=SHIFTS)
def test_unchanged_by_scale_and_shift(scale: float, shift: float) -> None:
    assert_same(RULE, STILL, moved(STILL, scale, shift))


def test_never_crashes() -> None:
    assert_never_crashes(RULE, {"learning_rate": 0.1})

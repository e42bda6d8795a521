"""UTR402 fires on two or three epochs that all improved."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from diagnose import testing
from diagnose.analyzers.few_epochs import FewEpochs
from diagnose.finding import Cause, Status
from simulated_runs import QUIET, SCALES, SHIFTS, History, assert_never_crashes, assert_same, healthy, moved

RULE = FewEpochs()


def first(n: int) -> History:
    return {name: values[:n] for name, values in healthy(20).items()}


@pytest.mark.parametrize("n", [2, 3])
def test_fires_on_few_epochs(n: int) -> None:
    finding = testing.assert_fires(RULE, history=first(n), cause=Cause.UNDERTRAINING)
    assert finding.probability >= 0.5


def test_fires_on_a_score_without_validation_loss() -> None:
    testing.assert_fires(RULE, history={"loss": [2.0, 1.5, 1.2], "val_accuracy": [0.3, 0.4, 0.5]})


@pytest.mark.parametrize("name", QUIET)
def test_quiet_on_longer_runs(name: str) -> None:
    testing.assert_quiet(RULE, history=QUIET[name])


@pytest.mark.parametrize("n", [4, 5, 8])
def test_leaves_four_points_to_the_trend(n: int) -> None:
    assert testing.assert_quiet(RULE, history=first(n)).status is Status.NOT_APPLICABLE


def test_quiet_where_one_epoch_got_worse() -> None:
    testing.assert_quiet(RULE, history={"loss": [1.0, 0.8, 0.6], "val_loss": [1.0, 0.9, 0.95]})


def test_quiet_on_saturated_scores() -> None:
    run = {**first(3), "accuracy": [0.97, 0.98, 0.99], "val_accuracy": [0.98, 0.985, 0.99]}
    testing.assert_quiet(RULE, history=run)


def test_quiet_on_fine_tuning() -> None:
    testing.assert_quiet(RULE, history=first(3), context={"pretrained": True})


def test_quiet_on_parts_of_an_epoch() -> None:
    testing.assert_quiet(RULE, history={"epoch": [0.1, 0.2, 0.3], "loss": [2.0, 1.5, 1.2], "val_loss": [2.0, 1.6, 1.3]})


def test_skips_one_point_and_training_alone() -> None:
    assert testing.assert_quiet(RULE, history=first(1)).status is Status.SKIPPED
    assert testing.assert_quiet(RULE, history={"loss": [2.0, 1.5]}).status is Status.SKIPPED


@settings(max_examples=15, deadline=None)
@given(scale=SCALES, shift=SHIFTS)
def test_unchanged_by_scale_and_shift(scale: float, shift: float) -> None:
    assert_same(RULE, first(3), moved(first(3), scale, shift))


def test_never_crashes() -> None:
    assert_never_crashes(RULE)

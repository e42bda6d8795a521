"""EVA902 fires on scores that never change while the model does."""

from __future__ import annotations

import pytest

from diagnose import testing
from diagnose.analyzers.constant_metric import ConstantMetric
from diagnose.finding import Cause, Severity, Status
from simulated_runs import EARLY, QUIET, assert_never_crashes, assert_same, healthy, with_extra_columns

RULE = ConstantMetric()


def test_fires_on_one_class_for_all() -> None:
    finding = testing.assert_fires(RULE, history={**healthy(), "val_accuracy": [0.7241] * 60}, cause=Cause.EVALUATION)
    assert finding.severity is Severity.WARNING
    assert finding.probability > 0.9


def test_fires_on_a_side_score_that_stays_zero() -> None:
    finding = testing.assert_fires(RULE, history={**healthy(), "val_f1": [0.0] * 60})
    assert finding.severity is Severity.WARNING
    assert finding.where[0].names == ("val_f1",)


def test_only_mentions_a_single_class() -> None:
    finding = testing.assert_fires(RULE, history={**healthy(), "val_rare_class_f1": [0.0] * 60})
    assert finding.severity is Severity.INFO


def test_fires_on_a_perfect_score_while_training_is_not() -> None:
    testing.assert_fires(RULE, history={**healthy(), "val_accuracy": [1.0] * 60})


def test_quiet_on_a_perfect_score_beside_perfect_training() -> None:
    testing.assert_quiet(RULE, history={**healthy(), "accuracy": [1.0] * 60, "val_accuracy": [1.0] * 60})


def test_quiet_on_a_perfect_side_score() -> None:
    testing.assert_quiet(RULE, history={**healthy(), "val_recall": [1.0] * 60})


def test_quiet_on_a_score_that_saturates_late() -> None:
    testing.assert_quiet(RULE, history={**healthy(), "val_accuracy": [0.5, 0.7, 0.9] + [1.0] * 57})


def test_quiet_on_four_points() -> None:
    run = {name: values[:4] for name, values in healthy().items()}
    testing.assert_quiet(RULE, history={**run, "val_accuracy": [0.5] * 4})


def test_not_applicable_where_the_loss_stands_too() -> None:
    run = {"loss": [1.0] * 9, "val_loss": [1.0] * 9, "val_accuracy": [0.1] * 9}
    assert testing.assert_quiet(RULE, history=run).status is Status.NOT_APPLICABLE


@pytest.mark.parametrize("name", QUIET)
def test_quiet_on_healthy_runs(name: str) -> None:
    testing.assert_quiet(RULE, history=QUIET[name])


@pytest.mark.parametrize("name", EARLY)
def test_quiet_on_a_healthy_run_in_progress(name: str) -> None:
    testing.assert_quiet(RULE, history=EARLY[name])


def test_unchanged_by_extra_columns() -> None:
    run = {**healthy(), "val_accuracy": [0.7241] * 60}
    assert_same(RULE, run, with_extra_columns(run))


def test_never_crashes() -> None:
    assert_never_crashes(RULE)


def test_quiet_where_nothing_was_learnt_so_that_one_class_is_predicted() -> None:
    loss = [1.10, 1.099, 1.098, 1.0975, 1.097, 1.0965]
    run = {"loss": loss, "val_loss": loss, "accuracy": [0.33, 0.34, 0.35, 0.34, 0.36, 0.35], "val_accuracy": [0.4] * 6}
    testing.assert_fires(RULE, history=run)
    testing.assert_quiet(RULE, history=run, context={"n_classes": 3})

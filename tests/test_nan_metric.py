"""EVA904 fires on validation metrics that are no number beside finite training."""

from __future__ import annotations

import pytest

from diagnose import testing
from diagnose.analyzers.nan_metric import NanMetric
from diagnose.finding import Cause, Severity, Status
from simulated_runs import EARLY, QUIET, assert_never_crashes, healthy, simple_run

RULE = NanMetric()
NAN = float("nan")


def with_val_loss(values: list[float]) -> dict[str, list[float]]:
    return {**healthy(len(values)), "val_loss": values}


def test_fires_where_all_is_nan() -> None:
    finding = testing.assert_fires(RULE, history=with_val_loss([NAN] * 20), cause=Cause.EVALUATION)
    assert finding.severity is Severity.WARNING
    assert "at any point" in finding.claim


def test_fires_from_where_it_is_nan_to_the_end() -> None:
    finding = testing.assert_fires(RULE, history=simple_run(with_val_loss([1.0] * 10 + [NAN] * 10)))
    assert finding.where[0].start == 11


def test_fires_on_infinity() -> None:
    testing.assert_fires(RULE, history=with_val_loss([1.0] * 10 + [float("inf")] * 10))


def test_quiet_where_every_other_point_is_padded() -> None:
    testing.assert_quiet(RULE, history=simple_run(with_val_loss([1.0, NAN] * 10 + [0.5])))


def test_quiet_on_one_missing_last_value() -> None:
    testing.assert_quiet(RULE, history=simple_run(with_val_loss([1.0] * 19 + [NAN])))


def test_not_applicable_where_training_is_nan_too() -> None:
    run = {**with_val_loss([1.0] * 10 + [NAN] * 10), "loss": [1.0] * 9 + [NAN] * 11}
    assert testing.assert_quiet(RULE, history=simple_run(run)).status is Status.NOT_APPLICABLE


def test_skips_without_validation() -> None:
    assert testing.assert_quiet(RULE, history={"loss": [1.0, 0.5, 0.4]}).status is Status.SKIPPED


@pytest.mark.parametrize("name", QUIET)
def test_quiet_on_healthy_runs(name: str) -> None:
    testing.assert_quiet(RULE, history=QUIET[name])


@pytest.mark.parametrize("name", EARLY)
def test_quiet_on_a_healthy_run_in_progress(name: str) -> None:
    testing.assert_quiet(RULE, history=EARLY[name])


def test_never_crashes() -> None:
    assert_never_crashes(RULE)

"""INS501 fires where the training loss is lost to NaN or infinity, and leaves faults of the evaluation alone."""

from __future__ import annotations

import pytest

from diagnose import testing
from diagnose.analyzers.non_finite_loss import NonFiniteLoss
from diagnose.finding import Cause, Severity, Status
from simulated_runs import EARLY, QUIET, assert_never_crashes, healthy, simple_run

RULE = NonFiniteLoss()
NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("lost", [[NAN] * 5, [NAN], [INF] * 2, [NAN, INF, -INF]])
def test_fires_where_the_loss_is_lost(lost: list[float]) -> None:
    finding = testing.assert_fires(RULE, history=simple_run({"loss": [2.0, 1.5, 1.0, *lost]}), cause=Cause.INSTABILITY)
    assert finding.severity is Severity.ERROR
    assert finding.where[0].start == 4


def test_fires_where_it_was_never_finite() -> None:
    assert "at any point" in testing.assert_fires(RULE, history=simple_run({"loss": [NAN] * 3})).claim


def test_quiet_on_padding() -> None:
    testing.assert_quiet(RULE, history=simple_run({"loss": [1.0, NAN, 0.9, NAN, 0.8]}))


def test_mentions_holes() -> None:
    assert "2 points" in testing.assert_quiet(RULE, history=simple_run({"loss": [1.0, NAN, 0.9, INF, 0.8]})).why


def test_quiet_where_validation_alone_is_nan() -> None:
    testing.assert_quiet(RULE, history=simple_run({**healthy(9), "val_loss": [NAN] * 9}))


def test_quiet_on_huge_but_finite_losses() -> None:
    testing.assert_quiet(RULE, history={"loss": [1e30, 1e20, 1e10, 1.0]})


def test_skips_without_training_loss() -> None:
    assert testing.assert_quiet(RULE, history={"val_loss": [1.0, 0.9, 0.8]}).status is Status.SKIPPED


@pytest.mark.parametrize("name", QUIET)
def test_quiet_on_healthy_runs(name: str) -> None:
    testing.assert_quiet(RULE, history=QUIET[name])


@pytest.mark.parametrize("name", EARLY)
def test_quiet_on_a_healthy_run_in_progress(name: str) -> None:
    testing.assert_quiet(RULE, history=EARLY[name])


def test_never_crashes() -> None:
    assert_never_crashes(RULE)

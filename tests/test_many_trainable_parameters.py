"""FRZ802 weighs trainable parameters against samples, and warns only where the run overfits."""

from __future__ import annotations

import pytest

from diagnose import testing
from diagnose.analyzers.many_trainable_parameters import ManyTrainableParameters
from diagnose.finding import Cause, Severity, Status
from simulated_runs import EARLY, QUIET, assert_never_crashes, healthy, overfit

RULE = ManyTrainableParameters()
BACKBONE = {"trainable_parameters": 14_700_000, "n_train": 800}


def test_warns_where_the_run_overfits() -> None:
    finding = testing.assert_fires(RULE, history=overfit(), context=BACKBONE, cause=Cause.FREEZING)
    assert finding.severity is Severity.WARNING
    assert "14,700,000" in finding.claim


def test_only_mentions_it_on_a_healthy_run() -> None:
    assert testing.assert_fires(RULE, history=healthy(), context=BACKBONE).severity is Severity.INFO


@pytest.mark.parametrize("parameters", [5_130, 100_000, 800_000])
def test_quiet_on_usual_ratios(parameters: int) -> None:
    testing.assert_quiet(RULE, history=overfit(), context={"trainable_parameters": parameters, "n_train": 800})


def test_all_parameters_do_not_count_where_some_are_frozen() -> None:
    context = {"parameters": 14_700_000, "n_train": 800, "frozen": "backbone"}
    assert testing.assert_quiet(RULE, history=overfit(), context=context).status is Status.SKIPPED


@pytest.mark.parametrize("known", [{}, {"n_train": 800}, {"trainable_parameters": 14_700_000}])
def test_asks_for_what_is_unknown(known: dict[str, int]) -> None:
    outcome = testing.assert_quiet(RULE, history=overfit(), context=known)
    assert outcome.status is Status.SKIPPED
    assert "trainable_parameters" in outcome.settle


@pytest.mark.parametrize("name", [*QUIET, *EARLY])
def test_never_warns_on_healthy_runs(name: str) -> None:
    finding = testing.assert_fires(RULE, history={**QUIET, **EARLY}[name], context=BACKBONE)
    assert finding.severity is Severity.INFO


def test_never_crashes() -> None:
    assert_never_crashes(RULE, BACKBONE)

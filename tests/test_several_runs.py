"""EVA905 tells attempts appended to one log from folds, stages and restarts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from diagnose import testing
from diagnose.analyzers.several_runs import SeveralRuns
from diagnose.finding import Cause, Severity
from diagnose.run import Phase
from simulated_runs import QUIET, assert_never_crashes, healthy, simple_run

RULE = SeveralRuns()


def test_fires_on_attempts_in_one_log() -> None:
    run = replace(simple_run(healthy()), name="log.csv (attempt 2 of 2)", siblings=("log.csv (attempt 1 of 2)",))
    finding = testing.assert_fires(RULE, history=run, cause=Cause.EVALUATION)
    assert finding.severity is not Severity.INFO
    assert "2 attempts" in finding.claim


@pytest.mark.parametrize("name", ["log.json (stage first)", "log.csv (fold 1)", "runs (run 1 of 2)"])
def test_only_mentions_folds_and_stages(name: str) -> None:
    run = replace(simple_run(healthy()), name=name, siblings=("another",))
    assert testing.assert_fires(RULE, history=run).severity is Severity.INFO


def test_only_mentions_a_resumed_run() -> None:
    phases = (Phase(1, 30), Phase(31, 60, "epochs restart at row 30"))
    assert testing.assert_fires(RULE, history=simple_run(healthy(), phases=phases)).severity is Severity.INFO


def test_quiet_on_phases_of_the_learning_rate() -> None:
    phases = (Phase(1, 30), Phase(31, 60, "learning rate 0.001 → 0.0001"))
    testing.assert_quiet(RULE, history=simple_run(healthy(), phases=phases))


def test_quiet_on_an_attempt_without_siblings() -> None:
    testing.assert_quiet(RULE, history=replace(simple_run(healthy()), name="log.csv (attempt 1 of 1)"))


@pytest.mark.parametrize("name", QUIET)
def test_quiet_on_one_run(name: str) -> None:
    testing.assert_quiet(RULE, history=QUIET[name])


def test_never_crashes() -> None:
    assert_never_crashes(RULE)

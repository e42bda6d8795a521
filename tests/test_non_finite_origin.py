"""INS505 names the layer and the step of the first value that is no number."""

from __future__ import annotations

from typing import Any

import pytest

from diagnose import testing
from diagnose.analyzers.non_finite_origin import NonFiniteOrigin
from diagnose.finding import Cause, Severity, Status
from diagnose.recording import NonFinite
from diagnose.run import Run
from layer_recordings import LOST, QUIET, STANDS, assert_silent, run_of_layers

RULE = NonFiniteOrigin()
KINDS = ("input", "label", "weight", "activation", "loss", "gradient")


def lost(kind: str, **more: Any) -> Run:
    origin = NonFinite(120.0, 2.4, kind, "fc3" if kind in ("weight", "activation", "gradient") else "", "largest 3e4")
    return run_of_layers(losses=LOST, recording={"non_finite": origin, **more})


@pytest.mark.parametrize("kind", KINDS)
def test_fires_and_tells_what_to_mend(kind: str) -> None:
    finding = testing.assert_fires(RULE, history=lost(kind), cause=Cause.INSTABILITY)
    assert finding.severity is Severity.ERROR
    assert "step 120" in finding.claim
    assert ("'fc3'" in finding.claim) == (kind in ("weight", "activation", "gradient"))


def test_a_scaler_skips_by_design() -> None:
    run = run_of_layers(recording={"non_finite": NonFinite(3.0, 0.1, "gradient", "fc1"),
                                   "counters": {"skipped_steps": 2}})  # fmt: skip
    assert "skipped 2 steps" in assert_silent(RULE, run).why


def test_a_run_that_went_on_is_a_lesser_matter() -> None:
    run = run_of_layers(recording={"non_finite": NonFinite(3.0, 0.1, "activation", "fc1")})
    finding = testing.assert_fires(RULE, history=run)
    assert finding.severity is Severity.WARNING
    assert finding.probability == RULE.certainty_passing


def test_nothing_lost() -> None:
    assert testing.assert_quiet(RULE, history=run_of_layers(losses=STANDS)).probability < 0.05


@pytest.mark.parametrize("name", QUIET)
def test_quiet_on_ordinary_runs(name: str) -> None:
    assert_silent(RULE, QUIET[name])


def test_says_what_is_missing_without_a_hook() -> None:
    outcome = testing.assert_quiet(RULE, history={"loss": [1.0, 0.5, 0.4], "val_loss": [1.0, 0.6, 0.5]})
    assert outcome.status is Status.SKIPPED
    assert "diagnose.hooks" in outcome.settle

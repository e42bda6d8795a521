"""LKG147 counts validation rows that stood in training batches."""

from __future__ import annotations

import numpy as np
import pytest

from diagnose.analyzers.validation_in_training import ValidationInTraining
from diagnose.finding import Cause, Severity
from diagnose.recording import Recording
from programme_cards import card, fires, inputs, quiet, recorded, run

RULE = ValidationInTraining()


def counted(overlapping: int, compared: int, width: int = 64) -> Recording:
    seen = inputs(np.random.default_rng(0).normal(size=(50, width)))
    return recorded(card(), counters={"overlapping_rows": overlapping, "compared_rows": compared}, inputs=(seen,))


@pytest.mark.parametrize(("overlapping", "compared"), [(200, 200), (150, 200), (50, 200)])
def test_fires(overlapping: int, compared: int) -> None:
    found = fires(RULE, run(recording=counted(overlapping, compared)), f"{overlapping} of {compared}",
                  severity=Severity.ERROR)  # fmt: skip
    assert found.probability > 0.95
    assert found.cause is Cause.LEAKAGE


def test_some() -> None:
    fires(RULE, run(recording=counted(10, 200)), severity=Severity.WARNING)


def test_rows_of_few_numbers_repeat_by_chance() -> None:
    assert fires(RULE, run(recording=counted(200, 200, width=2))).probability < 0.7


@pytest.mark.parametrize(("overlapping", "compared"), [(0, 200), (0, 1), (1, 200), (9, 1000), (0, 0)])
def test_quiet(overlapping: int, compared: int) -> None:
    quiet(RULE, run(recording=counted(overlapping, compared)))


def test_quiet_where_nothing_was_compared() -> None:
    quiet(RULE, run(recording=recorded(card())))
    quiet(RULE, run(card()))
    quiet(RULE, run())

"""LBL124 names classes whose recall cannot be known, and is quiet where each class has rows enough."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.few_rows_of_a_class import FewRowsOfAClass
from diagnose.finding import Cause, Severity
from diagnose.run import Run
from split_tables import bundled, run_of, split_run

RULE = FewRowsOfAClass()


def labels(train: np.ndarray, val: np.ndarray) -> Run:
    rng = np.random.default_rng(0)
    return run_of({"x": rng.normal(size=len(train)), "y": train}, {"x": rng.normal(size=len(val)), "y": val})


def test_fires_on_six_positive_rows() -> None:
    run = labels(np.repeat(["ill", "well"], [60, 940]), np.repeat(["ill", "well"], [6, 294]))
    finding = testing.assert_fires(RULE, history=run, cause=Cause.EVALUATION)
    assert finding.severity is Severity.WARNING
    assert "'ill' (6 rows) is known to 31% either way" in finding.claim  # Wilson: 0.188 to 0.812
    assert finding.figure is not None
    assert finding.figure.kind == "intervals"


def test_fires_on_a_class_that_cannot_be_learnt() -> None:
    run = labels(np.repeat(["ill", "well"], [4, 996]), np.repeat(["ill", "well"], [40, 260]))
    assert "training rows" in testing.assert_fires(RULE, history=run).claim


def test_one_rare_class_of_twenty_is_information() -> None:
    train, val = np.repeat(np.arange(20).astype(str), 50), np.repeat(np.arange(19).astype(str), 20)
    assert testing.assert_fires(RULE, history=labels(train, val)).severity is Severity.INFO


@pytest.mark.parametrize("name", ["wine", "breast_cancer", "digits"])
def test_quiet_on_balanced_sets(name: str) -> None:
    assert "enough" in testing.assert_quiet(RULE, history=split_run(*bundled(name))).why


def test_quiet_on_imbalance_with_rows_enough() -> None:
    testing.assert_quiet(RULE, history=labels(np.repeat(["a", "b"], [100, 99_900]), np.repeat(["a", "b"], [40, 9960])))


def test_quiet_on_classes_that_only_validation_holds() -> None:
    testing.assert_quiet(RULE, history=labels(np.repeat(["a", "b"], 50), np.repeat(["a", "b", "c"], [30, 30, 2])))


def test_not_applicable_to_numbers() -> None:
    testing.assert_quiet(RULE, history=split_run(*bundled("diabetes")))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000))
def test_the_order_of_rows_changes_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    train, val = np.repeat(["ill", "well"], [60, 340]), np.repeat(["ill", "well"], [6, 94])
    moved = labels(rng.permutation(train), rng.permutation(val))
    assert testing.assert_fires(RULE, history=labels(train, val)) == testing.assert_fires(RULE, history=moved)

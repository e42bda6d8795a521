"""LBL122 counts the rows of classes that training never saw, and the ceiling that they put on accuracy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.unseen_classes import UnseenClasses
from diagnose.finding import Cause, Severity
from diagnose.run import Run
from split_tables import BUNDLED, bundled, halves, run_of, split_run

RULE = UnseenClasses()


def labels(train: list[str], val: list[str]) -> Run:
    rng = np.random.default_rng(0)
    return run_of({"x": rng.normal(size=len(train)), "y": train}, {"x": rng.normal(size=len(val)), "y": val})


def test_fires_with_the_ceiling() -> None:
    finding = testing.assert_fires(RULE, history=labels(["cat", "dog"] * 50, ["cat"] * 45 + ["yak"] * 5))
    assert finding.cause is Cause.LABEL_SHIFT
    assert finding.severity is Severity.ERROR
    assert "accuracy can't exceed 90.0%" in finding.claim
    assert finding.where[0].names == ("45", "46", "47", "48", "49")


def test_one_class_held_out_whole() -> None:
    x, y = bundled("digits")
    train, val = halves(len(x))
    train = train[y[train] != 7]
    run = run_of({"a": x[train, 2], "b": x[train, 3], "y": y[train]}, {"a": x[val, 2], "b": x[val, 3], "y": y[val]})
    finding = testing.assert_fires(RULE, history=run)
    assert finding.evidence[0].value == pytest.approx(np.mean(y[val] == 7))
    assert "'7'" in finding.claim


@pytest.mark.parametrize(("seen", "other"), [("Cat", "cat "), ("new york", "New_York")])
def test_a_name_spelled_differently_is_told(seen: str, other: str) -> None:
    finding = testing.assert_fires(RULE, history=labels([seen, "dog"] * 50, [other, "dog"] * 20))
    assert "spelled differently" in finding.claim


def test_a_single_row_in_a_thousand_is_information() -> None:
    finding = testing.assert_fires(RULE, history=labels(["cat", "dog"] * 50, ["cat"] * 999 + ["yak"]))
    assert finding.severity is Severity.INFO


@pytest.mark.parametrize("name", BUNDLED)
def test_quiet_where_training_knows_every_class(name: str) -> None:
    assert "among the" in testing.assert_quiet(RULE, history=split_run(*bundled(name))).why


def test_quiet_where_validation_lacks_a_class() -> None:
    testing.assert_quiet(RULE, history=labels(["cat", "dog", "owl"] * 30, ["cat", "dog"] * 20))


def test_quiet_where_the_order_of_levels_differs() -> None:
    testing.assert_quiet(RULE, history=labels(["b", "a"] * 30, ["a", "b"] * 30))


def test_rows_without_a_label_are_no_class() -> None:
    testing.assert_quiet(RULE, history=labels(["cat", "dog"] * 30, ["cat", "", "dog"] * 10))


def test_not_applicable_to_numbers() -> None:
    outcome = testing.assert_quiet(RULE, history=split_run(*bundled("diabetes")))
    assert outcome.status.value == "not_applicable"


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000))
def test_the_order_of_rows_changes_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    train, val = ["cat", "dog"] * 30, ["cat"] * 30 + ["yak"] * 4
    moved = labels(rng.permutation(train).tolist(), rng.permutation(val).tolist())
    one, other = (testing.assert_fires(RULE, history=run) for run in (labels(train, val), moved))
    assert (one.claim, one.evidence, one.figure) == (other.claim, other.evidence, other.figure)

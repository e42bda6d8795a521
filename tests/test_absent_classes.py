"""LBL123 tells classes that were left out from rare ones that a small sample misses by chance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.absent_classes import AbsentClasses
from diagnose.finding import Cause
from diagnose.run import Run
from split_tables import BUNDLED, bundled, halves, run_of, split_run

RULE = AbsentClasses()


def labels(train: np.ndarray, val: np.ndarray) -> Run:
    rng = np.random.default_rng(0)
    return run_of({"x": rng.normal(size=len(train)), "y": train}, {"x": rng.normal(size=len(val)), "y": val})


def test_fires_on_a_class_that_was_left_out() -> None:
    train = np.repeat(["cat", "dog", "yak"], [400, 400, 100])
    finding = testing.assert_fires(RULE, history=labels(train, np.repeat(["cat", "dog"], [150, 150])))
    assert finding.cause is Cause.LABEL_SHIFT
    assert "'yak'" in finding.claim
    assert "11.1%" in finding.claim
    assert finding.evidence[1].value < 1e-6


def test_fires_on_many_rare_classes_left_out_together() -> None:
    names = np.array([f"c{code}" for code in range(120)])
    run = labels(np.concatenate([np.repeat(names[:20], 50), np.repeat(names[20:], 5)]), np.repeat(names[:20], 25))
    assert "100 classes of training" in testing.assert_fires(RULE, history=run).claim


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", BUNDLED)
def test_quiet_on_random_splits(name: str, seed: int) -> None:
    testing.assert_quiet(RULE, history=split_run(*bundled(name), seed=seed))


def test_quiet_on_rare_classes_that_a_random_split_misses() -> None:
    """Of 300 classes with a few rows each many are absent from validation in every random split."""
    alarms = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        y = rng.choice(300, 1200, p=rng.dirichlet(np.full(300, 0.3))).astype(str)
        train, val = halves(1200, seed)
        alarms += bool(testing.examine(RULE, history=labels(y[train], y[val])).findings)
    assert alarms <= 2


def test_quiet_on_one_row_of_a_class() -> None:
    train = np.append(np.repeat(["cat", "dog"], [50, 50]), "yak")
    assert "by chance" in testing.assert_quiet(RULE, history=labels(train, np.repeat(["cat", "dog"], [20, 20]))).why


def test_quiet_where_validation_has_more_classes() -> None:
    outcome = testing.assert_quiet(
        RULE, history=labels(np.repeat(["cat", "dog"], 50), np.repeat(["cat", "dog", "x"], 9))
    )
    assert "hold every class" in outcome.why


def test_not_applicable_to_numbers() -> None:
    testing.assert_quiet(RULE, history=split_run(*bundled("diabetes")))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000))
def test_the_order_of_rows_changes_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    train, val = np.repeat(["cat", "dog", "yak"], [90, 90, 60]), np.repeat(["cat", "dog"], [70, 70])
    moved = labels(rng.permutation(train), rng.permutation(val))
    one, other = (testing.assert_fires(RULE, history=run) for run in (labels(train, val), moved))
    assert (one.claim, one.evidence) == (other.claim, other.evidence)

"""LER151 finds flipped labels where classes are apart, and does not take overlap for error."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import datasets

from diagnose import testing
from diagnose.analyzers.wrong_labels import WrongLabels
from diagnose.finding import Cause
from diagnose.run import Run
from diagnose.stats.label_noise import confident_joint, floor_of
from split_tables import bundled, in_another_order, numbers, table

RULE = WrongLabels()


def flipped(y: np.ndarray, rate: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Give some rows another class; return the labels and which rows they are."""
    rng = np.random.default_rng(seed)
    k = int(y.max()) + 1
    rows = rng.choice(len(y), int(rate * len(y)), replace=False)
    wrong = y.copy()
    wrong[rows] = (y[rows] + rng.integers(1, k, len(rows))) % k
    return wrong, rows


def trained(x: np.ndarray, y: np.ndarray) -> Run:
    return testing.run_of_data(train=table(x, y), data={"label": "y"})


def normal_classes(n: int, apart: float, k: int = 2, seed: int = 0, d: int = 6) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, k, n)
    middle = rng.normal(size=(k, d))
    return apart * (middle / np.linalg.norm(middle, axis=1, keepdims=True))[y] + rng.normal(size=(n, d)), y


@pytest.mark.parametrize(("name", "rate"), [("digits", 0.05)])
def test_fires_on_flipped_labels_and_lists_them(name: str, rate: float) -> None:
    x, y = bundled(name)
    wrong, rows = flipped(y, rate)
    finding = testing.assert_fires(RULE, history=trained(x, wrong), cause=Cause.LABEL_ERRORS)
    share = finding.evidence[0]
    assert share.low < rate < share.high
    listed = np.array([int(row) for row in finding.where[0].names])
    assert np.isin(listed, rows).mean() >= 0.95


@pytest.mark.parametrize("apart", [0.5, 1.5, 2.5])
def test_quiet_on_normal_classes_however_far_they_overlap(apart: float) -> None:
    testing.assert_quiet(RULE, history=trained(*normal_classes(1500, apart)))


@pytest.mark.parametrize("name", ["breast_cancer"])
def test_quiet_on_bundled_sets(name: str) -> None:
    assert "beyond overlap" in testing.assert_quiet(RULE, history=trained(*bundled(name))).why


def test_quiet_on_five_classes_that_overlap() -> None:
    testing.assert_quiet(RULE, history=trained(*normal_classes(1500, 2.5, k=5)))


def test_quiet_on_moons() -> None:
    testing.assert_quiet(RULE, history=trained(*datasets.make_moons(1500, noise=0.3, random_state=0)))


def test_quiet_on_heavy_tails() -> None:
    rng = np.random.default_rng(1)
    x, y = normal_classes(1500, 4.0, k=4, seed=1)
    testing.assert_quiet(RULE, history=trained(x + rng.standard_t(3, size=x.shape), y))


def test_quiet_on_noise_and_says_that_nothing_can_be_told() -> None:
    rng = np.random.default_rng(0)
    outcome = testing.assert_quiet(RULE, history=trained(rng.normal(size=(600, 4)), rng.integers(0, 2, 600)))
    assert "can't be told from overlap" in outcome.why
    assert outcome.probability is not None
    assert outcome.probability > 0.2


def test_not_applicable_to_numbers() -> None:
    assert testing.assert_quiet(RULE, history=trained(*bundled("diabetes"))).status.value == "not_applicable"


def test_skipped_with_few_rows() -> None:
    x, y = numbers(120)
    assert "give 200" in testing.assert_quiet(RULE, history=trained(x, y)).settle


@settings(max_examples=1, deadline=None)
@given(st.integers(0, 1000))
def test_the_order_of_rows_changes_nothing(seed: int) -> None:
    x, y = normal_classes(600, 3.0)
    rows = table(x, flipped(y, 0.08)[0])
    one, other = (
        testing.assert_fires(RULE, history=testing.run_of_data(train=columns, data={"label": "y"}))
        for columns in (rows, in_another_order(rows, seed))
    )
    assert (one.claim, one.evidence) == (other.claim, other.evidence)


def simulated(eta: float, seed: int, n: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    margin = rng.gamma(2.0, 2.0, n)
    return margin, (rng.random(n) < eta) | (rng.random(n) < 1 / (1 + np.exp(margin)))


@pytest.mark.parametrize("eta", [0.03, 0.1])
def test_a_floor_is_estimated_with_its_interval(eta: float) -> None:
    inside = sum((f := floor_of(*simulated(eta, seed))).low <= eta <= f.high for seed in range(20))
    assert inside >= 16


def test_the_test_for_a_floor_keeps_its_size() -> None:
    assert sum(floor_of(*simulated(0.0, seed)).p < 0.05 for seed in range(30)) <= 4


def test_confident_joint_is_that_of_the_definition() -> None:
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(3), 200)
    given_ = rng.integers(0, 3, 200)
    limits = [p[given_ == j, j].mean() for j in range(3)]
    counts = np.zeros((3, 3), int)
    for row, i in zip(p, given_, strict=True):
        sure = [j for j in range(3) if row[j] >= limits[j]]
        if sure:
            counts[i, max(sure, key=lambda j: row[j])] += 1
    assert confident_joint(p, given_).counts.tolist() == counts.tolist()

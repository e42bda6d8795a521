"""LBL121 finds shares that changed, in words of the label, and is quiet on random and stratified splits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.label_shares_differ import LabelSharesDiffer
from diagnose.finding import Cause, Severity
from diagnose.run import Run
from split_tables import BUNDLED, bundled, halves, in_another_order, numbers, run_of, split_run, table

RULE = LabelSharesDiffer()


def labels(train: np.ndarray, val: np.ndarray, **more: np.ndarray) -> Run:
    rng = np.random.default_rng(9)
    tables = {name: {"x": rng.normal(size=len(y)), "y": y} for name, y in more.items()}
    return run_of({"x": rng.normal(size=len(train)), "y": train}, {"x": rng.normal(size=len(val)), "y": val}, **tables)


def drawn(shares: list[float], n: int, seed: int = 0) -> np.ndarray:
    names = np.array(["cat", "dog", "owl", "yak"])[: len(shares)]
    return np.random.default_rng(seed).choice(names, n, p=shares)


def test_fires_on_changed_shares_and_says_which() -> None:
    run = labels(drawn([0.5, 0.3, 0.2], 2000), drawn([0.2, 0.3, 0.5], 800, 1))
    finding = testing.assert_fires(RULE, history=run, cause=Cause.LABEL_SHIFT)
    assert finding.severity is Severity.ERROR
    assert finding.evidence[0].low < 0.3 < finding.evidence[0].high  # total variation of the populations
    assert "of rows" in finding.claim
    assert finding.figure is not None
    assert finding.figure.kind == "bars"


def test_fires_on_numbers_and_says_the_medians() -> None:
    rng = np.random.default_rng(0)
    run = labels(rng.normal(100, 15, 1000), rng.normal(112, 15, 500))
    assert "median" in testing.assert_fires(RULE, history=run).claim


def test_each_split_is_judged_by_itself() -> None:
    run = labels(drawn([0.5, 0.5], 2000), drawn([0.5, 0.5], 1000, 1), test=drawn([0.8, 0.2], 1000, 2))
    findings = testing.examine(RULE, history=run).findings
    assert ["test" in f.claim for f in findings] == [True]


def test_quiet_on_a_million_rows_that_differ_immaterially() -> None:
    train, val = (np.repeat([0, 1], [int(n * share), n - int(n * share)]) for n, share in ((10**6, 0.5), (10**6, 0.51)))
    outcome = testing.assert_quiet(RULE, history=labels(train, val))
    assert "detectably but immaterially" in outcome.why
    assert outcome.probability is not None
    assert outcome.probability < 0.05


def test_quiet_on_a_large_difference_of_few_rows() -> None:
    outcome = testing.assert_quiet(RULE, history=labels(np.repeat([0, 1], [15, 15]), np.repeat([0, 1], [14, 10])))
    assert outcome.probability is not None
    assert outcome.probability > 0.05  # nothing is ruled out by 24 rows


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", [*BUNDLED, "diabetes"])
def test_quiet_on_random_splits(name: str, seed: int) -> None:
    testing.assert_quiet(RULE, history=split_run(*bundled(name), seed=seed))


@pytest.mark.parametrize("k", [2, 10, 200])
def test_alarms_of_random_splits_are_rarer_than_the_error_rate(k: int) -> None:
    alarms = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        y = rng.choice(k, 900, p=rng.dirichlet(np.ones(k)))
        train, val = halves(900, seed)
        run = labels(y[train].astype(str), y[val].astype(str))
        alarms += bool(testing.examine(RULE, history=run).findings)
    assert alarms <= 2


def test_a_stratified_split_passes_and_says_what_would_have_been_found() -> None:
    y = np.tile(["cat", "dog"], 1000)
    assert "would have been found" in testing.assert_quiet(RULE, history=labels(y[:1400], y[1400:])).why


def test_skipped_without_labels() -> None:
    x, _ = numbers()
    assert "--label" in testing.assert_quiet(RULE, history=run_of(table(x[:400]), table(x[400:]))).settle


def test_skipped_with_a_handful_of_labels() -> None:
    testing.assert_quiet(RULE, history=labels(drawn([0.5, 0.5], 100), drawn([0.1, 0.9], 9)))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000))
def test_neither_order_nor_names_change_the_distance(seed: int) -> None:
    rng = np.random.default_rng(seed)
    train, val = rng.choice(3, 600, p=[0.6, 0.3, 0.1]), rng.choice(3, 400, p=[0.2, 0.4, 0.4])
    named = np.array(["b", "c", "a"])
    other = (in_another_order({"y": named[y]}, seed)["y"] for y in (train, val))
    one, two = (testing.assert_fires(RULE, history=labels(*pair)).evidence for pair in ((train, val), tuple(other)))
    assert one[0].value == pytest.approx(two[0].value)
    assert one[0].low == pytest.approx(two[0].low)

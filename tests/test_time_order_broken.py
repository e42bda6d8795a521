"""LKG144 finds splits that look into the future, where neighbours in time tell of each other, and passes the others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.time_order_broken import TimeOrderBroken
from diagnose.finding import Cause, Severity
from diagnose.run import Run
from split_tables import halves, in_another_order, numbers, run_of, split_run

RULE = TimeOrderBroken()
DAY = 86_400.0


def series(n: int = 900, memory: int = 30, seed: int = 0) -> dict[str, Any]:
    """A row a day; the label keeps its value for about as many days as it remembers."""
    rng = np.random.default_rng(seed)
    label = np.repeat(rng.integers(0, 2, n // memory + 1), memory)[:n] if memory else rng.integers(0, 2, n)
    return {"x": rng.normal(size=n), "when": 1.5e9 // DAY * DAY + DAY * np.arange(n), "y": label}


def parted(table: dict[str, Any], rows: tuple[np.ndarray, np.ndarray], **data: Any) -> Run:
    tables = ({name: values[some] for name, values in table.items()} for some in rows)
    return run_of(*tables, **({"time": "when"} | data))


def test_fires_on_a_random_split_of_days_that_remember() -> None:
    finding = testing.assert_fires(RULE, history=parted(series(), halves(900)))
    assert finding.cause is Cause.LEAKAGE
    assert finding.severity is Severity.ERROR
    assert finding.probability >= 0.9
    assert finding.figure is not None
    assert finding.figure.rows[0][1] == "2017-07-14"


def test_fires_on_numbers_that_drift() -> None:
    table = series()
    table["y"] = np.cumsum(np.random.default_rng(1).normal(size=900))
    assert testing.assert_fires(RULE, history=parted(table, halves(900))).severity is Severity.ERROR


def test_fires_where_validation_is_older() -> None:
    finding = testing.assert_fires(RULE, history=parted(series(memory=0), (np.arange(300, 900), np.arange(300))))
    assert "older than the training data" in finding.claim
    assert finding.severity is Severity.WARNING


def test_open_without_labels() -> None:
    table = {name: values for name, values in series().items() if name != "y"}
    finding = testing.assert_fires(RULE, history=parted(table, halves(900)))
    assert finding.probability < 0.5
    assert finding.settle


def test_dates_that_nobody_calls_the_time_are_information() -> None:
    table = series() | {"born": series()["when"]}
    del table["when"]
    run = parted(table, halves(900), time=None, kinds={"born": "time"})
    assert testing.assert_fires(RULE, history=run).severity is Severity.INFO


@pytest.mark.parametrize("memory", [0, 30])
def test_quiet_on_a_split_by_time(memory: int) -> None:
    outcome = testing.assert_quiet(RULE, history=parted(series(memory=memory), (np.arange(600), np.arange(600, 900))))
    assert outcome.probability is not None
    assert outcome.probability < 0.05


@pytest.mark.parametrize("seed", range(5))
def test_quiet_on_a_random_split_of_days_that_remember_nothing(seed: int) -> None:
    testing.assert_quiet(RULE, history=parted(series(memory=0, seed=seed), halves(900, seed)))


def test_quiet_where_days_share_their_border() -> None:
    rows = np.arange(600), np.append(np.arange(600, 900), [598, 599])
    testing.assert_quiet(RULE, history=parted(series(), rows))


def test_quiet_on_a_column_that_counts_nothing() -> None:
    table = series(memory=0)
    table["when"] = np.full(900, 1.5e9)
    testing.assert_quiet(RULE, history=parted(table, halves(900)))


def test_skipped_without_times() -> None:
    assert "--time" in testing.assert_quiet(RULE, history=split_run(*numbers())).settle


def test_skipped_where_every_time_is_missing() -> None:
    table = series()
    table["when"] = np.full(900, np.nan)
    testing.assert_quiet(RULE, history=parted(table, halves(900)))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000))
def test_the_order_of_rows_changes_nothing(seed: int) -> None:
    table = series()
    train, held = ({name: values[some] for name, values in table.items()} for some in halves(900))
    moved = run_of(in_another_order(train, seed), in_another_order(held, seed), time="when")
    one, other = (testing.assert_fires(RULE, history=run) for run in (run_of(train, held, time="when"), moved))
    assert (one.claim, one.evidence, one.figure) == (other.claim, other.evidence, other.figure)

"""LKG146 finds indices and identifiers that tell the label, and is quiet on shuffled rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.label_in_the_row_number import LabelInTheRowNumber
from diagnose.finding import Cause, Severity
from diagnose.hashing import integer_hashes, text_hashes
from diagnose.measures.row_positions import counts_rows
from diagnose.run import Run
from diagnose.stats.row_numbers import integers_of_hashes
from split_tables import BUNDLED, bundled, halves, numbers, run_of, split_run, table

RULE = LabelInTheRowNumber()


def collected(n: int = 600, shuffled: bool = True, name: str = "id", **data: Any) -> Run:
    """Rows that were numbered class by class."""
    x, y = numbers(n)
    order = np.argsort(y, kind="stable")
    x, y = x[order], y[order]
    rows = halves(n) if shuffled else (np.arange(0, n, 2), np.arange(1, n, 2))
    return run_of(*(table(x[some], y[some], **{name: 1000 + some}) for some in rows), **data)


def test_fires_on_an_identifier_given_class_by_class() -> None:
    finding = testing.assert_fires(RULE, history=collected())
    assert finding.cause is Cause.LEAKAGE
    assert finding.severity is Severity.WARNING
    assert 0.5 < finding.probability < 0.8
    assert finding.where[0].names == ("id",)


def test_fires_on_an_index_among_the_inputs() -> None:
    finding = testing.assert_fires(RULE, history=collected(name="lot", kinds={"lot": "number"}))
    assert finding.probability == RULE.of_input


def test_fires_where_the_number_follows_a_number() -> None:
    x, _ = numbers()
    y = np.sort(x[:, 0])
    rows = halves(600)
    run = run_of(*(table(x[s], y[s], lot=s) for s in rows), kinds={"lot": "number"})
    testing.assert_fires(RULE, history=run)


def test_rows_in_the_order_of_their_label_are_information() -> None:
    x, y = numbers()
    order = np.argsort(y, kind="stable")
    run = run_of(table(x[order][::2], y[order][::2]), table(x[order][1::2], y[order][1::2]))
    finding = testing.assert_fires(RULE, history=run)
    assert finding.severity is Severity.INFO
    assert "shuffle" in finding.claim


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", [*BUNDLED, "diabetes"])
def test_quiet_on_shuffled_sets(name: str, seed: int) -> None:
    testing.assert_quiet(RULE, history=split_run(*bundled(name), seed=seed))


@pytest.mark.parametrize("seed", range(5))
def test_quiet_on_numbers_given_in_any_order(seed: int) -> None:
    x, y = numbers(seed=seed)
    names = np.random.default_rng(seed).permutation(600)
    run = run_of(*(table(x[some], y[some], id=names[some]) for some in halves(600, seed)))
    assert "'id'" in testing.assert_quiet(RULE, history=run).why


def test_quiet_on_groups_that_share_a_label() -> None:
    """An identifier of patients names no rows; LKG143 speaks of it."""
    rng = np.random.default_rng(0)
    patient = np.repeat(np.arange(100), 6)
    order = rng.permutation(600)
    x, y = rng.normal(size=(600, 3)), (patient >= 50).astype(int)
    run = run_of(*(table(x[s], y[s], patient_id=patient[s]) for s in (order[:400], order[400:])))
    testing.assert_quiet(RULE, history=run)


def test_quiet_on_identifiers_that_are_texts() -> None:
    x, y = numbers()
    names = np.array([f"{'ab'[label]}{row}" for row, label in enumerate(y)])
    run = run_of(*(table(x[some], y[some], id=names[some]) for some in halves(600)))
    testing.assert_quiet(RULE, history=run)


def test_quiet_on_a_measurement_of_whole_numbers() -> None:
    """An income told by the label is an input like others."""
    x, y = numbers()
    income = (20_000 + 10_000 * y + 3_000 * np.abs(x[:, 2])).round()
    run = run_of(*(table(x[some], y[some], income=income[some]) for some in halves(600)))
    testing.assert_quiet(RULE, history=run)


def test_quiet_on_nearly_one_class() -> None:
    x, _ = numbers()
    y = (np.arange(600) < 12).astype(int)
    testing.assert_quiet(RULE, history=split_run(x, y))


def test_skipped_without_labels() -> None:
    x, _ = numbers()
    testing.assert_quiet(RULE, history=run_of(table(x[:400]), table(x[400:])))


@given(st.lists(st.integers(-(2**47), 2**47), min_size=1, max_size=50))
def test_whole_numbers_come_back_from_their_hashes(values: list[int]) -> None:
    found = integers_of_hashes(integer_hashes(np.array(values)))
    assert found is not None
    assert found.tolist() == values


def test_hashes_of_texts_are_no_numbers() -> None:
    assert integers_of_hashes(text_hashes([f"row {i}" for i in range(100)])) is None


@given(st.integers(0, 10**6), st.integers(2, 200))
def test_a_part_of_counted_rows_counts_rows(start: int, n: int) -> None:
    assert counts_rows(start + np.random.default_rng(n).permutation(n).astype(float))
    assert not counts_rows(np.append(np.arange(n), 0.0))

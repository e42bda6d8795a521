"""LER152 finds copies with different labels, and tells a floor where rows are equal by chance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzers.conflicting_labels import ConflictingLabels
from diagnose.finding import Cause, Severity
from diagnose.run import Run
from split_tables import BUNDLED, binaries, bundled, in_another_order, numbers, table

RULE = ConflictingLabels()


def trained(columns: dict[str, np.ndarray]) -> Run:
    return testing.run_of_data(train=columns, data={"label": "y"})


def entered_twice(count: int = 20, *, agree: bool = False) -> dict[str, np.ndarray]:
    x, y = numbers(400)
    again = y[:count] if agree else 1 - y[:count]
    return table(np.vstack([x, x[:count]]), np.append(y, again))


def test_fires_on_rows_entered_twice_with_different_labels() -> None:
    finding = testing.assert_fires(RULE, history=trained(entered_twice()), cause=Cause.LABEL_ERRORS)
    assert finding.evidence[0].value == pytest.approx(40 / 420)
    assert finding.evidence[1].value == pytest.approx(20 / 420)
    assert finding.severity is Severity.ERROR
    assert finding.where[0].names[0] == "0"


def test_a_single_pair_is_found() -> None:
    assert testing.assert_fires(RULE, history=trained(entered_twice(1))).severity is Severity.WARNING


def test_equal_rows_of_few_columns_only_give_a_floor() -> None:
    x, y = binaries()
    finding = testing.assert_fires(RULE, history=trained(table(x, y)))
    assert finding.severity is Severity.INFO
    cells = (x @ [4, 2, 1]).astype(int)
    best = sum(np.bincount(y[cells == cell]).max() for cell in np.unique(cells))
    assert finding.evidence[1].value == pytest.approx(1 - best / len(y))


def test_numbers_measured_twice_are_information() -> None:
    x, _ = numbers(400)
    y = x[:, 0] + np.random.default_rng(0).normal(size=400)
    columns = table(np.vstack([x, x[:200]]), np.append(y, y[:200] + 2))
    assert testing.assert_fires(RULE, history=trained(columns)).severity is Severity.INFO


def test_quiet_on_copies_that_agree() -> None:
    testing.assert_quiet(RULE, history=trained(entered_twice(agree=True)))


@pytest.mark.parametrize("name", [*BUNDLED, "diabetes"])
def test_quiet_on_bundled_sets(name: str) -> None:
    assert "would have been found" in testing.assert_quiet(RULE, history=trained(table(*bundled(name)))).why


def test_quiet_where_an_unlabelled_row_repeats() -> None:
    columns = entered_twice(agree=True)
    columns["y"] = np.append(np.array(["a", "b"])[columns["y"][:400]], np.full(20, ""))
    testing.assert_quiet(RULE, history=trained(columns))


def test_skipped_without_labels() -> None:
    x, _ = numbers()
    testing.assert_quiet(RULE, history=testing.run_of_data(train=table(x)))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000))
def test_the_order_of_rows_changes_nothing(seed: int) -> None:
    columns = entered_twice()
    one, other = (
        testing.assert_fires(RULE, history=trained(rows)) for rows in (columns, in_another_order(columns, seed))
    )
    assert (one.claim, one.evidence) == (other.claim, other.evidence)

"""Rows that depend on each other are no evidence of a shift by themselves: known truth by dealing out whole groups."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.data import Column, Kind, Split
from diagnose.measures.independent_rows import independent_rows


def split_of(name: str, groups: np.ndarray, *, said: bool = True) -> Split:
    n = len(groups)
    column = Column("patient", Kind.IDENTIFIER, groups.astype(np.uint64))
    value = Column("x", Kind.NUMBER, np.arange(n, dtype=np.float64))
    columns = (value,) if said else (value, column)
    return Split(name, n, columns, groups=column if said else None)  # type: ignore[arg-type]


@settings(max_examples=30, deadline=None)
@given(st.integers(20, 60), st.integers(20, 60), st.integers(2, 9), st.booleans(), st.integers(0, 9))
def test_one_row_of_each_group_where_groups_are_apart(
    first: int, second: int, size: int, said: bool, seed: int
) -> None:
    train = np.repeat(np.arange(1, first + 1), size)
    val = np.repeat(np.arange(1000, 1000 + second), size)
    found = independent_rows(split_of("train", train, said=said), (split_of("val", val, said=said),), seed)
    assert (found.train.n, found.held_out[0].n) == (first, second)
    assert sorted(train[found.numbers["train"]]) == list(range(1, first + 1))
    assert found.said == "one row of each 'patient'"
    np.testing.assert_array_equal(found.held_out[0].columns[0].values, found.numbers["val"])
    assert found.number("val", second - 1) == found.numbers["val"][-1]


@pytest.mark.parametrize(
    ("train", "val"),
    [
        (np.repeat(np.arange(1, 101), 5), np.repeat(np.arange(1, 101), 2)),  # a random split of rows
        (np.arange(1, 301), np.arange(1000, 1200)),  # each row a group
        (np.repeat(np.arange(1, 6), 100), np.repeat(np.arange(10, 13), 100)),  # five hospitals and three
    ],
)
def test_all_rows_otherwise(train: np.ndarray, val: np.ndarray) -> None:
    splits = split_of("train", train), (split_of("val", val),)
    found = independent_rows(*splits, 0)
    assert found.train is splits[0]
    assert found.held_out is splits[1]
    assert found.said == ""
    assert found.number("val", 3) == 3


def test_rows_of_no_group_stand_for_themselves() -> None:
    train = np.concatenate([np.repeat(np.arange(1, 31), 4), np.zeros(7)])
    found = independent_rows(split_of("train", train), (split_of("val", np.repeat(np.arange(100, 130), 4)),), 0)
    assert found.train.n == 37
    assert set(range(120, 127)) <= set(found.numbers["train"].tolist())

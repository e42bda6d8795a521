"""Rows that depend on each other are no evidence of a shift by themselves: known truth by dealing out whole groups."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import diagnose
from diagnose.analyzers.categories_unseen import CategoriesUnseen
from diagnose.analyzers.columns_mismatched import ColumnsMismatched
from diagnose.analyzers.columns_shifted import ColumnsShifted
from diagnose.analyzers.columns_shifted_jointly import ColumnsShiftedJointly
from diagnose.analyzers.label_shares_differ import LabelSharesDiffer
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
    np.testing.assert_array_equal(found.numbers_of("val", np.array([second - 1])), found.numbers["val"][-1:])


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
    np.testing.assert_array_equal(found.numbers_of("val", np.array([3])), [3])


def test_rows_of_no_group_stand_for_themselves() -> None:
    train = np.concatenate([np.repeat(np.arange(1, 31), 4), np.zeros(7)])
    found = independent_rows(split_of("train", train), (split_of("val", np.repeat(np.arange(100, 130), 4)),), 0)
    assert found.train.n == 37
    assert set(range(120, 127)) <= set(found.numbers["train"].tolist())


def patients(seed: int, *, moved: float = 0.0) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Fifteen rows of each of 130 patients who differ among themselves, dealt out by whole patients."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(130), 15)
    x = rng.normal(size=(130, 6))[group] + 0.4 * rng.normal(size=(len(group), 6))
    label = (rng.random(130) < 0.5)[group]
    sick = np.isin(group, rng.permutation(130)[:45])
    x[sick] += moved
    table = {f"x{i}": x[:, i] for i in range(6)} | {"patient": np.array([f"p{g}" for g in group]), "y": label}
    return {k: v[~sick] for k, v in table.items()}, {k: v[sick] for k, v in table.items()}


RULES = [ColumnsShifted(), ColumnsShiftedJointly(), LabelSharesDiffer()]


def shifts_of(train: dict[str, np.ndarray], val: dict[str, np.ndarray], **data: str) -> set[str]:
    found = diagnose.audit(train=train, val=val, data={"label": "y", **data}, analyzers=RULES)
    return {finding.code for finding in found.findings}


def test_other_patients_are_no_shift() -> None:
    fired = [shifts_of(*patients(seed), group="patient") for seed in range(8)]
    assert sum(map(bool, fired)) <= 1, fired  # rows taken for independent: eight of eight
    assert shifts_of(*({k: v for k, v in t.items() if k != "patient"} for t in patients(0)))


def test_categories_of_other_patients_are_no_new_ones() -> None:
    """Each patient has one of forty cities: many of them are on one side only, and of ten rows each."""
    rng = np.random.default_rng(0)
    (train, val), cities = patients(0), np.array([f"city {i}" for i in range(40)])[rng.integers(0, 40, 130)]
    for side in (train, val):
        side["city"] = cities[[int(name[1:]) for name in side["patient"]]]
    rules = [CategoriesUnseen(), ColumnsMismatched()]
    found = diagnose.audit(train=train, val=val, data={"label": "y", "group": "patient"}, analyzers=rules)
    assert not found.findings
    alone = diagnose.audit(train=train, val=val, data={"label": "y", "ignore": ["patient"]}, analyzers=rules)
    assert {f.code for f in alone.findings} >= {"COV113"}


def test_patients_of_another_kind_are() -> None:
    assert "COV111" in shifts_of(*patients(0, moved=1.2), group="patient")

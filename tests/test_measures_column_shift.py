"""The comparisons of columns: what is compared, with what, and in which words."""

from __future__ import annotations

import numpy as np
import pytest

from column_tables import gaps, split_of, table
from diagnose.data import Column, Kind
from diagnose.errors import NotEnoughEvidence
from diagnose.measures.column_facts import column_facts
from diagnose.measures.column_shift import LEAST_ROWS, column_shift
from diagnose.measures.column_words import shares


def test_compares_each_column_with_each_split() -> None:
    splits = split_of("val", table(300, 1)), split_of("test", table(200, 2))
    found = column_shift(split_of("train", table(500, 0)), splits)
    assert [(c.name, c.split) for c in found.columns] == [
        (column.name, split.name) for split in splits for column in splits[0].columns
    ]
    assert found.rows == {"train": 500, "val": 300, "test": 200}
    assert all(0 <= c.low <= c.distance <= c.high <= 1 and c.p <= c.q + 1e-12 for c in found.columns)
    assert {c.statistic for c in found.columns} == {"KS distance", "total variation"}


def test_missing_values_are_compared_apart() -> None:
    made = table(400, 0)
    train, val = split_of("train", made), split_of("val", {**made, "age": gaps(made["age"], 0.5)})
    found = column_shift(train, (val,))
    age = next(c for c in found.columns if c.name == "age")
    assert age.n == 400
    assert age.m < 250
    assert [(g.name, g.first) for g in found.missing] == [("age", 0.0)]


def test_levels_are_matched_by_their_text() -> None:
    train = Column("city", Kind.CATEGORY, np.array([0, 1, 2, 1] * 20, np.int32), ("a", "b", "c"))
    val = Column("city", Kind.CATEGORY, np.array([2, 1, 0, 1] * 20, np.int32), ("c", "b", "a"))
    found = column_shift(split_of("train", {"city": train}), (split_of("val", {"city": val}),))
    assert found.columns[0].distance == 0
    assert found.levels[0].new == ()


def test_says_what_it_could_not_compare() -> None:
    few = np.where(np.arange(200) < LEAST_ROWS - 1, 1.5, np.nan)
    names = Column("id", Kind.IDENTIFIER, np.arange(1, 201, dtype=np.uint64))
    sides = [split_of(name, {**table(200, 0), "few": few, "id": names}) for name in ("train", "val")]
    found = column_shift(sides[0], (sides[1],))
    assert {name for name, _ in found.uncompared} == {"few", "id"}


def test_kinds_that_differ_are_not_compared() -> None:
    train, val = split_of("train", {"a": np.ones(50), "b": np.ones(50)}), split_of("val", {"a": ["x"] * 50})
    with pytest.raises(NotEnoughEvidence, match="no column can be compared"):
        column_shift(train, (val,))


def test_dates_are_written_as_dates() -> None:
    year = 365.25 * 86400.0
    rng = np.random.default_rng(0)
    sides = [
        split_of(name, {"t": Column("t", Kind.TIME, (start + rng.random(300)) * year)})
        for name, start in (("train", 50), ("val", 50.3))
    ]
    assert "median t 2020-0" in column_shift(sides[0], (sides[1],)).columns[0].words


def test_is_the_same_each_time() -> None:
    sides = split_of("train", table(400, 0)), split_of("val", table(300, 1))
    assert column_shift(sides[0], (sides[1],)) == column_shift(sides[0], (sides[1],))


def test_a_small_change_of_a_share_is_seen() -> None:
    assert shares(0.12345, 0.12354) == "12.345 % → 12.354 %"


def test_facts_find_copies_and_no_others() -> None:
    made = table(300, 0)
    swapped = Column("town", Kind.CATEGORY, np.array([1, 0] * 150, np.int32), ("b", "a"))
    twin = Column("village", Kind.CATEGORY, np.array([0, 1] * 150, np.int32), ("a", "b"))
    train = split_of("train", {**made, "copy": made["age"], "town": swapped, "village": twin})
    found = column_facts(train, (split_of("val", made),))
    assert found.twins == (("copy", "age"), ("village", "town"))
    assert {name for name, _ in found.only_train} == {"copy", "town", "village"}
    assert found.compared == len(made)


def test_gaps_alone_are_no_value() -> None:
    train = split_of("train", {"x": np.full(50, np.nan), "y": np.arange(50.0)})
    found = column_facts(train, (split_of("val", {"x": np.full(50, np.nan), "y": np.arange(50.0)}),))
    assert found.constant == ("x",)
    assert found.ranges == ()

"""What is plainly different between the columns of two splits: which there are, their kinds, units and ranges."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from diagnose.data import Column, Kind, Split, SplitName
from diagnose.measures.column_shift import ColumnShifts
from diagnose.measures.independent_rows import IndependentRows
from diagnose.stats.rescaled import Rescaled, rescaled

SAMPLED = 64
"""Rows by which columns are sorted out before any two are compared in full."""
APART = 0.3
"""Distance from which another unit is looked for: ×1.1, the least factor that is, moves a column that far or keeps its
place as a spread does."""
PIXELS = 50.0
"""Least factor, either way, of what was computed of images or texts: below it is light and length, above it pixels of
0 to 255 against 0 to 1. Darker pictures are rescaled ones, and no unit."""


@dataclass(frozen=True)
class OutOfRange:
    """A number that leaves the range of the training data.

    Attributes
    ----------
    name, split
        Which column, in which split.
    low, high
        Range of the training data.
    below, above
        Rows of the split beyond each end.
    rows, p
        Rows with a known value; odds of as many beyond the worse end where both are samples of one population.
    """

    name: str
    split: SplitName
    low: float
    high: float
    below: int
    above: int
    rows: int
    p: float


@dataclass(frozen=True)
class ColumnFacts:
    """What is plainly different, and what is idle.

    Attributes
    ----------
    only_train, only_held_out
        Columns on one side only, each with the split that lacks or has it.
    kinds
        Columns whose kind differs: name, kind in training, split, kind there.
    units
        Columns that hold the same values in another unit, or normalised on one side only.
    ranges
        Numbers of which rows lie beyond the training data's range.
    constant
        Columns of one value in training.
    frozen
        Columns that vary in training and have one value in a split.
    twins
        Columns that equal an earlier one of the training data in every row: name, the earlier one. None where no rows
        are there to compare.
    compared
        Number of columns that stand on both sides.
    """

    only_train: tuple[tuple[str, SplitName], ...]
    only_held_out: tuple[tuple[str, SplitName], ...]
    kinds: tuple[tuple[str, Kind, SplitName, Kind], ...]
    units: tuple[tuple[str, SplitName, Rescaled], ...]
    ranges: tuple[OutOfRange, ...]
    constant: tuple[str, ...]
    frozen: tuple[tuple[str, SplitName], ...]
    twins: tuple[tuple[str, str], ...] | None
    compared: int


def column_facts(
    train_split: Split,
    held_out: tuple[Split, ...],
    column_shift: ColumnShifts | None = None,
    independent_rows: IndependentRows | None = None,
) -> ColumnFacts:
    """Compare names, kinds, units and ranges of the inputs, and find those that say nothing.

    Of rows that come in groups one a group is asked whether it leaves the range of all training rows.
    """
    alone = independent_rows or IndependentRows(train_split, held_out, {}, "")
    names = {column.name: column for column in train_split.columns}
    pairs = [
        (names[other.name], other, split.name) for split in held_out for other in split.columns if other.name in names
    ]
    alike = [(one, other, split) for one, other, split in pairs if one.kind is other.kind]
    numbers = [pair for pair in alike if pair[0].kind is Kind.NUMBER]
    drawn = {split.name: split for split in alone.held_out}
    ranges = {
        (r.name, r.split): r for one, _, split in numbers
        if (r := _out_of_range(one, alone.train.column(one.name), drawn[split].column(one.name), split)) is not None
    }  # fmt: skip
    constant = {column.name for column in train_split.columns if _is_constant(column)}
    own = [column for column in train_split.columns if not column.made_of]  # images of one size are no fault
    apart = {(c.name, c.split) for c in column_shift.columns if c.distance >= APART} if column_shift else set()
    units = [(one.name, split, unit_of(one.made_of, rescaled(one.values, other.values)))
             for one, other, split in numbers if (one.name, split) in apart]  # fmt: skip
    return ColumnFacts(
        tuple((c.name, s.name) for s in held_out for c in _inputs(train_split) if s.column(c.name) is None),
        tuple((c.name, s.name) for s in held_out for c in _inputs(s) if c.name not in names),
        tuple((one.name, one.kind, split, other.kind) for one, other, split in pairs if one.kind is not other.kind),
        tuple((name, split, unit) for name, split, unit in units if unit is not None),
        tuple(ranges.values()),
        tuple(column.name for column in own if column.name in constant),
        tuple((one.name, split) for one, other, split in alike if one.name not in constant and _is_constant(other)),
        _twins(column for column in own if column.name not in constant),
        len(pairs),
    )


def _inputs(split: Split) -> list[Column]:
    """Return what a model gets: names of rows, such as the index of a data frame, may stand on one side only."""
    return [column for column in split.columns if column.kind is not Kind.IDENTIFIER]


def unit_of(made_of: str, found: Rescaled | None) -> Rescaled | None:
    """Return the change of unit where it is one of what the column was computed of; of the data's own, any."""
    is_light = found is not None and bool(made_of) and 1 / PIXELS < found.factor < PIXELS
    return None if is_light else found


def _is_constant(column: Column) -> bool:
    """Whether all rows have one and the same value; a gap is a value too."""
    values = column.values
    if len(values) == 0:
        return False
    first = values[0]
    if isinstance(first, float | np.floating) and np.isnan(first):
        return bool(np.isnan(values).all())
    return bool(values[-1] == first and (values[:SAMPLED] == first).all() and (values == first).all())


def _out_of_range(column: Column, of: Column | None, other: Column | None, split: SplitName) -> OutOfRange | None:
    """``of`` are those rows of the training column that stand for themselves."""
    if of is None or other is None:
        return None
    with np.errstate(invalid="ignore"):
        known = int(np.count_nonzero(~np.isnan(of.values))), int(np.count_nonzero(~np.isnan(other.values)))
        if not min(known):
            return None
        low, high = np.fmin.reduce(column.values), np.fmax.reduce(column.values)
        below, above = int(np.count_nonzero(other.values < low)), int(np.count_nonzero(other.values > high))
    if not below + above:
        return None
    return OutOfRange(
        column.name, split, float(low), float(high), below, above, known[1], outermost(*known, max(below, above))
    )


def outermost(n: int, m: int, rows: int) -> float:
    """Return the odds that the outermost rows of a pooled sample all belong to the second, at either end."""
    drawn = np.arange(min(rows, 1000))  # beyond that the odds are nil
    return float(min(1.0, 2 * np.exp(np.sum(np.log(m - drawn) - np.log(n + m - drawn)))))


def _twins(columns: Iterable[Column]) -> tuple[tuple[str, str], ...]:
    """Find columns that equal an earlier one: by some rows first, then by all."""
    seen: dict[tuple[Any, ...], list[Column]] = {}
    found = []
    for column in columns:
        some = column.values[:: 1 + len(column) // SAMPLED]
        key = (column.kind, _text_of(column, some))
        earlier = next((one for one in seen.setdefault(key, []) if _equal(one, column)), None)
        if earlier is None:
            seen[key].append(column)
        else:
            found.append((column.name, earlier.name))
    return tuple(found)


def _text_of(column: Column, values: Any) -> Any:
    if column.kind is Kind.CATEGORY:  # codes are in the order of the levels, which may differ
        return tuple(column.levels[code] if code >= 0 else None for code in values)
    return tuple(values) if values.dtype == object else values.tobytes()


def _equal(one: Column, other: Column) -> bool:
    if one.kind is Kind.CATEGORY:
        place = {level: i for i, level in enumerate(one.levels)}
        codes = np.array([place.get(level, -2) for level in other.levels] + [-1], np.int64)
        return bool(np.array_equal(one.values, codes[other.values]))
    return bool(np.array_equal(one.values, other.values, equal_nan=one.values.dtype.kind == "f"))

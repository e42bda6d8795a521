"""How every column of the training data differs from that of each held-out split, with intervals and p-values."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from diagnose.data import Column, Kind, Split, SplitName
from diagnose.errors import NotEnoughEvidence
from diagnose.measures.column_words import category_words, number_words
from diagnose.measures.independent_rows import IndependentRows
from diagnose.stats.cells import pooled_cells
from diagnose.stats.homogeneity import CategoryShift, compare_categories
from diagnose.stats.hypergeometric import difference_interval, split_p_value
from diagnose.stats.many import rank_correlation, sum_of_squares_p_value
from diagnose.stats.multiple import benjamini_hochberg
from diagnose.stats.two_sample import NumberShift, compare_numbers, distance_of

LEAST_ROWS = 20
"""Fewer known values on a side are no distribution: even a shift of one standard deviation would be found in one of
five cases."""
FEW_COLUMNS = 5
"""With fewer numbers the largest difference says about as much as their sum."""
CORRELATED_ROWS = 1000
"""Rows of a side from which the columns' correlation is estimated: an error of 0.02 in each, which makes the test of
200 independent columns 5 % more careful."""
Z95 = 1.6449


@dataclass(frozen=True)
class ColumnShift:
    """One column of the training data against the same of a held-out split.

    Attributes
    ----------
    name, split, kind
        Which column, against which split.
    n, m
        Rows with a known value: of the training data, of the split.
    statistic
        ``"KS distance"`` or ``"total variation"``.
    distance, low, high
        Its value, and the 95 % bounds of the populations' one: a share of rows, 0 to 1.
    p, q
        P-value of no difference, and the false-discovery rate over all columns and splits at which it holds.
    words
        The difference in the column's own unit: ``"median age 34 → 41 (KS distance 0.21)"``.
    detail
        All that the comparison gave.
    """

    name: str
    split: SplitName
    kind: Kind
    n: int
    m: int
    statistic: str
    distance: float
    low: float
    high: float
    p: float
    q: float
    words: str
    detail: NumberShift | CategoryShift


@dataclass(frozen=True)
class MissingShift:
    """Shares of rows without a value in one column: of the training data, of the split, and their difference."""

    name: str
    split: SplitName
    first: float
    second: float
    low: float
    high: float
    p: float
    q: float


@dataclass(frozen=True)
class LevelShift:
    """Categories of one column that only one side knows; shares of the other's rows, as far as chance can't explain."""

    name: str
    split: SplitName
    new: tuple[str, ...]
    new_share: float
    new_low: float
    new_q: float
    gone: tuple[str, ...]
    gone_share: float
    gone_low: float
    gone_q: float


@dataclass(frozen=True)
class ManyShifts:
    """All numbers of a split together: do many middles move a little, though none stands out?

    Attributes
    ----------
    split, columns
        Against which split, and how many columns.
    p
        P-value of no difference, given how the columns depend on each other.
    shift
        Root mean square of the shifts in standard deviations of normal scores, less what chance adds; 0 or more.
    distance
        The Kolmogorov-Smirnov distance of normal populations that far apart.
    """

    split: SplitName
    columns: int
    p: float
    shift: float
    distance: float


@dataclass(frozen=True)
class ColumnShifts:
    """All comparisons of columns.

    Attributes
    ----------
    rows
        Rows of the training data and of each split compared.
    columns, missing, levels
        The comparisons, in the data's order, one split after the other.
    many
        All numbers of each split together; empty where there are few.
    uncompared
        Names of columns that stand on both sides and were not compared, each with the reason.
    said
        Which rows were compared, where not all were: ``"one row of each 'patient'"``.
    """

    rows: dict[SplitName, int]
    columns: tuple[ColumnShift, ...]
    missing: tuple[MissingShift, ...]
    levels: tuple[LevelShift, ...]
    many: tuple[ManyShifts, ...]
    uncompared: tuple[tuple[str, str], ...]
    said: str = ""

    @property
    def held_out(self) -> tuple[SplitName, ...]:
        """Names of the splits that were compared with the training data."""
        return tuple(split for split in self.rows if split != "train")

    def against(self, split: SplitName) -> tuple[ColumnShift, ...]:
        """Return the comparisons with one split."""
        return tuple(column for column in self.columns if column.split == split)


def column_shift(
    train_split: Split, held_out: tuple[Split, ...], independent_rows: IndependentRows | None = None
) -> ColumnShifts:
    """Compare every input of the training data with the same of each held-out split.

    Of rows that come in groups one a group is compared; a category is new only where no row at all has it.
    """
    if independent_rows is None or not independent_rows.said:
        return _compared(train_split, held_out)
    found = _compared(independent_rows.train, independent_rows.held_out)
    splits = {split.name: split for split in held_out}
    levels = tuple(_never_seen(level, train_split, splits[level.split]) for level in found.levels)
    return replace(found, levels=levels, said=independent_rows.said)


def _never_seen(level: LevelShift, train: Split, split: Split) -> LevelShift:
    """Leave out the categories that other rows of the side that seems to lack them have."""
    seen, held = ({c.levels[code] for code in np.unique(c.values) if code >= 0}
                  for side in (train, split) if (c := side.column(level.name)) is not None)  # fmt: skip
    new, gone = tuple(n for n in level.new if n not in seen), tuple(n for n in level.gone if n not in held)
    return replace(
        level, new=new, new_low=level.new_low if new else 0.0, gone=gone, gone_low=level.gone_low if gone else 0.0
    )


def _compared(train_split: Split, held_out: tuple[Split, ...]) -> ColumnShifts:
    columns: list[ColumnShift] = []
    missing: list[MissingShift] = []
    levels: list[LevelShift] = []
    uncompared: list[tuple[str, str]] = []
    for split in held_out:
        for column in train_split.columns:
            other = split.column(column.name)
            if other is None or other.kind is not column.kind or not len(column) or not len(other):
                continue  # columns on one side only, and kinds that differ, are the business of column_facts
            known = _known(column), _known(other)
            gaps = missing_shift(column.name, split.name, known, (len(column), len(other)))
            if gaps is not None:
                missing.append(gaps)
            if column.kind in (Kind.TEXT, Kind.IDENTIFIER):
                uncompared.append((column.name, f"{column.kind.value} has no distribution to compare"))
            elif min(known) < LEAST_ROWS:
                uncompared.append((column.name, f"{min(known)} known values on one side; {LEAST_ROWS} are needed"))
            elif column.kind is Kind.CATEGORY:
                shift, level = _category(column, other, split.name)
                columns.append(shift)
                levels.append(level)
            else:
                columns.append(_number(column, other, split.name))
    if not columns and not missing:
        why = "; ".join(f"{name}: {reason}" for name, reason in uncompared[:3]) or "no input stands on both sides"
        raise NotEnoughEvidence(f"no column can be compared ({why})", "give data that share columns, as one table each")
    return ColumnShifts(
        {split.name: split.n for split in (train_split, *held_out)},
        with_q(columns), gaps_with_q(missing), levels_with_q(levels),
        tuple(_together(train_split, split, columns) for split in held_out if numbers_of(split.name, columns)),
        tuple(dict.fromkeys(uncompared)),
    )  # fmt: skip


def _known(column: Column) -> int:
    return len(column) - int(np.count_nonzero(column.missing))


def _number(column: Column, other: Column, split: SplitName) -> ColumnShift:
    values = [side.values[~np.isnan(side.values)] if _known(side) < len(side) else side.values
              for side in (column, other)]  # fmt: skip
    cells = pooled_cells(*values)
    found = compare_numbers(cells)
    return ColumnShift(
        column.name, split, column.kind, len(values[0]), len(values[1]), "KS distance", found.distance, found.low,
        found.high, found.p, math.nan, number_words(column.name, column.kind, cells, found), found,
    )  # fmt: skip


def _category(column: Column, other: Column, split: SplitName) -> tuple[ColumnShift, LevelShift]:
    levels = tuple(dict.fromkeys((*column.levels, *other.levels)))
    first, second = (_counts(side, levels) for side in (column, other))
    found = compare_categories(first, second)
    shift = ColumnShift(
        column.name, split, column.kind, int(first.sum()), int(second.sum()), "total variation", found.distance,
        found.low, found.high, found.p, math.nan, category_words(column.name, levels, first, second, found), found,
    )  # fmt: skip
    alone = LevelShift(
        column.name, split,
        only_in(second, first, levels), found.new, found.new_low, found.new_p,
        only_in(first, second, levels), found.gone, found.gone_low, found.gone_p,
    )  # fmt: skip
    return shift, alone


def _counts(column: Column, levels: tuple[str, ...]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    own = np.bincount(column.values + 1, minlength=len(column.levels) + 1)[1:]
    place = {level: i for i, level in enumerate(levels)}
    counts = np.zeros(len(levels), np.int64)
    np.add.at(counts, [place[level] for level in column.levels], own)
    return counts


def only_in(
    here: np.ndarray[tuple[int], np.dtype[np.int64]],
    there: np.ndarray[tuple[int], np.dtype[np.int64]],
    levels: tuple[str, ...],
) -> tuple[str, ...]:
    """Return the levels that only one side holds, the commonest first."""
    only = np.flatnonzero((here > 0) & (there == 0))
    return tuple(levels[i] for i in only[np.argsort(-here[only], kind="stable")])


def missing_shift(name: str, split: SplitName, known: tuple[int, int], rows: tuple[int, int]) -> MissingShift | None:
    """Compare shares of missing values; None where none is missing, or all: whichever the split, that says nothing."""
    gaps = rows[0] - known[0], rows[1] - known[1]
    if not 0 < sum(gaps) < sum(rows):
        return None
    low, high = difference_interval(gaps[0], rows[0], gaps[1], rows[1], Z95)
    p = split_p_value(gaps[1], sum(gaps), rows[1], sum(rows))
    return MissingShift(name, split, gaps[0] / rows[0], gaps[1] / rows[1], float(low), float(high), float(p), math.nan)


def numbers_of(split: SplitName, columns: list[ColumnShift]) -> list[ColumnShift]:
    """Return the comparisons of numbers that vary, where they are enough for a sum to say more than the largest."""
    found = [c for c in columns if c.split == split and isinstance(c.detail, NumberShift) and not _constant(c)]
    return found if len(found) >= FEW_COLUMNS else []


def _together(train: Split, split: Split, columns: list[ColumnShift]) -> ManyShifts:
    compared = numbers_of(split.name, columns)
    sides = []
    for side in (train, split):
        named = {column.name: column.values for column in side.columns}
        step = 1 + side.n // CORRELATED_ROWS
        sides.append(np.column_stack([named[c.name][::step].astype(np.float64) for c in compared]))
    return together(split.name, compared, rank_correlation(*sides))


def together(split: SplitName, compared: list[ColumnShift], correlation: npt.NDArray[np.float64]) -> ManyShifts:
    """Test whether the middles of these columns moved, given the correlation of their normal scores."""
    z = np.array([c.detail.moved for c in compared if isinstance(c.detail, NumberShift)])
    error = float(np.mean([1 / c.n + 1 / c.m for c in compared]))
    shift = math.sqrt(max(0.0, float(np.mean(z * z)) - 1) * error)
    p = sum_of_squares_p_value(z, correlation)
    return ManyShifts(split, len(z), p, shift, distance_of(shift))


def with_q(columns: list[ColumnShift]) -> tuple[ColumnShift, ...]:
    """Control the false discoveries over all columns and splits; a column of one value can't be one and is no test."""
    tested = [i for i, column in enumerate(columns) if column.high > 0 and not _constant(column)]
    rates = dict(zip(tested, benjamini_hochberg([columns[i].p for i in tested]).tolist(), strict=True))
    return tuple(replace(column, q=rates.get(i, 1.0)) for i, column in enumerate(columns))


def _constant(column: ColumnShift) -> bool:
    return column.distance == 0 and column.p >= 1


def gaps_with_q(gaps: list[MissingShift]) -> tuple[MissingShift, ...]:
    """Control the false discoveries over all columns and splits."""
    rates = benjamini_hochberg([gap.p for gap in gaps]).tolist()
    return tuple(replace(gap, q=q) for gap, q in zip(gaps, rates, strict=True))


def levels_with_q(levels: list[LevelShift]) -> tuple[LevelShift, ...]:
    """Control both questions, new and gone, at once."""
    rates = benjamini_hochberg([p for level in levels for p in (level.new_q, level.gone_q)]).tolist()
    return tuple(
        replace(level, new_q=new, gone_q=gone) for level, new, gone in zip(levels, rates[::2], rates[1::2], strict=True)
    )

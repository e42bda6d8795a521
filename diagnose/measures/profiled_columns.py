"""The comparison of columns from profiles: what `column_shift` is where a split has no rows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from diagnose.data import Kind, SplitName
from diagnose.errors import NotEnoughEvidence
from diagnose.measures.column_shift import (
    CORRELATED_ROWS,
    LEAST_ROWS,
    ColumnShift,
    ColumnShifts,
    LevelShift,
    ManyShifts,
    MissingShift,
    gaps_with_q,
    levels_with_q,
    missing_shift,
    numbers_of,
    only_in,
    together,
    with_q,
)
from diagnose.measures.column_words import category_words, number_words
from diagnose.measures.profiled import pair
from diagnose.profiles.columns import ColumnProfile, side_by_side
from diagnose.profiles.profile import Profile
from diagnose.run import Run
from diagnose.stats.dyadic_shift import compare_dyadic
from diagnose.stats.homogeneity import compare_categories
from diagnose.stats.many import rank_correlation

SEVERAL = "several categories together"
"""Name of a group of categories that a profile does not tell apart."""


def column_shift(run: Run, profiles: Mapping[SplitName, Profile]) -> ColumnShifts:
    """Compare every input of the training profile with the same of each held-out one.

    As from rows, but that many columns together are compared only where one side has rows: they tell how the columns
    depend on each other.
    """
    train, held = pair(profiles)
    columns: list[ColumnShift] = []
    missing: list[MissingShift] = []
    levels: list[LevelShift] = []
    uncompared: list[tuple[str, str]] = []
    for split, profile in held.items():
        for column in train.columns:
            other = profile.column(column.name)
            if other is None or other.kind is not column.kind or not train.n or not profile.n:
                continue
            known = column.known, other.known
            gaps = missing_shift(column.name, split, known, (train.n, profile.n))
            if gaps is not None:
                missing.append(gaps)
            if column.kind in {Kind.TEXT, Kind.IDENTIFIER}:
                uncompared.append((column.name, f"{column.kind.value} has no distribution to compare"))
            elif min(known) < LEAST_ROWS:
                uncompared.append((column.name, f"{min(known)} known values on one side; {LEAST_ROWS} are needed"))
            elif column.kind is Kind.CATEGORY:
                shift, level = _category(column, other, split)
                columns.append(shift)
                levels.append(level)
            else:
                columns.append(_number(column, other, split))
    if not columns and not missing:
        why = "; ".join(f"{name}: {reason}" for name, reason in uncompared[:3]) or "no input stands on both sides"
        raise NotEnoughEvidence(f"no column can be compared ({why})", "give data that share columns, as one table each")
    return ColumnShifts(
        {"train": train.n, **{split: profile.n for split, profile in held.items()}},
        with_q(columns), gaps_with_q(missing), levels_with_q(levels),
        tuple(many for split in held if (many := _together(run, split, columns)) is not None),
        tuple(dict.fromkeys(uncompared)),
    )  # fmt: skip


def _number(column: ColumnProfile, other: ColumnProfile, split: SplitName) -> ColumnShift:
    cells, found = compare_dyadic(column.cells, other.cells, is_single=column.is_single or other.is_single)
    return ColumnShift(
        column.name, split, column.kind, column.known, other.known, "KS distance", found.distance, found.low,
        found.high, found.p, math.nan, number_words(column.name, column.kind, cells, found), found,
    )  # fmt: skip


def _category(column: ColumnProfile, other: ColumnProfile, split: SplitName) -> tuple[ColumnShift, LevelShift]:
    names, one, two = side_by_side(column, other)
    names = tuple(name or SEVERAL for name in names)
    first, second = one.counts, two.counts
    found = compare_categories(first, second)
    found = replace(found, high=min(1.0, found.high + _hidden(names, first, second)))
    shift = ColumnShift(
        column.name, split, column.kind, int(first.sum()), int(second.sum()), "total variation", found.distance,
        found.low, found.high, found.p, math.nan, category_words(column.name, names, first, second, found), found,
    )  # fmt: skip
    alone = LevelShift(
        column.name, split,
        _once(only_in(second, first, names)), found.new, found.new_low, found.new_p,
        _once(only_in(first, second, names)), found.gone, found.gone_low, found.gone_p,
    )  # fmt: skip
    return shift, alone


def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _hidden(names: tuple[str, ...], first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]) -> float:
    """Return by how much total variation can exceed that of the groups: by what both sides hold of each."""
    several = np.fromiter((name == SEVERAL for name in names), np.bool_, len(names))
    return float(np.minimum(first / first.sum(), second / second.sum())[several].sum())


def _together(run: Run, split: SplitName, columns: list[ColumnShift]) -> ManyShifts | None:
    compared = numbers_of(split, columns)
    rows = run.splits.get("train") or run.splits.get(split)
    if not compared or rows is None:
        return None
    named = {column.name: column.values for column in rows.columns}
    step = 1 + rows.n // (2 * CORRELATED_ROWS)
    some = np.column_stack([named[c.name][::step].astype(np.float64) for c in compared])
    return together(split, compared, rank_correlation(some[::2], some[1::2]))

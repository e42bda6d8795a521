"""What a profile knows of one column."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from diagnose.data import Column, Kind
from diagnose.errors import InputError
from diagnose.hashing import text_hashes
from diagnose.profiles.names import cut
from diagnose.stats import dyadic
from diagnose.stats.dyadic import Dyadic

MOST_LEVELS = 1 << 11
"""Categories that are counted one by one. Beyond, those whose hashes begin alike are counted together: which ones has
nothing to do with how common they are on either side, so that a comparison of the groups stays fair and only sees
less."""


@dataclass(frozen=True, eq=False)
class ColumnProfile:
    """One column of a data set.

    Attributes
    ----------
    name, kind, decided, made_of
        As of `diagnose.data.Column`.
    place
        Its place among the columns, from 0.
    known
        Rows with a value.
    low, high
        The smallest and the largest number; NaN where there is none.
    is_single
        Whether numbers came as 32-bit floats, in part at least.
    cells
        Of numbers and times: the values. Of categories: hashes of their names. Of texts and identifiers: empty.
    names
        Of categories: the name of each cell, "" where the cell holds several.
    """

    name: str
    kind: Kind
    decided: str = ""
    made_of: str = ""
    place: int = 0
    known: int = 0
    low: float = np.nan
    high: float = np.nan
    is_single: bool = False
    cells: Dyadic = dyadic.EMPTY
    names: tuple[str, ...] = ()

    @property
    def is_exact(self) -> bool:
        """Whether every distinct value is counted by itself."""
        return self.cells.level == 0

    @property
    def rank_error(self) -> float:
        """Bound of the error of every rank and share that is read off the profile, as a share of the rows."""
        return self.cells.rank_error

    @cached_property
    def by_name(self) -> dict[str, int]:
        """Of categories: rows of each that is counted by itself."""
        if not self.names:
            return {}
        counts = self.cells.counts.tolist()
        return {name: count for name, count in zip(self.names, counts, strict=True) if name}

    @property
    def pooled(self) -> int:
        """Of categories: the number of groups of several."""
        return self.names.count("")

    def moments(self) -> tuple[float, float]:
        """Return mean and standard deviation; beyond a few thousand values, of the middles of their cells."""
        if not self.known or self.kind not in {Kind.NUMBER, Kind.TIME}:
            return np.nan, np.nan
        with np.errstate(over="ignore", invalid="ignore"):
            middle = self.cells.lower / 2 + self.cells.upper / 2
            weight = self.cells.counts / self.known
            mean = float(weight @ middle)
            return mean, float(np.sqrt(weight @ (middle - mean) ** 2))

    def quantile(self, share: float) -> float:
        """Return the value below which that share of the known rows lies; NaN where there is none."""
        if not self.known:
            return float("nan")
        at = int(np.searchsorted(np.cumsum(self.cells.counts), share * self.known, "left"))
        return float(np.clip(self.cells.upper[min(at, len(self.cells.upper) - 1)], self.low, self.high))


def profiled(column: Column, place: int = 0) -> ColumnProfile:
    """Return the profile of a column of a split."""
    base = ColumnProfile(column.name, column.kind, column.decided, column.made_of, place)
    match column.kind:
        case Kind.CATEGORY:
            return _of_categories(base, column)
        case Kind.TEXT | Kind.IDENTIFIER:
            return replace(base, known=len(column) - int(np.count_nonzero(column.missing)))
    values = column.values[~np.isnan(column.values)]
    if not len(values):
        return base
    return replace(
        base,
        known=len(values),
        low=float(values.min()) + 0.0,
        high=float(values.max()) + 0.0,
        is_single=values.dtype == np.float32,
        cells=dyadic.counted(dyadic.words(values)),
    )


def _of_categories(base: ColumnProfile, column: Column) -> ColumnProfile:
    counts = np.bincount(column.values[column.values >= 0], minlength=len(column.levels))
    names = [cut(level) for level in column.levels]
    hashes = text_hashes(names)
    order = np.argsort(hashes, kind="stable")
    order = order[counts[order] > 0]
    cells = dyadic.exact(hashes[order], counts[order].astype(np.int64))
    whole = replace(base, known=int(counts.sum()), cells=cells, names=tuple(names[at] for at in order.tolist()))
    return _limited(whole)


def merged(first: ColumnProfile, second: ColumnProfile) -> ColumnProfile:
    """Return the profile of the rows of both.

    Raises
    ------
    InputError
        They are of different kinds.
    """
    if first.kind is not second.kind:
        raise InputError(
            f"{first.name!r} is a {first.kind.value} in one part of the data and a {second.kind.value} in another; "
            f"say which: --kind {first.name}={first.kind.value}"
        )
    both = replace(
        first,
        decided=min(first.decided, second.decided),
        made_of=min(first.made_of, second.made_of),
        place=min(first.place, second.place),
        known=first.known + second.known,
        low=float(np.fmin(first.low, second.low)),
        high=float(np.fmax(first.high, second.high)),
        is_single=first.is_single or second.is_single,
    )
    if first.kind is not Kind.CATEGORY:
        return replace(both, cells=dyadic.merged(first.cells, second.cells))
    names, one, _ = side_by_side(first, second)
    cells = dyadic.merged(first.cells.coarser(one.level), second.cells.coarser(one.level), most=2 * MOST_LEVELS)
    return _limited(replace(both, cells=cells, names=names))


def side_by_side(first: ColumnProfile, second: ColumnProfile) -> tuple[tuple[str, ...], Dyadic, Dyadic]:
    """Return the names of the categories of two profiles and their rows on either side, in the same cells.

    A cell into which several categories fall, on both sides together, has no name.
    """
    level = max(first.cells.level, second.cells.level)
    sides = [coarser(side, level) for side in (first, second)]
    one, other = dyadic.side_by_side(sides[0].cells, sides[1].cells)
    names: dict[int, str] = {}
    for side in sides:
        for cell, name in zip(side.cells.cells.tolist(), side.names, strict=True):
            names[cell] = name if names.get(cell, name) == name else ""
    return tuple(names[cell] for cell in one.cells.tolist()), one, other


def _limited(column: ColumnProfile) -> ColumnProfile:
    return coarser(column, column.cells.limited(MOST_LEVELS).level)


def coarser(column: ColumnProfile, level: int) -> ColumnProfile:
    """Return the same categories in coarser cells; a cell into which several fall has no name."""
    if level <= column.cells.level:
        return column
    cells = column.cells.coarser(level)
    home = np.searchsorted(cells.cells, column.cells.cells >> np.uint64(level - column.cells.level))
    often = np.bincount(home, minlength=len(cells.cells))
    names = [""] * len(cells.cells)
    for at, name in zip(home.tolist(), column.names, strict=True):
        names[at] = name if often[at] == 1 else ""
    return replace(column, cells=cells, names=tuple(names))

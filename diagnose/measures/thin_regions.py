"""Where validation rows are and training rows are not: by column, a range or categories."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from diagnose.data import Column, Kind, Split, SplitName
from diagnose.measures.chance import wilson
from diagnose.measures.column_shift import ColumnShifts

Floats = npt.NDArray[np.float64]

CUTS = 40
"""Pieces of the validation rows between which a range begins and ends."""
TIMES = 1.5
"""A region is thin where validation has its rows half as often again as training, at least."""
LEAST_ROWS = 20
"""Validation rows of a region: fewer are told apart from chance by luck only."""
LEAST_SHARE = 0.02
"""Of the validation rows."""
SURE = 0.05
"""False-discovery rate up to which a column is looked at."""


@dataclass(frozen=True)
class ThinRegion:
    """One region of one column.

    Attributes
    ----------
    name, kind, split
        The column, and the held-out split.
    low, high
        Bounds of a number's range, inclusive; None where it is open or the column is a category.
    levels
        Categories of the region, the commonest of the held-out rows first.
    train, held
        Share of either side's rows in it.
    rows
        Held-out rows in it.
    missing
        Training rows of that kind that would bring training's share to the held-out one.
    made_of
        What the column was computed of, as of `Column`.
    """

    name: str
    kind: Kind
    split: SplitName
    low: float | None
    high: float | None
    levels: tuple[str, ...]
    train: float
    held: float
    rows: int
    missing: int
    made_of: str = ""

    @property
    def words(self) -> str:
        """The region in words: ``"age above 62"``, ``"city in Paris, Rome"``."""
        if self.levels:
            more = f" and {len(self.levels) - 3} more" if len(self.levels) > 3 else ""
            return f"{self.name} {'in ' if len(self.levels) > 1 else ''}{', '.join(map(repr, self.levels[:3]))}{more}"
        if self.low is None:
            return f"{self.name} up to {self.high:.3g}"
        if self.high is None:
            return f"{self.name} from {self.low:.3g} on"
        return f"{self.name} from {self.low:.3g} to {self.high:.3g}"


def thin_regions(train_split: Split, held_out: tuple[Split, ...], column_shift: ColumnShifts) -> tuple[ThinRegion, ...]:
    """Find, in each column that differs, the region where the first held-out split has most rows beyond its part.

    The one with the largest difference of shares comes first.
    """
    held = held_out[0]
    found = []
    for shift in column_shift.against(held.name):
        one, other = train_split.column(shift.name), held.column(shift.name)
        if one is None or other is None or min(shift.q, shift.p * len(column_shift.columns)) > SURE:
            continue
        region = _levels(one, other, held) if one.kind is Kind.CATEGORY else _range(one, other, held)
        if region is not None:
            found.append(region)
    return tuple(sorted(found, key=lambda r: (-(r.held - r.train), r.name)))


def _range(column: Column, other: Column, held: Split) -> ThinRegion | None:
    first, second = (np.sort(c.values[~c.missing].astype(np.float64)) for c in (column, other))
    if not min(len(first), len(second)):
        return None
    cuts = np.unique(np.quantile(second, np.linspace(0, 1, CUTS + 1), method="inverted_cdf"))
    shares = [np.append(np.searchsorted(side, cuts, "left"), len(side)) / len(side) for side in (first, second)]
    ends = [np.append(np.searchsorted(side, cuts, "right"), len(side)) / len(side) for side in (first, second)]
    shares[0][0], ends[0][len(cuts) - 1] = 0.0, 1.0  # a range that ends where validation does is open there
    # every range from one cut to another: at most a thousand
    starts, stops = np.triu_indices(len(cuts))
    train = ends[0][stops] - shares[0][starts]
    there = ends[1][stops] - shares[1][starts]
    best = int(np.argmax(there - train))
    region = float(train[best]), float(there[best])
    low = float(cuts[starts[best]]) if starts[best] > 0 else None
    high = float(cuts[stops[best]]) if stops[best] < len(cuts) - 1 else None
    if low is None and high is None:
        return None
    return _region(column, held, (low, high), (), region, len(first), len(second))


def _levels(column: Column, other: Column, held: Split) -> ThinRegion | None:
    at = {level: code for code, level in enumerate(dict.fromkeys((*column.levels, *other.levels)))}
    names = list(at)
    counts = []
    for side in (column, other):
        own = np.bincount(side.values[side.values >= 0], minlength=len(side.levels))
        placed = np.zeros(len(at), np.int64)
        placed[[at[level] for level in side.levels]] = own[: len(side.levels)]
        counts.append(placed)
    n, m = int(counts[0].sum()), int(counts[1].sum())
    if not min(n, m):
        return None
    train, there = counts[0] / n, counts[1] / m
    low = np.array([wilson(float(share), m)[0] for share in there])
    over = np.flatnonzero(low > TIMES * train)
    over = over[np.argsort(-there[over], kind="stable")]
    if not len(over):
        return None
    region = float(train[over].sum()), float(there[over].sum())
    return _region(column, held, (None, None), tuple(names[k] for k in over.tolist()), region, n, m)


def _region(  # noqa: PLR0913, PLR0917  what a region is made of
    column: Column, held: Split, bounds: tuple[float | None, float | None], levels: tuple[str, ...],
    shares: tuple[float, float], n: int, m: int,
) -> ThinRegion | None:  # fmt: skip
    train, there = shares
    rows = round(there * m)
    if rows < LEAST_ROWS or there < LEAST_SHARE or wilson(there, m)[0] <= TIMES * train:
        return None
    missing = int(np.ceil(n * (there - train) / max(1 - there, 0.05)))
    return ThinRegion(column.name, column.kind, held.name, *bounds, levels, train, there, rows, missing, column.made_of)

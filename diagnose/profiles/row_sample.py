"""Which rows a data set holds, by a sample of their digests: enough to estimate what two data sets share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from diagnose.data import Split
from diagnose.hashing import text_hash
from diagnose.stats.digests import is_own, row_digests, words_of

Words = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.int64]

KEPT = 1 << 12
"""Distinct rows: where two data sets of equal size share one row in a thousand, four of these show it."""
MIXED = 0
"""Stands for the columns of parts that do not have the same ones: their digests can't be compared."""


@dataclass(frozen=True, eq=False)
class RowSample:
    """The smallest digests of the distinct rows.

    Attributes
    ----------
    columns
        A hash of the names of the columns that the digests are made of; `MIXED`.
    digests
        Shape ``(k,)``, increasing.
    counts
        Shape ``(k,)``: how often each row stands in the data.
    """

    columns: int
    digests: Words
    counts: Counts

    @property
    def is_whole(self) -> bool:
        """Whether all distinct rows are there."""
        return len(self.digests) < KEPT


@dataclass(frozen=True)
class Overlap:
    """Rows of a second data set that stand in a first, estimated from samples of both.

    ``examined`` distinct rows of the second were looked for, ``found`` of them are in the first; ``is_whole`` says that
    these were all.
    """

    examined: int
    found: int
    is_whole: bool


def sampled(split: Split) -> RowSample | None:
    """Return the sample of a split's rows; None where it has no column that tells what a row is."""
    own = [column for column in split.columns if is_own(column)]
    if not own:
        return None
    names = text_hash("\0".join(sorted(column.name for column in own)))
    digests = row_digests(split.n, [(column.name, words_of(column, is_single=True)) for column in own])
    return _smallest(names, digests, np.ones(len(digests), np.int64))


def _smallest(columns: int, digests: Words, counts: Counts) -> RowSample:
    if len(digests) > 4 * KEPT:  # most are far from the smallest: they need not be sorted
        edge = np.partition(digests, 2 * KEPT)[2 * KEPT]
        few = digests <= edge
        if len(np.unique(digests[few])) >= KEPT:
            digests, counts = digests[few], counts[few]
    distinct, home = np.unique(digests, return_inverse=True)
    total = np.bincount(home, weights=counts, minlength=len(distinct)).astype(np.int64)
    return RowSample(columns, distinct[:KEPT], total[:KEPT])


def merged(parts: Sequence[RowSample | None]) -> RowSample | None:
    """Return the sample of the rows of all parts; None where a part has none."""
    known = [part for part in parts if part is not None]
    if not known or len(known) < len(parts):
        return None
    if len({part.columns for part in known}) > 1:
        return RowSample(MIXED, np.zeros(0, np.uint64), np.zeros(0, np.int64))
    digests, counts = (np.concatenate(c) for c in zip(*((p.digests, p.counts) for p in known), strict=True))
    return _smallest(known[0].columns, digests, counts)


def overlap(first: RowSample | None, second: RowSample | None) -> Overlap | None:
    """Look for the rows of the second sample in the first; None where their digests can't be compared.

    A digest is as good as a random number, so the rows with the smallest ones are a random sample of all distinct rows,
    and those below the smaller of the two largest kept digests are known on both sides.
    """
    if first is None or second is None or first.columns != second.columns or first.columns == MIXED:
        return None
    edges = [side.digests[-1] for side in (first, second) if not side.is_whole]
    looked_for = second.digests[second.digests <= min(edges)] if edges else second.digests
    found = int(np.isin(looked_for, first.digests, assume_unique=True).sum())
    return Overlap(len(looked_for), found, not edges)

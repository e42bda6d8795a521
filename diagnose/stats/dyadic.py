"""Numbers counted in cells that halve: a summary that merges exactly, in any order and of any parts.

The 64 bits of a number, read as a whole number after a flip, are in the order of the numbers. A cell of level L holds
the numbers that agree in all but their last L bits; at level 0 it holds one number. A summary keeps the finest level at
which few enough cells are occupied. More numbers never occupy fewer cells, so the level of two summaries together is
the level of all their numbers: whatever the parts were, the result is the same to the bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from diagnose.hashing import mixed

Words = npt.NDArray[np.uint64]
Marks = npt.NDArray[np.uint16]
Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

MOST = 1 << 13
"""Occupied cells at most. Half of them or more are occupied where values are many and differ; the fullest cell of a
normal, uniform, exponential, log-normal or Cauchy population then holds 0.2 % of the rows or less, a fifth of the
margin of a shift, and a column takes 5 to 10 kB in a file."""
_SIGN = np.uint64(1 << 63)
_BITS = 64


@dataclass(frozen=True, eq=False)
class Dyadic:
    """Counts of words in cells of one level.

    Attributes
    ----------
    level
        Bits at the end that are not told apart; 0 where every word is known exactly.
    cells
        Shape ``(k,)``: the leading bits of the words in each occupied cell, increasing.
    counts
        Shape ``(k,)``: how many words lie in each.
    marks
        Shape ``(k,)``: of a cell that holds one and the same word, a hash of it, so that a zero or a rounded number
        that fills a cell by itself is known for exact; 0 where a cell holds several. Two words are taken for one with
        odds of 1 to 65,535.
    """

    level: int
    cells: Words
    counts: Counts
    marks: Marks

    @property
    def n(self) -> int:
        """Number of words."""
        return int(self.counts.sum())

    @property
    def rank_error(self) -> float:
        """Share of the words in the fullest cell of several: no rank that is read off is further from the truth."""
        return float(self.counts[self.marks == 0].max(initial=0) / max(self.n, 1))

    def coarser(self, level: int) -> Dyadic:
        """Return the same words in cells of that level or a coarser one."""
        if level <= self.level or not len(self.cells):
            return self
        return _joined(level, self.cells >> np.uint64(level - self.level), self.counts, self.marks)

    def limited(self, most: int = MOST) -> Dyadic:
        """Return the same words at the finest level that occupies no more than so many cells."""
        if len(self.cells) <= most:
            return self
        return self.coarser(self.level + _finest(self.cells, most))

    @property
    def upper(self) -> Floats:
        """Shape ``(k,)``: the largest number that each cell can hold."""
        last = ((self.cells + np.uint64(1)) << np.uint64(self.level)) - np.uint64(1)
        return np.nan_to_num(numbers(last), nan=np.inf, posinf=np.inf, neginf=-np.inf)

    @property
    def lower(self) -> Floats:
        """Shape ``(k,)``: the smallest number that each cell can hold."""
        first = self.cells << np.uint64(self.level)
        return np.nan_to_num(numbers(first), nan=-np.inf, posinf=np.inf, neginf=-np.inf)


EMPTY = Dyadic(0, np.zeros(0, np.uint64), np.zeros(0, np.int64), np.zeros(0, np.uint16))


def counted(ordered: Words, most: int = MOST) -> Dyadic:
    """Count words.

    Parameters
    ----------
    ordered
        Shape ``(n,)``, in any order; sorted in place.
    most
        Occupied cells at most, two or more.
    """
    if not len(ordered):
        return EMPTY
    ordered.sort()
    last = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))
    return exact(ordered[last], np.diff(last, prepend=-1).astype(np.int64)).limited(most)


def exact(distinct: Words, counts: Counts) -> Dyadic:
    """Return counts of distinct words, which are in order."""
    return Dyadic(0, distinct, counts, marks_of(distinct))


def marks_of(distinct: Words) -> Marks:
    """Return the marks of single words, never 0."""
    return np.maximum((mixed(distinct) >> np.uint64(_BITS - 16)).astype(np.uint16), np.uint16(1))


def merged(first: Dyadic, second: Dyadic, most: int = MOST) -> Dyadic:
    """Return the words of both.

    Examples
    --------
    >>> one, other = (counted(words(np.array(values))) for values in ([1.0, 2.0, 2.0], [2.0, -1.0]))
    >>> both = merged(one, other)
    >>> both.lower.tolist(), both.counts.tolist()
    ([-1.0, 1.0, 2.0], [1, 1, 3])
    """
    level = max((side.level for side in (first, second) if len(side.cells)), default=0)
    sides = [side.coarser(level) for side in (first, second) if len(side.cells)]
    if len(sides) < 2:
        return sides[0].limited(most) if sides else EMPTY
    cells = np.concatenate([side.cells for side in sides])
    counts = np.concatenate([side.counts for side in sides])
    marks = np.concatenate([side.marks for side in sides])
    order = np.argsort(cells, kind="stable")  # two runs in order: a merge, not a sort
    return _joined(level, cells[order], counts[order], marks[order]).limited(most)


def side_by_side(first: Dyadic, second: Dyadic) -> tuple[Dyadic, Dyadic]:
    """Return both with the same cells, in which either may count none."""
    level = max(first.level, second.level)
    one, other = first.coarser(level), second.coarser(level)
    cells = np.union1d(one.cells, other.cells)
    found = []
    for side in (one, other):
        counts, marks = np.zeros(len(cells), np.int64), np.zeros(len(cells), np.uint16)
        place = np.searchsorted(cells, side.cells)
        counts[place], marks[place] = side.counts, side.marks
        found.append(Dyadic(level, cells, counts, marks))
    return found[0], found[1]


def words(values: npt.NDArray[np.floating[Any]]) -> Words:
    """Return words in the order of the numbers, shape as given; -0 counts as 0. NaN has no place in an order.

    Examples
    --------
    >>> numbers(np.sort(words(np.array([2.0, -1.0, 0.0, -np.inf])))).tolist()
    [-inf, -1.0, 0.0, 2.0]
    """
    bits = np.add(values, 0.0, dtype=np.float64).view(np.uint64)
    flip = (bits.view(np.int64) >> np.int64(_BITS - 1)).view(np.uint64) | _SIGN
    return np.asarray(bits ^ flip)


def numbers(ordered: Words) -> Floats:
    """Return the numbers of `words`."""
    flip = np.where(ordered & _SIGN, _SIGN, ~np.uint64(0))
    return np.asarray((ordered ^ flip).view(np.float64))


def _joined(level: int, cells: Words, counts: Counts, marks: Marks) -> Dyadic:
    """Add the counts of neighbours in the same cell; it keeps its mark where they have the same."""
    starts = np.flatnonzero(np.append(True, cells[1:] != cells[:-1]))
    least, most = np.minimum.reduceat(marks, starts), np.maximum.reduceat(marks, starts)
    return Dyadic(level, cells[starts], np.add.reduceat(counts, starts), np.where(least == most, least, np.uint16(0)))


def _finest(cells: Words, most: int) -> int:
    """Return the fewest bits to drop so that no more than so many cells are left."""
    apart = cells[1:] ^ cells[:-1]
    # the first bit in which neighbours differ; without the one behind it no rounding reaches the next power of two
    _, length = np.frexp((apart & ~(apart >> np.uint64(1))).astype(np.float64))
    merging = np.cumsum(np.bincount(length, minlength=_BITS + 1))
    return int(np.searchsorted(merging, len(cells) - most))

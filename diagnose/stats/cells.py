"""Two samples of numbers as counts in ordered cells: what every distance and rank statistic is computed from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from diagnose.stats.bins import Bins, Numbers, placed, whole_numbers

Counts = npt.NDArray[np.int64]

SMALL = 1 << 15
"""Up to so many values sorting them all is quicker than binning."""
HEAVY = 2000
"""A bin with more than one in so many of all values is split into its distinct values."""


@dataclass(frozen=True, eq=False)
class Cells:
    """Counts of two samples in cells that follow each other: all values of a cell lie below all of the next one.

    Attributes
    ----------
    first, second
        Shape ``(k,)``: how many values of each sample lie in each cell.
    upper
        Shape ``(k,)``: the largest value of each cell, or a bound above it that lies below the next cell.
    distance
        The exact Kolmogorov-Smirnov distance of the two samples, whatever the cells are.
    """

    first: Counts
    second: Counts
    upper: npt.NDArray[np.float64]
    distance: float

    @property
    def sizes(self) -> tuple[int, int]:
        """Number of values of each sample."""
        return int(self.first.sum()), int(self.second.sum())

    def quantile(self, share: float) -> tuple[float, float]:
        """Return the value below which that share of each sample lies, to the width of a cell."""
        reached = [np.searchsorted(np.cumsum(c), share * c.sum(), "left") for c in (self.first, self.second)]
        last = len(self.upper) - 1
        return float(self.upper[min(reached[0], last)]), float(self.upper[min(reached[1], last)])


def pooled_cells(first: Numbers, second: Numbers) -> Cells:
    """Count two samples in common cells, without sorting them where they are large.

    Values are counted in equal bins between quantiles of a small sample. The largest difference of the distribution
    functions is known at the edges; inside a bin it can be larger by the bin's share at most. Only bins where that
    could make it the largest of all, the two outer ones, and those that hold too much are split into distinct values.

    Parameters
    ----------
    first, second
        Shapes ``(n,)`` and ``(m,)``, at least one value each, no NaN; infinite values are values like others. Where one
        is float32 the other is rounded to it: the same number written in both would differ otherwise.

    Examples
    --------
    >>> cells = pooled_cells(np.array([1.0, 2.0, 2.0]), np.array([2.0, 3.0]))
    >>> cells.first.tolist(), cells.second.tolist(), cells.distance
    ([1, 2, 0], [0, 1, 1], 0.5)
    """
    dtype = np.float32 if np.float32 in (first.dtype, second.dtype) else np.float64
    with np.errstate(over="ignore"):  # beyond float32 is infinite there
        first, second = np.asarray(first, dtype), np.asarray(second, dtype)
    if len(first) + len(second) <= SMALL:
        return _cells(*distinct(first, second))
    bins = whole_numbers(first, second) or placed(first, second)
    if bins is None:
        return _cells(*distinct(first, second))
    index = bins.index(first), bins.index(second)
    counts = np.bincount(index[0], minlength=bins.number), np.bincount(index[1], minlength=bins.number)
    if bins.exact:
        return _held(*counts, bins.upper)
    split = _worth_splitting(*counts)
    atoms = _atoms(first, second, index, bins, split)
    inside = split[index[0]] & ~atoms.equal[0], split[index[1]] & ~atoms.equal[1]
    fine = distinct(first[inside[0]], second[inside[1]])
    kept = np.flatnonzero(~split)
    parts = [(c[kept], a, f) for c, a, f in zip((*counts, bins.upper), atoms.counted, fine, strict=True)]
    joined = [np.concatenate(part) for part in parts]
    homes = np.concatenate([kept, *(bins.index(values.astype(dtype)) for values in (atoms.counted[2], fine[2]))])
    # a bin is whole or split: values sort within their bin
    order = np.lexsort((joined[2], homes))
    return _held(*(part[order] for part in joined))


def distinct(first: Numbers, second: Numbers) -> tuple[Counts, Counts, npt.NDArray[np.float64]]:
    """Return how often each distinct value stands in each sample, and the values in order."""
    sorted_first, sorted_second = np.sort(first), np.sort(second)
    values = np.sort(np.concatenate([sorted_first, sorted_second]))
    if len(values):
        values = values[np.append(values[1:] != values[:-1], True)]
    ends = [np.searchsorted(one, values, "right") for one in (sorted_first, sorted_second)]
    return np.diff(ends[0], prepend=0), np.diff(ends[1], prepend=0), values.astype(np.float64)


def _held(first: Counts, second: Counts, upper: npt.NDArray[np.float64]) -> Cells:
    held = (first + second) > 0
    return _cells(first[held], second[held], np.maximum.accumulate(upper[held]))


def _cells(first: Counts, second: Counts, upper: npt.NDArray[np.float64]) -> Cells:
    n, m = int(first.sum()), int(second.sum())
    # in whole numbers: where the samples agree the distance is 0, not 1e-17
    apart = np.cumsum(first) * m - np.cumsum(second) * n
    return Cells(first, second, upper, float(np.abs(apart).max()) / (n * m))


def _worth_splitting(first: Counts, second: Counts) -> npt.NDArray[np.bool_]:
    n, m = int(first.sum()), int(second.sum())
    shares = first / n, second / m
    after = np.cumsum(shares[0]) - np.cumsum(shares[1])
    before = np.concatenate([[0.0], after[:-1]])
    best = np.abs(after).max() - 1e-12  # rounding must not hide the bin that holds the largest
    above = np.minimum(before + shares[0], after + shares[1])
    below = np.minimum(shares[1] - before, shares[0] - after)
    split = (np.maximum(above, below) > best) | (first + second > (n + m) / HEAVY)
    split[[0, -1]] = True
    return np.asarray(split)


class _Atoms(NamedTuple):
    """Values that fill a bin by themselves, as a zero or a rounded number does: counted, not sorted."""

    equal: tuple[Any, Any]
    counted: tuple[Counts, Counts, npt.NDArray[np.float64]]


def _atoms(first: Numbers, second: Numbers, index: tuple[Any, Any], bins: Bins, split: Any) -> _Atoms:
    """Count the commonest value of the sample in every bin that is heavy with it."""
    values, often = np.unique(bins.sample, return_counts=True)
    values = values[often > len(bins.sample) / HEAVY][: bins.number]
    homes = bins.index(values)
    values, homes = values[split[homes]], homes[split[homes]]
    if not len(values):
        none: Counts = np.zeros(0, np.int64)
        return _Atoms((np.False_, np.False_), (none, none, np.zeros(0)))
    table = np.full(bins.number, np.nan, values.dtype)
    table[homes] = values  # the largest where several share a bin: the others are sorted
    equal = first == table[index[0]], second == table[index[1]]
    homes = np.unique(homes)
    counts = [np.bincount(i[e], minlength=bins.number)[homes] for i, e in zip(index, equal, strict=True)]
    return _Atoms(equal, (counts[0], counts[1], table[homes].astype(np.float64)))

"""Two samples of numbers compared from their summaries, with what the cells may hide in the interval."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from diagnose.stats.cells import Cells
from diagnose.stats.dyadic import Dyadic, exact, numbers, side_by_side, words
from diagnose.stats.two_sample import NumberShift, compare_numbers

LONGEST = 1 << 62
"""Beyond, products of rows no longer fit into 64 bits."""


def compare_dyadic(first: Dyadic, second: Dyadic, *, is_single: bool = False) -> tuple[Cells, NumberShift]:
    """Compare as `compare_numbers` does: the same where both know every value.

    Else the distance is that at the edges of the cells, which no value of the data lies beyond, and the bounds are as
    much wider as values could lie in their cells: upwards by what the distance inside a cell can be at most, downwards
    by the largest change of the rank statistics that the lower bound is made of.

    Parameters
    ----------
    first, second
        The samples, at least one value each.
    is_single
        Whether either came as 32-bit floats: the other one is rounded to them where it is exact.
    """
    if is_single:
        first, second = _single(first), _single(second)
    one, other = side_by_side(first, second)
    cells = Cells(one.counts, other.counts, one.upper, _distance(one, other))
    found = compare_numbers(cells)
    if not one.level:
        return cells, found
    low = max(0.0, found.low - _of_ranks(one, other))
    return cells, replace(found, low=low, high=min(1.0, found.high + hidden(one, other)))


def hidden(one: Dyadic, other: Dyadic) -> float:
    """Return by how much the distance of two samples in the same cells can exceed that at the cells' edges.

    The distribution functions rise inside a cell; where one does so before the other they are further apart there than
    at both ends, by no more than its share of the cell.
    """
    if not one.level:
        return 0.0
    n, m = one.n, other.n
    first, second = one.counts / n, other.counts / m
    after = np.cumsum(first) - np.cumsum(second)
    before = after - first + second
    inside = np.maximum(before + first, second - before)[~_of_one_value(one, other)]
    return max(0.0, float(inside.max(initial=0.0) - np.abs(after).max()))


def _of_one_value(one: Dyadic, other: Dyadic) -> npt.NDArray[np.bool_]:
    """Return which cells hold one and the same value on both sides, or on the only side that is in them."""
    marks = np.where(one.counts > 0, one.marks, other.marks)
    return np.asarray((marks > 0) & ((one.marks == other.marks) | (one.counts == 0) | (other.counts == 0)))


def _of_ranks(one: Dyadic, other: Dyadic) -> float:
    """Return by how much a mean of ranks, or half that of (2 U - 1)², differs at most when cells are resolved."""
    n, m = one.n, other.n
    first, second = one.counts / n, other.counts / m
    pooled = (one.counts + other.counts) / (n + m)
    return float((np.maximum(first, second) * pooled)[~_of_one_value(one, other)].sum())


def _distance(one: Dyadic, other: Dyadic) -> float:
    n, m = one.n, other.n
    if n * m >= LONGEST:
        return float(np.abs(np.cumsum(one.counts) / n - np.cumsum(other.counts) / m).max())
    # in whole numbers: where the samples agree the distance is 0, not 1e-17
    return float(np.abs(np.cumsum(one.counts) * m - np.cumsum(other.counts) * n).max()) / (n * m)


def _single(side: Dyadic) -> Dyadic:
    """Round to 32-bit floats what is known exactly."""
    if side.level:
        return side
    with np.errstate(over="ignore"):
        rounded = words(numbers(side.cells).astype(np.float32))
    values, home = np.unique(rounded, return_inverse=True)
    return exact(values, np.bincount(home, weights=side.counts, minlength=len(values)).astype(np.int64))


def spread_out(side: Dyadic, most: int = 1 << 12) -> npt.NDArray[np.float64]:
    """Return numbers that stand for a sample: its quantiles at so many even steps, to the width of a cell."""
    total = side.n
    steps = (np.arange(min(most, total)) + 0.5) / min(most, total) * total
    at = np.searchsorted(np.cumsum(side.counts), steps, "left")
    return np.asarray(np.clip(side.lower[at] / 2 + side.upper[at] / 2, -1e300, 1e300))

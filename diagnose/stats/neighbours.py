"""Nearest neighbours, exactly, and how close the nearest may come by chance."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Singles = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

K = 10
"""Neighbour whose distance says how close rows lie here; of nine nearer ones by chance none should be much nearer."""
FAR = 20
"""Neighbour up to which the dimension is told: beyond the copies that a row may have."""
_GROWTH = sum(1 / i for i in range(K, FAR))
"""Mean of the logarithm of the twentieth neighbour's volume over the tenth's, whatever the dimension."""
BLOCK = 1_000_000
"""Distances held at a time: 4 MB, which stay in a cache while they are looked through."""
TOGETHER = 64
"""Queries that are multiplied at a time at least: fewer leave a matrix product waiting for memory."""
SCALED = 10_000
"""Rows by whose quartiles a scale is set, evenly spaced: to a hundredth."""
STRIPE = 10
"""Values a stripe at least, in which the least is sought first."""


@dataclass(frozen=True, eq=False)
class Nearest:
    """Distances, ascending, shape ``(n, k)``, and the row number of the nearest, shape ``(n,)``."""

    distances: Floats
    row: Rows


def nearest(queries: Singles, reference: Singles, k: int, own: Rows | None = None) -> Nearest:
    """Return the ``k`` nearest rows of the reference by Euclidean distance, all compared.

    Parameters
    ----------
    queries, reference
        Shape ``(n, d)`` and ``(m, d)``.
    k
        How many; fewer where the reference has fewer.
    own
        Row of the reference that each query is, which is no neighbour of itself; None where they are other rows.

    Examples
    --------
    >>> found = nearest(np.array([[0.0]], np.float32), np.array([[3.0], [1.0]], np.float32), 2)
    >>> found.distances.tolist(), found.row.tolist()
    ([[1.0, 3.0]], [1])
    """
    near = nearest_rows(queries, reference, k, own)
    distances, row = np.zeros(near.shape), np.zeros(len(queries), np.int64)
    size = max(1, BLOCK // max(near.shape[1] * reference.shape[1], 1))
    for start in range(0, len(queries), size):
        some = slice(start, start + size)
        # differences again, in full: of near rows the product has lost its digits
        exact = np.sqrt(((reference[near[some]].astype(np.float64) - queries[some, None]) ** 2).sum(axis=2))
        order = np.argsort(exact, axis=1, kind="stable")
        distances[some] = np.take_along_axis(exact, order, axis=1)
        row[some] = near[some][np.arange(len(order)), order[:, 0]]
    return Nearest(distances, row)


def nearest_rows(queries: Singles, reference: Singles, k: int, own: Rows | None = None) -> Rows:
    """Return the row numbers of the ``k`` nearest, in no order, shape ``(n, k)``; parameters as in `nearest`."""
    k = min(k, len(reference) - (own is not None))
    squares = np.einsum("ij,ij->i", reference, reference)
    found = np.zeros((len(queries), k), np.int64)
    size = max(TOGETHER, BLOCK // max(len(reference), 1))
    doubled = -2 * reference.T
    for start in range(0, len(queries), size):
        some = queries[start : start + size]
        table = some @ doubled
        table += squares
        if own is not None:
            table[np.arange(len(some)), own[start : start + size]] = np.inf
        found[start : start + size] = _least(table, k)
    return found


def _least(table: Singles, k: int) -> Rows:
    """Return the columns of the ``k`` least values of each row, shape ``(n, k)``, in no order.

    Each row is cut into as many stripes as makes their least values hold the k least of all with few to spare: the k-th
    least of those is a limit that k values at least do not exceed, and few do.
    """
    n, m = table.shape
    stripes = m // (STRIPE * k) * k if k else 0
    if stripes < 2 * k:
        return np.asarray(np.argpartition(table, k - 1, axis=1)[:, :k] if k < m else np.argsort(table, axis=1)[:, :k])
    length = m // stripes
    least = table[:, : stripes * length].reshape(n, length, stripes).min(axis=1)
    limit = np.partition(least, k - 1, axis=1)[:, k - 1]
    row, column = np.divmod(np.flatnonzero(table <= limit[:, None]), m)
    ends = np.searchsorted(row, np.arange(n + 1))
    values = table[row, column]
    found = np.empty((n, k), np.int64)
    for at, (start, end) in enumerate(itertools.pairwise(ends.tolist())):
        some = slice(start, end)
        found[at] = column[some][np.argpartition(values[some], k - 1)[:k]] if end - start > k else column[some]
    return found


def dimension(distances: Floats) -> float:
    """Return in how many dimensions rows spread: how fast their number grows with the distance.

    The lesser of two: by the tenth and twentieth neighbour (Levina & Bickel 2005), and by how near the nearest is to a
    quarter of the rows. Copies, up to nine of a row and up to a quarter of the rows, change neither.

    Parameters
    ----------
    distances
        Shape ``(n, 20)``: of each row to its nearest, ascending.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(2000, 3)).astype(np.float32)
    >>> 2.5 < dimension(nearest(x[:500], x, FAR, np.arange(500)).distances) < 3.2
    True
    """
    spread = distances[:, [0, K - 1, FAR - 1]]
    spread = spread[spread[:, 1] > 0]
    if not len(spread):
        return 0.0
    growth = float(np.log(spread[:, 2] / spread[:, 1]).mean())
    by_far = _GROWTH / max(growth, 1e-9)
    quarter = float(np.quantile(spread[:, 0] / spread[:, 1], 0.25))
    by_near = np.log(1 - 0.75 ** (1 / (K - 1))) / np.log(quarter) if 0 < quarter < 1 else 0.0
    return float(min(by_far, by_near))


def closeness_odds(distances: Floats, dimensions: float | Floats) -> Floats:
    """Return the odds that the nearest of ten neighbours is as near as it is, shape ``(n,)``.

    The ball that reaches to the tenth neighbour holds nine more, anywhere in it: a smaller ball of a share v of its
    volume is empty with odds (1 - v)⁹. The dimension is the given one, or that around the row where it is less: rows
    that are zero in most columns lie in few.

    Parameters
    ----------
    distances
        Shape ``(n, 20)``: of each row to its nearest, ascending.
    dimensions
        In which rows spread as a whole, or, shape ``(n,)``, in which each row could differ from its nearest.

    Examples
    --------
    >>> near = np.array([[0.01, *[1.0] * 9, *[1.2] * 10]])
    >>> closeness_odds(near, 2.0).round(5).tolist()
    [0.0009]
    """
    last = distances[:, K - 1]
    growth = np.log(np.divide(distances[:, FAR - 1], last, out=np.full_like(last, np.inf), where=last > 0))
    around = np.divide(_GROWTH, growth, out=np.full_like(last, np.inf), where=growth > 0)
    ratio = np.divide(distances[:, 0], last, out=np.ones_like(last), where=last > 0)
    volume = ratio ** np.minimum(around, np.maximum(dimensions, 1e-9))
    return np.asarray(-np.expm1((K - 1) * np.log1p(-np.minimum(volume, 1 - 1e-12))))


def telling_columns(queries: Singles, partners: Singles, reference: Singles, rare: int = 3) -> Rows:
    """Return in how many columns each pair differs, or agrees on a value that few rows have; shape ``(n,)``.

    That two rows are both zero in most columns says little of how near they are in the others.

    Parameters
    ----------
    queries, partners
        Shape ``(n, d)``: the pairs.
    reference
        Shape ``(m, d)``: all rows that the partners were found among.
    rare
        Rows that a rare value has at most.
    """
    telling = queries != partners
    for column in np.flatnonzero(~telling.all(axis=0)).tolist():
        values = np.sort(reference[:, column])
        asked = queries[:, column]
        rows = np.searchsorted(values, asked, "right") - np.searchsorted(values, asked, "left")
        telling[:, column] |= rows <= rare
    return np.asarray(telling.sum(axis=1), np.int64)


def surely(odds: Floats, asked: int, wrong: float) -> npt.NDArray[np.bool_]:
    """Return which odds are too small for chance, of so many asked: a share ``wrong`` of them is chance at most.

    Benjamini & Hochberg (1995), at least one in twenty of the whole being no chance.
    """
    order = np.argsort(odds, kind="stable")
    holds = odds[order] * asked <= wrong * np.arange(1, len(odds) + 1)
    count = int(np.flatnonzero(holds).max()) + 1 if holds.any() else 0
    found = np.zeros(len(odds), np.bool_)
    found[order[:count]] = True
    return found


def standardised(first: Floats, second: Floats) -> tuple[Singles, Singles]:
    """Return both in standard deviations of the first; columns that do not vary there are left out."""
    middle, spread = first.mean(axis=0), first.std(axis=0)
    kept = spread > 1e-12 * np.maximum(np.abs(middle), 1e-300)
    parts: list[Any] = [((side - middle)[:, kept] / spread[kept]).astype(np.float32) for side in (first, second)]
    return parts[0], parts[1]


def without_tails(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Return both on a scale that is linear in the middle half of the first, and logarithmic far from it.

    Columns whose middle half is one value stay as they are.
    """
    low, middle, high = np.quantile(first[:: max(1, len(first) // SCALED)], [0.25, 0.5, 0.75], axis=0)
    width = np.where(high > low, high - low, 1.0)
    parts = [np.where(high > low, np.arcsinh((side - middle) / width), side) for side in (first, second)]
    return parts[0], parts[1]

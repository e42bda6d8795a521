"""Long series as a bounded number of points, so that every later step costs the same for 5 points or 500,000."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from diagnose.run import FloatArray

MAX_BLOCKS = 256
"""Enough to place a turning point within 0.4 % of the run; pooling adjacent violators over them takes about 0.1 ms."""


class Blocks(NamedTuple):
    """Means of consecutive points: ``steps`` and ``values`` of shape ``(n_blocks,)``, ``size`` points to a block."""

    steps: FloatArray
    values: FloatArray
    size: float


def blocks(steps: FloatArray, values: FloatArray, most: int = MAX_BLOCKS) -> Blocks:
    """Average consecutive points into at most ``most`` blocks of (nearly) equal count.

    Examples
    --------
    >>> blocks(np.arange(4.0), np.array([1.0, 3.0, 5.0, 7.0]), most=2).values
    array([2., 6.])
    """
    n = len(values)
    if n <= most:
        return Blocks(steps, values, 1.0)
    edges = np.linspace(0, n, most + 1).astype(int)
    counts = np.diff(edges)
    return Blocks(np.add.reduceat(steps, edges[:-1]) / counts, np.add.reduceat(values, edges[:-1]) / counts, n / most)


def extremes(values: FloatArray, most: int) -> npt.NDArray[np.intp]:
    """Choose at most ``most`` points to draw: of each bucket the lowest and highest, so that no spike is lost.

    Non-finite points count as neither, but the first of each bucket is kept, so that a gap stays a gap. First and last
    points are always kept.

    Examples
    --------
    >>> extremes(np.array([0.0, 9.0, 1.0, 1.0, 1.0, -5.0, 1.0, 2.0]), most=6)
    array([0, 1, 5, 7])
    """
    n = len(values)
    if n <= most:
        return np.arange(n)
    buckets = max((most - 2) // 3, 1)
    edges = np.linspace(0, n, buckets + 1).astype(int)
    low = np.where(np.isfinite(values), values, np.inf)
    high = np.where(np.isfinite(values), values, -np.inf)
    kept = [0, n - 1]
    for start, end in pairwise(edges.tolist()):
        kept += [start + int(np.argmin(low[start:end])), start + int(np.argmax(high[start:end]))]
        broken = np.flatnonzero(~np.isfinite(values[start:end]))
        kept += [start + int(broken[0])] if len(broken) else []
    return np.unique(kept)

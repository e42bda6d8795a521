"""Which of many columns differ most between two samples, roughly: what a costlier method is given to look at."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]


def most_different(scores: Floats, is_second: Bools, sources: Rows, most: int) -> Rows:
    """Return the columns whose scores, or their squares, differ most in mean for their standard error.

    Parameters
    ----------
    scores
        Shape ``(n, k)``.
    is_second
        Shape ``(n,)``: which rows are of the second sample.
    sources
        Shape ``(k,)``: the column that each score speaks for.
    most
        Columns that are kept.

    Returns
    -------
    Shape ``(up to most,)``, increasing.

    Examples
    --------
    >>> most_different(np.array([[0.0, 3.0], [1.0, 4.0], [0.0, 0.0], [1.0, 1.0]]), np.arange(4) > 1, np.arange(2), 1)
    array([1])
    """
    best = np.zeros(int(sources.max(initial=-1)) + 1)
    for values in (scores, scores**2):
        one, other = values[~is_second], values[is_second]
        noise = np.sqrt(one.var(0) / len(one) + other.var(0) / len(other))
        gaps = np.abs(other.mean(0) - one.mean(0))
        np.maximum.at(best, sources, np.divide(gaps, noise, out=np.zeros_like(gaps), where=noise > 0))
    return np.sort(np.argsort(-best, kind="stable")[:most])

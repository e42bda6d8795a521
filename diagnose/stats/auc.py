"""How well a score tells two samples apart: the area under the ROC curve, with its interval."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def auc(scores: npt.ArrayLike, second: npt.ArrayLike) -> tuple[float, float]:
    """Return the odds that a row of the second sample scores above one of the first, and their standard error.

    Parameters
    ----------
    scores
        Shape ``(n,)``; ties count half.
    second
        Shape ``(n,)``: whether a row is of the second sample. Two rows of either at least.

    Returns
    -------
    area, error
        The error is DeLong's, which needs no law of the scores.

    References
    ----------
    DeLong, DeLong & Clarke-Pearson (1988), Comparing the Areas under Two or More Correlated ROC Curves

    Examples
    --------
    >>> area, error = auc([0.1, 0.2, 0.3, 0.4], [False, True, False, True])
    >>> area, round(error, 3)
    (0.75, 0.354)
    """
    values, of_second = np.asarray(scores, np.float64), np.asarray(second, bool)
    mine, theirs = values[of_second], values[~of_second]
    above = _shares_below(mine, theirs)
    below = 1 - _shares_below(theirs, mine)
    variance = above.var(ddof=1) / len(above) + below.var(ddof=1) / len(below)
    return float(above.mean()), float(np.sqrt(variance))


def _shares_below(values: Floats, others: Floats) -> Floats:
    """Share of the others that lie below each value, ties half."""
    ordered = np.sort(others)
    counts = np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")
    return np.asarray(counts / (2 * len(others)))

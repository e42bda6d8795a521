"""Many small differences that none shows alone: the sum of squares of dependent normal statistics."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def sum_of_squares_p_value(z: Floats, correlation: Floats) -> float:
    """Return the odds that squares of standard normal statistics of this correlation sum to as much.

    Their sum is one of χ² variables weighted with the correlation's eigenvalues; a gamma law of its first three
    cumulants stands in for it.

    Parameters
    ----------
    z
        Shape ``(k,)``.
    correlation
        Shape ``(k, k)``. One estimated from few rows makes the odds larger, not smaller: its noise adds to the
        variance.

    References
    ----------
    Buckley & Eagleson (1988), An approximation to the distribution of quadratic forms in normal random variables.

    Examples
    --------
    >>> round(sum_of_squares_p_value(np.full(20, 1.25), np.eye(20)), 4)  # χ² of 31.25 with 20 degrees of freedom
    0.052
    """
    from scipy.special import gammaincc  # noqa: PLC0415

    square = correlation @ correlation
    second, third = float(np.trace(square)), float(np.sum(square * correlation))
    freedom = second**3 / third**2
    value = (float(z @ z) - len(z)) / np.sqrt(2 * second)
    return float(gammaincc(freedom / 2, max(0.0, (value * np.sqrt(2 * freedom) + freedom) / 2)))


def rank_correlation(first: Floats, second: Floats) -> Floats:
    """Return the correlation of columns' normal scores within two samples.

    Scores are centred in each sample: a shift between them is no correlation.

    Parameters
    ----------
    first, second
        Shapes ``(n, k)`` and ``(m, k)``; NaN counts as the middle. A column that is constant in both has correlation 0
        with all others.
    """
    from scipy.special import ndtri  # noqa: PLC0415

    both = np.ascontiguousarray(np.concatenate([first, second]).T)
    scores = np.zeros(both.shape[::-1])
    for j, column in enumerate(both):
        known = ~np.isnan(column)
        ordered = np.sort(column[known])
        if len(ordered):
            place = np.searchsorted(ordered, column[known]) + np.searchsorted(ordered, column[known], "right")
            scores[known, j] = ndtri(place / (2 * len(ordered)) * (1 - 1e-9))
    scores[: len(first)] -= scores[: len(first)].mean(axis=0)
    scores[len(first) :] -= scores[len(first) :].mean(axis=0)
    length = np.sqrt((scores**2).sum(axis=0))
    scores /= np.where(length > 0, length, 1.0)
    correlation = scores.T @ scores
    np.fill_diagonal(correlation, 1.0)
    return np.asarray(correlation)

"""Monotone and unimodal least-squares fits: does a curve that falls turn up again?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from diagnose.run import FloatArray


class UnimodalFit(NamedTuple):
    """The best fall-then-rise fit beside the best falling fit.

    Attributes
    ----------
    turn
        Index of the lowest point.
    fit
        Shape ``(n,)``: the unimodal fit.
    falling_error
        Sum of squared errors of the best non-increasing fit.
    error
        Sum of squared errors of the unimodal fit.
    error_by_turn
        Shape ``(n,)``: that error if the rise had to begin after each index.
    """

    turn: int
    fit: FloatArray
    falling_error: float
    error: float
    error_by_turn: FloatArray


def falling_prefix_errors(values: FloatArray) -> FloatArray:
    """Squared error of the best non-increasing fit of every prefix, by pooling adjacent violators.

    One pass, O(n): when the next value is pushed, blocks that rise are merged, and the error changes only in the
    blocks merged (Ayer et al. 1955; Stout 2008, §2 for the prefixes).

    Returns
    -------
    FloatArray
        Shape ``(n,)``: entry ``i`` is the error over ``values[: i + 1]``.

    Examples
    --------
    >>> falling_prefix_errors(np.array([3.0, 1.0, 2.0]))
    array([0. , 0. , 0.5])
    """
    means: list[float] = []
    weights: list[float] = []
    total = 0.0
    errors = []
    for value in values.tolist():
        mean, weight = value, 1.0
        while means and means[-1] < mean:
            other, count = means.pop(), weights.pop()
            difference = mean - other
            merged = weight + count
            total += difference * difference * weight * count / merged
            mean = other + difference * weight / merged
            weight = merged
        means.append(mean)
        weights.append(weight)
        errors.append(total)
    return np.array(errors)


def falling_fit(values: FloatArray) -> FloatArray:
    """Return the least-squares non-increasing fit, shape ``(n,)``.

    Examples
    --------
    >>> falling_fit(np.array([3.0, 1.0, 2.0]))
    array([3. , 1.5, 1.5])
    """
    means: list[float] = []
    weights: list[int] = []
    for value in values.tolist():
        mean, weight = value, 1
        while means and means[-1] < mean:
            other, count = means.pop(), weights.pop()
            mean = (mean * weight + other * count) / (weight + count)
            weight += count
        means.append(mean)
        weights.append(weight)
    return np.repeat(means, weights)


def unimodal_fit(values: FloatArray) -> UnimodalFit:
    """Return the best fit that falls to a turning point and rises after it.

    Parameters
    ----------
    values
        Shape ``(n,)``, finite, ``n >= 1``.

    Examples
    --------
    >>> unimodal_fit(np.array([3.0, 1.0, 2.0, 4.0])).turn
    1
    """
    falling = falling_prefix_errors(values)
    rising = falling_prefix_errors(values[::-1])[::-1]
    error_by_turn = falling + np.append(rising[1:], 0.0)
    split = int(np.argmin(error_by_turn))
    fit = np.concatenate([falling_fit(values[: split + 1]), falling_fit(values[split + 1 :][::-1])[::-1]])
    return UnimodalFit(
        turn=int(np.argmin(fit)),
        fit=fit,
        falling_error=float(falling[-1]),
        error=float(error_by_turn[split]),
        error_by_turn=error_by_turn,
    )

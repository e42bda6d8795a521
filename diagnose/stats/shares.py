"""Intervals of means over rows that may belong to groups: shares of errors, ratios of sums, paired differences."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

NORMAL_95 = 1.959964


class Estimate(NamedTuple):
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float


def wilson(share: float, n: float) -> tuple[float, float]:
    """Return the 95 % interval of a share seen in ``n`` rows (Wilson 1927).

    Examples
    --------
    >>> [round(limit, 3) for limit in wilson(0.9, 20)]
    [0.699, 0.972]
    """
    square = NORMAL_95**2 / n
    centre = (share + square / 2) / (1 + square)
    half = NORMAL_95 * np.sqrt(max(share * (1 - share), 0.0) / n + square / (4 * n)) / (1 + square)
    return max(float(centre - half), 0.0), min(float(centre + half), 1.0)


def share_of(wrong: Floats, groups: Ints | None = None) -> Estimate:
    """Return the share of rows that are wrong, with Wilson's interval; rows of a group count as what they are worth.

    Parameters
    ----------
    wrong
        0 or 1, shape ``(n,)``.
    groups
        Codes from 0, shape ``(n,)``.

    Notes
    -----
    The number of rows is divided by the design effect of the groups (Kish 1965), which is never taken below one.
    """
    share = float(wrong.mean())
    return Estimate(share, *wilson(share, len(wrong) / design_effect(wrong - share, groups)))


def ratio_of(numerator: Floats, denominator: Floats, groups: Ints | None = None) -> Estimate:
    """Return the ratio of two sums over rows ``(n,)``, with its linearised interval (Cochran 1977, §6.4)."""
    ratio = float(numerator.sum() / denominator.sum())
    error = np.sqrt(_sum_of_squares(numerator - ratio * denominator, groups)) / denominator.sum()
    half = NORMAL_95 * float(error)
    return Estimate(ratio, max(ratio - half, 0.0), ratio + half)


def balanced_share(wrong: Floats, codes: Ints) -> Estimate:
    """Return the mean over classes of the share of wrong rows; the error of a class without errors is not 0.

    Parameters
    ----------
    wrong
        0 or 1, shape ``(n,)``.
    codes
        Class of each row from 0, shape ``(n,)``.
    """
    n = np.bincount(codes)
    found, n = np.bincount(codes, wrong)[n > 0], n[n > 0]
    softened = (found + 1) / (n + 2)  # Laplace: no class is known to be free of errors
    half = NORMAL_95 * float(np.sqrt((softened * (1 - softened) / n).sum())) / len(n)
    share = float((found / n).mean())
    return Estimate(share, max(share - half, 0.0), min(share + half, 1.0))


def paired_shares(first: Floats, second: Floats, groups: Ints | None = None) -> Estimate:
    """Return how much larger the second of two shares of wrong rows is, the rows being the same.

    Parameters
    ----------
    first, second
        0 or 1, shape ``(n,)`` each.
    groups
        Codes from 0, shape ``(n,)``: the variance is multiplied by their design effect.

    References
    ----------
    Agresti & Min (2005), Simple improved confidence intervals for comparing matched proportions: half a row is added
    to each of the four cells of McNemar's table, so that two equal columns still have an interval.

    Examples
    --------
    >>> round(paired_shares(np.zeros(98), np.zeros(98)).high, 4)
    0.0196
    """
    change = second - first
    n, moved = len(change) + 2, float(np.abs(change).sum()) + 1
    mean = float(change.sum()) / n
    variance = (moved - n * mean**2) / n**2 * design_effect(change - change.mean(), groups)
    half = NORMAL_95 * np.sqrt(variance)
    return Estimate(float(change.mean()), float(mean - half), float(mean + half))


def paired_ratios(first: Floats, second: Floats, denominator: Floats, groups: Ints | None = None) -> Estimate:
    """Return the difference of two ratios of one denominator, second less first, linearised."""
    total = denominator.sum()
    difference = float((second - first).sum() / total)
    error = np.sqrt(_sum_of_squares(second - first - difference * denominator, groups)) / total
    half = NORMAL_95 * float(error)
    return Estimate(difference, difference - half, difference + half)


def design_effect(deviations: Floats, groups: Ints | None) -> float:
    """Return by how much groups inflate the variance of a mean, at least one; deviations have the mean zero."""
    alone = float((deviations**2).sum())
    if groups is None or alone == 0:
        return 1.0
    return max(_sum_of_squares(deviations, groups) / alone, 1.0)


def _sum_of_squares(values: Floats, groups: Ints | None) -> float:
    summed = values if groups is None else np.bincount(groups, values)
    return float((summed**2).sum())

"""Do two samples of categories come from one population? Shares, single levels, and levels that one sample lacks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from diagnose.stats.hypergeometric import difference_interval, split_p_value
from diagnose.stats.multiple import cauchy_combination

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

LEAST_EXPECTED = 5.0
"""Rows that a level is expected to have in the smaller sample to count by itself (Cochran 1954)."""
SHARES_WEIGHT = 0.75
"""Part of the error rate that the shares taken together may spend; the rest is for single levels, which stand out by
themselves where one of many changed."""
Z_HALF = 1.96
"""One-sided 95 % point of the normal law after Bonferroni over two bounds."""
Z95 = 1.6449


@dataclass(frozen=True)
class CategoryShift:
    """How two samples of categories differ.

    Attributes
    ----------
    distance, low, high
        Total variation of the samples (half the summed differences of shares; rare levels as one), and bounds of that
        of the populations, each at 95 %.
    p
        Of one population: all shares together, and each level by itself, combined.
    level, p_level
        Number of the level whose share changed most beyond chance, and its own p-value; 1 where all levels are too rare
        to say anything.
    new, gone
        Share of the second sample's rows in levels that the first lacks, and the reverse.
    new_low, gone_low
        Their 95 % lower bounds, less what is expected of rare levels by chance.
    new_p, gone_p
        How surprising they are where levels that are rare in both are expected to be missed by one.
    """

    distance: float
    low: float
    high: float
    p: float
    level: int
    p_level: float
    new: float
    new_low: float
    new_p: float
    gone: float
    gone_low: float
    gone_p: float


def compare_categories(first: Counts, second: Counts) -> CategoryShift:
    """Test whether two samples of categories come from one population.

    The χ² statistic of homogeneity, its law fitted to its exact mean and variance under all splits of the pooled rows;
    levels too rare for it count as one. Beside it Fisher's exact test of every level that could be surprising at all.
    Which levels are rare is decided by the pooled rows, never by the sample they are in.

    Parameters
    ----------
    first, second
        Shape ``(k,)``: counts of the same levels, at least one row each.

    Examples
    --------
    >>> same = compare_categories(np.array([50, 50]), np.array([48, 52]))
    >>> round(same.distance, 3), round(same.low, 3), same.p > 0.5
    (0.02, 0.0, True)
    """
    n, m = int(first.sum()), int(second.sum())
    pooled = first + second
    p_levels, tested = _levels(second, pooled, m, n + m)
    few = _joined(first, second)
    p_all = _homogeneity(*few)
    weights = np.append(SHARES_WEIGHT, np.full(len(p_levels), (1 - SHARES_WEIGHT) / max(len(p_levels), 1)))
    distance, low, high = _variation(*few)
    level = int(tested[np.argmin(p_levels)]) if len(tested) else 0
    low = max(low, _largest_change(first, second, tested, n, m))
    return CategoryShift(
        distance, low, max(high, low), cauchy_combination(np.append(p_all, p_levels), weights), level,
        float(p_levels.min(initial=1.0)),
        *_unseen(first, second), *_unseen(second, first),
    )  # fmt: skip


def _levels(second: Counts, pooled: Counts, m: int, total: int) -> tuple[Floats, Counts]:
    share = min(m, total - m) / total
    # a level whose most extreme split has odds of 5 % can't speak by itself
    tested = np.flatnonzero((pooled * math.log(share) < math.log(0.025)) & (pooled < total))
    size, all_rows = np.full(len(tested), m), np.full(len(tested), total)
    return np.atleast_1d(split_p_value(second[tested], pooled[tested], size, all_rows)), tested


def _joined(first: Counts, second: Counts) -> tuple[Counts, Counts]:
    """Count all rare levels as one, with the rarest of the others where they are still too few."""
    n, m = int(first.sum()), int(second.sum())
    pooled = first + second
    expected = pooled * (min(n, m) / (n + m))
    order = np.argsort(-pooled, kind="stable")
    kept = order[expected[order] >= LEAST_EXPECTED]
    rare = order[len(kept) :]
    if 0 < expected[rare].sum() < LEAST_EXPECTED and len(kept):
        kept, rare = kept[:-1], np.append(kept[-1:], rare)
    parts = [np.append(side[kept], side[rare].sum()) for side in (first, second)]
    held = (parts[0] + parts[1]) > 0
    return parts[0][held], parts[1][held]


def _homogeneity(first: Counts, second: Counts) -> float:
    """Return χ²'s p-value by a gamma law of its exact mean and variance given the margins (Haldane 1940)."""
    from scipy.special import gammaincc  # noqa: PLC0415

    n, m, pooled = int(first.sum()), int(second.sum()), first + second
    total, levels = n + m, len(first)
    if levels < 2 or total < 4:
        return 1.0
    statistic = total**2 / (n * m) * float(np.sum((second - pooled * (m / total)) ** 2 / pooled))
    mean = (levels - 1) * total / (total - 1)
    free = [(k - 1) * (total - k) / (total - 1) for k in (2, levels)]
    uneven = [(total * inverse - k * k) / (total - 2)
              for k, inverse in ((2, 1 / n + 1 / m), (levels, float(np.sum(1 / pooled))))]  # fmt: skip
    variance = 2 * total / (total - 3) * (free[0] - uneven[0]) * (free[1] - uneven[1])
    variance += total**2 / (total - 1) * uneven[0] * uneven[1] / total
    return float(gammaincc(mean**2 / variance, statistic * mean / variance))


def _variation(first: Counts, second: Counts) -> tuple[float, float, float]:
    """Return the total variation and its bounds.

    Noise alone makes it positive: what it does where nothing changed, √(2/π) standard errors a level, is taken off the
    lower bound (too much where something changed). Its error is that of the share of the levels that became commoner.
    """
    n, m = int(first.sum()), int(second.sum())
    shares = first / n, second / m
    pooled = (first + second) / (n + m)
    change = shares[1] - shares[0]
    distance = float(np.abs(change).sum()) / 2
    noise = math.sqrt(2 / math.pi) / 2 * float(np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m)).sum())
    grown = change > 0
    error = math.sqrt(sum(_binomial(float(share[grown].sum())) / k for share, k in zip(shares, (n, m), strict=True)))
    return distance, max(0.0, distance - noise - Z_HALF * error), min(1.0, distance + Z95 * error)


def _binomial(share: float) -> float:
    return max(share * (1 - share), 0.0)


def _largest_change(first: Counts, second: Counts, tested: Counts, n: int, m: int) -> float:
    """Return the lower bound of the largest change of one level's share, which total variation is no less than."""
    from scipy.special import ndtri  # noqa: PLC0415

    if not len(tested):
        return 0.0
    z = -float(ndtri(0.025 / len(tested)))
    low, high = difference_interval(first[tested], n, second[tested], m, z)
    return max(0.0, float(np.max(np.maximum(low, -high))))


def _unseen(known: Counts, other: Counts) -> tuple[float, float, float]:
    """Return the share of the other sample in levels that are unknown, its lower bound, and its p-value.

    A level with t rows in all falls wholly into a sample of m of N by chance with odds m/N · (m - 1)/(N - 1) … A gamma
    law of the mean and variance of the rows in such levels has a tail that is heavier than theirs.
    """
    from scipy.special import gammaincc, gammaln  # noqa: PLC0415

    n, m = int(known.sum()), int(other.sum())
    pooled = (known + other).astype(np.float64)
    rows = float(other[known == 0].sum())
    if rows == 0:
        return 0.0, 0.0, 1.0
    possible = pooled[(pooled > 0) & (pooled <= m)]
    log_odds: Any = gammaln(m + 1) - gammaln(m - possible + 1) - gammaln(n + m + 1) + gammaln(n + m - possible + 1)
    odds = np.exp(log_odds)
    mean, variance = float(possible @ odds), float(possible**2 @ (odds * (1 - odds)))
    if variance <= 0:
        return rows / m, 0.0, 1.0
    p = float(gammaincc(mean**2 / variance, rows * mean / variance))
    beyond = max(0.0, rows - mean)
    # the error of a count, and of what chance adds to it
    return rows / m, max(0.0, beyond - Z95 * math.sqrt(beyond + variance)) / m, p

"""How surprising a Kolmogorov-Smirnov distance is, and what it says of the distance of the populations."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

EXACT_PATHS = 10_000
"""Largest product of unequal sizes for which paths are counted: a millisecond or two."""
BAND = 1.358
"""95 % point of Kolmogorov's law: the distance of two samples of one population, times √(n m / (n + m))."""
MOST_TERMS = 200
"""Where more than these matter the odds are 1: terms fall as exp(-(k · distance)² n)."""
NEGLIGIBLE = 1e-17
"""Below the rounding of what was summed before."""


def ks_p_value(distance: float, n: int, m: int) -> float:
    """Return the odds of at least this distance between samples of one continuous population; with ties, a bound.

    Exact for equal sizes (Gnedenko & Korolyuk 1951) and for small unequal ones (paths on a lattice, Hodges 1957). For
    others, as `scipy.stats.ks_2samp` does, the law of one sample of size n m / (n + m) stands in, by the expansion of
    Pelz & Good (1976), and far in the tail by that of Maag & Dicaire (1971).

    Examples
    --------
    >>> round(ks_p_value(0.5, 10, 10), 6), round(ks_p_value(0.02, 10_000, 5_000), 4)
    (0.167821, 0.1371)
    """
    if distance <= 0:
        return 1.0
    if n == m:
        return _equal_sizes(round(distance * n), n)
    if n * m <= EXACT_PATHS:
        return _paths(distance, n, m)
    size = round(n * m / (n + m))
    p = 1 - _pelz_good(distance * math.sqrt(size), size)
    if p > 1e-9:  # below, little is left of the difference from 1
        return min(1.0, p)
    return min(1.0, 2 * math.exp(-((6 * size * distance + 1) ** 2) / (18 * size)))


def _equal_sizes(steps: int, n: int) -> float:
    """Sum the reflections of paths that leave the band, in logarithms."""
    total, whole = 0.0, _log_choose(2 * n, n)
    for k in range(1, min(MOST_TERMS, n // max(steps, 1)) + 1):
        term = math.exp(_log_choose(2 * n, n - k * steps) - whole)
        total += term if k % 2 else -term
        if term <= NEGLIGIBLE * abs(total):
            break
    return min(1.0, max(0.0, 2 * total))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _paths(distance: float, n: int, m: int) -> float:
    """Follow the odds of paths that stay within the band, one value of the first sample at a time."""
    if n > m:
        n, m = m, n
    across = np.arange(m + 1, dtype=np.float64)
    limit = distance - 1e-10  # a distance is a whole number over n m; rounding must not exclude it
    odds = np.zeros(m + 1)
    for i in range(n + 1):
        inside = np.abs(i / n - across / m) < limit
        # the odds of reaching (i, j): from (i - 1, j) or from (i, j - 1), drawing from n + m without replacement
        if i == 0:
            steps = np.concatenate([[1.0], (m - across[:-1]) / (n + m - across[:-1])])
            odds = np.asarray(np.cumprod(np.where(inside, steps, 0.0)))
            continue
        down = odds * (n - i + 1) / np.maximum(n + m - (i - 1) - across, 1)
        odds = _swept(down, (m - across) / np.maximum(n + m - i - across, 1), inside)
    return float(min(1.0, max(0.0, 1 - odds[-1])))


def _swept(entering: Floats, onward: Floats, inside: npt.NDArray[np.bool_]) -> Floats:
    result = np.zeros_like(entering)
    carried = 0.0
    for j in np.flatnonzero(inside):
        carried = entering[j] + (carried * onward[j - 1] if j and inside[j - 1] else 0.0)
        result[j] = carried
    return result


def _pelz_good(z: float, n: int) -> float:
    """Return the odds that √n times the distance of a sample of n stays below z; Simard & L'Ecuyer (2011), eq. 5-9."""
    k = np.arange(60)
    half = (2 * k + 1) ** 2 * np.pi**2 / 4
    fall = np.exp(-half / (2 * z * z))
    whole = k[1:] ** 2 * np.pi**2
    whole_fall = np.exp(-whole / (2 * z * z))
    root = math.sqrt(2 * np.pi)
    # each sum over all integers is twice that over half of them
    zero = root / z * fall.sum()
    one = root / (6 * z**4) * ((half - z * z) * fall).sum()
    weight = (6 * z**6 + 2 * z**4) + (2 * z**4 - 5 * z**2) * half + (1 - 2 * z * z) * half**2
    two = root / (72 * z**7) * (weight * fall).sum()
    two -= root / (36 * z**3) * (whole * whole_fall).sum()
    weight = (-30 * z**6 - 90 * z**8) + (135 * z**4 - 96 * z**6) * half
    weight += (212 * z**4 - 60 * z**2) * half**2 + (5 - 30 * z * z) * half**3
    three = root / (6480 * z**10) * (weight * fall).sum()
    three += root / (216 * z**6) * ((3 * whole * z * z - whole**2) * whole_fall).sum()
    return float(zero + one / math.sqrt(n) + two / n + three / n**1.5)

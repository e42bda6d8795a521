"""Do two samples of numbers come from one population? By place, spread, shape and tails, with the distance's interval.

Every statistic comes from counts in common cells: it is exact where a cell holds one value, as in small samples, and
valid in any case, as cells are rows pooled without looking at which sample they are in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from diagnose.stats.cells import Cells
from diagnose.stats.hypergeometric import split_p_value
from diagnose.stats.kolmogorov import BAND, ks_p_value
from diagnose.stats.multiple import cauchy_combination

Floats = npt.NDArray[np.float64]

MOST_CELLS = 1 << 12
"""Scores of finer cells differ by less than their noise."""
WEIGHTS = {"place": 0.45, "spread": 0.2, "shape": 0.2, "tail": 0.15}
"""How much of a column's error rate each test may spend: more for what is commonest."""
NEARLY = 0.7
"""Share of the largest surprise, in logarithms, at which a simpler description serves as well."""
OUTERMOST = 16
"""Rows of the smallest tail that is compared: half of these on each side are what chance gives."""
Z95 = 1.6449
"""One-sided 95 % point of the normal law."""


@dataclass(frozen=True)
class Tail:
    """An outer part of the pooled rows, and each sample's share of it.

    Attributes
    ----------
    side
        ``"below"``, ``"above"`` or ``"outside"`` of its bounds.
    low, high
        The bounds in the values' unit.
    first, second
        Share of each sample beyond them.
    ratio_low, ratio_high
        99 % interval of second over first.
    p
        Two-sided p-value of this tail alone.
    """

    side: str
    low: float
    high: float
    first: float
    second: float
    ratio_low: float
    ratio_high: float
    p: float


@dataclass(frozen=True)
class NumberShift:
    """How two samples of numbers differ.

    Attributes
    ----------
    distance, low, high
        Kolmogorov-Smirnov distance of the samples, and bounds of that of the populations, each at 95 %.
    p
        Of one population, all four tests taken together.
    place, spread, shape, tail
        The p-values of each.
    moved, wider
        Standardised differences of place and of spread, second against first; normal scores.
    worst_tail
        The tail that differs most; None where no tail was compared.
    """

    distance: float
    low: float
    high: float
    p: float
    place: float
    spread: float
    shape: float
    tail: float
    moved: float
    wider: float
    worst_tail: Tail | None

    @property
    def leading(self) -> str:
        """Which of the tests sees most; a simpler one where it sees nearly as much: place, spread, shape, then tail."""
        seen = {
            name: max(0.0, -math.log(max(getattr(self, name), 1e-300) / weight)) for name, weight in WEIGHTS.items()
        }
        return next(name for name in WEIGHTS if seen[name] >= NEARLY * max(seen.values()))


def compare_numbers(cells: Cells) -> NumberShift:
    """Test whether two samples come from one population.

    *Place*: normal scores of the ranks (van der Waerden), as powerful as a t-test on normal data. *Spread*: their
    squares (Klotz). *Shape*: Kolmogorov-Smirnov. *Tail*: Fisher's exact test of the outermost 1/8, 1/16, … of the rows,
    below, above and on both sides. Their p-values are combined by Cauchy's law, which holds however they depend on each
    other.

    The distance D of the populations is bounded from below by the best of three bounds, each at a part of 5 %: the
    sample distance less Kolmogorov's band; the difference of means of the pooled ranks, cut to their middle half; that
    of (2 U - 1)² at pooled ranks U. A mean of a function differs by its variation times D at most. From above D is
    bounded by the band.
    """
    cells_ = _coarser(cells)
    n, m = cells.sizes
    pooled = cells_.first + cells_.second
    rank = (np.cumsum(pooled) - pooled / 2) / (n + m)
    scores = _normal(rank)
    moved, p_place = _linear(scores, cells_)
    wider, p_spread = _linear(scores * scores, cells_)
    shape = ks_p_value(cells.distance, n, m)
    tails = _tails(cells, n, m)
    # each tail's p-value counts with an equal part of the tails' weight
    parts = [(p_place, WEIGHTS["place"]), (p_spread, WEIGHTS["spread"]), (shape, WEIGHTS["shape"])]
    parts += [(float(p), WEIGHTS["tail"] / len(tails.p)) for p in tails.p]
    p = cauchy_combination([part[0] for part in parts], [part[1] for part in parts])
    tail = cauchy_combination(tails.p, np.ones(len(tails.p))) if len(tails.p) else 1.0
    low, high = _bounds(cells.distance, cells_, n, m)
    worst = _worst(tails, cells, n, m)
    return NumberShift(cells.distance, low, high, p, p_place, p_spread, shape, tail, moved, wider, worst)


def detectable(n: int, m: int, alpha: float, power: float = 0.95) -> float:
    """Return the shift of a normal population, in standard deviations, found with that power by its place alone.

    Examples
    --------
    >>> round(detectable(1000, 1000, 0.05 / 20), 2)
    0.22
    """
    from scipy.special import ndtri  # noqa: PLC0415

    z = -ndtri(alpha * WEIGHTS["place"] / 2) + ndtri(power)
    return float(z * math.sqrt(1 / n + 1 / m))


def distance_of(shift: float) -> float:
    """Return the Kolmogorov-Smirnov distance of two normal populations whose means are that many deviations apart.

    Examples
    --------
    >>> round(distance_of(0.25), 3)
    0.099
    """
    return math.erf(abs(shift) / 2 / math.sqrt(2))


def _coarser(cells: Cells) -> Cells:
    """Join neighbouring cells until few are left, all of about the same size."""
    if len(cells.first) <= MOST_CELLS:
        return cells
    total = np.cumsum(cells.first + cells.second)
    # floor of the middle: a cell that holds much stays one
    group = (total * MOST_CELLS) // (total[-1] + 1)
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    ends = np.append(starts[1:], len(group)) - 1
    return Cells(
        np.add.reduceat(cells.first, starts), np.add.reduceat(cells.second, starts), cells.upper[ends], cells.distance
    )


def _normal(rank: Floats) -> Floats:
    from scipy.special import ndtri  # noqa: PLC0415

    return np.asarray(ndtri(rank))


def _linear(scores: Floats, cells: Cells) -> tuple[float, float]:
    """Return the standardised difference of mean scores and its p-value under all splits of the pooled rows."""
    n, m = cells.sizes
    pooled = cells.first + cells.second
    total = n + m
    centred = scores - pooled @ scores / total
    squared = centred * centred
    squares = float(pooled @ squared)
    if squares <= 0 or n < 2 or m < 2:
        return 0.0, 1.0
    value = float(cells.second @ centred)
    variance = n * m / (total * (total - 1)) * squares
    z = value / math.sqrt(variance)
    third = n * m * (n - m) / (total * (total - 1) * max(total - 2, 1)) * float(pooled @ (squared * centred))
    normal = _without_skew(z, third / variance**1.5)
    return z, math.erfc(abs(normal) / math.sqrt(2))


def _without_skew(z: float, skew: float) -> float:
    """Return the normal quantile at which a slightly skewed law stands where it is at z (Cornish & Fisher 1938).

    The correction may not grow beyond half of z: it is an expansion for small ones.
    """
    correction = skew * (z * z - 1) / 6 - skew * skew * (4 * z**3 - 7 * z) / 36
    return z - math.copysign(min(abs(correction), abs(z) / 2), correction)


@dataclass(frozen=True, eq=False)
class _Tails:
    below: npt.NDArray[np.int64]
    above: npt.NDArray[np.int64]
    inside: Any
    held: Any
    p: Floats


def _tails(cells: Cells, n: int, m: int) -> _Tails:
    """Compare the outer parts: cells up to ``below`` (excluded) and from ``above`` on; 0 and k where there is none."""
    pooled = cells.first + cells.second
    total = n + m
    wanted = 2 ** np.arange(3, max(4, int(math.log2(total / OUTERMOST)) + 1))
    wanted = total // wanted
    wanted = wanted[wanted >= OUTERMOST]
    upwards = np.concatenate([[0], np.cumsum(pooled)])
    second = np.concatenate([[0], np.cumsum(cells.second)])
    k = len(pooled)

    def lower(sizes: Any) -> Any:
        return np.searchsorted(upwards, sizes, "left")

    def upper(sizes: Any) -> Any:
        return np.searchsorted(upwards, total - sizes, "right") - 1

    none_below, none_above = np.zeros(len(wanted), np.int64), np.full(len(wanted), k)
    half = np.maximum(wanted // 2, 1)
    below = np.concatenate([lower(wanted), none_below, lower(half)]).astype(np.int64)
    above = np.concatenate([none_above, upper(wanted), upper(half)]).astype(np.int64)
    held = upwards[below] + total - upwards[above]
    drawn = second[below] + m - second[above]
    # where ties make a tail far larger than asked for it is no tail, and the same one stands there twice
    real = (held <= 2 * np.tile(wanted, 3)) & (below < above)
    kept = np.flatnonzero(real)
    p = split_p_value(drawn[kept], held[kept], np.full(len(kept), m), np.full(len(kept), total))
    return _Tails(below[kept], above[kept], drawn[kept], held[kept], np.atleast_1d(p))


def _worst(tails: _Tails, cells: Cells, n: int, m: int) -> Tail | None:
    if not len(tails.p):
        return None
    i = int(np.argmin(tails.p))
    below, above = int(tails.below[i]), int(tails.above[i])
    second = int(tails.inside[i])
    first = int(tails.held[i]) - second
    side = "outside" if below and above < len(cells.upper) else "below" if below else "above"
    ratio = math.log((second + 0.5) / (m + 1)) - math.log((first + 0.5) / (n + 1))
    error = 2.5758 * math.sqrt(1 / (first + 0.5) + 1 / (second + 0.5))  # 99 %: the worst of many tails was taken
    return Tail(
        side,
        float(cells.upper[below - 1]) if below else -math.inf,
        float(cells.upper[above - 1]) if above < len(cells.upper) else math.inf,
        first / n,
        second / m,
        math.exp(ratio - error),
        math.exp(ratio + error),
        float(tails.p[i]),
    )


Z_PLACE, Z_SPREAD, BAND_SHAPE = 2.170, 2.576, 1.628
"""The lower bounds' two-sided points at 3, 1 and 1 %, 5 % together: most where a shift is most often seen. The last is
Kolmogorov's law: √(ln(2 / 0.01) / 2)."""
MIDDLE = 0.25, 0.75
"""Ranks between which place is measured for the bound: of the ramps tried it has the least error for its height where a
normal population shifts."""


def _bounds(distance: float, cells: Cells, n: int, m: int) -> tuple[float, float]:
    """Return the lower and the upper 95 % bound of the populations' distance."""
    root = math.sqrt(1 / n + 1 / m)
    pooled = cells.first + cells.second
    rank = (np.cumsum(pooled) - pooled / 2) / (n + m)
    low = max(
        0.0,
        distance - BAND_SHAPE * root,
        _implied(np.clip(rank, *MIDDLE), cells, Z_PLACE),
        _implied((2 * rank - 1) ** 2, cells, Z_SPREAD),
    )
    return low, min(1.0, distance + BAND * root)


def _implied(values: Floats, cells: Cells, z: float) -> float:
    """Return the least distance that a difference of means implies.

    The mean of a function of bounded variation differs by the integral of F - G over the function, by its variation
    times the distance at most.
    """
    n, m = cells.sizes
    variation = float(np.abs(np.diff(values)).sum())
    if variation == 0:
        return 0.0
    change = float(cells.second @ values) / m - float(cells.first @ values) / n
    error = math.sqrt(_variance(values, cells.first) / n + _variance(values, cells.second) / m)
    return (abs(change) - z * error) / variation


def _variance(values: Floats, counts: npt.NDArray[np.int64]) -> float:
    total = int(counts.sum())
    mean = float(counts @ values) / total
    return float(counts @ (values - mean) ** 2) / max(total - 1, 1)

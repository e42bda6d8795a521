"""Are two samples of numbers the same values in another unit?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from diagnose.stats.cells import pooled_cells

Numbers = npt.NDArray[np.floating[Any]]
Candidate = tuple[float, float, str]
"""Factor, offset, words."""

SAMPLED = 50_000
"""Rows of a side that decide it: they tell the scale of what is as uneven as a gamma law of shape 2 to 1.5 %."""
CLOSE = 0.06
"""Distance up to which rescaled values count as the same: half of what a shift of 0.3 standard deviations makes."""
TIMES_CLOSER = 5.0
"""How many times smaller rescaling must make the distance."""
LEAST_FACTOR = 1.5
"""A smaller one is a shift like others; no unit that people mix up is closer to another one but yards and metres."""
LEAST = 1e-30
"""No unit is a smaller part of another."""
FAR = 8.0
"""From three doublings on a factor is no matter of nature: amounts, lengths of stay or the light of pictures that
differ by less between two data sets are common, and keep their shape when they do (a gamma law with another scale is
the same law rescaled). Nearer ones must be those of a known unit."""
PINNED = 0.02
"""Relative error up to which a factor below `FAR` is told from its neighbours: the five known ones then cover an
eighth of all there are."""
NAMED = (
    (255.0, "×255, as pixels of 0 to 255 against 0 to 1"),
    (100.0, "×100, as per cent against shares, or cents against whole units"),
    (1000.0, "×1000, as thousandths against whole units"),
    (1e6, "×1,000,000"),
    (1e9, "×1,000,000,000"),
    (10.0, "×10"),
    (60.0, "×60, as seconds against minutes"),
    (3600.0, "×3600, as seconds against hours"),
    (24.0, "×24, as hours against days"),
    (12.0, "×12, as months against years"),
    (2.54, "×2.54, as centimetres against inches"),
    (2.2046, "×2.2, as pounds against kilograms"),
    (3.2808, "×3.28, as feet against metres"),
    (1.6093, "×1.61, as kilometres against miles"),
    (3.6, "×3.6, as km/h against m/s"),
    (57.2958, "×57.3, as degrees against radians"),
)
DEGREES = [
    (1.8, 32.0, "×1.8 + 32, as Fahrenheit against Celsius"),
    (1 / 1.8, -32 / 1.8, "(− 32) ÷ 1.8, as Celsius now, Fahrenheit before"),
    (1.0, -273.15, "− 273.15, as Celsius now, Kelvin before"),
    (1.0, 273.15, "+ 273.15, as Kelvin now, Celsius before"),
]
NEAR = 3.5
"""Relative error of a factor that still bears a name, times √(1/n + 1/m): three standard errors of the ratio of the
middle halves of two normal samples."""
NEAR_MEAN = 3.0
"""The same of the ratio of means, times the deviation over the mean: what tells heights in inches from heights in
centimetres is that people are 170 ± 10."""
STANDARD = 0.25
"""How far from 0 the mean, and from 1 the deviation, of what was normalised by other rows of the same data may lie."""


@dataclass(frozen=True)
class Rescaled:
    """The second sample is about ``factor`` times the first, plus ``offset``.

    ``distance`` is the Kolmogorov-Smirnov distance that is left then, ``before`` the one without; ``words`` say it.
    """

    factor: float
    offset: float
    before: float
    distance: float
    words: str


def rescaled(first: Numbers, second: Numbers, sizes: tuple[int, int] | None = None) -> Rescaled | None:
    """Return the change of unit that makes two samples alike, or None.

    That rescaling makes them alike is not enough: another scale is a common shift. A factor is a unit where it is far
    from 1, or known and told from its neighbours; Celsius, Fahrenheit and Kelvin where their offset shows; factor and
    offset together where one side is normalised and the other is far from it.

    Parameters
    ----------
    first, second
        Shapes ``(n,)`` and ``(m,)``; NaN where missing.
    sizes
        How many rows each stands for, where these are quantiles of more.

    Examples
    --------
    >>> pixels = np.random.default_rng(0).random(2000)
    >>> rescaled(pixels, 255 * pixels[::2]).words
    '×255, as pixels of 0 to 255 against 0 to 1'
    >>> rescaled(pixels, 0.6 * pixels[::2])  # darker pictures
    """
    one, other = (_some(side) for side in (first, second))
    if min(len(one), len(other)) < 50 or len(np.unique(one)) < 10 or len(np.unique(other)) < 10:
        return None  # a few values fit anything
    spreads = _spread(one), _spread(other)
    if min(spreads) <= 0 or not LEAST < spreads[1] / spreads[0] < 1 / LEAST:
        return None
    before = pooled_cells(one, other).distance
    n, m = sizes or (len(one), len(other))
    root = math.sqrt(1 / n + 1 / m)
    measured = _measured(one, other, spreads[1] / spreads[0], root)
    candidates = _factors(spreads[1] / spreads[0], *measured)
    if pooled_cells(one * measured[0], other).distance > max(CLOSE, 1.36 * root):
        candidates += DEGREES  # where a plain factor does as well the offset is not seen
    for factor, offset, words in (*candidates, *_normalised(one, other, spreads)):
        left = pooled_cells(one * factor + offset, other).distance
        if left <= max(CLOSE, 1.36 * root) and left * TIMES_CLOSER <= before:
            return Rescaled(factor, offset, before, left, words)
    return None


def _spread(values: npt.NDArray[np.float64]) -> float:
    return float(np.subtract(*np.quantile(values, (0.75, 0.25))))


def _some(values: Numbers) -> npt.NDArray[np.float64]:
    taken = np.asarray(values[:: 1 + len(values) // SAMPLED], dtype=np.float64)
    return taken[np.isfinite(taken)]


def _factors(ratio: float, measured: float, error: float) -> list[Candidate]:
    """List factors: the known ones that lie near the measured one, then, where it is far from 1, the ratio itself."""
    if max(ratio, 1 / ratio) < LEAST_FACTOR:
        return []
    size = max(measured, 1 / measured)
    close = sorted((abs(math.log(size / known)), known, words) for known, words in NAMED)
    near = [(known, words) for off, known, words in close if off <= error and (known >= FAR or error <= PINNED)]
    found = [
        (known, 0.0, words) if ratio > 1 else (1 / known, 0.0, words.replace("×", "÷").replace(" against ", " now "))
        for known, words in near
    ]
    return [*found, (ratio, 0.0, f"×{ratio:.3g}")] if max(ratio, 1 / ratio) >= FAR else found


def _measured(one: Any, other: Any, ratio: float, root: float) -> tuple[float, float]:
    """Return the factor by spreads or by means, whichever tells it better, and three of its standard errors."""
    with np.errstate(over="ignore", invalid="ignore"):  # squares of numbers near the largest there are
        means, deviation = (float(np.mean(one)), float(np.mean(other))), float(np.std(one))
    if means[0] * means[1] <= 0 or not LEAST < means[1] / means[0] < 1 / LEAST:
        return ratio, NEAR * root
    error = NEAR_MEAN * root * deviation / abs(means[0])
    return (means[1] / means[0], error) if error < NEAR * root else (ratio, NEAR * root)


def _normalised(one: Any, other: Any, spreads: tuple[float, float]) -> list[Candidate]:
    """Fit factor and offset where one side is centred and scaled, and the other far from that."""
    if _is_normalised(one) == _is_normalised(other):
        return []
    raw = other if _is_normalised(one) else one
    if max(_spread(raw), 1 / _spread(raw), abs(float(np.median(raw)))) < FAR:
        return []  # as another population may be, once normalised
    ratio = spreads[1] / spreads[0]
    offset = float(np.median(other)) - ratio * float(np.median(one))
    return [(ratio, offset, f"×{ratio:.3g} {offset:+.3g}, as normalised on one side only")]


def _is_normalised(values: npt.NDArray[np.float64]) -> bool:
    """Whether mean and deviation, or median and middle half, are 0 and 1; or all fills 0 to 1, or -1 to 1."""
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = (float(np.mean(values)), float(np.std(values))), (float(np.median(values)), _spread(values))
    if any(abs(middle) <= STANDARD and abs(spread - 1) <= STANDARD for middle, spread in scaled):
        return True
    low, high = float(values.min()), float(values.max())
    return any(abs(low - end) <= STANDARD / 2 and abs(high - 1) <= STANDARD / 2 for end in (0.0, -1.0))

"""Are two samples of numbers the same values in another unit?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from diagnose.stats.cells import pooled_cells

Numbers = npt.NDArray[np.floating[Any]]

SAMPLED = 20_000
"""Rows of a side that decide it: a distance of 0.02 is beyond their noise."""
CLOSE = 0.06
"""Distance up to which rescaled values count as the same: half of what a shift of 0.3 standard deviations makes."""
TIMES_CLOSER = 5.0
"""How many times smaller rescaling must make the distance."""
LEAST_FACTOR = 1.5
"""A smaller one is a shift like others; no unit that people mix up is closer to another one but yards and metres."""
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
NEAR = 3.5
"""Relative error of a factor that still bears a name, times √(1/n + 1/m): three standard errors of the ratio of the
middle halves of two normal samples."""


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


def rescaled(first: Numbers, second: Numbers) -> Rescaled | None:
    """Return the change of unit that makes two samples alike, or None.

    A factor alone is tried first, by the ratio of spreads, then Celsius against Fahrenheit, then factor and offset
    together as a normalisation makes them.

    Parameters
    ----------
    first, second
        Shapes ``(n,)`` and ``(m,)``; NaN where missing.

    Examples
    --------
    >>> pixels = np.random.default_rng(0).random(2000)
    >>> rescaled(pixels, 255 * pixels[::2]).words
    '×255, as pixels of 0 to 255 against 0 to 1'
    """
    one, other = (_some(side) for side in (first, second))
    if min(len(one), len(other)) < 50 or len(np.unique(one)) < 10 or len(np.unique(other)) < 10:
        return None  # a few values fit anything
    spreads = [float(np.subtract(*np.quantile(side, (0.75, 0.25)))) for side in (one, other)]
    if min(spreads) <= 0:
        return None
    before = pooled_cells(one, other).distance
    ratio = spreads[1] / spreads[0]
    middles = float(np.median(one)), float(np.median(other))
    for factor, offset, words in _candidates(ratio, middles, NEAR * math.sqrt(1 / len(one) + 1 / len(other))):
        left = pooled_cells(one * factor + offset, other).distance
        noise = 1.36 * math.sqrt(1 / len(one) + 1 / len(other))
        if left <= max(CLOSE, noise) and left * TIMES_CLOSER <= before:
            return Rescaled(factor, offset, before, left, words)
    return None


def _some(values: Numbers) -> npt.NDArray[np.float64]:
    taken = np.asarray(values[:: 1 + len(values) // SAMPLED], dtype=np.float64)
    return taken[np.isfinite(taken)]


def _candidates(ratio: float, middles: tuple[float, float], near: float) -> list[tuple[float, float, str]]:
    found = []
    if max(ratio, 1 / ratio) >= LEAST_FACTOR:
        size = max(ratio, 1 / ratio)
        close = sorted((abs(math.log(size / known)), known, words) for known, words in NAMED)
        named = [(known if ratio > 1 else 1 / known, words) for off, known, words in close if off <= near]
        found = [(f, 0.0, w if ratio > 1 else w.replace("×", "÷").replace(" against ", " now ")) for f, w in named]
        found.append((ratio, 0.0, f"×{ratio:.3g}"))
    found.append((1.8, 32.0, "×1.8 + 32, as Fahrenheit against Celsius"))
    found.append((1 / 1.8, -32 / 1.8, "(− 32) ÷ 1.8, as Celsius now, Fahrenheit before"))
    found.append((1.0, -273.15, "− 273.15, as Celsius now, Kelvin before"))
    found.append((1.0, 273.15, "+ 273.15, as Kelvin now, Celsius before"))
    if max(ratio, 1 / ratio) >= LEAST_FACTOR:
        offset = middles[1] - ratio * middles[0]
        found.append((ratio, offset, f"×{ratio:.3g} {offset:+.3g}, as normalised on one side only"))
    return found

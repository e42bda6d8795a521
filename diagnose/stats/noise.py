"""How much a series jitters around its trend, estimated robustly."""

from __future__ import annotations

import numpy as np

from diagnose.run import FloatArray

MAD_TO_SIGMA = 1.4826
"""A normal's standard deviation over its median absolute deviation, 1 / Φ⁻¹(3/4)."""


def jitter(values: FloatArray) -> float:
    """Estimate the standard deviation of the noise around a smooth trend, from second differences.

    A second difference of independent noise has variance 6 σ², and a smooth trend all but vanishes in it (Gasser,
    Sroka & Jennen-Steinmetz 1986, eq. 2.2). The median absolute deviation keeps spikes and jumps out.

    Parameters
    ----------
    values
        Shape ``(n,)``, finite, equally spaced, ``n >= 3``.

    Returns
    -------
    float
        In the values' unit, 0.0 for fewer than three values. Where over half of the differences are zero (a quantised
        score) the mean absolute deviation takes the median's place, with each of the others at their median, so that
        spikes stay out.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> float(round(jitter(np.linspace(3, 1, 2000) + 0.1 * rng.normal(size=2000)), 3))
    0.099
    """
    if len(values) < 3:
        return 0.0
    second = values[2:] - 2 * values[1:-1] + values[:-2]
    deviation = np.abs(second)
    middle = float(np.median(deviation))
    if middle > 0:
        return float(MAD_TO_SIGMA * middle / np.sqrt(6))
    moved = deviation[deviation > 0]
    mean = len(moved) / len(deviation) * float(np.median(moved)) if len(moved) else 0.0
    return float(np.sqrt(np.pi / 2) * mean / np.sqrt(6))


def lag_one(residuals: FloatArray) -> float:
    """Lag-one autocorrelation of residuals, in [-1, 1]; 0.0 where they do not vary.

    Examples
    --------
    >>> lag_one(np.array([1.0, -1.0, 1.0, -1.0]))
    -0.75
    """
    centred = residuals - residuals.mean()
    total = float(centred @ centred)
    return float(centred[1:] @ centred[:-1]) / total if total > 0 else 0.0

"""Robust slopes."""

from __future__ import annotations

import numpy as np

from diagnose.run import FloatArray

MOST_POINTS = 100
"""Pairs grow with the square; a hundred points give 4,950, enough for a slope at 0.2 ms."""

TOGETHER = 1e-12
"""Steps closer than this share of the whole span are the same step: their slope is nothing but rounding."""


def theil_sen(steps: FloatArray, values: FloatArray) -> tuple[float, float]:
    """Return the median of all pairwise slopes (Sen 1968), and the slope's standard error per unit of noise.

    Parameters
    ----------
    steps, values
        Shape ``(n,)``, finite. Beyond ``MOST_POINTS`` evenly chosen points are used.

    Returns
    -------
    slope, spread
        ``slope`` in values per step. ``spread`` times the noise's standard deviation is the standard error of the
        least-squares slope, 1 / √Σ(t - t̄)²; Theil-Sen is 91 % as efficient for normal noise. Both 0.0 for fewer than
        two distinct steps.

    Examples
    --------
    >>> theil_sen(np.arange(5.0), np.array([0.0, 1.0, 2.0, 3.0, 40.0]))[0]
    1.0
    """
    if len(values) > MOST_POINTS:
        chosen = np.linspace(0, len(values) - 1, MOST_POINTS).round().astype(int)
        steps, values = steps[chosen], values[chosen]
    earlier, later = np.triu_indices(len(values), 1)
    run = steps[later] - steps[earlier]
    apart = run > TOGETHER * run.max(initial=0.0)
    if not apart.any():
        return 0.0, 0.0
    slopes = (values[later] - values[earlier])[apart] / run[apart]
    centred = steps - steps.mean()
    return float(np.median(slopes)), float(1 / np.sqrt(centred @ centred))

"""Where a falling curve is going: power-law and exponential decay, and what more training would gain.

Two families cover most learning curves (Viering & Loog 2021, table 1; Domhan et al. 2015): a + b t^-c and a + b
exp(-t/τ). Their one non-linear parameter runs over a grid, the linear two have a closed form, so the fit cannot fail to
converge.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from diagnose.run import FloatArray

EXPONENTS = np.concatenate([np.arange(1, 10) / 10, np.arange(10, 31, 2) / 10])
"""Powers of the power law, close enough that one between two costs a gain less than a third; beyond 3 it can't be told
from an exponential."""
RATES = np.geomspace(0.3, 20.0, 12)
"""Lengths of the fitted stretch over τ: from nearly straight to levelled off long ago."""
DEVIANCE = 3.84
"""A shape stays plausible while its squared error is within this many noise variances of the best: χ²₁ at 95 %."""
SHORTFALL, EXCESS = 0.1, 2.6
"""Real curves leave the family they seemed to follow: of predicted gains, eight in ten came true between these
multiples (calibration/extrapolation.py predicts the second half of labelled runs from the first)."""


class Extrapolation(NamedTuple):
    """What as much training again would gain (a fall of the cost; its unit), best estimate and 80 % interval."""

    gain: float
    low: float
    high: float
    floor: float
    """The level at which the best-fitting shape ends."""


def extrapolate(steps: FloatArray, cost: FloatArray, sigma: float, horizon: float) -> Extrapolation:
    """Predict how far a cost falls between the last step and ``horizon``.

    Parameters
    ----------
    steps, cost
        Shape ``(n,)``, ``n >= 4``, finite; steps increase.
    sigma
        Noise of one value; the interval widens with it.
    horizon
        The step to predict, beyond the last.

    Returns
    -------
    Extrapolation
        Never negative: a shape that rises predicts no gain.

    Examples
    --------
    >>> t = np.arange(1.0, 41.0)
    >>> round(float(extrapolate(t, 1 + t**-0.5, 1e-6, 80.0).gain), 3)
    0.046
    """
    first, last = float(steps[0]), float(steps[-1])
    length = last - first
    age = (steps - first) / length
    later = (horizon - first) / length
    origin = 1.0 / len(steps)  # the first point is one interval old
    shapes = np.concatenate([(age + origin) ** -EXPONENTS[:, None], np.exp(-RATES[:, None] * age)])
    future = np.concatenate([(later + origin) ** -EXPONENTS, np.exp(-RATES * later)])
    centred = shapes - shapes.mean(axis=1, keepdims=True)
    centred_cost = cost - cost.mean()
    slopes = np.maximum(centred @ centred_cost / (centred**2).sum(axis=1), 0.0)
    errors = ((centred_cost - slopes[:, None] * centred) ** 2).sum(axis=1)
    gains = slopes * (shapes[:, -1] - future)
    spread = max(sigma**2, float(errors.min()) / max(len(cost) - 3, 1))
    weights = np.exp(-0.5 * (errors - errors.min()) / spread) if spread > 0 else (errors == errors.min()).astype(float)
    plausible = errors <= errors.min() + DEVIANCE * spread
    slope_error = np.sqrt(spread / (centred**2).sum(axis=1)) * (shapes[:, -1] - future) * np.sqrt(DEVIANCE)
    best = int(np.argmin(errors))
    gain = float(weights @ gains / weights.sum())
    return Extrapolation(
        gain=gain,
        low=min(max(float((gains - slope_error)[plausible].min()), 0.0), SHORTFALL * gain),
        high=max(float((gains + slope_error)[plausible].max()), EXCESS * gain),
        floor=float(cost.mean() - slopes[best] * shapes[best].mean()),
    )

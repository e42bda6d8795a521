"""How rough a loss is: spikes, oscillation, divergence, and values that are not numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diagnose.measures.trend import Trend
from diagnose.run import Curve, FloatArray, History
from diagnose.stats.noise import MAD_TO_SIGMA


@dataclass(frozen=True)
class NonFinite:
    """Where a curve is not a number or infinite."""

    curve: str
    split: str
    count: int
    total: int
    first_step: float
    last_is: bool


def non_finite(history: History) -> tuple[NonFinite, ...]:
    """Every curve with a NaN or an infinity, in the log's order."""
    found = []
    for curve in history.curves:
        broken = ~np.isfinite(curve.values)
        if broken.any():
            first = float(curve.steps[int(np.argmax(broken))])
            found.append(NonFinite(curve.name, curve.split, int(broken.sum()), len(curve), first, bool(broken[-1])))
    return tuple(found)


@dataclass(frozen=True, eq=False)
class Roughness:
    """How rough one loss is, after its first tenth (a steep start is not rough).

    Attributes
    ----------
    oscillation
        Mean upward move between neighbours as a share of the gain: 0 for a curve that only falls.
    spikes
        Steps of the values that stand out upward from their neighbours' median by more than ``SPIKE`` of the gain and six
        deviations.
    tallest
        Height of the tallest such excursion as a share of the gain.
    relapse
        Rise from the best level to the end as a share of the gain.
    """

    oscillation: float
    spikes: FloatArray
    tallest: float
    relapse: float


SPIKE = 0.15
"""A spike must undo at least this share of the gain to matter: what a person sees on a plot at the height of the curve."""


def train_roughness(train_loss: Curve, train_loss_trend: Trend) -> Roughness:
    """Roughness of the training loss, as thinned (a single batch's loss is always rough)."""
    return roughness_of(train_loss_trend)


def val_roughness(val_loss: Curve, val_loss_trend: Trend) -> Roughness:
    """Roughness of the validation loss."""
    return roughness_of(val_loss_trend)


def roughness_of(trend: Trend) -> Roughness:
    """Measure one trend."""
    settled = slice(max(1, trend.n // 10), None)
    cost, steps = trend.cost[settled], trend.steps[settled]
    gain = trend.gain or float(np.ptp(trend.cost))
    if len(cost) < 3 or gain <= 0:
        return Roughness(0.0, np.array([]), 0.0, 0.0)
    rises = np.maximum(np.diff(cost), 0.0)
    excursion = cost - _neighbours_median(cost)
    deviation = MAD_TO_SIGMA * float(np.median(np.abs(excursion)))
    is_spike = excursion > max(SPIKE * gain, 6 * deviation)
    return Roughness(
        oscillation=float(rises.mean()) / gain,
        spikes=steps[is_spike],
        tallest=max(float(excursion.max()), 0.0) / gain,
        relapse=trend.rise / gain,
    )


def _neighbours_median(values: FloatArray) -> FloatArray:
    """Median over two values on each side, the value itself left out."""
    padded = np.pad(values, 2, mode="reflect") if len(values) > 2 else np.pad(values, 2, mode="edge")
    return np.median(np.stack([padded[:-4], padded[1:-3], padded[3:-1], padded[4:]]), axis=0)

"""How rough a loss is: spikes, oscillation, divergence, and values that are not numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diagnose.measures.trend import Trend
from diagnose.run import FloatArray, History
from diagnose.stats.calibrated import probability
from diagnose.stats.noise import MAD_TO_SIGMA, lag_one


@dataclass(frozen=True)
class NonFinite:
    """Where a curve is not a number or infinite."""

    curve: str
    split: str
    quantity: str
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
            found.append(
                NonFinite(
                    curve.name, curve.split, curve.quantity, int(broken.sum()), len(curve), first, bool(broken[-1])
                )
            )
    return tuple(found)


SPIKE = 0.3
"""An upward excursion by this share of the curve's height is one that a person sees on the plot as a spike."""
SETTLED = 0.25
"""The first quarter is left out: one early spike that recovers is not instability."""


@dataclass(frozen=True, eq=False)
class Roughness:
    """How rough one loss is after its first quarter, around its fall-then-rise fit, as shares of its height.

    Attributes
    ----------
    deviation
        Root mean square of the residuals.
    spikes
        Steps of the excursions above ``SPIKE``.
    tallest
        The tallest upward excursion.
    points
        Number of points.
    has_learnt
        Whether the curve improved beyond its noise.
    """

    deviation: float
    spikes: FloatArray
    tallest: float
    points: int
    has_learnt: bool


def train_roughness(train_loss_trend: Trend) -> Roughness:
    """Roughness of the training loss, thinned: a single batch's loss is always rough."""
    return roughness_of(train_loss_trend)


def val_roughness(val_loss_trend: Trend) -> Roughness:
    """Roughness of the validation loss."""
    return roughness_of(val_loss_trend)


NOISE_HEIGHTS = 12.0
"""Where a curve moved by no more than its noise, its height counts as at least this many deviations of the typical
residual: a flat curve's height is its noise, and noise alone must not look rough. A spike then stands 3.6 deviations
out, as one in three thousand points of normal noise does."""
SHORT_NOISE_HEIGHTS = 2.0
"""The same in second differences, for short curves, whose fit leaves hardly a residual."""
MOVED = 4.0
"""Standard errors between the highest and the lowest mean of a quarter: beyond them the curve moved."""
ALTERNATING = -0.5
"""Lag-one correlation of residuals below which a curve swings to and fro rather than jitters."""
LEAST_POINTS_FLAT = 16
"""The same of a curve that learnt nothing: its noise has no trend to be measured against."""
LEAST_POINTS = 10
"""Fewer points can't tell a rough curve from noise: their probability stays below one half."""


def roughness_of(trend: Trend) -> Roughness:
    """Measure one trend."""
    settled = slice(int(trend.n * SETTLED), None)
    everywhere = trend.cost - trend.shape.fit
    residuals = everywhere[settled]
    height = max(
        float(np.ptp(trend.shape.fit)), 0.0 if _has_shape(trend, everywhere) else _noise_height(trend, residuals)
    )
    if height <= 0 or not len(residuals):
        return Roughness(0.0, np.array([]), 0.0, trend.n, trend.has_learnt)
    return Roughness(
        deviation=float(np.sqrt(np.mean(residuals**2))) / height,
        spikes=trend.steps[settled][residuals > SPIKE * height],
        tallest=max(float(residuals.max()), 0.0) / height,
        points=trend.n,
        has_learnt=trend.has_learnt,
    )


def _has_shape(trend: Trend, residuals: FloatArray) -> bool:
    """Whether the curve moved beyond its noise, or swings: then its height is its own."""
    quarter = max(trend.n // 4, 1)
    moved = float(np.ptp([chunk.mean() for chunk in np.array_split(trend.cost, 4) if len(chunk)]))
    error = float(np.sqrt(np.mean(residuals**2) * 2 / quarter))
    return moved > MOVED * error or lag_one(residuals) < ALTERNATING


def _noise_height(trend: Trend, residuals: FloatArray) -> float:
    typical = MAD_TO_SIGMA * float(np.median(np.abs(residuals - np.median(residuals)))) if len(residuals) else 0.0
    jitter = min(trend.sigma, float(np.sqrt(np.mean((trend.cost - trend.shape.fit) ** 2))))
    return max(NOISE_HEIGHTS * typical, SHORT_NOISE_HEIGHTS * jitter)


@dataclass(frozen=True)
class Instability:
    """The rougher of the two losses."""

    split: str
    roughness: Roughness

    @property
    def features(self) -> dict[str, float]:
        """What the model ``instability`` weighs: the deviation's logarithm above 1 %, and up to three spikes."""
        deviation = float(np.clip(self.roughness.deviation, 0.01, 1.0))
        return {"deviation": float(np.log(deviation / 0.01)), "spikes": min(len(self.roughness.spikes), 3) / 3}

    @property
    def probability(self) -> float:
        """That a person would call the run unstable."""
        said = probability("instability", self.features)
        needed = LEAST_POINTS if self.roughness.has_learnt else LEAST_POINTS_FLAT
        return said if self.roughness.points >= needed else min(said, 0.4)


def instability(
    train_roughness: Roughness | None = None,
    val_roughness: Roughness | None = None,
) -> Instability:
    """Weigh the roughness of both losses; one may be missing."""
    known = [(split, r) for split, r in (("train", train_roughness), ("val", val_roughness)) if r is not None]
    split, roughest = max(
        known,
        key=lambda pair: pair[1].deviation,
        default=("train", Roughness(0.0, np.array([]), 0.0, 0, has_learnt=False)),
    )
    return Instability(split, roughest)

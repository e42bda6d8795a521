"""The signs of overfitting in the losses, as unitless features, and the probability that they add up to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diagnose.measures.gap import Gap, Paired
from diagnose.measures.trend import Trend
from diagnose.stats.calibrated import probability
from diagnose.stats.monotone import falling_fit, unimodal_fit
from diagnose.stats.turning import turning_p_value


@dataclass(frozen=True)
class TurningPoint:
    """Where the validation loss turned up, whether that is real, and what it cost.

    Attributes
    ----------
    step, low, high
        The turning step and its 95 % interval: every split whose squared error is within 3.84 noise variances of the best
        (a profile interval, χ²₁; the deterministic twin of a residual bootstrap).
    p_value
        Of a curve that never turns, see `diagnose.stats.turning`.
    giveback
        The rise as a share of what was gained from the median level to the best.
    setback
        Share of the way to the best level that the rise undid, in steps.
    """

    step: float
    low: float
    high: float
    p_value: float
    giveback: float
    setback: float


def turning_point(val_loss_trend: Trend) -> TurningPoint:
    """The turning point of the validation loss; ``p_value`` near 1 where there is none."""
    trend = val_loss_trend
    shape = trend.shape
    variance = max(trend.sigma**2, float(np.mean((trend.cost - shape.fit) ** 2)))
    near = np.flatnonzero(shape.error_by_turn <= shape.error + 3.84 * variance)
    return TurningPoint(
        step=trend.turn,
        low=min(float(trend.steps[near[0]]), trend.turn) if len(near) else trend.turn,
        high=max(float(trend.steps[near[-1]]), trend.turn) if len(near) else trend.turn,
        p_value=turning_p_value(trend.cost, shape, trend.sigma),
        giveback=trend.rise / trend.usual_gain if trend.usual_gain > 0 else 0.0,
        setback=trend.setback,
    )

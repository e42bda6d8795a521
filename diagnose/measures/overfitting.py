"""The signs of overfitting in the losses, as unitless features, and the probability that they add up to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diagnose.measures.gap import Gap
from diagnose.measures.trend import Trend
from diagnose.stats.calibrated import probability, squash
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
        How often a curve that never turns looks as turned, see `diagnose.stats.turning`.
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
    """The turning point of the validation loss; ``p_value`` is near 1 where there is none."""
    trend, shape = val_loss_trend, val_loss_trend.shape
    variance = max(trend.sigma**2, float(np.mean((trend.cost - shape.fit) ** 2)))
    near = trend.steps[shape.error_by_turn <= shape.error + 3.84 * variance]
    return TurningPoint(
        step=trend.turn,
        low=min(float(near[0]), trend.turn),
        high=max(float(near[-1]), trend.turn),
        p_value=turning_p_value(trend.cost, shape, trend.sigma),
        giveback=trend.rise / trend.usual_gain if trend.usual_gain > 0 else 0.0,
        setback=trend.setback,
    )


@dataclass(frozen=True)
class OverfittingSigns:
    """What the probability of overfitting is computed from; every feature lies in [0, 1] and none has a unit.

    Attributes
    ----------
    giveback, setback
        Of the turning point; the giveback squashed by x / (1 + x).
    growth
        How much the gap widened after the turn, over the gain from the median level to the best; squashed.
    gap_share
        The final gap over itself plus what validation gained.
    train_alone
        Share of training's fall that came after validation had stalled, doubled and capped: a half counts as all.
    probability
        Of overfitting, by the logistic model ``overfitting``.
    """

    giveback: float
    setback: float
    growth: float
    gap_share: float
    train_alone: float
    probability: float


def overfitting_signs(gap: Gap, turning_point: TurningPoint, val_loss_trend: Trend) -> OverfittingSigns:
    """Gather the signs and weigh them."""
    usual = val_loss_trend.usual_gain
    features = {
        "giveback": squash(turning_point.giveback),
        "setback": turning_point.setback,
        "growth": squash(gap.growth / usual) if usual > 0 else 0.0,
        "gap_share": gap.share,
        "train_alone": 2 * min(max(gap.train_alone, 0.0), 0.5),
    }
    return OverfittingSigns(**features, probability=probability("overfitting", features))

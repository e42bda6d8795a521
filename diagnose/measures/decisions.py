"""What the decisions did while the loss rose: a loss may worsen by overconfidence alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diagnose.measures.overfitting import TurningPoint
from diagnose.measures.trend import Trend


@dataclass(frozen=True)
class ScoreSinceTurn:
    """How the principal validation score moved from the loss's turning point to the end.

    Attributes
    ----------
    improvement
        In the score's unit, positive where it got better; from its fall-then-rise fit.
    noise
        Standard deviation of one point of the score.
    """

    improvement: float
    noise: float


def score_since_turn(turning_point: TurningPoint, val_score_trend: Trend) -> ScoreSinceTurn:
    """Compare the score's level at the loss's turn with that at the end."""
    trend = val_score_trend
    turn = int(np.argmin(np.abs(trend.steps - turning_point.step)))
    return ScoreSinceTurn(float(trend.shape.fit[turn]) - trend.end, trend.sigma)

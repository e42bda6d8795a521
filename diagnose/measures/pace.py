"""How the fall of the training loss is spread over the run: early and levelling off, or straight and slow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diagnose.measures.trend import Trend
from diagnose.run import FloatArray


@dataclass(frozen=True)
class Pace:
    """The fall of the training loss in both halves and in its first interval.

    Attributes
    ----------
    straightness
        Fall in the second half of the steps over the fall in the first: 1 on a straight line, 2^-k for a loss that
        decays exponentially through k half-lives in half the run. 0 where it did not fall.
    first_share
        Share of the whole gain that the first interval brought.
    in_noise
        The whole gain in standard deviations of the noise; infinite without noise.
    """

    straightness: float
    first_share: float
    in_noise: float


def pace(train_loss_trend: Trend) -> Pace:
    """Measure the training loss."""
    trend = train_loss_trend
    first, middle, last = _levels(trend.steps, trend.cost)
    early, late = first - middle, middle - last
    gain = trend.gain
    return Pace(
        straightness=max(late, 0.0) / early if early > 0 else 0.0,
        first_share=float(np.clip((trend.cost[0] - trend.cost[1]) / gain, 0.0, 1.0)) if gain > 0 else 0.0,
        in_noise=(gain / trend.sigma if trend.sigma > 0 else float("inf")) if gain > 0 else 0.0,
    )


def _levels(steps: FloatArray, cost: FloatArray) -> tuple[float, float, float]:
    """Medians over a twentieth of the points at the start, the middle step and the end."""
    window = max(1, round(len(cost) / 20))
    middle = int(np.searchsorted(steps, (steps[0] + steps[-1]) / 2))
    start = max(0, middle - window // 2)
    return (
        float(np.median(cost[:window])),
        float(np.median(cost[start : start + window])),
        float(np.median(cost[-window:])),
    )

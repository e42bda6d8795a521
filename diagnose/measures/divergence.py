"""Did the training loss itself run away, and since when?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diagnose.errors import NotEnoughEvidence
from diagnose.measures.trend import Trend
from diagnose.run import Curve
from diagnose.stats.turning import turning_p_value

SUSTAINED = 3
"""Points at the end that must all lie high: the fewest that one spike, or two, can't make."""


@dataclass(frozen=True, eq=False)
class Divergence:
    """Signs that the training loss left its course upwards.

    Attributes
    ----------
    curve
        The loss measured: the validation loss where no training loss was logged.
    lost_from
        First step of the non-finite points that last to the end; None where the last point is finite.
    lost_after
        Share of the logged points that came before ``lost_from``; 1.0 where it is None.
    holes
        Non-finite points that finite ones follow.
    largest
        Largest absolute value, infinite where an infinity was logged; NaN without a number.
    relapse
        Rise from the best level that the last three points kept, as a share of the whole height of the fit; 0
        to 1, 0 with fewer than four
        points.
    p_value
        How often a loss that never turns looks as turned, see `diagnose.stats.turning`.
    rise_in_noise
        The rise in standard deviations of the loss's noise; infinite without noise.
    turn
        The step of the best level; NaN with fewer than four points.
    above_start
        The end is above the start, by this share of the height; negative where below.
    """

    curve: Curve
    lost_from: float | None
    lost_after: float
    holes: int
    largest: float
    relapse: float
    p_value: float
    rise_in_noise: float
    turn: float
    above_start: float


def divergence(
    logged_train_loss: Curve | None = None,
    logged_val_loss: Curve | None = None,
    train_loss_trend: Trend | None = None,
) -> Divergence:
    """Measure the training loss, non-finite points included."""
    curve = logged_train_loss or logged_val_loss
    if curve is None:
        raise NotEnoughEvidence("the log holds no loss", "log the training loss every epoch")
    values = curve.values
    finite = np.isfinite(values)
    count = int(np.flatnonzero(finite)[-1]) + 1 if finite.any() else 0
    lost = count < len(values)
    known = np.abs(values[~np.isnan(values)])
    largest = float(known.max()) if len(known) else float("nan")
    relapse, p_value, noise, turn, above = 0.0, 1.0, 0.0, float("nan"), 0.0
    if train_loss_trend is not None:
        trend = train_loss_trend
        height = float(np.ptp(trend.shape.fit))
        if height > 0:
            rise = _sustained(trend)
            relapse = rise / height
            above = (trend.end - trend.start) / max(height, abs(trend.end - trend.start))
            p_value = turning_p_value(trend.cost, trend.shape, trend.sigma)
            noise = rise / trend.sigma if trend.sigma > 0 else float("inf") if rise > 0 else 0.0
        turn = trend.turn
    return Divergence(
        curve=curve,
        lost_from=float(curve.steps[count]) if lost else None,
        lost_after=count / len(values) if lost else 1.0,
        holes=int((~finite[:count]).sum()),
        largest=largest,
        relapse=relapse,
        p_value=p_value,
        rise_in_noise=noise,
        turn=turn,
        above_start=above,
    )


def _sustained(trend: Trend) -> float:
    """Return the rise that the last points all kept: one spike at the end is none."""
    last = max(trend.shape.turn, trend.n - SUSTAINED)
    return max(float(trend.shape.fit[last]) - trend.best, 0.0)

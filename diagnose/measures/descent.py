"""A second descent: the validation loss rose, and fell again below where it had been."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diagnose.measures.trend import Trend
from diagnose.run import FloatArray
from diagnose.stats.monotone import falling_fit, unimodal_fit
from diagnose.stats.turning import turning_p_value


@dataclass(frozen=True)
class SecondDescent:
    """The largest hump on the way down.

    Attributes
    ----------
    first, peak, end
        Steps of the first minimum, of the hump's top, and of the point from which the loss is below the first minimum
        for good.
    hump
        Height of the hump above the first minimum, in the cost's unit.
    height, length
        The hump's height as a share of the whole gain, and its length from the first minimum to ``end`` as a share of
        the run; 0 to 1.
    below
        How far the best level lies below the first minimum.
    p_value
        How often a curve that never turns looks as turned as the part up to the top; 1.0 without a hump.
    below_in_noise
        ``below`` in standard deviations of the noise; infinite without noise.
    """

    first: float
    peak: float
    end: float
    hump: float
    height: float
    length: float
    below: float
    p_value: float
    below_in_noise: float


def second_descent(val_loss_trend: Trend) -> SecondDescent:
    """Measure the largest hump of the validation loss before its best level.

    Pooling adjacent violators turns every hump into one flat block. In the block with the largest squared error the
    top is the turning point of the best rise-then-fall fit, and the first minimum the best level before that top.
    """
    trend = val_loss_trend
    cost = trend.cost[: trend.shape.turn + 1]
    start, stop = _largest_block(cost)
    if stop - start < 3:
        return SecondDescent(trend.turn, trend.turn, trend.turn, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    top = start + unimodal_fit(-cost[start:stop]).turn
    before = unimodal_fit(cost[: top + 1])
    level = float(before.fit[before.turn])
    below = max(level - trend.best, 0.0)
    hump = max(float(before.fit[-1]) - level, 0.0)
    first, end = float(trend.steps[before.turn]), float(trend.steps[min(stop, len(cost) - 1)])
    whole = max(trend.gain, hump)
    return SecondDescent(
        first=first,
        peak=float(trend.steps[top]),
        end=end,
        hump=hump,
        height=hump / whole if whole > 0 else 0.0,
        length=(end - first) / float(trend.steps[-1] - trend.steps[0]),
        below=below,
        p_value=turning_p_value(cost[: top + 1], before, trend.sigma) if top >= 3 else 1.0,
        below_in_noise=below / trend.sigma if trend.sigma > 0 else float("inf") if below > 0 else 0.0,
    )


def _largest_block(cost: FloatArray) -> tuple[int, int]:
    """Return start and stop of the pooled block that the falling fit misses by most."""
    fit = falling_fit(cost)
    edges = np.flatnonzero(np.diff(fit)) + 1
    starts = np.concatenate([[0], edges])
    errors = np.add.reduceat((cost - fit) ** 2, starts)
    worst = int(np.argmax(errors))
    stops = np.append(edges, len(cost))
    return int(starts[worst]), int(stops[worst])

"""The trend of one curve: its levels, its noise, its turning point, and whether it still falls."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from diagnose.run import Curve, FloatArray
from diagnose.stats.monotone import UnimodalFit, unimodal_fit
from diagnose.stats.noise import jitter
from diagnose.stats.slope import theil_sen
from diagnose.stats.thinning import blocks

NOISE_FLOOR = 3.0
"""Gains below three standard deviations of the noise are no gains, and no scale to measure others by."""


@dataclass(frozen=True, eq=False)
class Trend:
    """One curve as a cost (scores are negated, so lower is always better), thinned to at most 256 blocks.

    Attributes
    ----------
    steps, cost
        Shape ``(n,)``.
    sigma
        Standard deviation of one block's noise, in the cost's unit.
    shape
        The best fall-then-rise fit.
    late_fall
        How far the cost fell over its last third (Theil-Sen slope times length); negative where it rose.
    late_error
        Standard error of ``late_fall`` from the noise.
    """

    steps: FloatArray
    cost: FloatArray
    sigma: float
    shape: UnimodalFit
    late_fall: float
    late_error: float

    @property
    def n(self) -> int:
        """Number of blocks."""
        return len(self.cost)

    @property
    def start(self) -> float:
        """The first logged level."""
        return float(self.cost[0])

    @property
    def best(self) -> float:
        """The lowest level of the fit."""
        return float(self.shape.fit[self.shape.turn])

    @property
    def end(self) -> float:
        """The level at which the curve ended: the fit over its last twentieth, never before the turning point."""
        window = max(1, round(self.n / 20))
        return float(self.shape.fit[max(self.shape.turn, self.n - window) :].mean())

    @property
    def gain(self) -> float:
        """What training improved from the start to the best level, zero at least."""
        return max(self.start - self.best, 0.0)

    @property
    def usual_gain(self) -> float:
        """What it improved from its median level to its best: a scale that an explosive first epoch can't inflate."""
        return max(float(np.median(self.cost[: self.shape.turn + 1])) - self.best, 0.0)

    @property
    def has_learnt(self) -> bool:
        """Whether the curve improved beyond its noise at all.

        The noise is the smaller of two estimates: second differences take a steep first fall for noise, and what the
        best falling fit leaves takes a later rise for it.
        """
        left = math.sqrt(self.shape.falling_error / max(self.n - 2, 1))
        return self.gain > NOISE_FLOOR * min(left, self.sigma)

    @property
    def scale(self) -> float:
        """What a change is measured against: the usual gain, but never less than the noise."""
        return max(self.usual_gain, NOISE_FLOOR * self.sigma)

    @property
    def rise(self) -> float:
        """What was lost again between the best level and the end."""
        return max(self.end - self.best, 0.0)

    @property
    def turn(self) -> float:
        """The step of the best level."""
        return float(self.steps[self.shape.turn])

    @property
    def setback(self) -> float:
        """Share of the way to the best level that the rise undid, in steps: the end is as good as that much earlier.

        Unchanged by any increasing transformation of the cost, hence by the loss's scale and shift.
        """
        way = self.turn - self.steps[0]
        if self.rise <= 0:
            return 0.0
        if way <= 0:  # it never improved: a rise beyond the noise undid everything
            return 1.0 if self.rise > NOISE_FLOOR * self.sigma else 0.0
        first = int(np.argmax(self.shape.fit <= self.end))
        return float((self.turn - self.steps[first]) / way)


def trend_of(curve: Curve) -> Trend:
    """Measure one curve; shared by the four measures below."""
    sign = 1.0 if curve.better == "lower" else -1.0
    thinned = blocks(curve.steps, sign * curve.values)
    steps, cost = thinned.steps, thinned.values
    sigma = jitter(cost)
    last = slice(-max(4, -(-len(cost) // 3)), None)
    length = float(steps[last][-1] - steps[last][0])
    third = float(steps[-1] - steps[0]) / 3 / length if length > 0 else 0.0  # of the run, in lengths of the stretch
    share = (steps[last] - steps[last][0]) / length if length > 0 else np.zeros(len(cost[last]))
    slope, spread = theil_sen(share, cost[last])  # per length of the stretch: whatever the steps count
    return Trend(steps, cost, sigma, unimodal_fit(cost), -slope * third, sigma * spread * third)


def train_loss_trend(train_loss: Curve) -> Trend:
    """Trend of the training loss."""
    return trend_of(train_loss)


def val_loss_trend(val_loss: Curve) -> Trend:
    """Trend of the validation loss."""
    return trend_of(val_loss)


def val_score_trend(val_score: Curve) -> Trend:
    """Trend of the principal validation score, as a cost."""
    return trend_of(val_score)


def train_score_trend(train_score: Curve) -> Trend:
    """Trend of the same score on the training split, as a cost."""
    return trend_of(train_score)

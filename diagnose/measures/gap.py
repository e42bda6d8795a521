"""Training against validation at the same steps: the generalisation gap, and what training did after validation turned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diagnose.errors import NotEnoughEvidence
from diagnose.measures.curves import MIN_POINTS
from diagnose.measures.trend import Trend
from diagnose.run import Curve, FloatArray
from diagnose.stats.monotone import unimodal_fit
from diagnose.stats.thinning import blocks

STALL_TOLERANCE = 0.05
"""Validation has stalled once it is within this share of its whole gain of the best level: what a plot shows as flat."""


@dataclass(frozen=True, eq=False)
class Paired:
    """Both losses at the validation steps, shape ``(n,)`` each; lower is better."""

    steps: FloatArray
    train: FloatArray
    val: FloatArray


def paired(train_loss: Curve, val_loss: Curve) -> Paired:
    """Train and validation loss at the same steps.

    The training value at a validation step is the mean of the training points since the step before: what a logger
    that averages over the epoch would have written. Where none fall between, it is interpolated.
    """
    start, end = train_loss.steps[0], train_loss.steps[-1] + _interval(train_loss)
    overlap = (val_loss.steps >= start) & (val_loss.steps <= end)
    if overlap.sum() < MIN_POINTS:
        raise NotEnoughEvidence(
            f"training and validation loss share {int(overlap.sum())} steps; a comparison needs {MIN_POINTS}",
            "log both losses over the same stretch of training",
        )
    steps, val = val_loss.steps[overlap], val_loss.values[overlap]
    train = means_between(train_loss.steps, train_loss.values, steps)
    thinned = blocks(steps, val)
    return Paired(thinned.steps, blocks(steps, train).values, thinned.values)


def means_between(steps: FloatArray, values: FloatArray, at: FloatArray) -> FloatArray:
    """Mean of the values in each interval ``(at[i-1], at[i]]``, interpolated where an interval is empty.

    Examples
    --------
    >>> means_between(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 3.0, 5.0, 7.0]), np.array([2.0, 4.0]))
    array([2., 6.])
    """
    if len(steps) == len(at) and np.array_equal(steps, at):
        return values
    ends = np.searchsorted(steps, at, side="right")
    starts = np.concatenate([[0], ends[:-1]])
    centre = float(np.median(values))  # sums of differences from it keep their digits
    sums = np.concatenate([[0.0], np.cumsum(values - centre)])
    counts = np.maximum(ends - starts, 1)
    means = (sums[ends] - sums[starts]) / counts + centre
    return np.where(ends > starts, means, np.interp(at, steps, values))


@dataclass(frozen=True)
class Gap:
    """The gap between validation and training loss, in the loss's unit, and how it moved.

    Attributes
    ----------
    start, at_turn, end
        Validation minus training loss over the first, the best and the last steps.
    stall_step
        The first step from which validation was within 5 % of its whole gain of its best level.
    train_alone
        Share of training's whole fall that came after ``stall_step``: what training learnt and validation did not.
    train_fall_after
        How far training fell after the validation loss turned; negative where it rose.
    val_fall
        How far validation fell from its start to its best level.
    val_is_easier
        Share of the steps at which validation was below training.
    """

    start: float
    at_turn: float
    end: float
    stall_step: float
    train_alone: float
    train_fall_after: float
    val_fall: float
    val_is_easier: float

    @property
    def growth(self) -> float:
        """How much the gap widened from the turning point to the end."""
        return self.end - self.at_turn

    @property
    def share(self) -> float:
        """The final gap as a share of what validation gained plus the gap: 0 none, near 1 nothing was generalised."""
        scale = self.val_fall + max(self.end, 0.0)
        return max(self.end, 0.0) / scale if scale > 0 else 0.0


def gap(paired: Paired, val_loss_trend: Trend) -> Gap:
    """Measure the gap over the stretch that both curves cover."""
    trend = val_loss_trend
    train = unimodal_fit(paired.train).fit
    turn = int(np.argmin(np.abs(paired.steps - trend.turn)))
    level = trend.best + max(2 * trend.sigma / np.sqrt(3), STALL_TOLERANCE * trend.gain)
    stall_step = float(trend.steps[int(np.argmax(trend.shape.fit <= level))])
    stalled = int(np.argmin(np.abs(paired.steps - stall_step)))
    train_gain = float(paired.train[0] - train.min())
    return Gap(
        start=float(paired.val[0] - paired.train[0]),
        at_turn=trend.best - float(train[turn]),
        end=trend.end - float(train[-1]),
        stall_step=stall_step,
        train_alone=float(train[stalled] - train[-1]) / train_gain if train_gain > 0 else 0.0,
        train_fall_after=float(train[turn] - train[-1]),
        val_fall=trend.gain,
        val_is_easier=float(np.mean(paired.val < paired.train)),
    )


def _interval(curve: Curve) -> float:
    return float(np.median(np.diff(curve.steps))) if len(curve) > 1 else 0.0

"""Training against validation at the same steps: the generalisation gap, and what training learnt alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diagnose.errors import NotEnoughEvidence
from diagnose.measures.curves import MIN_POINTS, as_error, noun
from diagnose.measures.trend import Trend
from diagnose.run import Curve, FloatArray
from diagnose.stats.monotone import unimodal_fit
from diagnose.stats.thinning import blocks

STALL_TOLERANCE = 0.05
"""Validation has stalled once within this share of its whole gain of the best level: what a plot shows as flat."""


@dataclass(frozen=True, eq=False)
class Paired:
    """Both losses at the validation steps, shape ``(n,)`` each; lower is better."""

    steps: FloatArray
    train: FloatArray
    val: FloatArray


def paired(train_loss: Curve, val_loss: Curve, train_score: Curve | None = None) -> Paired:
    """Train and validation loss at the same steps; the errors of a score where validation has no loss.

    The training value at a validation step is the mean of the training points since the step before: what a logger
    that averages over the epoch would have written. Where none fall between, it is interpolated.
    """
    if train_loss.quantity != val_loss.quantity and not (train_loss.is_loss and val_loss.is_loss):
        if train_score is None:
            raise NotEnoughEvidence(
                f"training has a {noun(train_loss)}, validation a {noun(val_loss)}", "log the same loss on both splits"
            )
        train_loss = as_error(train_score)
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

    Two scales serve every share: the whole gain since the first step, as a person sees it on the plot, and the gain
    after the first fifth of the run (``late_``), which an explosive first epoch can't inflate.

    Attributes
    ----------
    start, at_turn, end
        Validation minus training loss over the first, the best and the last steps.
    early
        The gap over the first tenth of the run (two points at least), or the tenth percentile of all later gaps where
        that is smaller, as a share of what training gained: what stood from the start and stayed.
    share, late_share
        The final gap over itself plus what validation gained: 0 none, near 1 nothing was generalised.
    stall_step
        The first step from which validation was within 5 % of its whole gain of its best level.
    train_alone, late_train_alone
        Share of training's fall that came after validation had stalled: what training learnt and validation did not.
    train_fall_after
        How far training fell after the validation loss turned; negative where it rose.
    val_is_easier
        Share of the steps at which validation was below training.
    """

    start: float
    at_turn: float
    end: float
    early: float
    share: float
    late_share: float
    stall_step: float
    train_alone: float
    late_train_alone: float
    train_fall_after: float
    val_is_easier: float

    @property
    def growth(self) -> float:
        """How much the gap widened from the turning point to the end."""
        return self.end - self.at_turn


EARLY = 0.2
"""Share of the run left out of the ``late_`` scales: warm-up and the fall from random weights end within it."""


def gap(paired: Paired, val_loss_trend: Trend) -> Gap:
    """Measure the gap over the stretch that both curves cover."""
    trend = val_loss_trend
    train = unimodal_fit(paired.train).fit
    turn = _nearest(paired, trend.turn)
    end = trend.end - float(train[-1])
    early = min(int(trend.n * EARLY), trend.shape.turn)
    late_gain = max(float(trend.shape.fit[early]) - trend.best, 0.0)
    stall, late_stall = _stall_step(trend, trend.gain), _stall_step(trend, late_gain)
    late_start = min(int(len(train) * EARLY), len(train) - 1)
    return Gap(
        start=float(paired.val[0] - paired.train[0]),
        at_turn=trend.best - float(train[turn]),
        end=end,
        early=_early(paired, train),
        share=_share(end, trend.gain),
        late_share=_share(end, late_gain),
        stall_step=stall,
        train_alone=_fall_share(train, float(paired.train[0]), _nearest(paired, stall)),
        late_train_alone=_fall_share(train, float(train[late_start]), _nearest(paired, late_stall)),
        train_fall_after=float(train[turn] - train[-1]),
        val_is_easier=float(np.mean(paired.val < paired.train)),
    )


def _stall_step(trend: Trend, gain: float) -> float:
    level = trend.best + max(2 * trend.sigma / np.sqrt(3), STALL_TOLERANCE * gain)
    return float(trend.steps[int(np.argmax(trend.shape.fit <= level))])


def _share(gap: float, gain: float) -> float:
    whole = max(gap, 0.0) + gain
    return max(gap, 0.0) / whole if whole > 0 else 0.0


def _fall_share(train: FloatArray, start: float, since: int) -> float:
    """Share of the fall from ``start`` (or from the level at ``since``, if higher) that came after ``since``."""
    whole = max(start, float(train[since])) - float(train.min())
    return float(train[since] - train[-1]) / whole if whole > 0 else 0.0


def _early(paired: Paired, train: FloatArray) -> float:
    gaps = paired.val - paired.train
    gain = float(paired.train[0] - train.min())
    first = float(np.median(gaps[: max(2, len(gaps) // 10)]))
    return min(first, float(np.quantile(gaps[1:], 0.1))) / gain if gain > 0 else 0.0


def _nearest(paired: Paired, step: float) -> int:
    return int(np.argmin(np.abs(paired.steps - step)))


def _interval(curve: Curve) -> float:
    return float(np.median(np.diff(curve.steps))) if len(curve) > 1 else 0.0

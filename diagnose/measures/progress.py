"""Was training still getting anywhere when it ended, and what would more of it gain?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diagnose.errors import NotEnoughEvidence
from diagnose.measures.overfitting import OverfittingSigns
from diagnose.measures.trend import Trend
from diagnose.run import Curve, History
from diagnose.stats.calibrated import FLOOR, probability
from diagnose.stats.extrapolate import Extrapolation, extrapolate

LEAST = 0.005
"""A late improvement below this share of the gain counts as none: half a percent can't be seen on a plot."""


@dataclass(frozen=True)
class Progress:
    """What the last third of training improved, each as a share of the whole gain.

    Attributes
    ----------
    train
        Training loss; None where the log holds none, and validation speaks alone.
    val
        Validation loss, shrunk by its noise: x z² / (1 + z²) with z the improvement over its standard error.
    score
        The same of the validation score. Where one of loss and score is missing, the other stands for both.
    overfitting
        Its signs, where they were measured: a run that overfits does not want more of the same.
    rate_restarted
        Whether the learning rate was raised again after the first third, so that the late fall is that of a new cycle.
    points
        How far the best validation score of the last third lies above the best one before, in hundredths of a share;
        None where the score is no share, or missing, or has hardly left where it began: there the loss moves first.
    """

    train: float | None
    val: float
    score: float
    overfitting: OverfittingSigns | None
    rate_restarted: bool
    points: float | None = None

    @property
    def features(self) -> dict[str, float]:
        """What the model ``undertraining`` weighs: the smaller of training's and validation's late improvement."""
        held_out = (_logarithm(self.val) + _logarithm(self.score)) / 2
        return {"late": held_out if self.train is None else min(_logarithm(self.train), held_out)}

    @property
    def probability(self) -> float:
        """That another run of the same length would clearly help."""
        overfits = 0.0 if self.overfitting is None else self.overfitting.probability
        said = probability("undertraining", self.features) * (1 - overfits)
        said = said if self.train is not None else min(said, ONE_SIDED)
        said = min(said, NEW_CYCLE) if self.rate_restarted else said
        return max(min(said, TOO_LITTLE) if self.points is not None and self.points < LEAST_POINTS else said, FLOOR)


ONE_SIDED = 0.85
"""Most that can be said from validation alone: never confirmed (0.9)."""
NEW_CYCLE = 0.4
"""Most that can be said after a warm restart: a fall within the new cycle is what the cycle is for."""
LEAST_POINTS = 0.5
"""Points that the validation score gained in the last third: with less, a loss that still falls is nothing that anybody
would train on for."""
HIGH, RISEN = 0.9, 0.1
"""A score that is that high, or has risen so far, has learnt: with one that has not, a rate may be too low."""
TOO_LITTLE = 0.4
"""Most that can be said then."""
SHARES = frozenset({"accuracy", "balanced_accuracy", "f1", "top1", "top5", "precision", "recall", "auc", "r2"})
"""Scores of which a hundredth is a point; the precision of detectors (mAP) is not among them: it counts in tenths."""
RESTART = 3.0
"""A learning rate that rises by this factor after the first third is a restart (`diagnose.measures.phases.JUMP`)."""


def progress(  # noqa: PLR0913, PLR0917  each by name: what is missing is None
    history: History,
    train_loss_trend: Trend | None = None,
    val_loss_trend: Trend | None = None,
    val_score_trend: Trend | None = None,
    val_score: Curve | None = None,
    overfitting_signs: OverfittingSigns | None = None,
) -> Progress:
    """Measure the last third."""
    loss = _shrunk(val_loss_trend) if val_loss_trend is not None else None
    score = _shrunk(val_score_trend) if val_score_trend is not None else None
    known = [value for value in (loss, score) if value is not None]
    if not known:
        raise NotEnoughEvidence(
            "the log holds neither a validation loss nor a score", "log the validation loss every epoch"
        )
    return Progress(_plain(train_loss_trend), known[0], known[-1], overfitting_signs, _rate_restarted(history),
                    _points(val_score))  # fmt: skip


def _points(score: Curve | None) -> float | None:
    if score is None or score.quantity not in SHARES or score.better != "higher":
        return None
    known = score.finite
    late = known.steps > known.steps[-1] - (known.steps[-1] - known.steps[0]) / 3
    if late.all() or not late.any():
        return None
    first, before, after = known.values[0], known.values[~late].max(), known.values[late].max()
    has_learnt = after >= HIGH or after - first >= RISEN
    return 100 * float(after - before) if has_learnt else None


def _plain(trend: Trend | None) -> float | None:
    if trend is None:
        return None
    return trend.late_fall / trend.gain if trend.has_learnt else 0.0


def _rate_restarted(history: History) -> bool:
    rate = history.learning_rate.finite if history.learning_rate is not None else None
    if rate is None or len(rate) < 2:
        return False
    late = rate.values[len(rate) // 3 :]  # a warm-up is over by then
    lowest = np.minimum.accumulate(late)
    return bool((late[lowest > 0] >= RESTART * lowest[lowest > 0]).any())


def more_training(val_loss_trend: Trend) -> Extrapolation:
    """Estimate what as many steps again would gain in validation loss, from its last two thirds.

    A learning-rate schedule that has run out makes this optimistic: a run of twice the length would have decayed later.
    """
    trend = val_loss_trend
    tail = slice(trend.n // 3, None) if trend.n >= 6 else slice(None)
    length = float(trend.steps[-1] - trend.steps[0])
    return extrapolate(trend.steps[tail], trend.cost[tail], trend.sigma, float(trend.steps[-1]) + length)


def _shrunk(trend: Trend) -> float:
    if not trend.has_learnt:
        return 0.0
    if trend.late_error <= 0:
        return trend.late_fall / trend.gain
    z = max(trend.late_fall / trend.late_error, 0.0)
    return trend.late_fall / trend.gain * z**2 / (1 + z**2)


def _logarithm(share: float) -> float:
    """0 for nothing, log(1 / LEAST) for all of the gain."""
    return float(np.log(np.clip(share, LEAST, 1.0) / LEAST))

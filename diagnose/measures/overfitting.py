"""The signs of overfitting in the losses, as unitless features, and the probability that they add up to."""

from __future__ import annotations

from dataclasses import dataclass

from diagnose.measures.gap import Gap
from diagnose.measures.trend import Trend
from diagnose.stats.calibrated import probability, squash
from diagnose.stats.turning import turning_interval, turning_p_value


@dataclass(frozen=True)
class TurningPoint:
    """Where the validation loss turned up, whether that is real, and what it cost.

    Attributes
    ----------
    step, low, high
        The turning step and its 95 % interval, see `diagnose.stats.turning.turning_interval`.
    p_value
        How often a curve that never turns looks as turned, see `diagnose.stats.turning`.
    giveback
        The rise as a share of what was gained from the median level to the best (at least three noise deviations).
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
    """Return the turning point of the validation loss; ``p_value`` is near 1 where there is none."""
    trend, shape = val_loss_trend, val_loss_trend.shape
    low, high = turning_interval(trend.cost, shape, trend.sigma)
    return TurningPoint(
        step=trend.turn,
        low=float(trend.steps[low]),
        high=float(trend.steps[high]),
        p_value=turning_p_value(trend.cost, shape, trend.sigma),
        giveback=trend.rise / trend.scale if trend.scale > 0 else 0.0,
        setback=trend.setback,
    )


@dataclass(frozen=True)
class OverfittingSigns:
    """What the probability of overfitting is computed from; every sign lies in [0, 1] and none has a unit.

    Attributes
    ----------
    turn, late_turn
        How strongly validation turned away from training: the geometric mean of giveback, setback, growth of the gap
        and what training learnt alone, so that each is necessary. ``late_`` leaves the first fifth of the run out of
        the scale.
    gap_share, late_gap_share
        The final gap over itself plus what validation gained.
    giveback, setback
        Of the turning point; the giveback squashed by x / (1 + x).
    has_turned
        Whether the turn is beyond the noise at an error rate of 5 %.
    has_learnt
        Whether training improved beyond its noise.
    """

    turn: float
    late_turn: float
    gap_share: float
    late_gap_share: float
    giveback: float
    setback: float
    has_turned: bool
    has_learnt: bool

    @property
    def gap_features(self) -> dict[str, float]:
        """What the model ``overfitting_gap`` weighs: asked of every run."""
        return {"turn": self.turn, "gap_share": self.gap_share, "late_gap_share": self.late_gap_share}

    @property
    def turn_features(self) -> dict[str, float]:
        """What the model ``overfitting_turn`` weighs: asked only where the curve has turned."""
        return {"late_turn": self.late_turn, "late_gap_share": self.late_gap_share}

    @property
    def probability(self) -> float:
        """Of overfitting, by the model that is surer."""
        by_gap = probability("overfitting_gap", self.gap_features)
        by_turn = probability("overfitting_turn", self.turn_features) if self.has_turned else 0.0
        surer = 1 - (1 - max(by_gap, by_turn)) * (1 - LINGERING * self.setback)
        return min(surer, 1.0 if self.has_learnt else NOTHING_LEARNT)


LINGERING = 0.05
"""A rise too small to be told from noise leaves a chance, up to this where it undid all of the way to the best level:
never ruled out (below 5 %) then. Half-way through AlgoPerf runs it tells those that will overfit apart
(docs/calibration.md)."""
NOTHING_LEARNT = 0.2
"""Most that can be said of a run whose training improved by no more than its noise: it diverged or stood still, and a
gap that it shows was not opened by learning."""
TURN_ALPHA = 0.05
"""Error rate of the turning-point test on a flat curve."""


def overfitting_signs(
    gap: Gap, turning_point: TurningPoint, val_loss_trend: Trend, train_loss_trend: Trend
) -> OverfittingSigns:
    """Gather the signs."""
    scale = val_loss_trend.scale
    giveback = squash(turning_point.giveback)
    growth = squash(gap.growth / scale) if scale > 0 else 0.0
    common = giveback * turning_point.setback * growth
    return OverfittingSigns(
        turn=float((common * _doubled(gap.train_alone)) ** 0.25),
        late_turn=float((common * _doubled(gap.late_train_alone)) ** 0.25),
        gap_share=gap.share,
        late_gap_share=gap.late_share,
        giveback=giveback,
        setback=turning_point.setback,
        has_turned=turning_point.p_value <= TURN_ALPHA,
        has_learnt=train_loss_trend.has_learnt,
    )


def _doubled(share: float) -> float:
    """Count half as all: training that learns half of what it learns alone has left validation behind."""
    return 2 * min(max(share, 0.0), 0.5)

"""OVF101: validation loss turns up while training loss does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import Passed
from diagnose.finding import Cause, Figure, Finding, Mark, Measured, Severity, Where
from diagnose.measures.curves import noun
from diagnose.measures.decisions import ScoreSinceTurn
from diagnose.measures.gap import Gap
from diagnose.measures.overfitting import OverfittingSigns, TurningPoint
from diagnose.measures.sampling import Sampling
from diagnose.measures.trend import Trend
from diagnose.run import Curve, History


@dataclass(frozen=True)
class RisingValidationLoss:
    """Validation loss turns up while training loss does not.

    ## What it detects
    A validation loss that falls, reaches its best level and rises again, while the training loss goes on falling or
    stands: the model learns what holds for the training samples only.

    ## Why it matters
    The weights at the end are worse than those at the turning point, on data the model has not seen. Every epoch after
    the turn costs time and accuracy.

    ## The evidence
    The best falling fit of the validation loss is compared with the best fall-then-rise fit; the drop in squared error,
    over the noise of the curve itself, is the test, with a flat curve as the least favourable null. The effect is the
    *giveback*, the share of the usual gain (median level to best) that was lost again, and the *setback*, the share of
    the way to the best level, in steps, that was undone. Both are unchanged by the loss's scale and shift. The
    probability adds how much the gap to training widened, and is calibrated on labelled runs. A second descent after
    the rise is not called overfitting (OVF105). Curves can't tell overfitting from a validation set of another
    distribution that drifts away as training goes on: comparing the two data sets can. Where the log holds no such
    loss, the error of a score (1 - accuracy) stands in for it.

    ## What to do
    Stop at the turning point and keep the weights of the best epoch; then more data or augmentation, more
    regularisation (weight decay, dropout), a smaller model or more frozen layers.

    ## References
    - Prechelt (1998), Early Stopping - But When?
    - Li et al. (2024), Keeping Deep Learning Models in Check (OverfitGuard), arXiv 2401.10359
    - Robertson, Wright & Dykstra (1988), Order Restricted Statistical Inference, ch. 2
    """

    code: ClassVar[str] = "OVF101"
    cause: ClassVar[Cause] = Cause.OVERFITTING

    alpha: float = 0.05
    """Error rate of the turning-point test on a flat curve."""
    least_probability: float = 0.5
    """Likely: more likely right than wrong."""
    least_undecided: float = 0.25
    """A turn beyond the noise that is small or hardly widened the gap is named from one in four on, and left open below
    one half."""
    few_points: int = 8
    """With fewer points the noise of a few differences is all there is to test against."""
    grave_giveback: float = 1.0
    """Where all of the usual gain was given back, the last weights are no better than the median epoch's: an error."""
    few_samples: int = 30
    """The same of validation samples (EVA901): the loss of so few may turn for those few alone."""
    ceiling: float = 0.85
    """Never confirmed (0.9) from few points or samples, nor while the score still improves: the decisions do not
    overfit then, whatever the loss says."""

    def check(
        self,
        history: History,
        val_loss: Curve,
        train_loss: Curve,
        val_loss_trend: Trend,
        turning_point: TurningPoint,
        gap: Gap,
        overfitting_signs: OverfittingSigns,
        score_since_turn: ScoreSinceTurn | None = None,
        sampling: Sampling | None = None,
    ) -> Iterator[Finding | Passed]:
        """Compare the turn with its noise and the signs with their calibrated limit."""
        turn, trend, probability = turning_point, val_loss_trend, overfitting_signs.probability
        better = score_since_turn is not None and score_since_turn.improvement > 0
        improves = score_since_turn is not None and score_since_turn.improvement > 2 * score_since_turn.noise
        if better:
            probability = min(probability, self.ceiling)
        if trend.n < self.few_points or (sampling is not None and sampling.n < self.few_samples):
            probability = min(probability, self.ceiling)
        if turn.p_value > self.alpha or probability < self.least_undecided:
            yield Passed(_quiet(turn, trend, history, self.alpha), probability)
            return
        yield Finding(
            self.code,
            self.cause,
            Severity.ERROR if turn.giveback >= self.grave_giveback else Severity.WARNING,
            probability,
            f"validation {noun(val_loss)} turned at {history.unit} {turn.step:g} and rose from {trend.best:.4g} to "
            f"{trend.end:.4g}, giving back {_times(turn.giveback)} its usual gain, while training "
            + (f"went on falling by {gap.train_fall_after:.3g}" if gap.train_fall_after > 0 else "did not follow")
            + ("; the validation score still improved" if improves else "; the score held" if better else ""),
            evidence=(
                Measured("turning point", turn.step, history.unit, turn.low, turn.high),
                Measured("p-value of no turn", turn.p_value, "", limit=self.alpha, exceeds="below",
                         limit_reason="error rate on a flat curve, calibration/turning_null.py"),
                Measured("gain given back", turn.giveback, "share", effect=True),
                Measured("setback", turn.setback, "share of steps to the best"),
                Measured("widening of the gap since the turn", gap.growth, noun(val_loss)),
                Measured("probability", probability, "", limit=self.least_probability,
                         limit_reason="more likely than not; calibration/fit.py"),
            ),
            where=(Where("epochs", turn.step, history.last_step), Where("curves", names=(val_loss.name,))),
            figure=Figure(
                "curves",
                (train_loss.name, val_loss.name),
                (
                    Mark("span", "turning point, 95 % interval", turn.low, turn.high),
                    Mark("point", f"best, {history.unit} {turn.step:g}", turn.step,
                         y=trend.best if val_loss.is_loss else None),
                ),
                caption="Validation turns up; training does not.",
            ),
            settle="compare the training with the validation data: a shift that grows with training looks the same",
        )  # fmt: skip


def _times(giveback: float) -> str:
    """Say how much in words that a person can picture."""
    return f"{giveback:.0%} of" if giveback < 10 else "more than ten times"


def _quiet(turn: TurningPoint, trend: Trend, history: History, alpha: float) -> str:
    if turn.p_value > alpha:
        return f"validation shows no turn beyond its noise (p = {turn.p_value:.2g}, noise {trend.sigma:.2g})"
    return (
        f"validation rose by {trend.rise:.3g} after {history.unit} {turn.step:g}, but the gap to training did not "
        "widen with it as it does where a model overfits"
    )

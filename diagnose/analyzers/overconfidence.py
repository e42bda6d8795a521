"""REG201: the validation loss rises while the score holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from diagnose.analyzer import ABSENT, EXPLAINED, NotApplicable, Passed
from diagnose.analyzers.poor_training_score import PoorTrainingScore
from diagnose.finding import Cause, Figure, Finding, Mark, Measured, Severity, Where
from diagnose.measures.chance import Skill
from diagnose.measures.overfitting import TurningPoint
from diagnose.measures.trend import Trend
from diagnose.run import Context, Curve, History

DECISIONS = (
    "accuracy", "balanced_accuracy", "top1", "top5", "f1", "macro_f1", "auc", "precision", "recall", "dice", "iou",
    "map", "map50", "map50-95", "wer", "cer",
)  # fmt: skip
"""Scores of decisions, beside which a loss of probabilities can be overconfident."""


@dataclass(frozen=True)
class Overconfidence:
    """The validation loss rises while the score holds or improves: the model grows too sure of itself.

    ## What it detects
    A validation loss that turned up although the validation score (accuracy, F1) did not get worse after the turn.

    ## Why it matters
    The decisions are as good as before, but the probabilities are not: wrong answers are given with growing
    certainty. Stopping at the lowest loss may throw away a better score; less capacity is not the cure.

    ## The evidence
    The turning point of the loss with its test and giveback (as for OVF101), and the change of the score from the
    turn to the end against its noise. A cross-entropy weighs the few most confident errors most, so it can rise while
    fewer samples are wrong.

    ## What to do
    If only decisions count: choose the epoch by the score. If probabilities count: temperature scaling on held-out
    data (one parameter, after training), label smoothing 0.1, mixup or weight decay.

    ## References
    - Guo, Pleiss, Sun & Weinberger (2017), On Calibration of Modern Neural Networks
    - Müller, Kornblith & Hinton (2019), When Does Label Smoothing Help?
    """

    code: ClassVar[str] = "REG201"
    cause: ClassVar[Cause] = Cause.REGULARIZATION

    alpha: float = 0.01
    """Error rate of the turn on a flat curve."""
    least_giveback: float = 0.25
    """A quarter of the usual gain lost again: a rise that a person sees on the plot."""
    most_loss: float = 2.0
    """The score may fall by this many standard errors of the two levels compared: the usual 95 %."""
    least_score: float = 4.0
    """The score must have gained this many standard deviations of its noise in the whole run: one that never rose from
    guessing does not hold, it stands."""
    certainty_better: float = 0.85
    """The score improved beyond noise while the loss rose: both are tested, and they contradict each other."""
    certainty_holds: float = 0.6
    """The score merely holds: a loss that runs ahead of a score about to fall looks the same."""

    def check(
        self, history: History, context: Context, val_loss: Curve, val_score: Curve, turning_point: TurningPoint,
        val_score_trend: Trend, val_loss_trend: Trend, val_skill: Skill | None = None,
    ) -> Iterator[Finding | Passed | NotApplicable]:  # fmt: skip
        """Compare the score before and after the loss turned."""
        turn = turning_point
        if val_score.quantity not in DECISIONS:
            yield NotApplicable(
                f"{val_score.name} is no score of decisions, beside which probabilities could be too sure"
            )
            return
        if turn.p_value > self.alpha or turn.giveback < self.least_giveback:
            yield Passed("validation loss shows no marked turn, so it does not contradict the score", ABSENT)
            return
        guesses = val_skill is not None and PoorTrainingScore().is_poor(val_skill)
        if guesses or val_score_trend.gain <= self.least_score * val_score_trend.sigma:
            yield Passed("the validation score never rose from guessing beyond its noise, so it can't hold either")
            return
        change, error = _change(val_score_trend, turn.step)
        better = change > self.most_loss * error
        if change < -self.most_loss * error or np.isnan(change):
            yield Passed("the validation score got worse together with the loss", EXPLAINED)
            return
        word = f"improved by {change:.3g}" if better else f"held ({change:+.3g}, within its noise)"
        smoothing = "" if not context.label_smoothing else f" in spite of label smoothing {context.label_smoothing:g}"
        yield Finding(
            self.code,
            self.cause,
            Severity.WARNING,
            self.certainty_better if better else self.certainty_holds,
            f"validation loss rose from {val_loss_trend.best:.4g} to {val_loss_trend.end:.4g} after {history.unit} "
            f"{turn.step:g} while {val_score.name} {word}: the model grows too sure of itself{smoothing}",
            (
                Measured("change of the score since the turn", change, "points", change - 2 * error, change + 2 * error,
                         limit=-self.most_loss * error, limit_reason="two standard errors of its noise"),
                Measured("gain of the loss given back", turn.giveback, "share", limit=self.least_giveback,
                         limit_reason="seen on a plot", effect=True),
                Measured("p-value of no turn", turn.p_value, "", limit=self.alpha, exceeds="below",
                         limit_reason="error rate on a flat curve"),
            ),
            (Where("epochs", turn.step, history.last_step), Where("curves", names=(val_loss.name, val_score.name))),
            Figure("curves", (val_loss.name, val_score.name), (Mark("line", "loss turns", turn.step),),
                   caption="The loss rises, the score does not fall."),
        )  # fmt: skip


def _change(score: Trend, turn: float) -> tuple[float, float]:
    """Return how far the score improved from the turn to the end, and the standard error of that."""
    at = int(np.searchsorted(score.steps, turn))
    window = max(1, min(5, (score.n - at) // 2))
    first = score.cost[at : at + window]
    last = score.cost[-window:]
    if not len(first) or not len(last):
        return float("nan"), 0.0
    error = score.sigma * float(np.sqrt(1 / len(first) + 1 / len(last)))
    return float(first.mean() - last.mean()), error

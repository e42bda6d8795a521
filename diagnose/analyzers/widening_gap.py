"""OVF102: validation stands still while training goes on, and the gap widens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from diagnose.analyzer import EXPLAINED, NotApplicable, Passed
from diagnose.finding import Cause, Figure, Finding, Mark, Measured, Severity, Where
from diagnose.measures.curves import noun
from diagnose.measures.gap import Gap
from diagnose.measures.overfitting import OverfittingSigns, TurningPoint
from diagnose.measures.trend import Trend
from diagnose.run import Curve, History

SETTLE = "compare the training with the validation data: a gap alone may also be a shift between them"


@dataclass(frozen=True)
class WideningGap:
    """Validation stands still while training goes on, and the gap between them widens.

    ## What it detects
    A wide gap between training and validation loss that grew while validation had stopped improving: without a clear
    turn (that is OVF101), yet all that training learnt after that point was of no use.

    ## Why it matters
    The model has begun to memorise. The time since validation stalled was spent for nothing, and longer training
    usually ends in a rising validation loss.

    ## The evidence
    The final gap as a share of itself plus what validation gained; the share of training's whole fall that came after
    validation had stalled (within 5 % of its gain of its best level); the growth of the gap. The probability of the
    signs together is calibrated on labelled runs. A gap that stood from the start speaks for different distributions as
    much as for overfitting: curves alone can't tell them apart, so the verdict stays undecided until the data are
    compared.

    ## What to do
    Compare the training with the validation data first. If they agree: more data or augmentation, more regularisation,
    a smaller model or more frozen layers; stop where validation stalled.

    ## References
    - Goodfellow, Bengio & Courville (2016), Deep Learning, §5.2
    - Li et al. (2024), Keeping Deep Learning Models in Check (OverfitGuard), arXiv 2401.10359
    """

    code: ClassVar[str] = "OVF102"
    cause: ClassVar[Cause] = Cause.OVERFITTING

    turn_alpha: float = 0.05
    """Below this p-value the curve turned, and OVF101 speaks."""
    least_probability: float = 0.5
    """A claim is made when it is more likely right than wrong."""
    least_noise: float = 3.0
    """The gap in standard deviations of the validation loss's noise: two curves of nothing but noise end that far apart
    in one of some hundred runs."""
    few_points: int = 8
    """Fewer points can't tell a gap that widens from noise; a turn (OVF101) has a test of its own."""
    least_alone: float = 0.05
    """Share of training's fall after validation had stalled: less is no going on alone (`STALL_TOLERANCE`)."""
    undecided: float = 0.4
    """Of a run too short to tell."""
    ceiling: float = 0.85
    """A gap without a turn may also be a shift between the data sets: curves alone never confirm it (0.9)."""

    def check(
        self,
        history: History,
        train_loss: Curve,
        val_loss: Curve,
        turning_point: TurningPoint,
        gap: Gap,
        overfitting_signs: OverfittingSigns,
        val_loss_trend: Trend,
        train_loss_trend: Trend,
    ) -> Iterator[Finding | Passed | NotApplicable]:
        """Weigh gap, stall and growth."""
        probability = min(overfitting_signs.probability, self.ceiling)
        if turning_point.p_value <= self.turn_alpha:
            yield NotApplicable("validation loss turned: OVF101 speaks of it")
            return
        noise = float(np.hypot(val_loss_trend.sigma, train_loss_trend.sigma))
        passed = self._passed(gap, probability, noise, val_loss_trend.n)
        if passed is not None:
            yield passed
            return
        yield Finding(
            self.code,
            self.cause,
            Severity.WARNING,
            probability,
            f"validation {noun(val_loss)} stalled at {history.unit} {gap.stall_step:g}; since then training fell on by "
            f"{gap.train_alone:.0%} of its whole fall, and the gap reached {gap.end:.3g}",
            evidence=(
                Measured("gap at the end", gap.end, noun(val_loss)),
                Measured("gap, as a share of itself plus validation's gain", gap.share, "share", effect=True),
                Measured("training's fall after validation stalled", gap.train_alone, "share"),
                Measured("widening of the gap since the best step", gap.growth, noun(val_loss)),
                Measured("probability", probability, "", limit=self.least_probability,
                         limit_reason="more likely than not; calibration/fit.py"),
            ),
            where=(Where("epochs", gap.stall_step, history.last_step),),
            figure=Figure(
                "curves",
                (train_loss.name, val_loss.name),
                (Mark("line", f"validation stalls, {history.unit} {gap.stall_step:g}", gap.stall_step),),
                caption="Training goes on alone; the gap widens.",
            ),
            settle=SETTLE,
        )  # fmt: skip

    def _passed(self, gap: Gap, probability: float, noise: float, points: int) -> Passed | None:
        """Say why the gap is no claim, or None where it is one."""
        if gap.end <= self.least_noise * noise:
            why = f"the gap of {gap.end:.3g} is within the noise of both curves, {noise:.2g}"
            return Passed(why, min(probability, EXPLAINED))
        if points < self.few_points:
            why = f"{points} points are too few to tell a widening gap from noise"
            return Passed(why, min(probability, self.undecided), "train longer, or evaluate more often")
        if gap.train_alone < self.least_alone:
            why = f"only {gap.train_alone:z.0%} of training's fall came after validation stalled"
            return Passed(why, min(probability, self.undecided))
        if probability < self.least_probability:
            why = (
                f"the gap of {gap.end:.3g} is {gap.share:.0%} of itself plus what validation gained, and "
                f"{gap.train_alone:.0%} of training's fall came after validation stalled"
            )
            return Passed(why, probability, SETTLE if probability > EXPLAINED else "")
        return None

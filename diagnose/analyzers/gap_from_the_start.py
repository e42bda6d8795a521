"""OVF106: a wide gap stood between training and validation from the first steps on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import NotApplicable, Passed
from diagnose.finding import Cause, Figure, Finding, Mark, Measured, Severity, Where
from diagnose.measures.curves import noun
from diagnose.measures.gap import Gap
from diagnose.measures.overfitting import OverfittingSigns
from diagnose.run import Curve, History


@dataclass(frozen=True)
class GapFromTheStart:
    """A wide gap stood between training and validation from the first steps on.

    ## What it detects
    A validation loss far above the training loss already in the first tenth of the run, and still at its end, without
    the turn or the late widening by which overfitting shows (OVF101, OVF102).

    ## Why it matters
    Such a gap has two common causes that want opposite remedies: the validation data are distributed differently
    (another source, another preprocessing, dropout or batch normalisation left in training mode), or the model learnt
    the training samples by heart within the first steps. Regularisation does nothing for the first.

    ## The evidence
    The gap over the first tenth as a share of all that training gained; that share at its smallest later; the final gap
    over itself plus what validation gained. All are unchanged by the loss's scale and shift. The curves can't tell the
    two causes apart: the verdict stays undecided, and the finding says what would settle it.

    ## What to do
    Compare the two data sets: train a classifier to tell a training from a validation row. Evaluate the model on
    training rows through the validation path: a gap that stays is a fault in that path, not in the data.

    ## References
    - Lopez-Paz & Oquab (2017), Revisiting Classifier Two-Sample Tests, arXiv 1610.06545
    - Rabanser, Günnemann & Lipton (2019), Failing Loudly, arXiv 1810.11953
    """

    code: ClassVar[str] = "OVF106"
    cause: ClassVar[Cause] = Cause.OVERFITTING

    least_early_gap: float = 0.3
    """Share of training's whole gain: one pass over the data seldom opens it (99 % of the AlgoPerf runs stay below)."""
    least_share: float = 0.4
    """Final gap over itself plus validation's gain: validation learnt little more than it missed."""
    undecided: float = 0.4
    """Below an even chance: of our own runs, whose data do not shift, such a gap stood in one clean run in twenty."""
    least_probability: float = 0.5
    """From here on OVF101 and OVF102 speak."""

    def check(
        self, history: History, train_loss: Curve, val_loss: Curve, gap: Gap, overfitting_signs: OverfittingSigns
    ) -> Iterator[Finding | Passed | NotApplicable]:
        """Compare the early and the final gap with their limits."""
        if overfitting_signs.probability >= self.least_probability:
            yield NotApplicable("validation left training later on: OVF101 and OVF102 speak of it")
            return
        if not overfitting_signs.has_learnt:
            yield NotApplicable("training did not improve beyond its noise: there is no gain to measure a gap against")
            return
        if gap.early < self.least_early_gap or gap.share < self.least_share:
            yield Passed(f"the gap of the first steps is {gap.early:.0%} of what training gained")
            return
        yield Finding(
            self.code,
            self.cause,
            Severity.WARNING,
            self.undecided,
            f"validation {noun(val_loss)} stood above training from the first {history.unit}s on, by at least "
            f"{gap.early:.0%} of all that training gained, and ended {gap.end:.3g} above it: overfitting within the "
            "first steps, or data that differ",
            evidence=(
                Measured("gap from the first tenth on, at its smallest", gap.early, "share of training's gain",
                         limit=self.least_early_gap, limit_reason="99 % of the AlgoPerf runs stay below"),
                Measured("final gap, as a share of itself plus validation's gain", gap.share, "share",
                         limit=self.least_share, limit_reason="validation learnt little more than it missed",
                         effect=True),
            ),
            where=(Where("curves", names=(train_loss.name, val_loss.name)),),
            figure=Figure(
                "curves",
                (train_loss.name, val_loss.name),
                (Mark("line", "the gap is there already", float(val_loss.steps[len(val_loss) // 10])),),
                caption="The gap stands from the start.",
            ),
            settle="compare the training with the validation data, and evaluate some training rows through the "
            "validation path",
        )  # fmt: skip

"""REG202: training is held down by its own regularisation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import ABSENT, Passed
from diagnose.analyzers.poor_training_score import PoorTrainingScore
from diagnose.finding import LIKELY, Cause, Finding, Measured, Severity, Where
from diagnose.measures.chance import Skill
from diagnose.measures.gap import Gap, Paired
from diagnose.measures.progress import Progress
from diagnose.run import Context, Curve, History


@dataclass(frozen=True)
class OverRegularised:
    """Training is held down by its own regularisation.

    ## What it detects
    A training loss that is worse than validation all along and has levelled off at a poor score, in a run whose
    settings say that it is strongly regularised.

    ## Why it matters
    Dropout, weight decay and augmentation buy generalisation with fit. Where there is no gap left to close, they only
    cost.

    ## The evidence
    Validation better than training at nine points in ten (mostly harmless by itself: EVA906), no progress left, a
    score near guessing, and settings above those that are usual: dropout above one half, weight decay above 0.1,
    label smoothing above 0.2. Without known settings nothing is claimed.

    ## What to do
    Halve the dropout rate, divide weight decay by ten, soften the augmentation, one at a time; training should pass
    validation before generalisation is worth buying again.

    ## References
    - Srivastava et al. (2014), Dropout: A Simple Way to Prevent Neural Networks from Overfitting, §A.4 (rates 0.2 to
      0.5)
    - Goodfellow, Bengio & Courville (2016), Deep Learning, §5.2 and §7.1
    """

    code: ClassVar[str] = "REG202"
    cause: ClassVar[Cause] = Cause.REGULARIZATION

    least_easier: float = 0.9
    """All along: nine points in ten."""
    most_dropout: float = 0.5
    """The largest rate that Srivastava et al. (2014) recommend."""
    most_weight_decay: float = 0.1
    """The largest in common recipes (GPT-3, ViT, ConvNeXt use 0.05 to 0.1; ViT's 0.3 is the exception)."""
    most_smoothing: float = 0.2
    """Twice the usual 0.1 (Szegedy et al. 2016)."""
    certainty: float = 0.7
    """Settings and symptom agree; left is a model too weak for the task anyway."""

    def check(
        self, history: History, context: Context, gap: Gap, paired: Paired, train_loss: Curve,
        progress: Progress | None = None, train_skill: Skill | None = None,
    ) -> Iterator[Finding | Passed]:  # fmt: skip
        """Ask whether settings, level and gap agree."""
        rule = PoorTrainingScore()
        strong = self._strong(context)
        held = gap.val_is_easier >= self.least_easier
        if not held:
            yield Passed(f"training is better than validation at {1 - gap.val_is_easier:.0%} of the points", ABSENT)
            return
        still = progress is None or progress.probability < LIKELY
        if not strong or not still or train_skill is None or not rule.is_poor(train_skill):
            yield Passed("validation is better than training, which its own reasons explain (EVA906)", None,
                         "give the regularisation: --context dropout=0.5 weight_decay=1e-4")  # fmt: skip
            return
        words = " and ".join(f"{name} {value:g}" for name, value, _ in strong)
        yield Finding(
            self.code,
            self.cause,
            Severity.WARNING,
            self.certainty,
            f"training is worse than validation at {gap.val_is_easier:.0%} of the points and levelled off at "
            f"{train_skill.name} {train_skill.movement.end:.3g}, with {words}",
            (
                *(Measured(name, value, "", limit=limit, limit_reason="usual settings end there")
                  for name, value, limit in strong),
                Measured("points at which validation is better", gap.val_is_easier, "share", limit=self.least_easier,
                         limit_reason="all along"),
            ),
            (Where("curves", names=(train_loss.name,)), Where("epochs", float(paired.steps[0]), history.last_step)),
        )  # fmt: skip

    def _strong(self, context: Context) -> list[tuple[str, float, float]]:
        known = (
            ("dropout", context.dropout, self.most_dropout),
            ("weight decay", context.weight_decay, self.most_weight_decay),
            ("label smoothing", context.label_smoothing, self.most_smoothing),
        )
        return [(name, value, limit) for name, value, limit in known if value is not None and value > limit]

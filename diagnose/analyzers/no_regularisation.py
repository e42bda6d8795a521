"""REG203: an overfitting run has no regularisation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import NotApplicable, Passed
from diagnose.errors import NotEnoughEvidence
from diagnose.finding import Cause, Finding, Measured, Severity, Where
from diagnose.measures.overfitting import OverfittingSigns
from diagnose.run import Context, History


@dataclass(frozen=True)
class NoRegularisation:
    """An overfitting run has no regularisation.

    ## What it detects
    Curves that overfit in a run whose settings say: no weight decay, no dropout, no augmentation.

    ## Why it matters
    It names the setting to change first. Without regularisation the number of epochs alone decides how much is
    memorised.

    ## The evidence
    The probability of overfitting from the curves (OVF101, OVF102) and the known settings. Unknown is not zero: at
    least two of the three must be known to be off, and none known to be on.

    ## What to do
    Augmentation first where inputs allow it; weight decay (AdamW 0.01, SGD 5e-4); dropout 0.2 to 0.5 before the last
    layer.

    ## References
    - Krogh & Hertz (1992), A Simple Weight Decay Can Improve Generalization
    - Loshchilov & Hutter (2019), Decoupled Weight Decay Regularization
    - Srivastava et al. (2014), Dropout: A Simple Way to Prevent Neural Networks from Overfitting
    """

    code: ClassVar[str] = "REG203"
    cause: ClassVar[Cause] = Cause.REGULARIZATION

    least_overfitting: float = 0.5
    """Overfitting more likely than not."""
    least_known: int = 2
    """Two of three settings known to be off: one alone is the default of many good recipes."""
    share: float = 0.8
    """The settings are facts, the overfitting is a probability; one in five such runs is better served by other cures
    (more data)."""

    def check(
        self, history: History, context: Context, overfitting_signs: OverfittingSigns
    ) -> Iterator[Finding | Passed | NotApplicable]:
        """Compare what is known to be off with what overfits."""
        known = {"weight decay": context.weight_decay, "dropout": context.dropout, "augmentation": context.augmentation}
        on = [name for name, value in known.items() if value]
        off = [name for name, value in known.items() if value is not None and not value]
        probability = overfitting_signs.probability
        if probability < self.least_overfitting:
            yield NotApplicable("the curves don't overfit, so none is missed")
            return
        if on:
            yield Passed(f"there is regularisation: {', '.join(on)}")
            return
        if len(off) < self.least_known:
            raise NotEnoughEvidence(
                f"{3 - len(off)} of weight decay, dropout and augmentation are unknown",
                "give the settings: --context weight_decay=0 dropout=0 augmentation=false",
            )
        yield Finding(
            self.code,
            self.cause,
            Severity.WARNING,
            self.share * probability,
            f"the run overfits ({probability:.0%}) and has no {' and no '.join(off)}",
            (
                Measured(
                    "probability of overfitting",
                    probability,
                    "",
                    limit=self.least_overfitting,
                    limit_reason="more likely than not",
                ),
                Measured(
                    "regularisers known to be off",
                    float(len(off)),
                    "settings",
                    limit=float(self.least_known - 1),
                    limit_reason="one alone is the default of good recipes",
                ),
            ),
            (Where("epochs", 0.0, history.last_step),),
        )

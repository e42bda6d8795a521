"""INS501: the training loss became NaN or infinite."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import Passed
from diagnose.finding import Cause, Finding, Measured, Severity, Where
from diagnose.measures.divergence import Divergence
from diagnose.run import Curve, History


@dataclass(frozen=True)
class NonFiniteLoss:
    """The training loss became NaN or infinite.

    ## What it detects
    A training loss that is not a finite number from some step to the end, or that was infinite on the way. A
    validation loss that alone is NaN is a fault of the evaluation (EVA904).

    ## Why it matters
    After a NaN every weight it touches is NaN: nothing after that step is training, and the last weights are worthless.

    ## The evidence
    The first step from which no finite loss follows. NaN that finite losses follow is no such fault: padding in a
    log, or a batch that mixed-precision training skipped by design; it is mentioned when points were infinite or few.

    ## What to do
    Go back to the last good weights. Lower the learning rate, clip the gradient norm (1.0), warm up; check the inputs
    for NaN, the loss for log(0) and division by zero; in half precision use bfloat16 or loss scaling.

    ## References
    - Goodfellow, Bengio & Courville (2016), Deep Learning, §10.11.1 (clipping gradients), §4.1 (overflow and underflow)
    - Micikevicius et al. (2018), Mixed Precision Training, arXiv 1710.03740
    """

    code: ClassVar[str] = "INS501"
    cause: ClassVar[Cause] = Cause.INSTABILITY

    least_points: int = 1
    """One non-finite last value is enough: the weights that gave it are kept."""
    certainty: float = 0.97
    """NaN is a fact; what remains is a logger that wrote NaN for a missing value."""

    def check(self, history: History, logged_train_loss: Curve, divergence: Divergence) -> Iterator[Finding | Passed]:
        """Look for the step from which the loss is lost."""
        curve, lost = logged_train_loss, divergence.lost_from
        if lost is None:
            holes = (
                f"; {divergence.holes} points on the way were not finite, and finite ones follow"
                if divergence.holes
                else ""
            )
            yield Passed(f"the training loss ends in a finite number{holes}")
            return
        count = int((curve.steps >= lost).sum())
        whole = divergence.lost_after == 0
        yield Finding(
            self.code,
            self.cause,
            Severity.ERROR,
            self.certainty,
            "the training loss is not a finite number "
            + ("at any point" if whole else f"from {history.unit} {lost:g} to the end"),
            (
                Measured("non-finite points at the end", float(count), "points", limit=float(self.least_points),
                         limit_reason="one is enough"),
                Measured("points logged", float(len(curve)), "points"),
            ),
            (Where("epochs", lost, float(curve.steps[-1])), Where("curves", names=(curve.name,))),
        )  # fmt: skip

"""EVA903: a score has a value that it cannot have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf
from typing import ClassVar

import numpy as np

from diagnose.analyzer import Passed
from diagnose.errors import NotEnoughEvidence
from diagnose.finding import Cause, Finding, Measured, Severity, Where
from diagnose.run import History

SHARES = (
    "accuracy", "balanced_accuracy", "precision", "recall", "f1", "dice", "iou", "auc", "map", "map50",
    "map50-95", "top1", "top5",
)  # fmt: skip
BOUNDS: dict[str, tuple[float, float]] = {
    **dict.fromkeys(SHARES, (0.0, 1.0)),
    "ssim": (-1.0, 1.0),
    "mcc": (-1.0, 1.0),
    "r2": (-inf, 1.0),
    **dict.fromkeys(("wer", "cer", "mae", "mse", "rmse", "perplexity"), (0.0, inf)),
}
"""The values that each score can take, by its definition."""


@dataclass(frozen=True)
class ImpossibleMetric:
    """A score has a value that it cannot have.

    ## What it detects
    An accuracy, Dice or F1 above one or below zero, an R² above one, a negative error: values outside what the score's
    definition allows, after percent have been divided by a hundred.

    ## Why it matters
    The metric's code is wrong, so no conclusion from it holds: neither the best epoch nor the comparison with other
    runs.

    ## The evidence
    The values outside the bounds of the definition. Common reasons: a Dice computed on logits or on labels 0/255,
    correct predictions divided by the wrong count (batches for samples), masks that overlap, one-hot against index
    labels.

    ## What to do
    Compute the score on one batch by hand and with a library's function, and mend the code; recompute before choosing
    an epoch.

    ## References
    - Maier-Hein et al. (2024), Metrics reloaded: recommendations for image analysis validation
    - Reinke et al. (2024), Understanding metric-related pitfalls in image analysis validation
    """

    code: ClassVar[str] = "EVA903"
    cause: ClassVar[Cause] = Cause.EVALUATION

    tolerance: float = 1e-4
    """Rounding and float32 sums: a mean of a thousand ones may come out as 1.0001."""
    certainty: float = 0.95
    """The bound is a fact; one in twenty is left for a column that was named like a score and is something else."""

    def check(self, history: History) -> Iterator[Finding | Passed]:
        """Compare every known score with its bounds."""
        bounded = [c for c in history.curves if c.quantity in BOUNDS and len(c.finite)]
        if not bounded:
            raise NotEnoughEvidence("no score with known bounds was logged", "log a score such as accuracy")
        quiet = True
        for curve in bounded:
            low, high = BOUNDS[curve.quantity]
            values = curve.finite.values
            outside = (values < low - self.tolerance) | (values > high + self.tolerance)
            if not outside.any():
                continue
            quiet = False
            worst = float(values[int(np.argmax(np.maximum(low - values, values - high)))])
            bound = high if worst > high else low
            yield Finding(
                self.code,
                self.cause,
                Severity.WARNING,
                self.certainty,
                f"{curve.name} reaches {worst:.4g}: {curve.quantity} can't lie "
                f"{'above' if worst > high else 'below'} {bound:g}",
                (
                    Measured(curve.name, worst, "", limit=bound, exceeds="above" if worst > high else "below",
                             limit_reason="the score's definition"),
                    Measured("points outside", float(outside.sum()), "points"),
                ),
                (Where("curves", names=(curve.name,)),),
            )  # fmt: skip
        if quiet:
            yield Passed(f"all {len(bounded)} scores with known bounds keep within them")

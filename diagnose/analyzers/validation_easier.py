"""EVA906: validation is better than training."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from diagnose.analyzer import Passed
from diagnose.finding import Cause, Figure, Finding, Mark, Measured, Severity, Where
from diagnose.measures.gap import Gap, Paired
from diagnose.measures.trend import Trend
from diagnose.run import Context, Curve


@dataclass(frozen=True)
class ValidationEasier:
    """Validation is better than training over most of the run.

    ## What it detects
    A validation loss that lies below the training loss, beyond noise, at most points.

    ## Why it matters
    Mostly it is harmless, and it hides how large the true gap is. But the same picture comes from a validation set
    that is easier than training, or that shares samples with it.

    ## The evidence
    The share of points at which validation is better and the median distance, against the noise of both curves.
    Harmless reasons: the training loss is the mean over the epoch while the model improves, validation is measured at
    its end (half an epoch's progress); dropout, augmentation, label smoothing and weight penalties count in training
    only.

    ## What to do
    Evaluate the training set in evaluation mode once, without augmentation. If validation is still better: look for
    rows that stand in both sets, and compare how the two were drawn.

    ## References
    - Keras documentation, FAQ: Why is my training loss much higher than my testing loss?
    - Kapoor & Narayanan (2023), Leakage and the reproducibility crisis in machine-learning-based science
    """

    code: ClassVar[str] = "EVA906"
    cause: ClassVar[Cause] = Cause.EVALUATION

    least_share: float = 0.6
    """Most of the run: a clear majority of its points."""
    least_noise: float = 2.0
    """The median distance in standard deviations of both curves' noise: 5 % on a single pair of points."""

    def check(
        self,
        context: Context,
        paired: Paired,
        gap: Gap,
        train_loss: Curve,
        val_loss: Curve,
        val_loss_trend: Trend,
        train_loss_trend: Trend,
    ) -> Iterator[Finding | Passed]:
        """Weigh how often and how far validation is below training."""
        noise = float(np.hypot(val_loss_trend.sigma, train_loss_trend.sigma))
        below = float(np.median(paired.train - paired.val))
        if gap.val_is_easier < self.least_share or below <= self.least_noise * noise:
            yield Passed(
                f"validation loss is below training at {gap.val_is_easier:.0%} of the points, by {below:.2g} "
                f"(noise {noise:.2g})"
            )
            return
        known = [
            name
            for name, on in (
                ("dropout", context.dropout),
                ("augmentation", context.augmentation),
                ("label smoothing", context.label_smoothing),
            )
            if on
        ]
        reason = (
            f"{' and '.join(known)} in training may explain it"
            if known
            else "settle it by evaluating the training set in evaluation mode"
        )
        yield Finding(
            self.code,
            self.cause,
            Severity.INFO,
            min(gap.val_is_easier, 0.99),
            f"validation loss is better than training at {gap.val_is_easier:.0%} of the points, "
            f"by {below:.3g} in the median; {reason}",
            (
                Measured(
                    "points at which validation is better",
                    gap.val_is_easier,
                    "share",
                    limit=self.least_share,
                    limit_reason="most of the run",
                ),
                Measured(
                    "median distance", below, "loss", limit=self.least_noise * noise, limit_reason="twice the noise"
                ),
            ),
            (Where("curves", names=(train_loss.name, val_loss.name)),),
            Figure(
                "curves",
                (train_loss.name, val_loss.name),
                (Mark("span", "compared", float(paired.steps[0]), float(paired.steps[-1])),),
                caption="Validation lies below training.",
            ),
        )

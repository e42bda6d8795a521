"""EVA904: a validation metric is not a number while training is well."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from diagnose.analyzer import NotApplicable, Passed
from diagnose.errors import NotEnoughEvidence
from diagnose.finding import Cause, Finding, Measured, Severity, Where
from diagnose.measures.curves import PRINCIPAL_SCORES
from diagnose.run import Curve, History


@dataclass(frozen=True)
class NanMetric:
    """A validation metric is not a number while training is well.

    ## What it detects
    A validation loss or score that is NaN or infinite at most points, or from some epoch to the end, although the
    training loss stays finite.

    ## Why it matters
    A model with finite training losses has finite weights, so the fault is in the evaluation: nothing was validated.
    Early stopping on NaN stops at once or never.

    ## The evidence
    The share of points that are not finite, beside a finite training loss. Points that are missing by turns (a metric
    computed every k epochs and padded with NaN) don't count: they are followed by finite ones.

    ## What to do
    Evaluate one batch by hand: look for NaN in the validation inputs or labels, an empty validation set or last batch
    (0/0), the logarithm of 0, half-precision overflow in evaluation, BatchNorm statistics that overflowed.

    ## References
    - Micikevicius et al. (2018), Mixed Precision Training, arXiv 1710.03740
    - PyTorch documentation, torch.autograd.detect_anomaly
    """

    code: ClassVar[str] = "EVA904"
    cause: ClassVar[Cause] = Cause.EVALUATION

    least_points: int = 2
    """One missing value at the end may be a log cut short."""
    certainty: float = 0.95
    """NaN is a fact, and finite training losses point at the evaluation; one in twenty is left for losses that
    diverge in the last epoch and show in validation first."""

    def check(self, history: History) -> Iterator[Finding | Passed | NotApplicable]:
        """Look for held-out curves that end in NaN, beside training losses."""
        held_out = [c for c in (*history.of("val"), *history.of("test")) if len(c)]
        if not held_out:
            raise NotEnoughEvidence("the log holds no validation metric", "log the validation loss every epoch")
        broken = [c for c in held_out if _trailing(c) >= self.least_points]
        if not broken:
            yield Passed("every validation metric is a finite number to its end")
            return
        training = [c for c in history.of("train") if c.is_loss and len(c)] or [c for c in held_out if c not in broken]
        if not training or any(not np.isfinite(c.values[-1]) for c in training):
            yield NotApplicable("training is not finite either: INS501 speaks of it")
            return
        for curve in broken:
            yield self._finding(curve, history)

    def _finding(self, curve: Curve, history: History) -> Finding:
        count = _trailing(curve)
        since = float(curve.steps[len(curve) - count])
        whole = count == len(curve)
        known = curve.is_loss or curve.quantity in PRINCIPAL_SCORES
        return Finding(
            self.code,
            self.cause,
            Severity.WARNING if known else Severity.INFO,
            self.certainty,
            f"{curve.name} is not a number {'at any point' if whole else f'from {history.unit} {since:g} to the end'} "
            f"while the training loss is finite: the fault lies in the evaluation",
            (Measured("points that are not finite", float(count), "points", limit=float(self.least_points),
                      limit_reason="one may be a log cut short"),),
            (Where("epochs", since, float(curve.steps[-1])), Where("curves", names=(curve.name,))),
        )  # fmt: skip


def _trailing(curve: Curve) -> int:
    """How many points at the end are not finite."""
    finite = np.flatnonzero(np.isfinite(curve.values))
    return len(curve) - 1 - int(finite[-1]) if len(finite) else len(curve)

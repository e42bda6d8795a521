"""OVF107: the training score ended far above the validation score."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from diagnose.analyzer import NotApplicable, Passed
from diagnose.finding import Cause, Figure, Finding, Measured, Severity, Where
from diagnose.measures.overfitting import OverfittingSigns
from diagnose.measures.trend import Trend
from diagnose.run import Context, Curve


@dataclass(frozen=True)
class WideScoreGap:
    """The training score ended far above the validation score.

    ## What it detects
    A training accuracy (F1, AUC …) that lies far above the validation accuracy at the end of the run, where the losses
    show neither a turn nor a gap that widened late (OVF101, OVF102).

    ## Why it matters
    What the training score promises does not hold on other data. The model may have learnt its samples by heart from
    the start, or validation may be harder: curves can't say which, and the remedies differ.

    ## The evidence
    The difference of both scores' levels at the end, in points, beyond the 95 % interval of the validation score where
    the number of its samples is known. Best-in-class forests live with gaps of ten points, so a gap is named from
    fifteen points on and left undecided.

    ## What to do
    Compare the two data sets; evaluate some training rows through the validation path. If both agree: more data or
    augmentation, more regularisation, a smaller model or more frozen layers.

    ## References
    - Mohr et al. (2022), LCDB 1.0: An Extensive Learning Curves Database for Classification Tasks
    - Lopez-Paz & Oquab (2017), Revisiting Classifier Two-Sample Tests, arXiv 1610.06545
    """

    code: ClassVar[str] = "OVF107"
    cause: ClassVar[Cause] = Cause.OVERFITTING

    least_gap: float = 0.15
    """Points between both scores: no rated run without overfitting has as many."""
    undecided: float = 0.4
    """Below an even chance: validation may be harder just as well."""
    least_probability: float = 0.5
    """From here on OVF101 and OVF102 speak."""

    def check(
        self,
        context: Context,
        train_score: Curve,
        val_score: Curve,
        train_score_trend: Trend,
        val_score_trend: Trend,
        overfitting_signs: OverfittingSigns | None = None,
    ) -> Iterator[Finding | Passed | NotApplicable]:
        """Compare the gap with fifteen points and with its sampling noise."""
        if overfitting_signs is not None and overfitting_signs.probability >= self.least_probability:
            yield NotApplicable("the curves show overfitting already: OVF101 and OVF102 speak of it")
            return
        shares = np.concatenate([train_score.values, val_score.values])
        if val_score.better == "lower" or shares.min() < 0 or shares.max() > 1:
            yield NotApplicable(f"{val_score.quantity} is not a share between 0 and 1: its gap has no scale")
            return
        gap = val_score_trend.end - train_score_trend.end
        noise = 1.96 * 0.5 / np.sqrt(context.n_val) if context.n_val else 0.0
        if gap - noise < self.least_gap:
            yield Passed(f"{val_score.quantity} ended {gap:z.2f} lower on validation than on training")
            return
        yield Finding(
            self.code,
            self.cause,
            Severity.WARNING,
            self.undecided,
            f"{val_score.quantity} ended at {-train_score_trend.end:.3g} on training and at "
            f"{-val_score_trend.end:.3g} on validation: the model learnt its samples by heart, or validation is harder",
            evidence=(
                Measured(f"{val_score.quantity} on training minus on validation", gap, "points",
                         gap - noise, gap + noise, self.least_gap,
                         limit_reason="no rated run without overfitting has as many", effect=True),
            ),
            where=(Where("curves", names=(train_score.name, val_score.name)),),
            figure=Figure("curves", (train_score.name, val_score.name), caption="The scores end far apart."),
            settle="compare the training with the validation data, and evaluate some training rows through the "
            "validation path",
        )  # fmt: skip

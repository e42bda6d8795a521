"""EVA902: a score never changes while the model does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from diagnose.analyzer import EXPLAINED, NotApplicable, Passed
from diagnose.errors import NotEnoughEvidence
from diagnose.finding import Cause, Finding, Measured, Severity, Where
from diagnose.measures.chance import Skill
from diagnose.measures.curves import PRINCIPAL_SCORES, score_rank
from diagnose.measures.movement import ROUNDING
from diagnose.run import Curve, History


@dataclass(frozen=True)
class ConstantMetric:
    """A score never changes while the model does.

    ## What it detects
    A validation score with the very same value at every epoch although the losses moved: accuracy 0.7241 for thirty
    epochs, F1 zero throughout, or a perfect 1.0 from the first epoch on.

    ## Why it matters
    Such a score measures nothing. Either the model predicts one class for every sample, or the metric is computed
    wrongly (threshold, averaging, label order), or the validation set holds one class or a few easy samples.

    ## The evidence
    Equal values over at least five points, while a loss took at least as many different values. A score that is
    perfect at every point is reported only where it is the one that people judge by and training is not perfect. A
    constant score for a single class or a name of the log's own is information only.

    ## What to do
    Print the confusion matrix of one epoch. If one class is predicted for all: weigh the loss or resample. If
    predictions vary: mend the metric (its averaging, threshold, positive class). If all is right from the start: look
    for leakage and take a larger, harder validation set.

    ## References
    - Kapoor & Narayanan (2023), Leakage and the reproducibility crisis in machine-learning-based science
    - scikit-learn user guide, Metrics and scoring: classification metrics with zero division
    """

    code: ClassVar[str] = "EVA902"
    cause: ClassVar[Cause] = Cause.EVALUATION

    least_points: int = 5
    """Five equal values: four repeats, each of which a score that moves on even one step in two shows with odds of a
    half, make 6 %; a loss that took five different values meanwhile makes it less."""
    least_skill: float = 0.2
    """Share of what guessing leaves that training has learnt (slight agreement, Landis & Koch 1977): below, a network
    that predicts one class explains a score that stands."""
    certainty_principal: float = 0.97
    """The most for the score that people judge by: the odds that it stands by chance are halved by each repeat (0.94
    at five points), and one in thirty is left for a start that had converged."""
    certainty_side: float = 0.8
    """A second score may be constant for a reason that the owner knows (a class that is absent)."""

    def check(self, history: History, train_skill: Skill | None = None) -> Iterator[Finding | Passed | NotApplicable]:
        """Look for held-out scores that never change."""
        held_out = history.of("val") or history.of("test")
        scores = [c.finite for c in held_out if not c.is_loss and len(c.finite) >= self.least_points]
        if not scores:
            raise NotEnoughEvidence("no validation score has five points", "log a validation score every epoch")
        if not any(_values(c) >= self.least_points for c in history.curves if c.is_loss):
            yield NotApplicable("no loss moved either, or none was logged")
            return
        constant = [c for c in scores if float(np.ptp(c.values)) == 0]
        principal = min(scores, key=lambda c: score_rank(c.quantity))
        faulty = [c for c in constant if c.values[0] != 1.0 or (c is principal and _training_is_worse(history, c))]
        if not faulty:
            yield Passed(
                "every validation score changes as the model does" if not constant else "constant scores are perfect"
            )
            return
        if principal in faulty and train_skill is not None and _has_learnt_nothing(train_skill, self.least_skill):
            yield Passed(f"{principal.name} is constant, as where one class is predicted: training learnt nothing",
                         EXPLAINED)  # fmt: skip
            return
        yield from self._findings(faulty, principal)

    def _findings(self, faulty: list[Curve], principal: Curve) -> Iterator[Finding]:
        known = [c for c in faulty if c.quantity in PRINCIPAL_SCORES]
        for curves in (known, [c for c in faulty if c not in known]):
            if not curves:
                continue
            leads = principal in curves
            first = principal if leads else curves[0]
            names = tuple(c.name for c in curves)
            others = f" (and {len(names) - 1} others)" if len(names) > 1 else ""
            yield Finding(
                self.code,
                self.cause,
                Severity.WARNING if curves is known else Severity.INFO,
                min(self.certainty_principal if leads else self.certainty_side, 1 - 0.5 ** (len(first) - 1)),
                f"{first.name}{others} is {first.values[0]:.4g} at all {len(first)} points while the loss moves",
                tuple(
                    Measured(c.name, float(c.values[0]), "", float(c.values[0]), float(c.values[0]))
                    for c in curves[:10]
                ),
                (Where("curves", names=names), Where("epochs", float(first.steps[0]), float(first.steps[-1]))),
            )


def _has_learnt_nothing(skill: Skill, least: float) -> bool:
    return skill.kappa is not None and skill.kappa < least


def _values(curve: Curve) -> int:
    """How many different values a curve took, as far as single precision resolves them."""
    values = curve.finite.values
    if len(values) < 2 or np.ptp(values) <= ROUNDING * np.abs(values).max():
        return min(len(values), 1)
    return len(np.unique(values))


def _training_is_worse(history: History, score: Curve) -> bool:
    train = history.find("train", score.quantity)
    return train is None or len(train.finite) == 0 or float(np.median(train.finite.values)) < 1.0

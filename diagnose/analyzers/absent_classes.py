"""LBL123: classes of the training data are absent from the held-out data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from diagnose.analyzer import ABSENT, CONTRADICTED, NotApplicable, Passed
from diagnose.finding import Cause, Figure, Finding, Measured, Severity, Where
from diagnose.measurements import SPLITS
from diagnose.measures.class_counts import ClassCounts, listed


@dataclass(frozen=True)
class AbsentClasses:
    """Classes of the training data are absent from the held-out data.

    ## What it detects
    Classes that label training rows and no row of the validation (or test) data, where chance does not explain that.

    ## Why it matters
    The score says nothing of these classes: a model that has unlearnt them scores as well. The two data sets were not
    drawn alike, so other things may differ too.

    ## The evidence
    The share of the training rows in such classes, less what is expected of rare classes by chance (a class with t rows
    in all falls wholly into one side with known odds), and the p-value of so many rows. Rare classes that a small
    held-out set may well miss are named when this passes.

    ## What to do
    Split again, stratified by class; or say that the task has fewer classes and drop the others from training.

    ## References
    - Good (1953), The Population Frequencies of Species and the Estimation of Population Parameters
    """

    code: ClassVar[str] = "LBL123"
    cause: ClassVar[Cause] = Cause.LABEL_SHIFT

    error_rate: float = 0.01
    """Of the test over all held-out splits: random splits leave rare classes out."""
    least_share: float = 0.005
    """Lower bound of the training rows' share in such classes: half a point of what the model does is not examined."""
    certainty: float = 0.97
    """The test's error rate, and that classes may be left out on purpose."""

    def check(self, class_counts: tuple[ClassCounts, ...]) -> Iterator[Finding | Passed | NotApplicable]:
        """Compare the rows of absent classes with what chance leaves out."""
        if not class_counts:
            yield NotApplicable("the label is a number")
            return
        quiet, found = [], False
        for counts in class_counts:
            absent = np.flatnonzero((counts.held == 0) & (counts.train > 0))
            beyond = counts.difference
            if beyond.gone_p <= self.error_rate / len(class_counts) and beyond.gone_low >= self.least_share:
                found = True
                yield self._finding(counts, absent)
            else:
                quiet.append(_said(counts, absent))
        if not found:
            chance = any(np.any((c.held == 0) & (c.train > 0)) for c in class_counts)
            yield Passed("; ".join(quiet), ABSENT if chance else CONTRADICTED)

    def _finding(self, counts: ClassCounts, absent: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Finding:
        order = absent[np.argsort(-counts.train[absent], kind="stable")]
        names = [counts.levels[code] for code in order.tolist()]
        found, words = counts.difference, SPLITS[counts.split]
        total = int(counts.train.sum())
        what = "a class" if len(names) == 1 else f"{len(names)} classes"
        return Finding(
            self.code,
            self.cause,
            Severity.WARNING,
            self.certainty,
            f"{what} of training ({listed(names)}; {found.gone:.1%} of its rows) is absent from the "
            f"{int(counts.held.sum()):,} {words} rows: the score says nothing of it",
            (
                Measured("share of the training rows in absent classes", found.gone, "share", found.gone_low, None,
                         self.least_share, limit_reason="half a point that is not examined", effect=True),
                Measured("p-value of so many by chance", found.gone_p, limit=self.error_rate, exceeds="below",
                         limit_reason="error rate of the test"),
            ),
            (Where("columns", names=(counts.label,)),),
            Figure(
                "table",
                title=f"Classes absent from the {words} data",
                header=("class", "training rows", "share"),
                rows=tuple(
                    (counts.levels[c], str(int(counts.train[c])), f"{counts.train[c] / total:.2%}")
                    for c in order[:50].tolist()
                ),
            ),
        )  # fmt: skip


def _said(counts: ClassCounts, absent: np.ndarray[tuple[int], np.dtype[np.intp]]) -> str:
    words, rows = SPLITS[counts.split], int(counts.held.sum())
    if len(absent):
        names = [counts.levels[code] for code in absent.tolist()]
        return f"{listed(names)} absent from the {words} data, as rare classes are from {rows:,} rows by chance"
    # a class of that share is missed with odds of 5 %
    return (
        f"the {words} data hold every class of training; one with {1 - 0.05 ** (1 / rows):.1%} of the rows would show"
    )

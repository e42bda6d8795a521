"""LBL124: classes with too few rows to be learnt or to be measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from diagnose.analyzer import ABSENT, NotApplicable, Passed
from diagnose.finding import Cause, Figure, Finding, Measured, Series, Severity, Where
from diagnose.measurements import SPLITS
from diagnose.measures.chance import wilson
from diagnose.measures.class_counts import ClassCounts, listed

FIGURE_CLASSES = 20


@dataclass(frozen=True)
class FewRowsOfAClass:
    """Classes have too few rows to be learnt or to be measured.

    ## What it detects
    Classes with fewer than ten rows in the training data, or in the held-out data.

    ## Why it matters
    The share of such a class that is found (its recall) can't be told: of 5 rows, 3 found may mean 23 % or 88 %.
    Averages over classes (macro F1, balanced accuracy) and every choice made by them inherit that noise. A class with
    few training rows is learnt by heart or not at all, and a score over all rows hides it.

    ## The evidence
    Rows by class, and the widest 95 % interval (Wilson) that the recall of the smallest can have.

    ## What to do
    Collect rows of these classes; cross-validate, so that each row is measured once; join classes that need not be told
    apart. For training: weight or oversample them (after the split), or start from a pretrained model.

    ## References
    - Peduzzi et al. (1996), A Simulation Study of the Number of Events per Variable in Logistic Regression Analysis
    - Wilson (1927), Probable Inference, the Law of Succession, and Statistical Inference
    """

    code: ClassVar[str] = "LBL124"
    cause: ClassVar[Cause] = Cause.EVALUATION

    least_held_out: int = 10
    """Rows of a class: below, the interval of a recall near a half is more than half the scale wide (0.24 to 0.76 at
    10)."""
    least_trained: int = 10
    """Rows of a class: below ten events for a variable, fits of one variable go astray (Peduzzi et al. 1996)."""
    many_classes: float = 0.1
    """Share of the classes from which averages over classes are noise; fewer are information."""
    certainty: float = 0.95
    """Rows are counted; what is left is that the class does not matter."""

    def check(self, class_counts: tuple[ClassCounts, ...]) -> Iterator[Finding | Passed | NotApplicable]:
        """Compare the rows of each class with the least."""
        if not class_counts:
            yield NotApplicable("the label is a number")
            return
        quiet, found = [], False
        for counts in class_counts:
            few = (counts.train > 0) & (counts.held < self.least_held_out)
            rare = (counts.train > 0) & (counts.train < self.least_trained)
            if few.any() or rare.any():
                found = True
                yield self._finding(counts, few, rare)
            else:
                least = int(counts.held[counts.train > 0].min())
                quiet.append(
                    f"the smallest class has {least:,} {SPLITS[counts.split]} rows and {int(counts.train.min()):,} of "
                    "training: enough for a recall of its own"
                )
        if not found:
            yield Passed("; ".join(quiet), ABSENT)

    def _finding(self, counts: ClassCounts, few: np.ndarray, rare: np.ndarray) -> Finding:
        words = SPLITS[counts.split]
        known = int(np.count_nonzero(counts.train))
        share = int((few | rare).sum()) / known
        claims = []
        where = []
        if few.any():
            order = _fewest(few, counts.held)
            least = int(counts.held[order[0]])
            low, high = wilson(0.5, least) if least else (0.0, 1.0)
            names = [counts.levels[code] for code in order]
            claims.append(
                f"{int(few.sum())} of {known} classes have fewer than {self.least_held_out} {words} rows: the recall "
                f"of {listed(names[:1])} ({least} rows) is known to {(high - low) / 2:.0%} either way at best"
            )
            where += names
        if rare.any():
            names = [counts.levels[code] for code in _fewest(rare, counts.train)]
            claims.append(
                f"{int(rare.sum())} of {known} classes have fewer than {self.least_trained} training rows "
                f"({listed(names, 3)})"
            )
        least_held, least_trained = (int(of[counts.train > 0].min()) for of in (counts.held, counts.train))
        return Finding(
            self.code,
            self.cause,
            Severity.WARNING if share >= self.many_classes else Severity.INFO,
            self.certainty,
            "; ".join(claims),
            (
                Measured("share of the classes with too few rows", share, "share", limit=self.many_classes,
                         limit_reason="averages over classes are noise", effect=True),
                Measured(f"{words} rows of the smallest class", float(least_held), "rows",
                         limit=float(self.least_held_out), exceeds="below", limit_reason="half the scale wide"),
                Measured("training rows of the smallest class", float(least_trained), "rows",
                         limit=float(self.least_trained), exceeds="below", limit_reason="ten events a variable"),
            ),
            (Where("columns", names=(counts.label,)),),
            _figure(counts, words),
        )  # fmt: skip


def _fewest(chosen: np.ndarray, counts: np.ndarray) -> list[int]:
    codes = np.flatnonzero(chosen)
    found: list[int] = codes[np.argsort(counts[codes], kind="stable")].tolist()
    return found


def _figure(counts: ClassCounts, words: str) -> Figure:
    codes = _fewest(counts.train > 0, counts.held)[:FIGURE_CLASSES]
    ends = [wilson(0.5, int(counts.held[code])) if counts.held[code] else (0.0, 1.0) for code in codes]
    return Figure(
        "intervals",
        title="How well each class's recall can be known",
        series=(
            Series(
                "95 % interval of a recall of a half", (0.5,) * len(codes),
                tuple(f"{counts.levels[code]} ({counts.held[code]} {words} rows)" for code in codes),
                tuple(low for low, _ in ends), tuple(high for _, high in ends),
            ),
        ),
        y_label="recall",
        caption=f"The {len(codes)} smallest classes.",
    )  # fmt: skip

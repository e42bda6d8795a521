"""LBL122: the held-out data hold classes that training never saw."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from diagnose.analyzer import CONTRADICTED, NotApplicable, Passed
from diagnose.data import Split
from diagnose.finding import Cause, Figure, Finding, Measured, Severity, Where
from diagnose.measurements import SPLITS
from diagnose.measures.chance import wilson
from diagnose.measures.class_counts import ClassCounts, listed
from diagnose.measures.row_names import row_names


@dataclass(frozen=True)
class UnseenClasses:
    """The held-out data hold classes that training never saw.

    ## What it detects
    Classes that label rows of the validation or test data and no row of the training data; where a name differs only in
    case, spaces or the form of a number ("Cat " and "cat", "1" and "1.0") it says which class may be meant.

    ## Why it matters
    A classifier can't answer with a class that it never saw: all these rows are wrong, whatever the model. Their share
    is a ceiling on accuracy that no training lifts. (Models that compare with descriptions of classes are an
    exception: for them this is zero-shot classification.)

    ## The evidence
    The rows of such classes, counted; their share of the labelled rows with Wilson's 95 % interval.

    ## What to do
    Names spelled differently: map them to one. Classes that belong to the task: split again, stratified by class, or
    collect training rows of them. Classes that do not: drop the rows, or let the model answer "none of these".

    ## References
    - Xian et al. (2019), Zero-Shot Learning — A Comprehensive Evaluation of the Good, the Bad and the Ugly
    """

    code: ClassVar[str] = "LBL122"
    cause: ClassVar[Cause] = Cause.LABEL_SHIFT

    least_share: float = 0.01
    """Of the held-out rows: a ceiling one point below 1 costs a point of accuracy; less is information."""
    grave_share: float = 0.05
    """Of the held-out rows: five points are lost whatever is trained."""
    certainty: float = 0.98
    """Labels are counted; what is left is that two names mean one class."""

    def check(
        self, class_counts: tuple[ClassCounts, ...], held_out: tuple[Split, ...] | None = None
    ) -> Iterator[Finding | Passed | NotApplicable]:
        """Count the rows of classes without a training row."""
        if not class_counts:
            yield NotApplicable("the label is a number")
            return
        found = False
        for counts in class_counts:
            if np.any((counts.train == 0) & (counts.held > 0)):
                found = True
                split = next((s for s in held_out or () if s.name == counts.split), None)
                yield self._finding(split, counts)
        if not found:
            several = " and ".join(SPLITS[c.split] for c in class_counts)
            known = int(np.count_nonzero(class_counts[0].train))
            yield Passed(f"each class of the {several} data is among the {known} classes of training", CONTRADICTED)

    def _finding(self, split: Split | None, counts: ClassCounts) -> Finding:
        new = np.flatnonzero((counts.train == 0) & (counts.held > 0))
        new = new[np.argsort(-counts.held[new], kind="stable")]
        names = [counts.levels[code] for code in new.tolist()]
        rows = np.flatnonzero(np.isin(counts.codes, new))
        total = int(counts.held.sum())
        affected = int(counts.held[new].sum())
        share = affected / total
        low, high = wilson(share, total)
        words = SPLITS[counts.split]
        known = {plain(level): level for code, level in enumerate(counts.levels) if counts.train[code] > 0}
        meant = {name: known[plain(name)] for name in names if plain(name) in known}
        hint = "".join(f"; {name!r} is {level!r} spelled differently" for name, level in list(meant.items())[:1])
        return Finding(
            self.code,
            self.cause,
            Severity.ERROR if share >= self.grave_share
            else Severity.WARNING if share >= self.least_share else Severity.INFO,
            self.certainty,
            f"{affected:,} of {total:,} {words} rows are of {_classes(len(names))} that training never saw "
            f"({listed(names)}): accuracy can't exceed {1 - share:.1%}{hint}",
            (
                Measured(f"share of the {words} rows in unseen classes", share, "share", low, high, self.least_share,
                         limit_reason="a point of accuracy", effect=True),
                Measured("unseen classes", float(len(names)), "classes", limit=0.0),
            ),
            (Where("samples", names=row_names(split, rows)),) if split is not None else (),
            Figure(
                "table",
                title="Classes that training never saw",
                header=("class", f"{words} rows", "may mean"),
                rows=tuple(
                    (name, str(int(counts.held[code])), meant.get(name, ""))
                    for name, code in zip(names[:50], new[:50].tolist(), strict=True)
                ),
            ),
        )  # fmt: skip


def _classes(count: int) -> str:
    return "a class" if count == 1 else f"{count} classes"


def plain(level: str) -> str:
    """Return a class's name without what spelling alone changes.

    Examples
    --------
    >>> plain(" New_York "), plain("1.0"), plain("01")
    ('new york', '1', '1')
    """
    text = " ".join(level.replace("_", " ").replace("-", " ").split()).casefold()
    try:
        return f"{float(text):.12g}"
    except ValueError:
        return text

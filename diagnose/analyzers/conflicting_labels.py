"""LER152: rows that are equal in every input carry different labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import ABSENT, Passed
from diagnose.data import Split
from diagnose.finding import Cause, Finding, Measured, Severity, Where
from diagnose.measures.chance import wilson
from diagnose.measures.label_conflicts import LabelConflicts
from diagnose.measures.row_names import row_names


@dataclass(frozen=True)
class ConflictingLabels:
    """Rows that are equal in every input carry different labels.

    ## What it detects
    Training rows that were entered twice with different labels; for information, the errors that no model can avoid
    where rows repeat because their columns are few and discrete.

    ## Why it matters
    Of two labels for one thing one is wrong, or what tells them apart is not among the inputs. No model of these inputs
    answers both: their share is a floor under the error, and a model that tries learns noise.

    ## The evidence
    Rows with equal digests of their inputs. Those that are copies of each other (not equal by chance: see LKG141) and
    differ in their label are counted; none would be expected. Where rows are equal by chance, different labels are what
    overlapping classes look like: only the floor is told. Numbers measured twice differ by nature and are information.

    ## What to do
    Look at the rows listed: correct the label, drop the rows that can't be decided, or add the column that tells them
    apart. Where several people labelled, ask how far they agree.

    ## References
    - Northcutt, Athalye & Mueller (2021), Pervasive Label Errors in Test Sets Destabilize Machine Learning Benchmarks
    """

    code: ClassVar[str] = "LER152"
    cause: ClassVar[Cause] = Cause.LABEL_ERRORS

    least_share: float = 0.001
    """Of the rows: half of these are wrong, one in two thousand, which no score shows."""
    grave_share: float = 0.05
    """Of the rows: half of these cost points of accuracy."""
    least_floor: float = 0.01
    """A point of accuracy (of R²) that no model reaches is worth knowing."""
    certainty: float = 0.9
    """Equal inputs and different labels are facts; that a column is missing which tells them apart remains."""
    of_floor: float = 0.95
    """A count."""

    def check(self, train_split: Split, label_conflicts: LabelConflicts) -> Iterator[Finding | Passed]:
        """Compare the share of rows in conflict with the least that matters."""
        found, n = label_conflicts, label_conflicts.n
        share = len(found.rows) / n
        low, high = wilson(share, n)
        measured = (
            Measured("share of the training rows in conflict", share, "share", low, high, self.least_share,
                     limit_reason="no score shows less", effect=True),
            Measured("floor under the error" if found.classes else "floor under 1 - R²", found.floor, "share",
                     limit=self.least_floor, limit_reason="a point"),
        )  # fmt: skip
        if share >= self.least_share and found.classes:
            yield Finding(
                self.code,
                self.cause,
                Severity.ERROR if share >= self.grave_share else Severity.WARNING,
                self.certainty,
                f"{len(found.rows):,} of {n:,} training rows ({share:.1%}) are copies of {found.groups:,} rows and "
                f"carry different labels: no model of these inputs can be right on more than {1 - found.floor:.1%}",
                measured, (Where("samples", names=row_names(train_split, found.rows)),),
            )  # fmt: skip
        elif found.floor >= self.least_floor:
            score = "accuracy" if found.classes else "R²"
            yield Finding(
                self.code, self.cause, Severity.INFO, self.of_floor,
                f"{found.alike:,} of {n:,} training rows equal rows of another label: no model of these inputs reaches "
                f"an {score} above {1 - found.floor:.1%} on them",
                measured,
            )  # fmt: skip
        else:
            yield Passed(
                f"{found.alike or 'none'} of {n:,} training rows equal{'' if found.alike else 's'} one of another "
                f"label; a share of {self.least_share:.1%} would have been found",
                ABSENT,
            )

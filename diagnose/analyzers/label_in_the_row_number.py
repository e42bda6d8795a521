"""LKG146: the number of a row tells its label."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import ABSENT, CONTRADICTED, Passed
from diagnose.finding import Cause, Finding, Measured, Severity, Where
from diagnose.measures.row_positions import RowNumbering


@dataclass(frozen=True)
class LabelInTheRowNumber:
    """The number of a row tells its label.

    ## What it detects
    Columns that count or name rows (an index, an identifier) from which the label can be told; for information, rows
    that stand in the order of their label.

    ## Why it matters
    Numbers are given as rows are collected, often class by class. A model that is given the number learns the order of
    the collection, which the next rows do not have. Rows in the order of the label make trouble when a part is split
    off at the end (Keras's validation_split) or batches are not shuffled.

    ## The evidence
    The share of what guessing gets wrong that a row's number alone gets right, on rows that it was not fitted to. A
    column counts rows where it holds whole numbers, all different, and few between them are left out. Time may be the
    reason in a series of rows: the number tells no more there than a date would.

    ## What to do
    Drop the column from the inputs. Shuffle the rows (with their labels) before splitting or training; split stratified
    by class.

    ## References
    - Kaufman et al. (2012), Leakage in Data Mining: Formulation, Detection, and Avoidance
    """

    code: ClassVar[str] = "LKG146"
    cause: ClassVar[Cause] = Cause.LEAKAGE

    least_skill: float = 0.3
    """Of guessing's errors or of the variance: three in ten, which no numbering of shuffled rows reaches (0.1 at 100
    rows, 0.02 at 1,000)."""
    of_input: float = 0.8
    """A model that gets this column learns the order of collection; where rows come in time it may be a trend."""
    of_identifier: float = 0.6
    """Identifiers are seldom given to a model, and here it is not known."""
    of_order: float = 0.95
    """That the rows stand so is a fact, and information."""

    def check(self, row_positions: tuple[RowNumbering, ...]) -> Iterator[Finding | Passed]:
        """Compare the skill of every numbering with the limit."""
        order, *numbered = row_positions
        found = [n for n in numbered if n.skill >= self.least_skill]
        found.sort(key=lambda n: (not n.is_input, -n.skill, n.name))
        if found:
            yield self._finding(found)
        if order.skill >= self.least_skill:
            yield Finding(
                self.code, self.cause, Severity.INFO, self.of_order,
                f"the training rows stand in the order of their label: the place alone does {order.skill:.0%} better "
                "than guessing; shuffle before a part is split off",
                (self._measured("skill of a row's place", order.skill),),
            )  # fmt: skip
        elif not found:
            named = [repr(n.name) for n in numbered]
            what = " and ".join(["the order of the rows", *named])
            best = max(n.skill for n in row_positions)
            yield Passed(
                f"{what}: no number tells the label ({max(best, 0):.0%} better than guessing at most; "
                f"{self.least_skill:.0%} would have been told)",
                CONTRADICTED if numbered else ABSENT,
            )

    def _finding(self, found: list[RowNumbering]) -> Finding:
        best = found[0]
        what = "counts rows and tells their label" if best.is_input else "names rows, and its number tells their label"
        return Finding(
            self.code, self.cause, Severity.WARNING, self.of_input if best.is_input else self.of_identifier,
            f"{best.name!r} {what}: {best.skill:.0%} better than guessing",
            (self._measured(f"skill of {best.name!r} alone", best.skill),),
            (Where("columns", names=tuple(n.name for n in found)),),
            settle=f"say whether the model is given {best.name!r}: --ignore-column {best.name}",
        )  # fmt: skip

    def _measured(self, name: str, skill: float) -> Measured:
        return Measured(name, skill, "share", limit=self.least_skill, limit_reason="shuffled rows never reach it",
                        effect=True)  # fmt: skip

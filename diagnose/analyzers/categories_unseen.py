"""COV113: categories that training never saw, or that the held-out data lack."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import CONTRADICTED, NotApplicable, Passed
from diagnose.data import SplitName
from diagnose.finding import Cause, Figure, Finding, Measured, Severity, Where
from diagnose.measurements import SPLITS
from diagnose.measures.column_shift import ColumnShifts, LevelShift
from diagnose.measures.column_words import share, short

NAMED = 3
"""Categories that a claim names; the table lists more."""
LISTED = 20


@dataclass(frozen=True)
class CategoriesUnseen:
    """Categories that training never saw, or that the held-out data lack.

    ## What it detects
    Values of categorical inputs that stand in the validation (or test) data and not in the training data, and the
    reverse, in more rows than rare categories do by chance.

    ## Why it matters
    For a category that it never saw a model has no weight, or a random one; encoders drop it, fail, or map it to
    something else. A category that validation lacks is one on which nothing is known about the model.

    ## The evidence
    A category with t rows in all falls wholly into one side by chance with odds that are known, so that columns of
    many rare values (streets, products) are expected to have some; the rows in such categories are compared with that
    expectation. Benjamini-Hochberg over columns, splits and both directions; the lower 95 % bound of the share of rows
    must exceed one row in a thousand for new ones, one in a hundred for those that are gone.

    ## What to do
    Look at the spelling first (case, blanks, another code for the same thing). Then give the model a value for "other"
    that it meets in training, or collect rows of the new categories; stratify the split by a category that is gone.

    ## References
    - Good (1953), The population frequencies of species and the estimation of population parameters
    - Breck et al. (2019), Data Validation for Machine Learning
    """

    code: ClassVar[str] = "COV113"
    cause: ClassVar[Cause] = Cause.COVARIATE_SHIFT

    false_discoveries: float = 0.005
    """A small part of the one in twenty that all comparisons of the same data may spend."""
    new_margin: float = 0.001
    """One row in a thousand: for it the model has nothing to go by."""
    gone_margin: float = 0.01
    """One row in a hundred: a score that lacks fewer does not change in per cent."""
    grave: float = 0.1
    """One row in ten: the score is about other inputs than those learnt."""
    certainty: float = 0.95
    """That the categories are new is a fact; that they are no accident of the split holds at this bound."""

    def check(self, column_shift: ColumnShifts) -> Iterator[Finding | Passed | NotApplicable]:
        """Look for rows in categories that one side lacks, one finding a split."""
        levels = column_shift.levels
        if not levels:
            yield NotApplicable("no input is a category with enough rows on both sides")
            return
        found = False
        for split in column_shift.held_out:
            new = [c for c in levels if c.split == split and self._is_new(c)]
            gone = [c for c in levels if c.split == split and self._is_gone(c)]
            if new or gone:
                found = True
                yield self._finding(
                    sorted(new, key=lambda c: -c.new_share), sorted(gone, key=lambda c: -c.gone_share), split
                )
        if not found:
            rare = [c.name for c in levels if c.new or c.gone]
            some = f" (rare categories miss one side in {', '.join(rare[:NAMED])}, as chance has it)" if rare else ""
            yield Passed(
                f"no column of {len(levels)} has more rows in new or vanished categories than chance gives{some}; a "
                f"new category in {self._detectable(column_shift):.2g} of the rows would have been found with "
                "95 % power",
                CONTRADICTED,
            )

    def _detectable(self, shifts: ColumnShifts) -> float:
        """Return the share of a new category that would be found in the smallest split."""
        n = shifts.rows["train"]
        m = min(rows for split, rows in shifts.rows.items() if split != "train")
        needed = math.log(self.false_discoveries / (2 * len(shifts.levels))) / math.log(m / (n + m))
        # as many rows on average as leave fewer than needed in one of twenty samples of Poisson's law
        return float(max(self.new_margin, (needed + 1.6449 * math.sqrt(needed) + 1.35) / m))

    def _is_new(self, column: LevelShift) -> bool:
        return column.new_q <= self.false_discoveries and column.new_low > self.new_margin

    def _is_gone(self, column: LevelShift) -> bool:
        return column.gone_q <= self.false_discoveries and column.gone_low > self.gone_margin

    def _finding(self, new: Sequence[LevelShift], gone: Sequence[LevelShift], split: SplitName) -> Finding:
        data = SPLITS[split]
        parts = [f"{c.name}: {_named(c.new)} in {share(c.new_share)} of the {data} rows never occur in training"
                 for c in new[:1]]  # fmt: skip
        parts += [f"{c.name}: {_named(c.gone)}, {share(c.gone_share)} of the training rows, are absent from "
                  f"{data}" for c in gone[:1]]  # fmt: skip
        columns = tuple(dict.fromkeys(c.name for c in (*new, *gone)))
        others = f"; {len(columns)} columns in all" if len(columns) > len(parts) else ""
        largest = new[0] if new else gone[0]
        held, low = (largest.new_share, largest.new_low) if new else (largest.gone_share, largest.gone_low)
        margin = self.new_margin if new else self.gone_margin
        severity = Severity.INFO if not new else Severity.ERROR if new[0].new_low > self.grave else Severity.WARNING
        return Finding(
            self.code,
            self.cause,
            severity,
            self.certainty,
            "; ".join(parts) + others,
            evidence=(
                Measured("rows in categories that " + ("training lacks" if new else f"{data} lacks"), held, "share",
                         low, None, margin, limit_reason="the lower bound must exceed it", effect=True),
                Measured("false-discovery rate", largest.new_q if new else largest.gone_q, "",
                         limit=self.false_discoveries, exceeds="below",
                         limit_reason="a part of the one in twenty of all comparisons"),
            ),
            where=(Where("columns", names=columns),),
            figure=_table(new, gone, data),
            settle="say whether the categories are spelled alike on both sides",
        )  # fmt: skip


def _named(levels: Sequence[str]) -> str:
    named = ", ".join(repr(short(level)) for level in levels[:NAMED])
    return named + (f" and {len(levels) - NAMED} more" if len(levels) > NAMED else "")


def _table(new: Sequence[LevelShift], gone: Sequence[LevelShift], data: str) -> Figure:
    rows = [(c.name, short(level), f"only in {data}") for c in new for level in c.new[:LISTED]]
    rows += [(c.name, short(level), "only in training") for c in gone for level in c.gone[:LISTED]]
    return Figure(
        "table",
        title="Categories on one side only",
        header=("column", "category", "where"),
        rows=tuple(rows[: 5 * LISTED]),
        caption="The commonest first.",
    )

"""COV112: values are missing more or less often in the held-out data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import ABSENT, CONTRADICTED, NotApplicable, Passed
from diagnose.finding import Cause, Figure, Finding, Measured, Series, Severity, Where
from diagnose.measurements import SPLITS
from diagnose.measures.column_shift import ColumnShifts, MissingShift
from diagnose.measures.column_words import shares


@dataclass(frozen=True)
class MissingnessChanged:
    """Values are missing more or less often in the held-out data.

    ## What it detects
    Columns of which another share of rows has no value in the validation (or test) data than in the training data, and
    gaps in columns that never had any in training.

    ## Why it matters
    A gap is an input: it is imputed, flagged or dropped, and the model has learnt what that means at the rate at which
    it saw it. A sensor or a join that fails on one side looks like a model that does not generalise.

    ## The evidence
    Fisher's exact test of the two shares, Benjamini-Hochberg over all columns and splits, and Newcombe's interval of
    their difference: its nearer end must exceed one row in a hundred, or one in a thousand where training had no gap.

    ## What to do
    Find out where the values are lost (join, unit, sensor, parser) and repair it on the side that is wrong. If the gaps
    are real, train with gaps at the rate to come, with a flag beside the imputed value.

    ## References
    - Fisher (1935), The Design of Experiments, ch. 2
    - Newcombe (1998), Interval estimation for the difference between independent proportions
    """

    code: ClassVar[str] = "COV112"
    cause: ClassVar[Cause] = Cause.COVARIATE_SHIFT

    false_discoveries: float = 0.005
    """A small part of the one in twenty that all comparisons of the same data may spend: gaps that changed are found at
    this rate as well as at 5 % with a few rows more."""
    margin: float = 0.01
    """One row in a hundred: fewer change no score that is given in per cent."""
    unknown_gap: float = 0.001
    """One row in a thousand, where training had no gap at all: what the model does then was never learnt."""
    grave: float = 0.5
    """Half of the rows: the column is as good as gone on one side."""
    certainty: float = 0.95
    """The bounds are at 95 %."""

    def check(self, column_shift: ColumnShifts) -> Iterator[Finding | Passed | NotApplicable]:
        """Look for shares of missing values that differ beyond chance and margin, one finding a split."""
        gaps = column_shift.missing
        if not gaps:
            yield NotApplicable("no column has a missing value, or all are missing on both sides")
            return
        beyond = [g for g in gaps if g.q <= self.false_discoveries]
        changed = [g for g in beyond if self._matters(g)]
        if not changed:
            largest = max(gaps, key=lambda g: abs(g.second - g.first))
            small = f"; {len(beyond)} differ by more than chance and less than matters" if beyond else ""
            bound = max(max(abs(g.low), abs(g.high)) for g in gaps)
            yield Passed(
                f"no column's share of missing values changed by more than chance and {self.margin:.0%} of rows; the "
                f"largest change is {shares(largest.first, largest.second)} ({largest.name}), and with 95 % confidence "
                f"no column's exceeds {bound:.2g}{small}",
                CONTRADICTED if bound <= 0.1 else ABSENT,
            )
            return
        for split in column_shift.held_out:
            here = sorted((g for g in changed if g.split == split), key=lambda g: -abs(g.second - g.first))
            if here:
                yield self._finding(here)

    def _matters(self, gap: MissingShift) -> bool:
        nearer = max(gap.low, -gap.high)
        return nearer > (self.unknown_gap if gap.first == 0 else self.margin)

    def _finding(self, changed: Sequence[MissingShift]) -> Finding:
        worst, split = changed[0], SPLITS[changed[0].split]
        others = f", and {len(changed) - 1} more columns" if len(changed) > 1 else ""
        return Finding(
            self.code,
            self.cause,
            Severity.ERROR if max(worst.low, -worst.high) > self.grave else Severity.WARNING,
            self.certainty,
            f"values of {worst.name} are missing in another share of rows: {shares(worst.first, worst.second)} from "
            f"the training to the {split} data{others}",
            evidence=(
                Measured("change of the share missing", worst.second - worst.first, "share of rows", worst.low,
                         worst.high, self.margin, limit_reason="one row in a hundred; the nearer bound must exceed it"),
                Measured("largest change", abs(worst.second - worst.first), "share of rows", effect=True),
                Measured(f"false-discovery rate of {worst.name}", worst.q, "", limit=self.false_discoveries,
                         exceeds="below", limit_reason="a part of the one in twenty of all comparisons"),
            ),
            where=(Where("columns", names=tuple(g.name for g in changed)),),
            figure=_figure(changed[:10], split),
            settle="say whether the values are missing at the source or lost on the way",
        )  # fmt: skip


def _figure(changed: Sequence[MissingShift], split: str) -> Figure:
    names = tuple(g.name for g in changed)
    return Figure(
        "bars",
        title=f"Missing values, training against {split}",
        series=(
            Series("training", tuple(g.first for g in changed), names, split="train"),
            Series(split, tuple(g.second for g in changed), names, split=changed[0].split),
        ),
        y_label="share of rows without a value",
        y_unit="share",
        caption="Columns whose share of missing values changed most.",
    )

"""COV114: columns that are missing, of another kind or unit, out of range, or idle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import ABSENT, Passed
from diagnose.finding import Cause, Figure, Finding, Measured, Severity, Where
from diagnose.measurements import SPLITS
from diagnose.measures.column_facts import ColumnFacts, OutOfRange
from diagnose.measures.column_words import share
from diagnose.stats.hypergeometric import difference_interval

LISTED = 100
Rows = list[tuple[str, str, str]]


@dataclass(frozen=True)
class ColumnsMismatched:
    """Columns are missing, of another kind or unit, out of range, or idle.

    ## What it detects
    Inputs that stand in one data set only; whose kind differs (numbers here, text there); that hold the same values in
    another unit (×255, per cent, Fahrenheit) or normalised on one side only; whose values leave the range of the
    training data in more rows than chance gives; that have one value only; or that equal another column in every row.

    ## Why it matters
    These are faults of preparation far more often than of the world, and each can spoil a model's score by itself. An
    idle column (one value, or a copy) costs only room, unless it varies where the model is used.

    ## The evidence
    Names, kinds and equal rows are facts. A unit is claimed where the columns are far apart, rescaling leaves a
    Kolmogorov-Smirnov distance at most a fifth of that, and the change is one that units make: a factor of 8 or more;
    a smaller one of a known unit (2.54, 1.61 …) that the rows tell from its neighbours to 2 %; between degrees; or to
    what is centred and scaled. Amounts that are merely larger, or darker pictures, keep their shape as well: they are
    shifted (COV111). Beyond the range: the odds that the outermost rows of both data sets together all belong to one of
    them, corrected for the number of columns, and a share of rows whose lower 95 % bound exceeds one in a hundred.

    ## What to do
    Run both data sets through one and the same preparation, fitted on the training data; drop what is idle.

    ## References
    - Breck et al. (2019), Data Validation for Machine Learning, MLSys
    - Sculley et al. (2015), Hidden Technical Debt in Machine Learning Systems
    """

    code: ClassVar[str] = "COV114"
    cause: ClassVar[Cause] = Cause.COVARIATE_SHIFT

    alpha: float = 0.005
    """Error rate of ranges over all columns: a small part of the one in twenty of all comparisons."""
    margin: float = 0.01
    """One row in a hundred: fewer beyond the range change no score that is given in per cent."""
    certainty: float = 0.95
    """Names and kinds are facts, but a column may be left out on purpose."""

    def check(self, column_facts: ColumnFacts) -> Iterator[Finding | Passed]:
        """List what does not fit, then what is idle."""
        wrong = _wrong(column_facts)
        explained = {(name, split) for name, split, _ in column_facts.units}
        beyond = [r for r in column_facts.ranges
                  if (r.name, r.split) not in explained and self._is_beyond(r, column_facts.compared)]  # fmt: skip
        rows = wrong + [_range_row(r) for r in beyond]
        if rows:
            yield self._finding(rows, Severity.ERROR if wrong else Severity.WARNING, column_facts)
        idle = _idle(column_facts)
        if idle:
            yield self._idle(idle)
        if not rows and not idle:
            yield Passed(
                f"all {column_facts.compared} columns stand on both sides with the same kind and unit, none leaves the "
                f"range of training in more than {self.margin:.0%} of the rows, {_no_idle(column_facts)}",
                ABSENT,
            )

    def _is_beyond(self, found: OutOfRange, columns: int) -> bool:
        outside = found.below + found.above
        low, _ = difference_interval(0, 10**9, outside, found.rows, 1.6449)
        return found.p <= self.alpha / columns and float(low) > self.margin

    def _finding(self, rows: Rows, severity: Severity, facts: ColumnFacts) -> Finding:
        name, what, _ = rows[0]
        more = f", and {len(rows) - 1} more such column{'s' if len(rows) > 2 else ''}" if len(rows) > 1 else ""
        names = tuple(dict.fromkeys(row[0] for row in rows))
        return Finding(
            self.code,
            self.cause,
            severity,
            self.certainty,
            f"{name} {what}{more}",
            evidence=(
                Measured("columns that do not fit", len(names), "columns", limit=0.0,
                         limit_reason="both data sets should have the same columns", effect=True),
                Measured("columns on both sides", facts.compared, "columns"),
            ),
            where=(Where("columns", names=names),),
            figure=_table("Columns that do not fit", rows),
            settle="say how each data set was prepared",
        )  # fmt: skip

    def _idle(self, rows: Rows) -> Finding:
        names = tuple(dict.fromkeys(row[0] for row in rows))
        more = f", and {len(rows) - 1} more such column{'s' if len(rows) > 2 else ''}" if len(rows) > 1 else ""
        return Finding(
            self.code,
            self.cause,
            Severity.INFO,
            self.certainty,
            f"{rows[0][0]} {rows[0][1]}: nothing is learnt from it{more}",
            evidence=(Measured("idle columns", len(names), "columns", effect=True),),
            where=(Where("columns", names=names),),
            figure=_table("Columns that say nothing", rows),
        )


def _wrong(facts: ColumnFacts) -> Rows:
    rows = [(name, f"has other units in the {SPLITS[split]} data: {unit.words}",
             f"distance {unit.before:.2g}, {unit.distance:.2g} when rescaled")
            for name, split, unit in facts.units]  # fmt: skip
    rows += [(name, f"is missing in the {SPLITS[split]} data", "") for name, split in facts.only_train]
    rows += [
        (name, f"stands in the {SPLITS[split]} data and not in training", "") for name, split in facts.only_held_out
    ]
    rows += [(name, f"is a {before.value} in training and a {after.value} in the {SPLITS[split]} data", "")
             for name, before, split, after in facts.kinds]  # fmt: skip
    return rows


def _range_row(found: OutOfRange) -> tuple[str, str, str]:
    data = SPLITS[found.split]
    held = share((found.below + found.above) / found.rows)
    return (
        found.name,
        f"leaves the range of training, {found.low:.4g} to {found.high:.4g}, in {held} of the {data} rows",
        f"{found.below} below, {found.above} above",
    )


def _idle(facts: ColumnFacts) -> Rows:
    rows = [(name, "has one value in all training rows", "") for name in facts.constant]
    rows += [(name, f"equals {earlier} in every training row", "") for name, earlier in facts.twins or ()]
    rows += [(name, f"varies in training and has one value in all {SPLITS[split]} rows", "")
             for name, split in facts.frozen]  # fmt: skip
    return rows


def _no_idle(facts: ColumnFacts) -> str:
    return "none is constant or a copy" if facts.twins is not None else "none is constant (copies take rows to find)"


def _table(title: str, rows: Rows) -> Figure:
    more = f"The first {LISTED} of {len(rows)}." if len(rows) > LISTED else ""
    return Figure("table", title=title, header=("column", "what", "detail"), rows=tuple(rows[:LISTED]),
                  caption=more)  # fmt: skip

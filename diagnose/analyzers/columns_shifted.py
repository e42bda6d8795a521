"""COV111: columns are distributed differently in the held-out data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import ABSENT, CONTRADICTED, OPEN, Passed
from diagnose.finding import Cause, Figure, Finding, Measured, Series, Severity, Where
from diagnose.measurements import SPLITS
from diagnose.measures.column_shift import ColumnShift, ColumnShifts, ManyShifts
from diagnose.stats.two_sample import NumberShift, detectable, distance_of

SHOWN = 10
"""Columns that a claim's figure lists; all are named in ``where``."""


@dataclass(frozen=True)
class ColumnsShifted:
    """Columns are distributed differently in the held-out data.

    ## What it detects
    Inputs whose values are distributed differently in the validation (or test) data than in the training data: their
    middle, their spread, their shape, their tails, or the shares of their categories. Also many columns that all moved
    a little, where none stands out.

    ## Why it matters
    A model is only known to work where it was trained. Its score on other inputs says little about how well it
    learnt, and the gap to the training score is then no overfitting.

    ## The evidence
    Every column is tested for its place (normal scores), spread (Klotz), shape (Kolmogorov-Smirnov) and tails (Fisher's
    exact test of the outermost rows); categories by χ² of homogeneity and level by level. One p-value a column
    (Cauchy's combination), and Benjamini-Hochberg over all columns and splits. Beside it, the sum of squares of all
    columns' differences of place, given how the columns depend on each other.

    Beyond chance is not enough: at a million rows a hundredth of a standard deviation is. So the lower 95 % bound of
    the *distance* must exceed a margin: the share of rows that would have to change for the distributions to be the
    same. For numbers it is the Kolmogorov-Smirnov distance, the largest change of the share of rows beyond any
    cut-off; for categories the total variation. Rare extremes hardly count in it, so a tail of at least one row in a
    thousand that became half as frequent again, or by a third rarer, is a shift as well. What is beyond chance and
    within the margin is said, and called no shift.

    ## What to do
    Ask how both data sets were drawn. A sampling artefact: split again, at random or by group and time as the model
    will be used. A real difference: collect or weight training rows like the new ones; fix preprocessing that differs.
    Whether a shift costs anything is another question: compare the losses where the inputs differ.

    ## References
    - Rabanser, Günnemann & Lipton (2019), Failing Loudly: An Empirical Study of Methods for Detecting Dataset Shift
    - Benjamini & Hochberg (1995), Controlling the False Discovery Rate
    - Liu & Xie (2020), Cauchy Combination Test
    - Conover (1999), Practical Nonparametric Statistics, ch. 5 and 6
    """

    code: ClassVar[str] = "COV111"
    cause: ClassVar[Cause] = Cause.COVARIATE_SHIFT

    false_discoveries: float = 0.03
    """With the 1 % of ``many`` and the little that gaps, new categories and ranges spend in practice, data sets that
    did not shift are called shifted in one of twenty cases at most: 3 to 4 % (docs/data-benchmarks.md)."""
    many: float = 0.01
    """Error rate of the test of all columns together."""
    margin: float = 0.01
    """One row in a hundred: the mean of whatever rises with a column by 1 in all changes by no more than its
    Kolmogorov-Smirnov distance, and any share of rows by no more than total variation; scores are given in per cent."""
    tail_ratio: float = 1.5
    """A tail half as frequent again: a shift of a tenth of a standard deviation makes the outermost thousandth of a
    normal population 1.4 times as frequent, and is seen in its middle."""
    tail_share: float = 0.001
    """Rarer than one row in a thousand, even a loss a hundred times the usual one adds less than a tenth."""
    grave: float = 0.5
    """A distance of a half: one cut-off on this column alone tells the data sets apart in three of four cases."""
    certainty: float = 0.95
    """A column is flagged at 3 % false discoveries and by a 95 % bound: the weaker of both."""

    def check(self, column_shift: ColumnShifts) -> Iterator[Finding | Passed]:
        """Look for columns beyond chance and beyond the margin, one finding a split."""
        beyond = [c for c in column_shift.columns if c.q <= self.false_discoveries]
        shifted = [c for c in beyond if self._matters(c)]
        found = False
        for split in column_shift.held_out:
            compared = column_shift.against(split)
            here = sorted((c for c in shifted if c.split == split), key=lambda c: (-c.low, -c.distance))
            together = next((m for m in column_shift.many if m.split == split), None)
            if here:
                found = True
                yield self._finding(here, compared, column_shift.said)
            elif together is not None and together.p <= self.many and together.distance > self.margin:
                found = True
                yield self._many(together, compared, column_shift.said)
        if not found:
            yield self._passed(column_shift, beyond)

    def _matters(self, column: ColumnShift) -> bool:
        if column.low > self.margin:
            return True
        tail = column.detail.worst_tail if isinstance(column.detail, NumberShift) else None
        if tail is None or max(tail.first, tail.second) < self.tail_share:
            return False
        return tail.ratio_low > self.tail_ratio or tail.ratio_high < 1 / self.tail_ratio

    def _finding(self, shifted: Sequence[ColumnShift], compared: Sequence[ColumnShift], said: str) -> Finding:
        worst, split = shifted[0], SPLITS[shifted[0].split]
        others = f", and {len(shifted) - 1} more" if len(shifted) > 1 else ""
        verb = "differ" if len(shifted) > 1 else "differs"
        largest = max(shifted, key=lambda c: c.distance)
        return Finding(
            self.code,
            self.cause,
            Severity.ERROR if worst.low > self.grave else Severity.WARNING,
            self.certainty,
            f"{len(shifted)} of {len(compared)} columns {verb} between the training and the {split} data: "
            f"{worst.words}{others}" + (f"; {said} was compared" if said else ""),
            evidence=(
                Measured("columns that differ", len(shifted), "columns", limit=0.0, limit_reason="false discoveries "
                         f"among them {self.false_discoveries:.0%} at most (Benjamini-Hochberg)"),
                Measured("largest distance", largest.distance, "share of rows", largest.low, largest.high, self.margin,
                         limit_reason="one row in a hundred; the lower bound must exceed it", effect=True),
                Measured(f"false-discovery rate of {worst.name}", worst.q, "", limit=self.false_discoveries,
                         exceeds="below", limit_reason="one in twenty over all comparisons of the same data"),
            ),
            where=(Where("columns", names=tuple(c.name for c in shifted)),),
            figure=_figure(shifted, compared, self.margin, split),
            settle="say whether the difference is meant (another time, place or device)",
        )  # fmt: skip

    def _many(self, together: ManyShifts, compared: Sequence[ColumnShift], said: str) -> Finding:
        split = SPLITS[together.split]
        numbers = [c for c in compared if isinstance(c.detail, NumberShift)]
        leading = sorted(numbers, key=lambda c: c.p)[:SHOWN]
        return Finding(
            self.code,
            self.cause,
            Severity.WARNING,
            self.certainty,
            f"the middles of {together.columns} columns together moved by more than chance between the training and "
            f"the {split} data (p = {together.p:.2g}), by {together.shift:.2g} standard deviations on average, though "
            f"none is certain by itself; most of all {leading[0].words}" + (f"; {said} was compared" if said else ""),
            evidence=(
                Measured("p-value of no difference", together.p, "", limit=self.many, exceeds="below",
                         limit_reason="error rate of the test of all columns together"),
                Measured("average distance", together.distance, "share of rows", limit=self.margin,
                         limit_reason="one row in a hundred", effect=True),
            ),
            figure=_figure(leading, compared, self.margin, split),
            settle="give more rows: at four times as many the columns show one by one",
        )  # fmt: skip

    def _passed(self, shifts: ColumnShifts, beyond: Sequence[ColumnShift]) -> Passed:
        tests = len(shifts.columns)
        if not tests:
            return Passed("no column has values that can be compared", OPEN)
        n, m = min(((c.n, c.m) for c in shifts.columns), key=lambda sizes: 1 / sizes[0] + 1 / sizes[1], default=(1, 1))
        least = max(
            (detectable(c.n, c.m, self.false_discoveries / tests) for c in shifts.columns), default=detectable(n, m, 1)
        )
        # the bound must exceed the margin as well: 1.64 errors for 95 % power and 2.13 for the bound
        distance = max(distance_of(least), self.margin + distance_of(least) * 0.8 if least < 0.1 else 0.0)
        largest = max(shifts.columns, key=lambda c: c.distance)
        small = ""
        if beyond:
            differ = "one differs" if len(beyond) == 1 else f"{len(beyond)} differ"
            small = (
                f"; {differ} by more than chance and less than matters (one row in a hundred), most of all "
                f"{max(beyond, key=lambda c: c.distance).words}"
            )
        why = (
            f"no column of {tests} differs by more than chance and one row in a hundred; the largest distance is "
            f"{largest.distance:.2g} ({largest.name}), and {_deviations(least)} standard deviations in one column "
            f"(a distance of {distance:.2g}) would have been found with 95 % power{small}"
            + (f"; {shifts.said} was compared" if shifts.said else "")
        )
        return Passed(why, CONTRADICTED if distance <= 0.1 else ABSENT if distance <= 0.2 else OPEN)


def _deviations(least: float) -> str:
    return f"{least:.2g}"


def _briefly(words: str) -> str:
    """Leave out the distance in brackets, which stands beside the words in the figure."""
    return words.rpartition(" (")[0] or words


def _figure(shifted: Sequence[ColumnShift], compared: Sequence[ColumnShift], margin: float, split: str) -> Figure:
    """Draw the distances with their bounds, the largest first."""
    shown = shifted[:SHOWN]
    rest = f" The largest {SHOWN} of {len(shifted)}." if len(shifted) > SHOWN else ""
    return Figure(
        "intervals",
        title=f"Distance of columns, training against {split}",
        series=(
            Series("distance", tuple(c.distance for c in shown), tuple(_briefly(c.words) for c in shown),
                   low=tuple(c.low for c in shown), high=tuple(c.high for c in shown)),
        ),
        y_label="distance between both data sets",
        y_unit="share of rows",
        reference=margin,
        caption=f"{len(shifted)} of {len(compared)} columns, with 95 % bounds; the line is what matters.{rest}",
    )  # fmt: skip

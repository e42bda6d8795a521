"""COV115: all columns together differ between training and held-out data, also where none does by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import ABSENT, CONTRADICTED, Passed
from diagnose.finding import Cause, Figure, Finding, Measured, Series, Severity, Where
from diagnose.measurements import SPLITS
from diagnose.measures.joint_shift import TESTS, JointShift, Pair

SHOWN = 10
"""Columns and pairs in a figure; all of them are in ``where``."""


@dataclass(frozen=True)
class ColumnsShiftedJointly:
    """Columns together differ between training and held-out data.

    ## What it detects
    Held-out rows that can be told from training rows by all columns together. A correlation that changed while each
    column by itself stayed the same is named as that; so is a group of rows that only one of the two data sets has.

    ## Why it matters
    A model uses columns together. Where their relation changed, what it learnt of one given the other no longer holds,
    and no comparison column by column shows it.

    ## The evidence
    Three tests, each of a third of the error rate, on up to 10,000 rows of each data set (fewer of more than 200
    columns), and 1,000 columns drawn at random where there are more. *Rows*: means, products and
    kernels of normal scores, against random labels. *Trees*: boosted trees fitted to one half tell the other half
    apart; the mean of their log-odds is compared, which a small group of rows moves where it hardly moves the area
    under the ROC curve (AUC); of more than 64 columns they get those that differ most where they are fitted.
    *Relations*: every pair's correlation, of ranks within each data set, with errors that
    need no normal law. A difference is a finding only where its lower bound exceeds 0.025 standard deviations: less
    puts fewer than one row in a hundred out of place, so that a score moves by less than a point. Times, identifiers
    and texts are not compared.

    ## What to do
    Look at the columns named, together: were they joined, imputed or computed in the same way for both data sets? Where
    a group of rows is missing from one, split at random within groups, or collect it. Where both are right and the
    world changed, train on the newer data or weight the training rows by the odds that the trees give.

    ## References
    - Lopez-Paz & Oquab (2017), Revisiting Classifier Two-Sample Tests, arXiv 1610.06545
    - Kübler et al. (2022), A Witness Two-Sample Test, arXiv 2102.05573
    - Biggs, Schrab & Gretton (2023), MMD-FUSE, arXiv 2306.08777
    """

    code: ClassVar[str] = "COV115"
    cause: ClassVar[Cause] = Cause.COVARIATE_SHIFT

    error_rate: float = 0.01
    """Of a false alarm here, all held-out data sets together: the comparison column by column (COV111) has 5 % of its
    own, and both should not call one data set in ten different."""
    least_effect: float = 0.025
    """Standardised difference that matters: 2 Φ(0.025 / 2) - 1 = 1 % of rows are out of place, and a score between 0
    and 1 differs by at most that share."""
    certainty: float = 0.95
    """At an error rate of 1 %, nine alarms in ten are right even where one data set in ten differs; more are right
    where held-out data were collected apart."""

    def check(self, joint_shifts: tuple[JointShift, ...]) -> Iterator[Finding | Passed]:
        """Compare each p-value with its part of the error rate, and each lower bound with what matters."""
        rate = self.error_rate / len(joint_shifts)
        found = [shift for shift in joint_shifts if self._low(shift, rate) > self.least_effect]
        yield from (self._finding(shift, rate) for shift in found)
        if not found:
            widest = max(joint_shifts, key=lambda shift: shift.told.high)
            tight = widest.told.high < 0.55 and widest.smallest_change < 0.2  # small effects (Cohen 1988) are excluded
            yield Passed("; ".join(self._quiet(s, rate) for s in joint_shifts), CONTRADICTED if tight else ABSENT)

    def _low(self, shift: JointShift, rate: float) -> float:
        """Lower bound of the effect by the tests that reject; 0 where none does."""
        lows = ((shift.p_rows, shift.rows.low), (shift.p_trees, shift.told.effect_low),
                (shift.p_relations, max((pair.low for pair in shift.pairs), default=0.0)))  # fmt: skip
        return max((low for p, low in lows if p * TESTS <= rate), default=0.0)

    def _finding(self, shift: JointShift, rate: float) -> Finding:
        pairs = shift.pairs if shift.p_relations * TESTS <= rate else ()
        carriers = tuple(name for name, share in shift.carriers if share >= 0.1) or tuple(
            n for n, _ in shift.carriers[:3]
        )
        names = tuple(dict.fromkeys((*(n for p in pairs for n in p.names), *carriers)))
        return Finding(
            self.code, self.cause, Severity.WARNING, self.certainty, _claim(shift, pairs, carriers),
            _evidence(shift, self._low(shift, rate), self.least_effect), (Where("columns", names=names),),
            _figure(shift, pairs),
        )  # fmt: skip

    def _quiet(self, shift: JointShift, rate: float) -> str:
        words, told = SPLITS[shift.split], shift.told
        area = f"a classifier tells them apart with AUC {told.area:.2f} ({told.low:.2f} to {told.high:.2f})"
        if shift.p <= rate:
            return (f"{words} rows differ from training rows detectably but immaterially: by less than "
                    f"{self.least_effect:g} standard deviations, {area}")  # fmt: skip
        return (f"all columns together, {words} rows look like training rows ({area}); a change of a correlation by "
                f"{shift.smallest_change:.2f} would have been found with 95 % power{_drawn(shift)}")  # fmt: skip


def _claim(shift: JointShift, pairs: tuple[Pair, ...], carriers: tuple[str, ...]) -> str:
    words, told = SPLITS[shift.split], shift.told
    area = f"AUC {told.area:.2f} ({told.low:.2f} to {told.high:.2f})"
    changed = "; ".join(f"corr({p.names[0]}, {p.names[1]}) {p.first:.2f} → {p.second:.2f}" for p in shift.pairs[:3])
    more = f" and {len(shift.pairs) - 3} more pairs" if len(shift.pairs) > 3 else ""
    if pairs and not shift.moved:
        relation = "their relation" if len(shift.pairs) == 1 else "their relations"
        return f"each column by itself agrees between training and {words}, {relation} changed: {changed}{more}"
    told_by = f", mostly by {', '.join(carriers[:3])}" if carriers else ""
    claim = f"{words} rows can be told from training rows with {area}{told_by}"
    if pairs:
        return f"{claim}; beyond what single columns show, their relations changed: {changed}{more}"
    if shift.moved:
        return f"{claim}; no relation of two columns changed, so that single columns may be all there is (COV111)"
    return f"{claim}, though no column by itself differs and no relation of two"


def _evidence(shift: JointShift, low: float, limit: float) -> tuple[Measured, ...]:
    told = shift.told
    effect = max(told.effect, shift.rows.effect, *(abs(p.second - p.first) for p in shift.pairs), low)
    return (
        Measured("standardised difference", effect, "standard deviations", low, None, limit,
                 limit_reason="less puts fewer than one row in a hundred out of place"),
        Measured("AUC of trees on rows not fitted to", told.area, "", told.low, told.high, effect=True),
        Measured("p-value of the three tests together", shift.p),
        Measured("rows compared of training", float(shift.n), "rows"),
        Measured(f"rows compared of {SPLITS[shift.split]}", float(shift.m), "rows"),
        *(Measured(f"corr({p.names[0]}, {p.names[1]}) in {SPLITS[shift.split]}", p.second, "", limit=p.first,
                   exceeds="below" if p.second < p.first else "above", limit_reason="that of training")
          for p in shift.pairs[:3]),
    )  # fmt: skip


def _figure(shift: JointShift, pairs: tuple[Pair, ...]) -> Figure | None:
    words = SPLITS[shift.split]
    if pairs:
        shown = shift.pairs[:SHOWN]
        x = tuple(f"{p.names[0]}, {p.names[1]}" for p in shown)
        return Figure(
            "bars", title="Correlations that changed", y_label="correlation of ranks",
            series=(Series("training", tuple(p.first for p in shown), x, split="train"),
                    Series(words, tuple(p.second for p in shown), x, split=shift.split)),
            caption="Ranks within each data set: what a column did by itself does not show here.",
        )  # fmt: skip
    if not shift.carriers:
        return None
    top = shift.carriers[:SHOWN]
    return Figure(
        "bars", title="Columns that tell the rows apart", y_label="share lost without the column", y_unit="share",
        series=(Series("share", tuple(share for _, share in top), tuple(name for name, _ in top)),),
        caption=f"How much less trees tell {words} from training rows where one column is shuffled.",
    )  # fmt: skip


def _drawn(shift: JointShift) -> str:
    said = f"; {shift.said} was compared" if shift.said else ""
    parts = []
    if (shift.n, shift.m) != (shift.of_n, shift.of_m):
        parts.append(f"{shift.n:,} and {shift.m:,} rows")
    if shift.columns < shift.of_columns:
        parts.append(f"{shift.columns:,} of {shift.of_columns:,} columns")
    return f"{said}, of {' and '.join(parts)} drawn at random" if parts else said

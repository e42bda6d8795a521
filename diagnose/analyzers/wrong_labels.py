"""LER151: labels contradict their inputs where the classes lie clearly apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import ABSENT, CONTRADICTED, OPEN, NotApplicable, Passed
from diagnose.analyzers.shown_rows import shown_rows
from diagnose.data import Split
from diagnose.finding import Cause, Figure, Finding, Measured, Severity, Where
from diagnose.measures.row_names import row_names
from diagnose.measures.suspect_labels import SuspectLabels


@dataclass(frozen=True)
class WrongLabels:
    """Labels contradict their inputs where the classes lie clearly apart.

    ## What it detects
    Training rows whose label is another than that of all rows like them, and the share of labels that are wrong.

    ## Why it matters
    Wrong labels are learnt by heart, hold the score down, and in held-out data punish the model that is right.

    ## The evidence
    A probe (linear or trees, chosen by held-out error) is asked for each row by models that did not see it. Where
    classes overlap, contradictions become rare as the probe becomes sure; wrong labels stay at their rate. A curve with
    such a floor is compared with one without (Copas 1988), and the contradictions are counted where overlap explains
    less than one in two hundred. Rows there that confident learning (Northcutt et al. 2021) holds for another class are
    listed. A task whose outcome is a matter of luck at a fixed rate however clear the case looks the same: nothing but
    the rows themselves can tell. A quarter of one class taken for another is not told from overlap of the two.

    ## What to do
    Look at the first rows of the list; correct or drop them (no more than the share found), or train with a loss that
    bears noise (label smoothing, bootstrapping). Clean the held-out labels first: they are what you judge by.

    ## References
    - Northcutt, Jiang & Chuang (2021), Confident Learning: Estimating Uncertainty in Dataset Labels
    - Copas (1988), Binary Regression Models for Contaminated Data
    """

    code: ClassVar[str] = "LER151"
    cause: ClassVar[Cause] = Cause.LABEL_ERRORS

    least_rate: float = 0.015
    """Lower bound of the contradictions beyond overlap: heavy-tailed classes without a wrong label reach 0.007 in
    simulations, three in a hundred labels flipped 0.02."""
    error_rate: float = 0.005
    """Of the test for a floor."""
    clear_share: float = 0.1
    """Of the rows where classes lie clearly apart: with fewer, the curve's end is extrapolated."""
    clear_rows: int = 100
    """Of those rows: a rate of three in a hundred is then told from none."""
    grave_rate: float = 0.05
    """Lower bound, from which labels cost points of accuracy."""
    certainty: float = 0.85
    """Chance and overlap are excluded; outcomes that are luck at a fixed rate are not."""

    def check(
        self, train_split: Split, suspect_labels: SuspectLabels | None
    ) -> Iterator[Finding | Passed | NotApplicable]:
        """Compare the contradictions where the probe is sure with those that overlap explains."""
        if suspect_labels is None:
            yield NotApplicable("the label is a number")
            return
        found, floor = suspect_labels, suspect_labels.floor
        clear = int(floor.clear.sum())
        enough = clear >= self.clear_rows and clear >= self.clear_share * found.n
        if enough and floor.p <= self.error_rate and floor.low > self.least_rate:
            yield self._finding(train_split, found, clear)
        elif not enough:
            yield Passed(
                f"the classes overlap (a {found.probe} probe is right on {found.accuracy:.0%} and sure on {clear:,} of "
                f"{found.n:,} rows): wrong labels can't be told from overlap",
                OPEN,
            )
        else:
            yield Passed(
                f"where the classes lie clearly apart ({clear:,} of {found.n:,} rows) {floor.rate:.1%} of the labels "
                f"contradict their inputs beyond overlap, {floor.high:.1%} at most",
                CONTRADICTED if floor.high < 2 * self.least_rate else ABSENT,
            )

    def _finding(self, train: Split, found: SuspectLabels, clear: int) -> Finding:
        floor, count = found.floor, len(found.rows)
        shown = min(50, count)
        names = row_names(train, found.rows, shown)
        label = train.label
        assert label is not None
        given = [label.levels[code] for code in label.values[found.rows[:shown]].tolist()]
        return Finding(
            self.code,
            self.cause,
            Severity.ERROR if floor.low > self.grave_rate else Severity.WARNING,
            self.certainty,
            f"about {floor.rate:.1%} of the training labels are wrong ({floor.low:.1%} to {floor.high:.1%}): so many "
            f"contradict their inputs where the classes lie clearly apart; {count:,} rows are listed",
            (
                Measured("share of labels that contradict clear inputs", floor.rate, "share", floor.low, floor.high,
                         self.least_rate, limit_reason="heavy tails without a wrong label stay below", effect=True),
                Measured("p-value of overlap alone", floor.p, limit=self.error_rate, exceeds="below",
                         limit_reason="error rate of the test"),
                Measured("rows where the classes lie clearly apart", float(clear), "rows"),
                Measured(f"accuracy of the {found.probe} probe", found.accuracy, "share"),
            ),
            (Where("samples", names=row_names(train, found.rows)),),
            Figure(
                "table",
                title="The most suspicious labels",
                header=("training row", "label", "like rows of"),
                rows=tuple(zip(names, given, found.meant[:shown], strict=True)),
                caption=f"The table names the first {shown} of {count:,}"
                f"{', of a sample of the rows' if found.sampled else ''}.",
                samples=shown_rows(
                    train, found.rows,
                    [f"labelled {one}, like rows of {other}" for one, other in zip(given, found.meant, strict=False)],
                ),
            ),
        )  # fmt: skip

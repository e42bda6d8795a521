"""LKG141: held-out rows that stand in the training data too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import ABSENT, CONTRADICTED, Passed
from diagnose.analyzers.shown_rows import shown_rows
from diagnose.data import Split
from diagnose.finding import Cause, Figure, Finding, Measured, Severity, Where
from diagnose.measurements import SPLITS
from diagnose.measures.chance import wilson
from diagnose.measures.copies import Copies
from diagnose.measures.row_names import row_names


@dataclass(frozen=True)
class CopiedRows:
    """Held-out rows stand in the training data too.

    ## What it detects
    Validation or test rows that equal a training row in every input; and, for information, training rows that stand
    there several times.

    ## Why it matters
    Of a row that it was trained on a model knows the answer. The score is too good by as much as memory is better than
    understanding, and the best model by such a score is the one that memorises best.

    ## The evidence
    Every row has a digest of its inputs (identifiers and the label are none); equal digests are equal rows. Few and
    discrete columns repeat by chance: for each equal row it is counted how many others would equal it by chance, given
    how common its values are and how close other rows come, and a row counts as a copy where these are too few to
    explain the number found (at most one in twenty). Where chance may explain each row but not all together, beyond
    what repetitions within both splits allow (Cauchy and Schwarz), that is said as well. The same measurements may come
    twice in truth (two sensors at rest); in a table of a single column few copies show.

    ## What to do
    Remove the copies from the held-out data (their row numbers are listed), or from training where the held-out set
    must stay. Where training repeats rows as well, the data held duplicates before they were split: drop those first,
    then split. Oversample and augment after the split, never before.

    ## References
    - Kaufman et al. (2012), Leakage in Data Mining: Formulation, Detection, and Avoidance
    - Barz & Denzler (2020), Do We Train on Test Data? Purging CIFAR of Near-Duplicates
    """

    code: ClassVar[str] = "LKG141"
    cause: ClassVar[Cause] = Cause.LEAKAGE

    least_share: float = 0.001
    """Of the held-out rows: one in a thousand changes a score by a tenth of a point at most, as scores are printed."""
    grave_share: float = 0.05
    """Of the held-out rows, from which the score is off by points and not by tenths."""
    repeated_share: float = 0.01
    """Of the training rows, from which repetition is told: it weighs those rows more than the others."""
    certainty: float = 0.97
    """Equal rows are a fact; at most one in twenty of them is chance, and the claim needs one that is not."""
    together: float = 0.9
    """Chance is excluded for all together at 99.9 %, whatever the two populations; a row that repeats in blocks (days
    without events) can deceive the count."""

    def check(
        self, copies: tuple[Copies, ...], train_split: Split, held_out: tuple[Split, ...]
    ) -> Iterator[Finding | Passed]:
        """Compare the share of copies with the least that matters."""
        quiet = []
        found = False
        for split in held_out:
            these = next(c for c in copies if c.split == split.name)
            if these.share >= self.least_share:
                found = True
                yield self._finding(train_split, split, these, copies[0])
            else:
                quiet.append(_none_of(SPLITS[split.name], these))
        if copies[0].share >= self.repeated_share:
            yield self._repeated(train_split, copies[0])
        if not found:
            may_hide = any(len(c.rows) < c.alike for c in copies if c.split != "train")
            yield Passed("; ".join(quiet), ABSENT if may_hide else CONTRADICTED)

    def _finding(self, train: Split, split: Split, these: Copies, within: Copies) -> Finding:
        words = SPLITS[split.name]
        low, high = wilson(these.share, these.n)
        count = len(these.rows)
        said = f"{count:,} of {these.n:,} {words} rows ({these.share:.1%}) stand in the training data too"
        if these.in_order:
            said = f"all {these.n:,} {words} rows stand in the training data, in the same order: is it the same file?"
        elif within.share >= self.repeated_share:
            said += f", where {within.share:.1%} of the rows are repetitions: copied before the split"
        told = these.by_chance <= 0.05 * count
        if not told:
            said += f"; chance explains {these.by_chance:.0f} at most"
        return Finding(
            self.code,
            self.cause,
            Severity.ERROR if these.share >= self.grave_share else Severity.WARNING,
            self.certainty if told else self.together,
            said,
            (
                Measured(f"share of the {words} rows that are copies", these.share, "share", low, high,
                         self.least_share, limit_reason="scores are printed to a tenth of a point", effect=True),
                Measured("copies", float(count), "rows"),
                Measured("of them by chance, at most", these.by_chance, "rows"),
                Measured("repetitions within training", within.share, "share"),
            ),
            (Where("samples", names=row_names(split, these.rows)),),
            Figure(
                "table",
                title=f"{words.capitalize()} rows that are training rows",
                header=(f"{words} row", "training row"),
                rows=tuple(zip(row_names(split, these.rows, 50), row_names(train, these.partners, 50), strict=True)),
                caption=f"The table names the first {min(50, count)} of {count:,}.",
                samples=shown_rows(
                    split, these.rows, [f"equals training row {name}" for name in row_names(train, these.partners)]
                ),
            ),
        )  # fmt: skip

    def _repeated(self, train: Split, within: Copies) -> Finding:
        low, high = wilson(within.share, within.n)
        return Finding(
            self.code,
            self.cause,
            Severity.INFO,
            self.certainty,
            f"{len(within.rows):,} of {within.n:,} training rows ({within.share:.1%}) repeat an earlier one",
            (
                Measured("share of the training rows that are repetitions", within.share, "share", low, high,
                         self.repeated_share, limit_reason="these rows weigh more than the others"),
            ),
            (Where("samples", names=row_names(train, within.rows)),),
        )  # fmt: skip


def _none_of(words: str, these: Copies) -> str:
    if len(these.rows):
        return f"{len(these.rows):,} of {these.n:,} {words} rows stand in the training data, too few to change a score"
    if these.alike:
        return (
            f"{these.alike:,} of {these.n:,} {words} rows equal a training row, as rows of so few and discrete columns "
            "do by chance"
        )
    return f"none of {these.n:,} {words} rows stands in the training data; a single one would have been found"

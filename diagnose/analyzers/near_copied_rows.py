"""LKG142: held-out rows that are nearly a training row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import ABSENT, CONTRADICTED, Passed
from diagnose.analyzers.shown_rows import MOST_PAIRS, shown_pairs
from diagnose.data import Split
from diagnose.finding import Cause, Figure, Finding, Measured, Severity, Where
from diagnose.measurements import SPLITS
from diagnose.measures.chance import wilson
from diagnose.measures.near_copies import NearCopies
from diagnose.measures.row_names import row_names

HOW = {
    "text": "but for case, spaces or a few letters",
    "images": "as images that look alike",
    "embeddings": "far nearer than rows lie to each other",
    "numbers": "far nearer than rows lie to each other",
}
"""In what way rows are nearly the same, by what was compared."""


@dataclass(frozen=True)
class NearCopiedRows:
    """Held-out rows are nearly training rows.

    ## What it detects
    Rows of the validation or test data that were made from a training row: a text in other case and spacing, or with
    some words changed; an image resized, cropped a little or compressed again; numbers measured twice or rounded.
    Exact copies are told by LKG141.

    ## Why it matters
    What a model learnt by heart answers for these rows too. The score is that of memory, and no digest of files or rows
    shows it.

    ## The evidence
    Each held-out row is compared with each training row. Texts: by their letters alone, then by the pieces of five
    letters that they share (four fifths or more, with no more than four training texts of that kind, or it is a
    template), where more are so near than training texts are to each other. Images: by the bits in which perceptual
    hashes differ, and by what differs once small pictures are laid over each other, shifted, stretched and brightened,
    against the training images that come next and against how near training images lie to each other. Embeddings and
    numbers: the distance to the nearest training row over that to the tenth, against what it would be by chance in as
    many dimensions as rows spread in around it. What counts is too rare for chance among all rows asked (one in a
    hundred may be wrong). In two or three dimensions rows lie close by nature and few near copies can be told.

    ## What to do
    Look at the pairs in the table. Where they are what they seem: drop the held-out rows, or split again by the source
    that they share (document, photograph, sensor run). Augment after the split, never before.

    ## References
    - Barz & Denzler (2020), Do We Train on Test Data? Purging CIFAR of Near-Duplicates
    - Lee et al. (2022), Deduplicating Training Data Makes Language Models Better
    - Levina & Bickel (2005), Maximum Likelihood Estimation of Intrinsic Dimension
    """

    code: ClassVar[str] = "LKG142"
    cause: ClassVar[Cause] = Cause.LEAKAGE

    least_share: float = 0.001
    """Of the held-out rows: one in a thousand changes a score by a tenth of a point at most."""
    least_rows: int = 2
    """A single pair may be twins; and of one in a hundred claimed wrongly a pair is the first."""
    grave_share: float = 0.05
    """Of the held-out rows, from which the score is off by points and not by tenths."""
    certainty: float = 0.92
    """One in a hundred is chance by the model of how rows lie, which is a model: twins and templates are left."""

    def check(
        self, train_split: Split, held_out: tuple[Split, ...], near_copies: tuple[NearCopies, ...]
    ) -> Iterator[Finding | Passed]:
        """Compare the share of near copies with the least that matters."""
        quiet, found = [], False
        for near in near_copies:
            split = next(s for s in held_out if s.name == near.split)
            if len(near.found.rows) >= self.least_rows and near.share >= self.least_share:
                found = True
                yield self._finding(train_split, split, near)
            else:
                quiet.append(_none_of(near))
        if not found:
            sampled = any(near.found.sampled for near in near_copies)
            weak = all(near.compared == ("numbers",) for near in near_copies)
            yield Passed("; ".join(quiet), ABSENT if sampled or weak else CONTRADICTED)

    def _finding(self, train: Split, split: Split, near: NearCopies) -> Finding:
        words, found = SPLITS[split.name], near.found
        low, high = wilson(near.share, near.found.sampled or near.n)
        count = len(found.rows)
        asked = found.sampled if found.sampled and "text" not in near.compared else near.n
        return Finding(
            self.code,
            self.cause,
            Severity.ERROR if near.share >= self.grave_share else Severity.WARNING,
            self.certainty,
            f"{count:,} of {asked:,} {words} rows{' drawn' if asked < near.n else ''} ({near.share:.1%}) are nearly "
            f"training rows, {HOW[found.how]}",
            (
                Measured(f"share of the {words} rows that are near copies", near.share, "share", low, high,
                         self.least_share, limit_reason="scores are printed to a tenth of a point", effect=True),
                Measured("near copies", float(count), "rows", limit=float(self.least_rows), limit_reason="twins"),
            ),
            (Where("samples", names=row_names(split, found.rows)),),
            Figure(
                "table",
                title=f"{words.capitalize()} rows that are nearly training rows",
                header=(f"{words} row", "training row", "closeness"),
                rows=tuple(
                    (one, other, f"{closeness:.3f}")
                    for one, other, closeness in zip(
                        row_names(split, found.rows, 50), row_names(train, found.partners, 50),
                        found.closeness[:50].tolist(), strict=True,
                    )
                ),
                caption=f"The table names the first {min(50, count)} of {count:,}; closeness 1 is the same.",
                samples=shown_pairs(
                    (split, found.rows), (train, found.partners),
                    [f"closeness {closeness:.3f}" for closeness in found.closeness[:MOST_PAIRS].tolist()],
                ),
            ),
        )  # fmt: skip


def _none_of(near: NearCopies) -> str:
    words, count = SPLITS[near.split], len(near.found.rows)
    what = " and ".join("texts" if how == "text" else how for how in near.compared)
    rows = f"{near.found.sampled:,} drawn" if near.found.sampled else "all"
    some = "none" if not count else "one row only" if count == 1 else f"{count:,}, too few to change a score,"
    return f"of {near.n:,} {words} rows {some} lies unusually near a training row ({rows} {what} compared)"

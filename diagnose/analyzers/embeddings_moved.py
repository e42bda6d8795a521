"""COV116: embeddings of held-out data lie elsewhere than those of training data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import ABSENT, CONTRADICTED, Passed
from diagnose.analyzers.shown_rows import shown_rows
from diagnose.data import Split
from diagnose.finding import Cause, Figure, Finding, Measured, Severity, Where
from diagnose.measurements import SPLITS
from diagnose.measures.embedding_shift import EmbeddingShift
from diagnose.measures.row_names import row_names

WORDS = {
    "mean": "their means differ",
    "relations": "their spread and correlations differ",
    "strongest relation": "their spread along few directions differs, as where a few rows lie far out",
    "overall": "lengths or sums of rows differ",
    "kernel": "groups of rows lie elsewhere",
    "narrow kernel": "groups of rows lie elsewhere",
    "energy": "groups of rows lie elsewhere",
}


@dataclass(frozen=True)
class EmbeddingsMoved:
    """Embeddings of held-out data lie elsewhere than those of training data.

    ## What it detects
    A difference between the embeddings of training and held-out rows: of their means, of their spread or direction (a
    rotation), or of a group of rows that lies elsewhere. The rows that look least like training rows are named.

    ## Why it matters
    Images, texts and sounds have no columns to compare. Where a model's own features of validation data lie elsewhere
    than it was trained on, its output there is extrapolation.

    ## The evidence
    Squared differences of mean features, against 200 random labels: the coordinates as they are and along principal
    directions, squares and products of the 32 strongest, all and the one that differs most, sum and length of rows,
    Gaussian kernels at several widths (maximum mean discrepancy; random Fourier features from 1,500 rows on), and
    energy distance where rows are few. All are one exact test: what is combined is combined under every random label
    too. Up to 20,000 rows of each are compared. A difference is a finding only where the lower bound of its size
    exceeds 0.025 standard deviations along the direction in which it shows most. Beside it: the AUC of a cross-fitted
    classifier, and the largest Kolmogorov-Smirnov distance along 64 directions.

    ## What to do
    Look at the rows named: another source, camera, language, or preprocessing? A difference of all rows alike is often
    preprocessing (scaling, cropping, colour order); one of few rows is a group that one of the two data sets lacks.

    ## References
    - Gretton et al. (2012), A Kernel Two-Sample Test
    - Rahimi & Recht (2007), Random Features for Large-Scale Kernel Machines
    - Rabanser, Günnemann & Lipton (2019), Failing Loudly, arXiv 1810.11953
    - Biggs, Schrab & Gretton (2023), MMD-FUSE, arXiv 2306.08777
    """

    code: ClassVar[str] = "COV116"
    cause: ClassVar[Cause] = Cause.COVARIATE_SHIFT

    error_rate: float = 0.05
    """Of a false alarm, all held-out data sets together: the usual 5 %. Nothing else looks at embeddings."""
    least_effect: float = 0.025
    """Standardised difference that matters: 2 Φ(0.025 / 2) - 1 = 1 % of rows are out of place, and a score between 0
    and 1 differs by at most that share."""
    sure: float = 0.01
    """P-value from which a shift is called confirmed; above it one alarm in ten or so is chance."""
    certainty: float = 0.95
    """At an error rate of 1 %, nine alarms in ten are right even where one data set in ten differs."""
    less_certain: float = 0.8
    """At 5 %, four in five are right where one data set in five differs."""

    def check(
        self, embedding_shifts: tuple[EmbeddingShift, ...], held_out: tuple[Split, ...]
    ) -> Iterator[Finding | Passed]:
        """Compare each p-value with its part of the error rate, and each lower bound with what matters."""
        splits = {split.name: split for split in held_out}
        times = len(embedding_shifts)
        found = [
            shift
            for shift in embedding_shifts
            if shift.comparison.p * times <= self.error_rate and shift.comparison.low > self.least_effect
        ]
        yield from (self._finding(shift, times, splits[shift.split]) for shift in found)
        if not found:
            widest = max(shift.domain.high for shift in embedding_shifts)
            why = "; ".join(self._quiet(shift, times) for shift in embedding_shifts)
            # AUC 0.55 is the least that Cohen (1988) calls a small effect, 0.2 standard deviations
            yield Passed(why, CONTRADICTED if widest < 0.55 else ABSENT)

    def _finding(self, shift: EmbeddingShift, times: int, split: Split) -> Finding:
        words, said, domain = SPLITS[shift.split], shift.comparison, shift.domain
        names = row_names(split, shift.moved)
        captions = [f"{score:.1f} sd beyond training rows" for score in shift.scores]
        kind = WORDS.get(said.leading, next(WORDS[k] for k in ("kernel", "mean") if k in said.leading or k == "mean"))
        area = f"AUC {domain.area:.2f} ({domain.low:.2f} to {domain.high:.2f})"
        # the area is of ranks: a few rows that stand far apart hardly move it
        apart = f"a classifier tells rows apart with {area}" if domain.low > 0.5 else f"most rows look alike ({area})"
        return Finding(
            self.code, self.cause, Severity.WARNING,
            self.certainty if said.p * times <= self.sure else self.less_certain,
            f"{words} embeddings ({shift.embedded_by}) lie elsewhere than those of training: {kind}, by at least "
            f"{said.low:.2f} standard deviations (p = {said.p:.2g}); {apart}",
            (
                Measured("standardised difference", said.effect, "standard deviations", said.low, None,
                         self.least_effect, limit_reason="less puts fewer than one row in a hundred out of place",
                         effect=True),
                Measured("p-value", said.p, "", limit=self.error_rate / times, exceeds="below",
                         limit_reason="5 % over all held-out data sets"),
                Measured("AUC of a classifier on rows not fitted to", domain.area, "", domain.low, domain.high),
                Measured("largest KS distance along 64 directions", shift.directions.worst),
                Measured("rows compared of training", float(said.n), "rows"),
                Measured(f"rows compared of {words}", float(said.m), "rows"),
            ),
            (Where("samples", names=names),),
            Figure("table", title="Rows that look least like training rows",
                   header=(f"{words} row", "standard deviations beyond training rows"),
                   rows=tuple((name, f"{score:.1f}") for name, score in zip(names, shift.scores, strict=True)),
                   samples=shown_rows(split, shift.moved, captions)),
        )  # fmt: skip

    def _quiet(self, shift: EmbeddingShift, times: int) -> str:
        words, said, domain = SPLITS[shift.split], shift.comparison, shift.domain
        area = f"a classifier tells them apart with AUC {domain.area:.2f} ({domain.low:.2f} to {domain.high:.2f})"
        if said.p * times <= self.error_rate:
            return (f"{words} embeddings differ from those of training detectably but perhaps immaterially: by "
                    f"{said.low:.2f} standard deviations or more, {area}")  # fmt: skip
        return (f"{words} embeddings lie where those of training do (p = {said.p:.2g}, {area}); a difference of "
                f"{said.detectable:.2f} standard deviations would have been found with 95 % power")  # fmt: skip

"""LBL121: the labels of the held-out data are distributed otherwise than those of the training data."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from diagnose.analyzer import ABSENT, CONTRADICTED, OPEN, Passed
from diagnose.finding import Cause, Figure, Finding, Measured, Series, Severity, Where
from diagnose.measurements import SPLITS
from diagnose.measures.label_shift import LabelShift

FIGURE_CLASSES = 20


@dataclass(frozen=True)
class LabelSharesDiffer:
    """Labels are distributed otherwise in the held-out data.

    ## What it detects
    Classes whose shares differ between training and held-out data, or, in a regression, labels of another place,
    spread or shape.

    ## Why it matters
    A model learns how common each class is and leans towards the common ones. Where that differs, its probabilities are
    off and its score changes although nothing else did: accuracy by up to the distance measured here.

    ## The evidence
    A test of homogeneity of all shares and of each class (of place, spread, shape and tails for numbers), corrected for
    the number of held-out splits, *and* a distance (total variation, Kolmogorov-Smirnov) whose lower 95 % bound exceeds
    a margin. At a million rows every difference is significant; one below the margin is called immaterial.

    ## What to do
    If the held-out shares are those of the model's later use: weight the training rows by class (held-out share over
    training share), or correct the outputs by the same ratio. If they are an accident: split again, stratified by
    class. Judge by balanced accuracy or by class meanwhile.

    ## References
    - Saerens, Latinne & Decaestecker (2002), Adjusting the Outputs of a Classifier to New a Priori Probabilities
    - Lipton, Wang & Smola (2018), Detecting and Correcting for Label Shift with Black Box Predictors
    """

    code: ClassVar[str] = "LBL121"
    cause: ClassVar[Cause] = Cause.LABEL_SHIFT

    margin: float = 0.05
    """Of the distance: five points of accuracy is the most that a shift of classes of that size costs by itself."""
    error_rate: float = 0.01
    """Of the test over all held-out splits: a stratified or random split shall not be blamed."""
    grave: float = 0.2
    """Lower bound of the distance, from which every fifth row would have to change its class."""
    certainty: float = 0.95
    """The test's error rate of 1 % and the bound's of 5 %, not independent of each other."""

    def check(self, label_shift: tuple[LabelShift, ...]) -> Iterator[Finding | Passed]:
        """Compare the bounds of the distance with the margin."""
        level = self.error_rate / len(label_shift)
        shifted = [s for s in label_shift if s.difference.p <= level and s.difference.low > self.margin]
        for shift in shifted:
            yield self._finding(shift)
        if not shifted:
            high = max(s.difference.high for s in label_shift)
            resolved = max(self._resolved(s) for s in label_shift)
            probability = CONTRADICTED if high < 2 * self.margin else ABSENT if resolved < 5 * self.margin else OPEN
            yield Passed("; ".join(self._quiet(s, level) for s in label_shift), probability)

    def _finding(self, shift: LabelShift) -> Finding:
        found, words = shift.difference, SPLITS[shift.split]
        name = "total variation" if shift.counts is not None else "Kolmogorov-Smirnov distance"
        return Finding(
            self.code,
            self.cause,
            Severity.ERROR if found.low > self.grave else Severity.WARNING,
            self.certainty,
            f"labels are distributed otherwise in the {words} data: {shift.words}",
            (
                Measured(f"{name} of the labels", found.distance, "share", found.low, found.high, self.margin,
                         limit_reason="five points of accuracy at most", effect=True),
                Measured("p-value of equal shares", found.p, limit=self.error_rate, exceeds="below",
                         limit_reason="error rate of the test"),
            ),
            (Where("columns", names=(shift.counts.label,)),) if shift.counts is not None else (),
            _figure(shift, words),
        )  # fmt: skip

    def _quiet(self, shift: LabelShift, level: float) -> str:
        found, words = shift.difference, SPLITS[shift.split]
        would = f"a shift of {self._resolved(shift):.2f} would have been found"
        if found.p <= level and found.high <= self.margin:
            return f"labels differ from the {words} data's detectably but immaterially ({shift.words}); {would}"
        return (
            f"labels of the training and {words} data differ by {found.distance:.2g}, within chance or margin; {would}"
        )

    def _resolved(self, shift: LabelShift) -> float:
        """Distance found with 95 % power: margin and both errors, of a share of one half."""
        return self.margin + (1.96 + 1.645) * math.sqrt(0.25 * (1 / shift.n + 1 / shift.m))


def _figure(shift: LabelShift, words: str) -> Figure:
    counts = shift.counts
    if counts is None:
        at = ("5 %", "25 %", "median", "75 %", "95 %")
        sides = zip(("training", words), shift.quantiles, ("train", shift.split), strict=True)
        series = tuple(Series(name, values, at, split=split) for name, values, split in sides)
        return Figure("lines", title="Quantiles of the label", series=series, x_label="quantile", y_label="label")
    change = np.abs(counts.held / counts.held.sum() - counts.train / counts.train.sum())
    shown = np.sort(np.argsort(-change, kind="stable")[:FIGURE_CLASSES]).tolist()
    names = tuple(counts.levels[code] for code in shown)
    sides_ = (("training", counts.train, "train"), (words, counts.held, shift.split))
    bars = tuple(Series(name, tuple(of[shown] / of.sum()), names, split=split) for name, of, split in sides_)
    return Figure("bars", title="Share of each class", series=bars, y_label="share of rows", y_unit="share")

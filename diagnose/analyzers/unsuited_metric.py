"""EVA909: accuracy on imbalanced classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from diagnose.analyzer import ABSENT, NotApplicable, Passed
from diagnose.data import Kind, Split, SplitName
from diagnose.errors import NotEnoughEvidence
from diagnose.finding import Cause, Finding, Measured, Severity, Where
from diagnose.measures.chance import wilson
from diagnose.measures.movement import ACCURACIES
from diagnose.recording import LabelFacts, Recording
from diagnose.run import Curve, History, Run


@dataclass(frozen=True)
class UnsuitedMetric:
    """Accuracy is the only score of a task whose classes are imbalanced.

    ## What it detects

    One class that holds most of the rows, and accuracy as the only score; above all where it does no better than
    always naming that class.

    ## Why it matters

    With nineteen rows in twenty of one class, 95 % accuracy is what a constant scores. The choice of epochs and models
    by it is blind to the class that usually matters.

    ## The evidence

    The shares of the classes (as the loss gets them, or of the data's labels), the scores that were logged or compiled,
    and the last validation accuracy against the largest share with its sampling error. Well above it, it is
    information.

    ## What to do

    Balanced accuracy, F1, or the area under the precision–recall curve; class weights where the rare class is to be
    found.

    ## References

    - Brodersen et al. (2010), The Balanced Accuracy and Its Posterior Distribution
    - Saito & Rehmsmeier (2015), The Precision-Recall Plot Is More Informative than the ROC Plot

    """

    code: ClassVar[str] = "EVA909"
    cause: ClassVar[Cause] = Cause.EVALUATION

    least_share: float = 0.8
    """Share of the largest class: four times all others together, where a constant already scores 80 %."""
    gain: float = 0.3
    """Share of what the constant leaves wrong that must be mended for accuracy to say something; a judgement."""
    certainty: float = 0.9
    """That an accuracy at the constant's level misleads; a task that cannot be learnt at all is the rest."""

    def check(
        self,
        history: History,
        run: Run,
        label_facts: Mapping[SplitName, LabelFacts] | None = None,
        train_split: Split | None = None,
        val_split: Split | None = None,
        recording: Recording | None = None,
    ) -> Iterator[Finding | Passed | NotApplicable]:
        """Compare the accuracy with that of a constant."""
        counts = _counts("train", label_facts, train_split)
        held = _counts("val", label_facts, val_split) or counts
        if not counts:
            raise NotEnoughEvidence("the shares of the classes are not known", "give the training data and its labels")
        if len(counts) < 2:
            yield NotApplicable("the labels hold one class")
            return
        own = recording.computed if recording is not None else ()  # nobody judges the model by what a hook computes
        scores = [curve for curve in history.curves if not curve.is_loss and curve.name not in own]
        accuracy = next((c for split in ("val", "test", "train") for c in scores
                         if c.split == split and c.quantity in ACCURACIES and c.quantity != "balanced_accuracy"
                         and len(c.finite)), None)  # fmt: skip
        metrics = run.model.metrics if run.model is not None else ()
        others = [c.name for c in scores if c.quantity not in ACCURACIES or c.quantity == "balanced_accuracy"]
        others += [name for name in metrics if "accuracy" not in name or "balanced" in name]
        if accuracy is None and not any("accuracy" in name for name in metrics):
            yield NotApplicable("no accuracy is logged")
            return
        name, share = max(held.items(), key=lambda item: item[1])[0], max(held.values()) / sum(held.values())
        if others:
            yield Passed(f"accuracy is not the only score: {others[0]}", ABSENT)
        elif share < self.least_share:
            yield Passed(f"the largest class holds {share:.0%} of the rows", ABSENT)
        else:
            yield self._finding(name, share, sum(held.values()), accuracy)

    def _finding(self, name: str, share: float, n: int, accuracy: Curve | None) -> Finding:
        last = float(np.median(accuracy.finite.values[-3:])) if accuracy is not None else None
        at_constant = last is not None and last <= max(share + self.gain * (1 - share), wilson(share, n)[1])
        said = "" if last is None else f"; it ends at {last:.1%}"
        why = "the accuracy of always naming the largest class"
        measured = [Measured("share of the largest class", share, "share", limit=self.least_share,
                             limit_reason="a constant scores as much")]  # fmt: skip
        if last is not None:
            measured.append(Measured("accuracy", last, "share", limit=share, exceeds="below", limit_reason=why))
        return Finding(
            self.code,
            self.cause,
            Severity.WARNING if at_constant else Severity.INFO,
            self.certainty,
            f"accuracy is the only score, and class {name} alone holds {share:.1%} of the rows: so much scores who "
            f"always names it{said}",
            tuple(measured),
            (Where("curves", names=(accuracy.name,)),) if accuracy is not None else (),
        )


def _counts(name: SplitName, facts: Mapping[SplitName, LabelFacts] | None, split: Split | None) -> dict[str, int]:
    """Return rows by class: of the split's label, else of what the loss gets."""
    label = split.label if split is not None else None
    if label is not None and label.kind is Kind.CATEGORY:
        found = np.bincount(label.values[label.values >= 0], minlength=len(label.levels))
        return {repr(level): int(n) for level, n in zip(label.levels, found, strict=True) if n}
    known = (facts or {}).get(name)
    return {key: n for key, n in known.counts.items() if n} if known is not None else {}

"""PRG904: labels are not written as the loss expects them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import ABSENT, NotApplicable, Passed
from diagnose.analyzers.faults import SURE, Fault, findings, weighed
from diagnose.analyzers.output_table import BINARY, CATEGORICAL, HINGE, LIKELIHOOD, REGRESSION
from diagnose.data import SplitName
from diagnose.errors import NotEnoughEvidence
from diagnose.finding import Cause, Finding, Measured, Severity
from diagnose.measures.learning import Learning
from diagnose.measures.programme import Programme
from diagnose.model_card import Labels, LossCard, ModelCard
from diagnose.recording import LabelFacts
from diagnose.run import Context

IGNORED = -100.0
"""What PyTorch's losses leave out by default."""
ROUNDING = 1e-3
"""Of values that were scaled to 0 to 1 in half precision."""
CLASS_METRICS = ("accuracy", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy", "f1", "auc")


@dataclass(frozen=True)
class LabelEncoding:
    """Labels are not written as the loss expects them.

    ## What it detects

    Class indices where one-hot rows are expected and the reverse; classes counted from 1 where the loss counts from 0;
    −1 and 1, or values above 1, under binary cross-entropy; several classes in a row under a loss for one; labels that
    are texts; a regression loss on the numbers of classes; an integer type too small for the classes.

    ## Why it matters

    Where the framework does not refuse them, such labels mean something else to the loss: an index past the end, a
    negative probability, an order of classes that does not exist.

    ## The evidence

    The loss as compiled, and labels as it gets them: their shape, type, range and distinct values. Markers of padding
    (−100, or what the loss is told to ignore), soft and smoothed labels, and 0/1 labels of a hinge loss, which Keras
    converts, are right. A regression loss on whole numbers is judged only where the programme asks for an accuracy:
    counts and ordinal grades are targets of regression.

    ## What to do

    Change the loss to the one for these labels rather than the labels; count classes from 0.

    ## References

    - Humbatova et al. (2020), Taxonomy of Real Faults in Deep Learning Systems, arXiv 1910.11015
    - Keras documentation, Probabilistic losses; PyTorch documentation, torch.nn.CrossEntropyLoss

    """

    code: ClassVar[str] = "PRG904"
    cause: ClassVar[Cause] = Cause.TRAINING_PROGRAM

    most_ordinal: float = 0.75
    """Probability that whole numbers under a regression loss with an accuracy are classes: ordinal grades with a
    rounded accuracy are the rest. A judgement, not calibrated."""

    def check(
        self,
        programme: Programme,
        label_facts: Mapping[SplitName, LabelFacts],
        learning: Learning,
        context: Context,
    ) -> Iterator[Finding | Passed | NotApplicable]:
        """Compare what is expected with what is there, phase by phase."""
        labels = label_facts.get("train") or next(iter(label_facts.values()))
        if all(phase.card.loss is None for phase in programme.phases):
            raise NotEnoughEvidence(
                "the loss is not known, or there are several", "compile the model, or give the loss to the hook: loss="
            )

        def judge(card: ModelCard) -> Iterator[Fault]:
            for fault in self._judged(card, labels, context):
                is_weighed = fault.severity is Severity.ERROR and not _is_out_of_bounds(card, labels)
                yield weighed(fault, learning) if is_weighed else fault

        found = list(findings(self.code, self.cause, programme, judge))
        yield from found
        if not found:
            yield Passed(f"labels are {_words(labels)}, as the loss expects", ABSENT)

    def _judged(self, card: ModelCard, labels: LabelFacts, context: Context) -> Iterator[Fault]:
        loss = card.loss
        if loss is None:
            return
        known = CATEGORICAL | LIKELIHOOD | BINARY | HINGE | REGRESSION
        if labels.dtype == "text" and (loss.name in known):
            yield _fault(labels, loss, "are texts, and a loss computes with numbers")
        elif loss.name in CATEGORICAL | LIKELIHOOD:
            yield from _categorical(card, labels, loss)
        elif loss.name in BINARY:
            yield from _binary(card, labels, loss)
        elif loss.name in HINGE and card.framework == "torch" and labels.written is Labels.BINARY:
            yield _fault(labels, loss, "are 0 and 1, but the margin's classes are −1 and 1", probability=0.9)
        elif loss.name in REGRESSION:
            yield from self._regression(card, labels, loss, context)

    def _regression(self, card: ModelCard, labels: LabelFacts, loss: LossCard, context: Context) -> Iterator[Fault]:
        if labels.written is not Labels.INDICES or labels.shape not in {(), (1,)}:
            return
        if (card.output_width or 1) > 1 and card.output_width == labels.high + 1:
            yield _fault(labels, loss, f"are numbers of classes, compared with each of {card.output_width} outputs: "
                         "cross-entropy compares them with the right one")  # fmt: skip
        elif (
            card.output_width == 1
            and labels.distinct > 2
            and (context.task == "classification" or any(metric in CLASS_METRICS for metric in card.metrics))
        ):
            yield _fault(
                labels, loss, "are numbers of classes, and a distance between them means nothing",
                severity=Severity.WARNING, probability=self.most_ordinal,
            )  # fmt: skip


def _is_out_of_bounds(card: ModelCard, labels: LabelFacts) -> bool:
    """Whether the loss has no least value for such labels: no score of training makes that right."""
    return card.loss is not None and card.loss.name in BINARY and (labels.low < 0 or labels.high > 1)


def _categorical(card: ModelCard, labels: LabelFacts, loss: LossCard) -> Iterator[Fault]:
    if labels.written is Labels.MULTI_HOT:
        yield _fault(labels, loss, "hold several classes in a row, or none, but this loss knows one class a row; "
                     "binary cross-entropy with a sigmoid for each takes several", probability=0.93)  # fmt: skip
    elif loss.labels is Labels.INDICES or (loss.labels is None and labels.shape == ()):
        yield from _indices(card, labels, loss)
    elif loss.labels is Labels.ONE_HOT and labels.shape in {(), (1,)} and card.output_width != 1 and (
            labels.written in {Labels.INDICES, Labels.BINARY}):  # fmt: skip
        yield _fault(labels, loss, "are numbers of classes, but this loss expects one-hot rows")


def _indices(card: ModelCard, labels: LabelFacts, loss: LossCard) -> Iterator[Fault]:
    width = card.output_width
    if labels.written is Labels.ONE_HOT and width == labels.shape[-1]:
        yield _fault(labels, loss, "are one-hot rows, but this loss expects the number of the class")
    elif labels.written is Labels.SIGNS:
        yield _fault(labels, loss, "are −1 and 1, but classes count from 0")
    elif not labels.is_whole:
        yield _fault(labels, loss, "are no whole numbers, but this loss expects the number of the class")
    elif labels.low < 0 and labels.low not in {IGNORED, *_ignored(loss)}:
        yield _fault(labels, loss, f"go down to {labels.low:g}, but classes count from 0", probability=0.93)
    elif labels.low >= 1 and labels.high == width and labels.distinct == width:
        yield _fault(labels, loss, f"count the {width} classes from 1, but the outputs count from 0: the label "
                     f"{labels.high:g} has none", probability=0.98)  # fmt: skip
    elif labels.dtype in {"uint8", "int8"} and width is not None and width > 256 and not labels.shape:
        yield _fault(labels, loss, f"are {labels.dtype}, which holds 256 numbers, but there are {width} outputs: "
                     "classes beyond were wrapped around", probability=0.85)  # fmt: skip


def _ignored(loss: LossCard) -> list[float]:
    given = (loss.settings.get(name) for name in ("ignore_index", "ignore_class"))
    return [float(value) for value in given if isinstance(value, (int, float))]


def _binary(card: ModelCard, labels: LabelFacts, loss: LossCard) -> Iterator[Fault]:
    width = card.output_width or 1
    if labels.low < -ROUNDING or labels.high > 1 + ROUNDING:
        if labels.low in _ignored(loss) and labels.high <= 1:
            return
        if width == 1 and labels.written is Labels.INDICES and labels.low >= 0 and labels.distinct > 2:
            return  # a matter of the width
        what = "−1 and 1" if labels.written is Labels.SIGNS else f"between {labels.low:.4g} and {labels.high:.4g}"
        yield _fault(labels, loss, f"are {what}, but this loss expects 0 to 1")
    elif width > 2 and labels.shape in {(), (1,)} and labels.written is Labels.BINARY:
        yield _fault(labels, loss, f"are one value a row for {width} outputs", probability=0.9)


def _fault(
    labels: LabelFacts, loss: LossCard, why: str, *, severity: Severity = Severity.ERROR, probability: float = SURE
) -> Fault:
    reason = "what the loss expects"
    return Fault(
        f"the labels of {loss.spelt or loss.name} {why}",
        severity,
        probability,
        (
            Measured("least label", labels.low, limit=0.0, exceeds="below", limit_reason=reason),
            Measured("largest label", labels.high),
            Measured("distinct labels", float(labels.distinct)),
        ),
    )


def _words(labels: LabelFacts) -> str:
    named = {Labels.INDICES: "numbers of classes", Labels.ONE_HOT: "one-hot rows", Labels.MULTI_HOT: "several classes"
             " a row", Labels.BINARY: "0 and 1", Labels.SIGNS: "−1 and 1", Labels.VALUES: "numbers"}  # fmt: skip
    return named[labels.written] if labels.written is not None else f"of shape {labels.shape}"

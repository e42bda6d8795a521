"""PRG903: the output is not as wide as the labels are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import ABSENT, NotApplicable, Passed
from diagnose.analyzers.faults import SURE, Fault, findings, weighed
from diagnose.analyzers.output_table import BINARY, CATEGORICAL, LIKELIHOOD, REGRESSION
from diagnose.data import SplitName
from diagnose.errors import NotEnoughEvidence
from diagnose.finding import Cause, Finding, Measured, Severity
from diagnose.measures.learning import Learning
from diagnose.measures.programme import Programme
from diagnose.model_card import Labels, ModelCard
from diagnose.recording import LabelFacts, Recording


@dataclass(frozen=True)
class OutputWidth:
    """The output is not as wide as the labels are.

    ## What it detects

    Fewer outputs than classes; one output for more than two classes; one-hot labels or targets of another width than
    the output; in PyTorch, targets of shape (n,) beside outputs of shape (n, 1), which broadcasting pairs all with all.
    More outputs than classes train, and are told as information.

    ## Why it matters

    A class without an output cannot be predicted: frameworks raise an error, read past the end (NaN on a GPU), or,
    where shapes broadcast, optimize something else in silence.

    ## The evidence

    The width of the output and the labels as the loss gets them. It is a fact wherever both were seen; the broadcast is
    claimed only where the outputs also collapsed to one value, as user code may take the axis off before the loss.

    ## What to do

    As many outputs as classes (one for two classes with binary cross-entropy); as many as targets for a regression.

    ## References

    - Humbatova et al. (2020), Taxonomy of Real Faults in Deep Learning Systems, arXiv 1910.11015
    - PyTorch documentation, torch.nn.MSELoss: input and target of the same shape
    """

    code: ClassVar[str] = "PRG903"
    cause: ClassVar[Cause] = Cause.TRAINING_PROGRAM

    most_spare: float = 1.5
    """Outputs per class above which more are told: vocabularies and heads of a few reserved classes lie below or are
    excepted."""
    largest_told: int = 1_000
    """Outputs from which spare ones are vocabularies (1,001 classes of ImageNet are the widest usual classifier)."""
    collapsed: float = 0.05
    """Share of the targets' standard deviation below which outputs are one value: R² is below 0.0025 then."""

    def check(
        self,
        programme: Programme,
        label_facts: Mapping[SplitName, LabelFacts],
        learning: Learning,
        recording: Recording | None = None,
    ) -> Iterator[Finding | Passed | NotApplicable]:
        """Compare the width with the labels, phase by phase."""
        labels = label_facts.get("train") or next(iter(label_facts.values()))
        if all(phase.card.output_width is None or phase.card.loss is None for phase in programme.phases):
            raise NotEnoughEvidence("the width of the output or the loss is not known", "train with a hook")

        def judge(card: ModelCard) -> Iterator[Fault]:
            for fault in self._judged(card, labels, recording):
                yield fault if fault.severity is Severity.INFO else weighed(fault, learning)

        found = list(findings(self.code, self.cause, programme, judge))
        yield from found
        if not found:
            yield Passed(f"an output of width {programme.last.output_width} goes with the labels", ABSENT)

    def _judged(self, card: ModelCard, labels: LabelFacts, recording: Recording | None) -> Iterator[Fault]:
        width, loss = card.output_width, card.loss
        if width is None or loss is None:
            return
        if loss.name in CATEGORICAL | BINARY | LIKELIHOOD:
            if labels.written is Labels.INDICES and (labels.shape in {(), (1,)} or loss.labels is Labels.INDICES):
                yield from self._of_indices(card, labels, width)
            elif labels.written in {Labels.ONE_HOT, Labels.MULTI_HOT} and labels.shape[-1] != width:
                yield from _of_rows(card, labels, width)
        elif loss.name in REGRESSION:
            yield from self._of_targets(card, labels, width, recording)

    def _of_indices(self, card: ModelCard, labels: LabelFacts, width: int) -> Iterator[Fault]:
        assert card.loss is not None
        loss = card.loss.spelt or card.loss.name
        top = int(labels.high)
        classes = top + 1 if labels.low <= 0 else labels.distinct
        measured = (
            Measured("outputs", float(width), "outputs", limit=float(classes), exceeds="below",
                     limit_reason="each class needs an output of its own"),
        )  # fmt: skip
        if width == 1 and classes > 2:
            yield Fault(f"a single output cannot tell {classes} classes (labels {labels.low:g} to {top}) apart under "
                        f"{loss}", Severity.ERROR, 0.98, measured)  # fmt: skip
        elif width < classes and card.loss.name not in BINARY:
            yield Fault(f"{width} outputs for {classes} classes: the label {top} has none", Severity.ERROR, 0.98,
                        measured)  # fmt: skip
        elif width > self.most_spare * classes and width < self.largest_told and not labels.shape:
            yield Fault(f"{width} outputs for {classes} classes: {width - classes} are never right, which costs little",
                        Severity.INFO, SURE, measured)  # fmt: skip

    def _of_targets(
        self, card: ModelCard, labels: LabelFacts, width: int, recording: Recording | None
    ) -> Iterator[Fault]:
        assert card.loss is not None
        loss = card.loss.spelt or card.loss.name
        if labels.shape and labels.shape[-1] not in {width, 1} and len(labels.shape) == 1:
            measured = Measured("outputs", float(width), "outputs", limit=float(labels.shape[-1]), exceeds="below",
                                limit_reason="as many as targets")  # fmt: skip
            how = "broadcast: every target is compared with the same output" if width == 1 else "don't fit"
            yield Fault(f"{width} outputs and {labels.shape[-1]} targets a row under {loss} {how}", Severity.ERROR,
                        SURE, (measured,))  # fmt: skip
        if recording is not None and recording.counters.get("broadcast_losses"):
            count = recording.counters["broadcast_losses"]
            yield Fault(f"in {count:,} losses the targets of {loss} had another number of axes than the outputs: they "
                        "are paired all with all, which makes the outputs one value", Severity.ERROR, SURE,
                        (Measured("losses of unequal shapes", float(count), "losses", limit=0.0,
                                  limit_reason="each target has an output of its own"),),
                        settle="print the two shapes in front of the loss")  # fmt: skip
        elif card.framework == "torch" and labels.shape == () and width == 1 and recording is not None:
            yield from self._broadcast(loss, labels, recording)

    def _broadcast(self, loss: str, labels: LabelFacts, recording: Recording) -> Iterator[Fault]:
        looks = [facts for facts in recording.outputs if facts.n > 1]
        if len(looks) < 2 or not labels.std:
            return
        share = looks[-1].spread / labels.std
        if share < self.collapsed:
            measured = Measured("spread of the outputs", share, "standard deviations of the targets",
                                limit=self.collapsed, exceeds="below", limit_reason="R² is below 0.0025")  # fmt: skip
            yield Fault(
                f"targets of shape (n,) beside outputs of shape (n, 1) are paired all with all by {loss}, and the "
                "outputs are one value for all samples, as that makes them",
                Severity.ERROR, 0.8, (measured,), settle="print the two shapes in front of the loss",
            )  # fmt: skip


def _of_rows(card: ModelCard, labels: LabelFacts, width: int) -> Iterator[Fault]:
    assert card.loss is not None
    measured = Measured("outputs", float(width), "outputs", limit=float(labels.shape[-1]), exceeds="below",
                        limit_reason="as many as the labels have columns")  # fmt: skip
    yield Fault(f"{width} output{'s' if width > 1 else ''} for labels of {labels.shape[-1]} columns under "
                f"{card.loss.spelt or card.loss.name}", Severity.ERROR, 0.98, (measured,))  # fmt: skip

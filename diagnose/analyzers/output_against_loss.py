"""PRG902: the outputs' activation does not go with the loss or the labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from diagnose.analyzer import ABSENT, NotApplicable, Passed
from diagnose.analyzers.faults import Fault, findings, weighed
from diagnose.analyzers.output_range import excess
from diagnose.analyzers.output_table import CLASS_LOSSES, REGRESSION, Cell, cell
from diagnose.data import SplitName
from diagnose.errors import NotEnoughEvidence
from diagnose.finding import Cause, Finding, Measured, Severity
from diagnose.measures.learning import Learning
from diagnose.measures.programme import Programme
from diagnose.model_card import Labels, ModelCard
from diagnose.recording import LabelFacts


@dataclass(frozen=True)
class OutputAgainstLoss:
    """The output activation does not go with the loss or the labels.

    ## What it detects

    Softmax (or sigmoid) in the model and again in the loss; a loss of probabilities that is given raw outputs; sigmoid
    outputs under a loss over exclusive classes; softmax over a single output; a missing log-softmax before a
    log-likelihood; a rectifier in front of logits; an activation that cannot reach the targets of a regression.

    ## Why it matters

    Such a programme runs, and its loss even falls a little. It learns slowly, badly or not at all, and no other
    hyperparameter mends that.

    ## The evidence

    The last activation and the loss as they are compiled, the width of the output, and how the labels are written. It
    is a fact of the programme; but unusual code may be misread, so that a training loss below what the fault allows (a
    softmax that is applied twice has a least loss), or a run that demonstrably learns, contradicts it. What is merely
    unusual and works (mean squared error on softmax, two sigmoids) is information.

    ## What to do

    One of the two: give raw outputs to the loss that applies softmax or sigmoid itself (numerically the better one), or
    probabilities to the one that does not. For a regression no activation.

    ## References

    - Humbatova et al. (2020), Taxonomy of Real Faults in Deep Learning Systems, arXiv 1910.11015
    - Goodfellow, Bengio & Courville (2016), Deep Learning, §6.2.2
    - Schoop, Huang & Hartmann (2021), UMLAUT, CHI '21
    """

    code: ClassVar[str] = "PRG902"
    cause: ClassVar[Cause] = Cause.TRAINING_PROGRAM

    floor_margin: float = 0.02
    """Natural units of the loss by which it must lie below its bound to contradict it: rounding of logs to two digits,
    twice over."""
    slight_excess: float = 0.25
    """Standard deviations of the targets beyond the activation's range that cost little: below a sixteenth of their
    variance."""
    grave_excess: float = 1.0
    """Standard deviations from which as much as the whole variance of the farthest targets is out of reach."""

    def check(
        self,
        programme: Programme,
        learning: Learning,
        label_facts: Mapping[SplitName, LabelFacts] | None = None,
    ) -> Iterator[Finding | Passed | NotApplicable]:
        """Look up every phase's activation under its loss."""
        labels = (label_facts or {}).get("train")
        self._must_be_known(programme)

        def judge(card: ModelCard) -> Iterator[Fault]:
            if card.loss is None or card.output_activation is None:
                return
            if card.loss.name in CLASS_LOSSES:
                written = labels.written if labels is not None else None
                found = cell(card.output_activation, card.loss, card.output_width, written)
                if found is not None:
                    yield self._of_cell(card, found, learning)
            elif card.loss.name in REGRESSION and labels is not None:
                yield from self._of_range(card, labels, learning)

        found = list(findings(self.code, self.cause, programme, judge))
        yield from found
        if not found:
            card = programme.last
            loss = card.loss.spelt or card.loss.name if card.loss is not None else ""
            yield Passed(f"{card.output_activation or 'no activation'} goes with {loss}", ABSENT)

    @staticmethod
    def _must_be_known(programme: Programme) -> None:
        cards = [phase.card for phase in programme.phases]
        if all(card.loss is None for card in cards):
            raise NotEnoughEvidence(
                "the loss is not known, or there are several", "compile the model, or give the loss to the hook: loss="
            )
        if all(card.output_activation is None for card in cards):
            raise NotEnoughEvidence("what the outputs went through last is not known", "train with a hook")

    def _of_cell(self, card: ModelCard, found: Cell, learning: Learning) -> Fault:
        assert card.loss is not None
        loss = card.loss.spelt or card.loss.name
        measured = [Measured("output width", _number(card.output_width), "values")]
        fault = Fault(
            f"{loss} after {_activation(card)}: {found.why}", found.severity, found.probability, layers=_last(card)
        )
        least = learning.least_loss
        if found.floor is not None and least is not None and not card.loss.settings.get("class_weights"):
            measured.append(
                Measured("least training loss", least, limit=found.floor, exceeds="below",
                         limit_reason="no lower loss can be had with this fault: bounded logits")
            )  # fmt: skip
            if least < found.floor - self.floor_margin:
                return Fault(
                    f"{fault.claim}; but a training loss of {least:.3g} was logged, so the framework takes what is in "
                    f"front of the {card.output_activation}",
                    Severity.INFO, fault.probability, tuple(measured), fault.layers,
                )  # fmt: skip
        fault = replace(fault, evidence=tuple(measured))
        if fault.severity is Severity.INFO:
            return fault
        if found.is_fatal:
            return weighed(fault, learning)
        if fault.severity is Severity.WARNING and learning.is_good:
            return replace(fault, severity=Severity.INFO)
        return fault

    def _of_range(self, card: ModelCard, labels: LabelFacts, learning: Learning) -> Iterator[Fault]:
        assert card.loss is not None
        assert card.output_activation is not None
        loss, act = card.loss.spelt or card.loss.name, card.output_activation
        if act == "softmax" and card.output_width == 1:
            yield Fault(f"{loss} after softmax: over one output it is 1 for every input", layers=_last(card),
                        evidence=(Measured("output width", 1.0, "values"),))  # fmt: skip
            return
        if act == "softmax" and labels.written is Labels.ONE_HOT:
            yield Fault(
                f"{loss} after softmax on one-hot labels works, but its gradient vanishes where the model is surely "
                "wrong; cross-entropy is faster",
                Severity.INFO, layers=_last(card), evidence=(Measured("classes", _number(card.output_width)),),
            )  # fmt: skip
            return
        beyond = excess(act, labels)
        if beyond is None or beyond.by <= 0:
            return
        is_grave = beyond.by >= self.grave_excess or beyond.mean_is_beyond
        severity = Severity.ERROR if is_grave else Severity.WARNING
        severity = Severity.INFO if beyond.by < self.slight_excess and not beyond.mean_is_beyond else severity
        fault = Fault(
            f"{act} gives {beyond.words}, but the targets of {loss} lie between {labels.low:.4g} and {labels.high:.4g}",
            severity,
            evidence=(
                Measured("targets beyond the output's range", beyond.by, "standard deviations of the targets",
                         limit=self.slight_excess, limit_reason="a sixteenth of their variance"),
            ),
            layers=_last(card),
        )  # fmt: skip
        yield weighed(fault, learning) if severity is not Severity.INFO else fault


def _activation(card: ModelCard) -> str:
    names = _last(card)
    act = card.output_activation
    what = "raw outputs" if act in {"linear", ""} else str(act)
    return f"{what} of {names[0]!r}" if names else what


def _last(card: ModelCard) -> tuple[str, ...]:
    layers = card.with_weights()
    return (layers[-1].name,) if layers else ()


def _number(value: int | None) -> float | None:
    return None if value is None else float(value)

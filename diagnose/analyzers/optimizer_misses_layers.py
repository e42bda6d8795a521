"""PRG907: the optimizer does not hold the weights that are to be trained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import ABSENT, NotApplicable, Passed
from diagnose.analyzers.faults import SURE, Fault, findings, some
from diagnose.errors import NotEnoughEvidence
from diagnose.finding import Cause, Finding, Measured, Severity
from diagnose.measures.layer_motion import moved
from diagnose.measures.programme import Programme
from diagnose.model_card import LayerCard, ModelCard, OptimizerCard
from diagnose.recording import Recording


@dataclass(frozen=True)
class OptimizerMissesLayers:
    """The optimizer does not hold the weights that are to be trained.

    ## What it detects

    Trainable weights that no optimizer holds; weights that it holds twice; an optimizer that was made for another
    model, or before a layer was replaced.

    ## Why it matters

    What the optimizer does not hold stays as it was initialised, whatever its gradient; what it holds twice is moved
    twice a step.

    ## The evidence

    The identities of the weights in the optimizer and in the model. That layers which brought weights along are left
    out is a way of freezing them, and information. So are weights of something else beside the model's own (a learnable
    loss, a second model). Layers that a hook saw moving are held by another optimizer.

    ## What to do

    Make the optimizer after the model is complete, from `model.parameters()` or from groups that cover it once; freeze
    with `requires_grad_(False)`, so that it can be read.

    ## References

    - PyTorch documentation, torch.optim: constructing an optimizer, per-parameter options

    """

    code: ClassVar[str] = "PRG907"
    cause: ClassVar[Cause] = Cause.TRAINING_PROGRAM

    unsure: float = 0.75
    """Probability that layers which are left out are forgotten, where it is unknown how they began. A judgement."""

    def check(
        self, programme: Programme, recording: Recording | None = None
    ) -> Iterator[Finding | Passed | NotApplicable]:
        """Compare the optimizer with the model, phase by phase."""
        if all(phase.card.optimizer is None for phase in programme.phases):
            raise NotEnoughEvidence("the optimizer is not known", "give it to the hook: optimizer=")
        initial = {layer.name: layer.is_initial for layer in programme.phases[0].card.layers}

        def judge(card: ModelCard) -> Iterator[Fault]:
            if card.optimizer is not None:
                yield from self._missing(card, card.optimizer, initial, recording)
                yield from _twice(card.optimizer)
                if card.optimizer.foreign and not card.optimizer.missing:
                    yield Fault(
                        f"the optimizer also holds {card.optimizer.foreign:,} values that are not the model's: of a "
                        "learnable loss or a second model, or of a layer that was replaced", Severity.INFO,
                        evidence=(Measured("values of another model", float(card.optimizer.foreign), "values"),),
                    )  # fmt: skip

        found = list(findings(self.code, self.cause, programme, judge))
        yield from found
        if not found:
            yield Passed("the optimizer holds every trainable weight once", ABSENT)

    def _missing(
        self, card: ModelCard, optimizer: OptimizerCard, initial: dict[str, bool | None], recording: Recording | None
    ) -> Iterator[Fault]:
        table = recording.layers if recording is not None else None
        layers = [layer for layer in _layers_of(card, optimizer.missing) if not moved(table, layer.name)]
        if not layers:
            return
        new = [layer for layer in layers if initial.get(layer.name, layer.is_initial)]
        loaded = [layer for layer in layers if initial.get(layer.name, layer.is_initial) is False]
        values = float(sum(layer.trainable_parameters for layer in layers))
        measured = (
            Measured("trainable values that no optimizer holds", values, "values", limit=0.0,
                     limit_reason="they never move"),
        )  # fmt: skip
        what = some(repr(layer.name) for layer in (new or layers))
        if new:
            why = "so that new weights stay as they were initialised"
            if optimizer.foreign:
                why = f"but {optimizer.foreign:,} values of something else: it was made before the layer was replaced"
            yield Fault(f"the optimizer does not hold {what}, {why}", Severity.ERROR, SURE, measured, _names(new))
        elif len(loaded) == len(layers):
            yield Fault(f"the optimizer leaves out {what}: they keep the weights that they brought along, as if frozen",
                        Severity.INFO, SURE, measured, _names(loaded))  # fmt: skip
        else:
            yield Fault(f"the optimizer does not hold {what}, though they are trainable", Severity.WARNING,
                        self.unsure, measured, _names(layers),
                        "set requires_grad to False where they are meant to be frozen")  # fmt: skip


def _twice(optimizer: OptimizerCard) -> Iterator[Fault]:
    if optimizer.twice:
        yield Fault(
            f"the optimizer holds {some(map(repr, optimizer.twice))} more than once: each step moves them twice",
            Severity.WARNING,
            evidence=(Measured("weights held more than once", float(len(optimizer.twice)), "weights", limit=0.0,
                               limit_reason="one step a step"),),
            layers=tuple(name.rpartition(".")[0] or name for name in optimizer.twice),
        )  # fmt: skip


def _layers_of(card: ModelCard, missing: tuple[str, ...]) -> list[LayerCard]:
    """Return the layers whose weights are missing: a weight is called after its layer, ``fc.weight``, ``fc/kernel``."""
    owners = {weight for name in missing for weight in (name, name.rpartition(".")[0], name.rpartition("/")[0])}
    return [layer for layer in card.layers if layer.name in owners and layer.trainable_parameters]


def _names(layers: list[LayerCard]) -> tuple[str, ...]:
    return tuple(layer.name for layer in layers)

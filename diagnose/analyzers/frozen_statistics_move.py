"""PRG909: BatchNorm of a frozen part goes on moving."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import CONTRADICTED, NotApplicable, Passed
from diagnose.analyzers.faults import SURE, Fault, finding, some
from diagnose.errors import NotEnoughEvidence
from diagnose.finding import Cause, Finding, Measured, Severity
from diagnose.measures.layer_motion import statistics_moved
from diagnose.measures.programme import Programme, ProgramPhase
from diagnose.model_card import LayerCard, Role
from diagnose.recording import Recording


@dataclass(frozen=True)
class FrozenStatisticsMove:
    """BatchNorm of a frozen part goes on moving.

    ## What it detects

    Running means and variances of frozen BatchNorm layers that follow the batches, as they do in PyTorch's training
    mode whatever `requires_grad` says.

    ## Why it matters

    The backbone is not frozen then: its features change under the head, with the noise of small batches, and what is
    deployed are other statistics than those it was pretrained with.

    ## The evidence

    How far the running means moved within the phase in which the layer was frozen, in running deviations, as a hook
    measured it. Below a hundredth of a deviation it is information. BatchNorm layers that are trained themselves are
    meant to move.

    ## What to do

    Set the frozen part to evaluation mode after every `model.train()`; in Keras call it with `training=False`.

    ## References

    - Ioffe & Szegedy (2015), Batch Normalization, arXiv 1502.03167, §3.1
    - Keras documentation, Transfer learning & fine-tuning: BatchNormalization layers

    """

    code: ClassVar[str] = "PRG909"
    cause: ClassVar[Cause] = Cause.TRAINING_PROGRAM

    least_told: float = 1e-3
    """Running deviations below which movement is the rounding of single precision over many steps."""
    harmful: float = 0.01
    """Running deviations: what pretraining on 10,000 samples leaves of uncertainty in a mean (1/√10,000)."""

    def check(self, programme: Programme, recording: Recording) -> Iterator[Finding | Passed | NotApplicable]:
        """Compare the statistics of frozen layers with those at the beginning of each phase."""
        frozen = {phase.number: _frozen(phase) for phase in programme.phases}
        if not any(frozen.values()):
            yield NotApplicable("no BatchNorm layer is frozen")
            return
        table = recording.layers
        moves = {
            phase.number: [(layer, by) for layer in frozen[phase.number]
                           if (by := statistics_moved(table, layer.name, phase)) is not None]
            for phase in programme.phases
        } if table is not None else {}  # fmt: skip
        if not any(moves.values()):
            raise NotEnoughEvidence("running statistics of frozen layers were not sampled", "train with a hook")
        told = [(p, [(layer, by) for layer, by in moves[p.number] if by > self.least_told]) for p in programme.phases]
        faulty = [(phase, moving) for phase, moving in told if moving]
        if not faulty:
            yield Passed("statistics of frozen BatchNorm layers stay put", CONTRADICTED)
            return
        phase, moving = max(faulty, key=lambda pair: max(by for _, by in pair[1]))
        fault = self._fault(moving, len(moves[phase.number]))
        yield finding(self.code, self.cause, programme, fault, [phase for phase, _ in faulty])

    def _fault(self, moving: list[tuple[LayerCard, float]], known: int) -> Fault:
        farthest = max(by for _, by in moving)
        names = tuple(layer.name for layer, _ in moving)
        return Fault(
            f"{len(moving)} of {known} frozen BatchNorm layers ({some(map(repr, names), 2)}) go on following the "
            f"batches: their running means moved by up to {farthest:.2g} deviations",
            Severity.WARNING if farthest > self.harmful else Severity.INFO,
            SURE,
            (Measured("movement of a frozen running mean", farthest, "running deviations", limit=self.harmful,
                      limit_reason="the uncertainty of a mean of 10,000 samples", effect=True),),
            names,
        )  # fmt: skip


def _frozen(phase: ProgramPhase) -> list[LayerCard]:
    """Return BatchNorm layers whose own weights are frozen, or, without weights, whose neighbours' are."""
    card = phase.card
    if not card.trainable_parameters:
        return []
    return [
        layer for layer in card.layers
        if layer.role is Role.BATCH_NORMALISATION and layer.parameters and not layer.trainable_parameters
    ]  # fmt: skip

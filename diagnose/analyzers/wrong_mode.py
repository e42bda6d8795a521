"""PRG911: the model trains in evaluation mode, or is evaluated in training mode."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from diagnose.analyzer import CONTRADICTED, NotApplicable, Passed
from diagnose.analyzers.faults import Fault, finding, some
from diagnose.errors import NotEnoughEvidence
from diagnose.finding import Cause, Finding, Measured, Severity
from diagnose.measures.layer_motion import always_trained
from diagnose.measures.programme import Programme
from diagnose.model_card import LayerCard, Role
from diagnose.recording import Recording


@dataclass(frozen=True)
class WrongMode:
    """The model trains in evaluation mode, or is evaluated in training mode.

    ## What it detects

    `model.train()` forgotten (after a validation, as a rule), so that dropout is off and BatchNorm does not learn its
    statistics; `model.eval()` forgotten, so that validation runs with dropout and moves BatchNorm's statistics.

    ## Why it matters

    BatchNorm that never learns its statistics normalises nothing; validation in training mode gives scores that depend
    on the batch, and leaks validation data into the statistics.

    ## The evidence

    Counted by a hook: passes with a backward pass in evaluation mode, and evaluation passes in training mode, of models
    in which the mode makes a difference. A pretrained BatchNorm in evaluation mode is a practice of fine-tuning, and so
    is dropout at prediction (Gal & Ghahramani 2016): where only that explains it, the probability is lower, or it is
    information.

    ## What to do

    `model.train()` at the beginning of every epoch, `model.eval()` before every evaluation.

    ## References

    - PyTorch documentation, Module.train and Module.eval
    - Ioffe & Szegedy (2015), Batch Normalization, arXiv 1502.03167
    - Gal & Ghahramani (2016), Dropout as a Bayesian Approximation, arXiv 1506.02142

    """

    code: ClassVar[str] = "PRG911"
    cause: ClassVar[Cause] = Cause.TRAINING_PROGRAM

    least_share: float = 0.05
    """Share of the passes below which it is an exception: a saliency map, a sanity check before training."""
    least_passes: int = 3
    """Passes without which nothing can be called a habit."""
    of_normalisation: float = 0.95
    """Probability that it is a fault where BatchNorm is in the wrong mode. A judgement."""
    of_dropout: float = 0.75
    """The same where only dropout is: it may be meant. A judgement."""

    def check(self, programme: Programme, recording: Recording) -> Iterator[Finding | Passed | NotApplicable]:
        """Compare the counts of both kinds of passes."""
        minding = [layer for layer in programme.last.layers if _minds(layer)]
        if not minding:
            yield NotApplicable("the model computes the same in both modes: it has no dropout and no BatchNorm")
            return
        counted = recording.counters
        known = [name for name in ("training_passes_in_evaluation_mode", "evaluation_passes") if name in counted]
        if not known:
            raise NotEnoughEvidence("the modes of passes were not counted", "train with a hook")
        both = (self._training(recording, minding), self._evaluation(recording, minding))
        faults = [fault for fault in both if fault is not None]
        yield from (finding(self.code, self.cause, programme, fault, list(programme.phases)) for fault in faults)
        if not faults:
            yield Passed("training and evaluation each ran in their own mode", CONTRADICTED)

    def _training(self, recording: Recording, minding: list[LayerCard]) -> Fault | None:
        counted = recording.counters
        wrong, passes = counted.get("training_passes_in_evaluation_mode", 0), counted.get("backward_passes", 0)
        if wrong < self.least_passes or wrong < self.least_share * passes:
            return None
        held = [layer for layer in minding if not always_trained(recording.layers, layer.name)]
        normal = [layer for layer in held if layer.role is Role.BATCH_NORMALISATION]
        dropout = [layer for layer in held if layer.role is Role.DROPOUT]
        if not held:
            return None
        share = wrong / max(passes, wrong)
        claim = f"{wrong:,} of {max(passes, wrong):,} training passes ran in evaluation mode"
        measured = (Measured("training passes in evaluation mode", share, "share", limit=self.least_share,
                             limit_reason="an exception", effect=True),)  # fmt: skip
        new = [layer for layer in normal if layer.trainable_parameters and layer.is_initial is not False]
        if new:
            return Fault(f"{claim}: {some(repr(layer.name) for layer in new)} never learns its statistics",
                         Severity.ERROR, self.of_normalisation, measured, _names(new))  # fmt: skip
        if dropout:
            return Fault(f"{claim}: dropout ({some(repr(layer.name) for layer in dropout)}) is off", Severity.WARNING,
                         self.of_dropout, measured, _names(dropout))  # fmt: skip
        return Fault(f"{claim}: BatchNorm keeps the statistics that it brought along, as some fine-tuning means it to",
                     Severity.INFO, self.of_normalisation, measured, _names(normal))  # fmt: skip

    def _evaluation(self, recording: Recording, minding: list[LayerCard]) -> Fault | None:
        counted = recording.counters
        wrong, passes = counted.get("evaluation_passes_in_training_mode", 0), counted.get("evaluation_passes", 0)
        if wrong < self.least_passes or wrong < self.least_share * passes:
            return None
        normal = [layer for layer in minding if layer.role is Role.BATCH_NORMALISATION]
        what = "BatchNorm takes the statistics of the batch, and moves by it" if normal else (
            "dropout is on, unless that is meant (Monte Carlo dropout)")  # fmt: skip
        return Fault(
            f"{wrong:,} of {passes:,} evaluation passes ran in training mode: {what}",
            Severity.WARNING,
            self.of_normalisation if normal else self.of_dropout,
            (Measured("evaluation passes in training mode", wrong / max(passes, 1), "share", limit=self.least_share,
                      limit_reason="an exception", effect=True),),
            _names(normal or minding),
        )  # fmt: skip


def _minds(layer: LayerCard) -> bool:
    if layer.role is Role.DROPOUT:
        return layer.settings.get("rate") != 0
    return layer.role is Role.BATCH_NORMALISATION


def _names(layers: list[LayerCard]) -> tuple[str, ...]:
    return tuple(layer.name for layer in layers[:20])

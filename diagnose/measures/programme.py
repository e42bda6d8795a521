"""The training programme: what was trained how, phase by phase."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diagnose.errors import NotEnoughEvidence
from diagnose.measurements import NO_MODEL
from diagnose.model_card import ModelCard
from diagnose.run import Run

HOOKS = "record the training with a hook: diagnose.hooks.keras, .torch, .lightning or .transformers"


@dataclass(frozen=True)
class ProgramPhase:
    """A stretch of training with one card.

    Attributes
    ----------
    number
        From 1.
    start, end
        Completed epochs when it began and ended; both 0 of a card that was read off the model without a hook.
    card
        The model as it was trained.
    because
        What began it.
    """

    number: int
    start: float
    end: float
    card: ModelCard
    because: str = ""


@dataclass(frozen=True)
class Programme:
    """The phases of a run in order, at least one; ``is_recorded`` where a hook saw them."""

    phases: tuple[ProgramPhase, ...]
    is_recorded: bool

    @property
    def last(self) -> ModelCard:
        """The model as it was trained last."""
        return self.phases[-1].card

    def named(self, phases: Sequence[ProgramPhase]) -> str:
        """Name some of the phases; nothing where it is all of them, and so goes without saying."""
        if len(phases) == len(self.phases):
            return ""
        return ", ".join(
            f"in phase {phase.number} of {len(self.phases)} (epochs {phase.start:g} to {phase.end:g})"
            for phase in phases
        )


def programme(run: Run) -> Programme:
    """Return the phases that a hook recorded, or the one of the model that was given.

    Raises
    ------
    NotEnoughEvidence
        Neither is at hand, or the model is of a kind that has no card.
    """
    stages = run.recording.stages if run.recording is not None else ()
    if not stages and run.model is None:
        raise NotEnoughEvidence(NO_MODEL.why, NO_MODEL.settle)
    if not stages:
        assert run.model is not None
        return Programme((ProgramPhase(1, 0.0, 0.0, run.model),), is_recorded=False)
    ends = [stage.epoch for stage in stages[1:]] + [max(_last(run), stages[-1].epoch)]
    steps = [stage.step for stage in stages[1:]] + [float("inf")]
    lived = [
        (stage, end)
        for stage, end, step in zip(stages, ends, steps, strict=True)
        if end > stage.epoch or step > stage.step  # a card that was replaced before anything was trained is none
    ]
    phases = tuple(
        ProgramPhase(number, stage.epoch, end, stage.card, stage.because)
        for number, (stage, end) in enumerate(lived, 1)
    )
    return Programme(phases, is_recorded=True)


def _last(run: Run) -> float:
    """Return how far the run came: what was logged, or what a hook sampled since."""
    table = run.recording.layers if run.recording is not None else None
    return max(run.history.last_step, float(table.epochs[-1]) if table is not None and len(table.epochs) else 0.0)

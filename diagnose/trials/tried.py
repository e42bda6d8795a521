"""What trying came to: every remedy with what was measured of it, and the diagnosis with its remedies ranked anew."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from os import PathLike
from pathlib import Path

from diagnose.finding import Diagnosis, Remedy
from diagnose.trials.effects import Effect
from diagnose.trials.metric import Metric


class Ending(StrEnum):
    """How a remedy came out of the race."""

    HELPED = "helped"
    NO_HELP = "did not help"
    OPEN = "cannot be told"
    DROPPED = "dropped early"
    FAILED = "failed"
    NOT_UNDERSTOOD = "not understood by train"
    NOT_TRIED = "not tried"


@dataclass(frozen=True)
class TriedRemedy:
    """One remedy and what was measured of it.

    Attributes
    ----------
    remedy
        As it stands in the new diagnosis.
    ending
        How it came out; ``why`` says more.
    effect
        Mean paired difference, positive where it is better; None where no pair of trainings finished.
    cost
        How many times as long a training takes with it as without; None where unknown.
    stand_in
        What refitting the last layer alone said of it, in seconds; None where it can't say.
    is_joined
        Whether it is several remedies at once, or goes beyond one that helped.
    """

    remedy: Remedy
    ending: Ending
    why: str = ""
    effect: Effect | None = None
    cost: float | None = None
    stand_in: Effect | None = None
    is_joined: bool = False


@dataclass(frozen=True, repr=False)
class Tried:
    """All that trying came to.

    Attributes
    ----------
    diagnosis
        The diagnosis that was given, with its remedies ranked by what was measured.
    remedies
        In that order.
    metric
        The score that was compared, at the best epoch of each training.
    baseline
        Its value without any remedy, by seed.
    seconds
        All trainings together took, those of interrupted calls too.
    resumed
        How many trainings came from an interrupted call.
    notes
        What a reader should know: the time was up, ``train`` ignores the seed …
    """

    diagnosis: Diagnosis
    remedies: tuple[TriedRemedy, ...]
    metric: Metric
    baseline: dict[int, float]
    seconds: float
    resumed: int = 0
    notes: tuple[str, ...] = ()

    @property
    def winners(self) -> tuple[TriedRemedy, ...]:
        """Those that helped, the best first."""
        return tuple(one for one in self.remedies if one.ending is Ending.HELPED)

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the new diagnosis; the suffix chooses the format."""
        return self.diagnosis.save(path)

    def __str__(self) -> str:
        """Give a line for each remedy."""
        width = max((len(one.remedy.title) for one in self.remedies), default=0)
        lines = [f"  {one.remedy.title:<{width}}  {in_words(one)}" for one in self.remedies]
        return "\n".join([self.diagnosis.sentence, *lines, *self.notes])

    def __repr__(self) -> str:
        return f"<Tried: {len(self.winners)} of {len(self.remedies)} remedies helped>"


def in_words(one: TriedRemedy) -> str:
    """Say in a line how a remedy came out."""
    said: str = one.ending.value
    if one.effect is not None:
        said += f": {one.effect.value:+.4g}"
        if one.effect.seeds > 1:
            said += f" (95 %: {one.effect.low:+.4g} to {one.effect.high:+.4g}; {one.effect.seeds} seeds)"
    return f"{said}; {one.why}" if one.why else said

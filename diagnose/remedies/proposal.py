"""What a family of remedies proposes, and on which axes it pushes: so that two that contradict can be told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from diagnose.finding import Remedy
from diagnose.remedies.row_files import RowFile


class Axis(StrEnum):
    """What a remedy pushes up or down. No report pushes one of these both ways."""

    EPOCHS = "epochs"
    LEARNING_RATE = "learning_rate"
    BATCH_SIZE = "batch_size"
    REGULARISATION = "regularisation"
    CAPACITY = "capacity"
    TRAINABLE = "trainable"
    FIT = "fit"
    """How closely the model is made to follow its training sample: the sum of the three above it."""
    CONFIDENCE = "confidence"
    SPLIT = "split"
    """More: the rows are split anew. Less: the held-out rows stay, as what training is to be brought towards."""
    LIKE_TRAINING = "like_training"
    """Whether rows are added that resemble those of training (more) or those of validation (less)."""


class Direction(IntEnum):
    """Which way."""

    LESS = -1
    MORE = 1


class Effort(IntEnum):
    """What acting on it takes, the cheapest first."""

    NOTHING = 0
    LOOK = 1
    RUN = 2
    WORK = 3


@dataclass(frozen=True)
class Proposal:
    """A remedy with what decides between it and others.

    Attributes
    ----------
    remedy
        What the report will show.
    key
        The setting that it changes. Two proposals for one setting are one remedy: the higher-ranked one's.
    moves
        The axes that it pushes, and which way.
    effort
        What acting on it takes.
    comes_first
        Whether it stands before all else for its cause: as long as it is open, the others are premature.
    comes_last
        Whether it acts on what is information beside the finding of its cause: all else for it comes before.
    files
        Of rows, which its code reads; written where the user asks for them.
    """

    remedy: Remedy
    key: str
    moves: tuple[tuple[Axis, Direction], ...] = ()
    effort: Effort = Effort.RUN
    comes_first: bool = False
    comes_last: bool = False
    files: tuple[RowFile, ...] = ()

    def contradicts(self, other: Proposal) -> bool:
        """Whether both push one axis, in opposite directions."""
        mine = dict(self.moves)
        return any(axis in mine and mine[axis] is not direction for axis, direction in other.moves)


MORE_REGULARISED = ((Axis.REGULARISATION, Direction.MORE), (Axis.FIT, Direction.LESS))
LESS_REGULARISED = ((Axis.REGULARISATION, Direction.LESS), (Axis.FIT, Direction.MORE))
SMALLER = ((Axis.CAPACITY, Direction.LESS), (Axis.FIT, Direction.LESS))
LARGER = ((Axis.CAPACITY, Direction.MORE), (Axis.FIT, Direction.MORE))
FROZEN = ((Axis.TRAINABLE, Direction.LESS), (Axis.FIT, Direction.LESS))
UNFROZEN = ((Axis.TRAINABLE, Direction.MORE), (Axis.FIT, Direction.MORE))
NEW_SPLIT = ((Axis.SPLIT, Direction.MORE),)
TOWARDS_VALIDATION = ((Axis.SPLIT, Direction.LESS), (Axis.LIKE_TRAINING, Direction.LESS))
MORE_OF_THE_SAME = ((Axis.LIKE_TRAINING, Direction.MORE),)
"""The pushes that several families share."""

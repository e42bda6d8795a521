"""How far the training inputs are from the size that fresh layers expect."""

from __future__ import annotations

from dataclasses import dataclass

from diagnose.errors import NotEnoughEvidence
from diagnose.recording import Recording

NUMBERS = ("image", "table", "sequence")
LARGE = 10.0
"""Initialisations are made for inputs of about one (Glorot & Bengio 2010); ten times as large they saturate and kill
units at once."""


@dataclass(frozen=True)
class InputScale:
    """The input whose values are largest: its name, and root mean square."""

    name: str
    level: float

    @property
    def is_large(self) -> bool:
        """Whether that explains what fresh layers do wrong."""
        return self.level > LARGE


def input_scale(recording: Recording) -> InputScale:
    """Measure the inputs of numbers.

    Raises
    ------
    NotEnoughEvidence
        The recording holds none.
    """
    found = [InputScale(i.name, (i.mean**2 + i.std**2) ** 0.5) for i in recording.inputs_of("train")
             if i.kind in NUMBERS]  # fmt: skip
    if not found:
        raise NotEnoughEvidence("no input of numbers was recorded", "record the training with a hook")
    return max(found, key=lambda scale: scale.level)

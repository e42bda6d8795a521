"""Whether more epochs are worth their time, from the validation loss so far."""

from __future__ import annotations

from typing import NamedTuple


class Decision(NamedTuple):
    """What the rule says after one value: whether to stop, why, and at which epoch the loss was best."""

    stop: bool
    why: str = ""
    best_at: float | None = None


class StoppingRule:
    """The rule, value by value."""

    def next(self, epoch: float, value: float) -> Decision:
        """Take the next value and decide."""
        del epoch, value
        return Decision(False)

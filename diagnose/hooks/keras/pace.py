"""When to look: often at first, then ever more rarely, once in every epoch, and never beyond what it may cost."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Literal

from diagnose.hooks.budget import Budget

What = Literal["weights", "probe", "copy"]
FREE = 2
"""Looks of each kind that are always taken: before anything moved, and soon after."""
GRANTED = 2.0
"""Seconds beyond the share of the training's time: a program that trains for ten seconds has evidence too, and nobody
waits longer for it."""
PARTS: Mapping[What, float] = MappingProxyType({"weights": 0.25, "probe": 0.6, "copy": 0.15})
"""What each kind of look may take of the whole: a dear probe does not keep the cheap ones from being taken."""
SPACING = 2.0
"""Looks are due at steps 1, 2, 4, 8 … and at the first step of each epoch."""


class Pace:
    """Decides when to look.

    Parameters
    ----------
    budget
        Of the session: what looks cost is counted there too.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._next = 1.0
        self._looks: dict[What, int] = dict.fromkeys(PARTS, 0)
        self._costs: dict[What, float] = dict.fromkeys(PARTS, 0.0)
        self._spent: dict[What, float] = dict.fromkeys(PARTS, 0.0)

    def is_due(self, step: float, *, is_first: bool) -> bool:
        """Whether a look is due before a step; ``is_first`` of its epoch."""
        return is_first or step >= self._next

    def done(self, step: float) -> None:
        """Note that what was due at a step was done: the next is due later."""
        if step >= self._next:
            self._next = max(step + 1, SPACING * step)

    def affords(self, what: What) -> bool:
        """Whether another look as dear as the last one stays within what looking may take."""
        if self._looks[what] < FREE:
            return True
        share = self._budget.share
        whole = share * self._budget.elapsed + (GRANTED if share else 0.0)
        return self._spent[what] + self._costs[what] <= PARTS[what] * whole

    @contextmanager
    def spending(self, what: What, *, is_whole: bool = True) -> Iterator[None]:
        """Count the time of a look, or of a part of one; the first ones, which compile and warm up, are free."""
        began = time.perf_counter()
        try:
            with self._budget.spending(is_look=is_whole):
                yield
        finally:
            taken = time.perf_counter() - began
            self._looks[what] += is_whole
            if self._looks[what] > FREE:
                self._spent[what] += taken
            self._costs[what] = taken if is_whole else self._costs[what] + taken

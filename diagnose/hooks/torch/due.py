"""When to look: often at first, then ever more seldom, once at least an epoch, and never beyond a share of the time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from diagnose.hooks.budget import Budget

FIRST = 3
"""Steps from the first that are looked at whatever it costs."""
GROWTH = 1.5
"""Factor from one look's step to the next one's."""
LEAST = 1.05
"""The same where a new epoch would be reason to look."""
FLOOR = 50.0
"""Seconds of training whose share may be spent at once: half a second at 1 %, so that short runs show something."""


class Due:
    """Decides which steps are looked at; counts what looking costs.

    Parameters
    ----------
    budget
        Of the session.
    """

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._last = 0.0
        self._began = 0.0
        self._dearest: dict[str, float] = {}
        self._cost: dict[str, float] = {}

    def is_due(self, step: float, begins: float, *, is_first_of_epoch: bool) -> bool:
        """Whether a step is looked at.

        Parameters
        ----------
        step, begins
            The step, and the one that this hook began at.
        is_first_of_epoch
            Whether an epoch begins with it.
        """
        own = step - begins
        if own > FIRST:
            growth = LEAST if is_first_of_epoch else GROWTH
            if own < self._last * growth + 1 or not self.affords("layers"):
                return False
        self._last = own
        return True

    def affords(self, kind: str) -> bool:
        """Whether another look of a kind, as dear as its dearest, stays within the share."""
        most = self.budget.share * max(FLOOR, self.budget.elapsed)
        return self.budget.spent + self._dearest.get(kind, 0.0) <= most

    @contextmanager
    def spending(self, kind: str) -> Iterator[None]:
        """Count the time of a block as part of a look of a kind."""
        began = time.perf_counter()
        try:
            with self.budget.spending(is_look=False):
                yield
        finally:
            self._cost[kind] = self._cost.get(kind, 0.0) + time.perf_counter() - began

    def looked(self, kind: str) -> None:
        """Tell that a look of a kind is over."""
        cost = self._cost.pop(kind, 0.0)
        self._dearest[kind] = max(cost, 0.9 * self._dearest.get(kind, 0.0))

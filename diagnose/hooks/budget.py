"""How much a hook may look: its own time stays below a share of the training's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

FREE = 3
"""Looks that are always taken: the start of a training shows most of its faults."""


class Budget:
    """Counts a hook's own seconds against those since training began.

    Parameters
    ----------
    share
        Most of the time that may be spent, from 0 to 1.
    free
        Looks that are taken whatever they cost.
    """

    def __init__(self, share: float, *, free: int = FREE) -> None:
        self.share, self.spent, self.looks = share, 0.0, 0
        self._free = free
        self._began: float | None = None
        self._dearest = 0.0

    def begin(self) -> None:
        """Start the clock, once: the first step of training begins."""
        if self._began is None:
            self._began = time.perf_counter()

    @property
    def elapsed(self) -> float:
        """Seconds since training began."""
        return 0.0 if self._began is None else time.perf_counter() - self._began

    def affords(self) -> bool:
        """Whether another look as dear as the dearest so far stays within the share; the first ones are free."""
        return self.looks < self._free or self.spent + self._dearest <= self.share * self.elapsed

    @contextmanager
    def spending(self, *, is_look: bool = True) -> Iterator[None]:
        """Count the time of a block."""
        began = time.perf_counter()
        try:
            yield
        finally:
            taken = time.perf_counter() - began
            self.spent += taken
            if is_look:
                self.looks += 1
                self._dearest = max(self._dearest * 0.9, taken)

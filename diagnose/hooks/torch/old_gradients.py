"""Whether gradients were put to zero between two steps: told by a few small ones that are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from diagnose.hooks.torch.tensors import is_plain, torch

WITNESSES = 3
MOST_VALUES = 10_000
ALWAYS = 20
"""Steps that are looked at on a device that answers late; then every `SELDOM`, while nothing was found."""
SELDOM = 25


class OldGradients:
    """Keeps a few gradients as a step used them, and looks at them before the backward passes that follow.

    They are old where one of these passes found them as the step left them, and none found them zero or gone.
    """

    def __init__(self, weights: Sequence[Any]) -> None:
        self._weights = sorted((w for w in weights if is_plain(w)), key=lambda w: int(w.numel()))
        self._kept: list[tuple[Any, Any]] = []
        self._was_same = self._was_zeroed = False
        self._steps = 0

    def look(self) -> None:
        """Look before a backward pass."""
        if self._was_zeroed or not self._kept:
            return
        for weight, before in self._kept:
            if weight.grad is None or not bool(weight.grad.any()):
                self._was_zeroed = True
                return
            self._was_same = self._was_same or bool(torch.equal(weight.grad, before))

    def stepped(self) -> bool:
        """Tell that a step is over; return whether it used old gradients."""
        found = self._was_same and not self._was_zeroed
        self._was_same = self._was_zeroed = False
        self._steps += 1
        self._kept = []
        if not self._weights:
            return found
        is_late = self._weights[0].device.type != "cpu"
        if not is_late or self._steps <= ALWAYS or self._steps % SELDOM == 0 or found:
            self._keep()
        return found

    def _keep(self) -> None:
        for weight in self._weights:
            if len(self._kept) >= WITNESSES or (weight.numel() > MOST_VALUES and self._kept):
                break
            grad = weight.grad
            if grad is not None and is_plain(grad) and bool(grad.any()):
                self._kept.append((weight, grad.detach().clone()))

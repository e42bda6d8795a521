"""How much the gradients of single batches differ: a few steps in a row, at nearly the same weights."""

from __future__ import annotations

from typing import Any

from diagnose.hooks.torch.tensors import torch
from diagnose.recording import GradientNoise

LENGTH = 6
"""Gradients of one burst."""
UNLIKE = 0.1
"""Share by which batch sizes may differ within a burst."""


class NoiseBurst:
    """Gradients of consecutive steps, until there are enough."""

    def __init__(self) -> None:
        self._gradients: list[dict[str, Any]] = []
        self._sizes: list[int] = []

    def add(self, gradients: dict[str, Any], batch: int) -> bool:
        """Take a step's gradients, drawn and scaled; return whether the burst is whole."""
        if self._sizes and abs(batch - self._sizes[0]) > UNLIKE * self._sizes[0]:
            return False  # the last batch of an epoch
        self._gradients.append(gradients)
        self._sizes.append(batch)
        return len(self._gradients) >= LENGTH

    def noise(self, step: float, epoch: float) -> GradientNoise | None:
        """Return what the burst says; None where its gradients have nothing in common, or are no finite numbers."""
        common = [name for name in self._gradients[0] if all(name in found for found in self._gradients)]
        if not common or not self._sizes[0]:
            return None
        rows = torch.stack([torch.cat([found[name].double() for name in common]) for found in self._gradients])
        products = rows @ rows.T
        n = len(rows)
        squared = float(products.diagonal().mean())
        product = float((products.sum() - products.diagonal().sum()) / (n * (n - 1)))
        whole = GradientNoise(step, epoch, self._sizes[0], n, squared, product)
        return whole if squared > 0 and torch.isfinite(products).all() else None

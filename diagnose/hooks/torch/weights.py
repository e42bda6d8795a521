"""The largest weight of every layer: its gradient, its change in one step, and how far it has come."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from diagnose.hooks.torch.tensors import Drawn, is_plain, numbers, scale_of, torch
from diagnose.models.torch_layers import Leaf

Rows = dict[str, dict[str, float]]
"""Layer to quantity to value."""


class Weights:
    """Values drawn once from the largest weight of each layer, compared with what they were.

    Parameters
    ----------
    leaves
        The layers; those without weights, or with weights that lie elsewhere, are left out.
    """

    def __init__(self, leaves: Sequence[Leaf], drawn: Drawn) -> None:
        self._drawn = drawn
        self.of: dict[str, Any] = {}
        self.start: dict[str, Any] = {}
        self._before: dict[str, Any] = {}
        for leaf in leaves:
            self._add(leaf)

    def _add(self, leaf: Leaf) -> None:
        lazy = torch.nn.parameter.UninitializedTensorMixin
        whole = [w for _, w in leaf.weights if not isinstance(w, lazy) and is_plain(w) and w.is_floating_point()]
        if whole:
            weight = max(whole, key=lambda w: int(w.numel()))
            self.of[leaf.name] = weight
            self.start[leaf.name] = self._drawn.of(weight)

    def gradients(self) -> dict[str, Any]:
        """Return values drawn from the gradients that there are, by layer, scaled to estimate norms and products."""
        found = {}
        for name, weight in self.of.items():
            if weight.grad is not None and is_plain(weight.grad):
                found[name] = self._drawn.of(weight.grad) * scale_of(weight.numel())
        return found

    def remember(self) -> None:
        """Keep the values as they are before a step."""
        self._before = {name: self._drawn.of(weight) for name, weight in self.of.items()}

    def compared(self, groups: dict[int, tuple[Any, dict[str, Any]]], rows: Rows) -> None:
        """Add norms, changes and the share of weight decay after a step.

        Parameters
        ----------
        groups
            Identity of a weight to the optimizer and the group that hold it.
        """
        tensors: list[Any] = []
        for name, before in self._before.items():
            change = self._drawn.of(self.of[name]) - before
            decayed = _decayed(self.of[name], before, groups, self._drawn)
            tensors += [_norm(t) for t in (before, change, before - self.start[name], self.start[name], decayed)]
        values = iter(numbers(tensors))
        for name in self._before:
            size = self.of[name].numel()
            weight, change, moved, start, decayed = (next(values) for _ in range(5))
            scale = scale_of(size)
            row = rows.setdefault(name, {})
            row |= {"weight": weight * scale, "size": float(size)}
            row["update_ratio"] = change / weight if weight > 0 else math.nan
            row["distance"] = moved / start if start > 0 else math.nan
            if id(self.of[name]) in groups:
                row["decay_ratio"] = decayed / change if change > 0 else (0.0 if decayed == 0 else math.nan)
        self._before = {}

    def norms(self, gradients: dict[str, Any], factor: float, rows: Rows) -> None:
        """Add the norms of gradients, each divided by a loss's scale; a weight that none reached has one of 0."""
        if gradients:
            for name, weight in self.of.items():
                if weight.requires_grad and weight.grad is None and name not in gradients:
                    rows.setdefault(name, {})["gradient"] = 0.0
        for name, value in zip(gradients, numbers([_norm(g) for g in gradients.values()]), strict=True):
            rows.setdefault(name, {})["gradient"] = value / factor


def _norm(tensor: Any) -> Any:
    return torch.linalg.vector_norm(tensor)


def _decayed(weight: Any, before: Any, groups: dict[int, tuple[Any, dict[str, Any]]], drawn: Drawn) -> Any:
    """Return what weight decay alone takes off the drawn values in one step.

    Coupled to the gradient it passes through the optimizer: with momentum m it adds up to 1 / (1 - m) of itself, with
    Adam it is divided by the root of the second moment.
    """
    optimizer, group = groups.get(id(weight), (None, {}))
    decay, rate = float(group.get("weight_decay") or 0), float(group.get("lr") or 0)
    if not decay or not rate or weight.grad is None:
        return before[:1] * 0
    plain = before * (decay * rate)
    kind = type(optimizer).__name__.lower()
    if "adamw" in kind or group.get("decoupled_weight_decay"):
        return plain
    state = optimizer.state.get(weight, {})
    second = state.get("exp_avg_sq", state.get("square_avg"))
    if isinstance(second, torch.Tensor) and second.shape == weight.shape:
        taken = int(state.get("step", 1) or 1)
        correction = 1 - float(group["betas"][1]) ** taken if "betas" in group else 1.0
        return plain / ((drawn.of(second) / correction).sqrt() + float(group.get("eps", 1e-8)))
    momentum = group.get("momentum")
    if not isinstance(momentum, (int, float)) or not 0 < momentum < 1:
        return plain
    return plain * ((1 - float(group.get("dampening") or 0)) / (1 - momentum))

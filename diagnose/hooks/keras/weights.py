"""How each layer's weights move: samples of its largest weight tensor, read before and after a step."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from diagnose.data import FloatArray
from diagnose.models.keras_card_compiled import decays, rate_of
from diagnose.models.keras_card_layers import Leaf, size

MOST = 4_096
"""Values of a weight that are read, drawn once: their norm is within 2 % of all values' (standard error)."""
PLAIN_STEPS = ("SGD",)
"""Optimizers whose step is the rate times the gradient, so that a penalty's part of it is known."""


class Samples:
    """The same few values of each layer's largest weight, read again and again.

    Parameters
    ----------
    leaves
        The layers; those without weights are left out.
    """

    def __init__(self, leaves: Sequence[Leaf]) -> None:
        self.leaves = tuple(leaf for leaf in leaves if leaf.weights)
        self.names = tuple(leaf.name for leaf in self.leaves)
        self.variables = tuple(max(leaf.weights, key=size) for leaf in self.leaves)
        self.sizes = np.array([size(v) for v in self.variables], dtype=np.float64)
        draw = np.random.default_rng(0)  # its own: the program's random states stay as they are
        self._places: list[Any] = [
            np.sort(draw.choice(size(v), MOST, replace=False)) if size(v) > MOST else None for v in self.variables
        ]
        self._scales = np.array([math.sqrt(max(1.0, n / MOST)) for n in self.sizes])
        self.start: list[Any] = []
        self._normalisations = [leaf for leaf in leaves if hasattr(leaf.layer, "moving_mean")]
        self._statistics: dict[str, tuple[Any, Any]] = {}

    def read(self) -> list[Any]:
        """Return the values as they are now; the first ones are what distances are measured from."""
        values = [_read(v, at) for v, at in zip(self.variables, self._places, strict=True)]
        if not self.start:
            self.start = values
        return values

    def norms(self, values: Sequence[Any]) -> FloatArray:
        """Return the estimated L2 norm of each whole tensor, shape ``(n layers,)``."""
        norms: FloatArray = np.array([np.linalg.norm(one.astype(np.float64)) for one in values]) * self._scales
        return norms

    def quantities(self, before: Sequence[Any], after: Sequence[Any] | None, steps: float) -> dict[str, FloatArray]:
        """Return what the weights tell of a step.

        Parameters
        ----------
        before, after
            Values read before and after; None where no step was taken between.
        steps
            Optimizer steps between them.
        """
        weight = self.norms(before)
        moved = [a - b for a, b in zip(before, self.start, strict=True)]
        found = {"weight": weight, "size": self.sizes, "distance": _over(self.norms(moved), self.norms(self.start))}
        if after is not None and steps > 0:
            change = self.norms([a - b for a, b in zip(after, before, strict=True)]) / steps
            found["update_ratio"] = _over(change, weight)
        return found

    def statistics_moved(self) -> dict[str, float]:
        """Return how far the running means of batch normalisations are from the first ones, by layer."""
        moved = {}
        for leaf in self._normalisations:
            mean, variance = _whole(leaf.layer.moving_mean), _whole(leaf.layer.moving_variance)
            then = self._statistics.setdefault(leaf.name, (mean, np.sqrt(variance + leaf.layer.epsilon)))
            moved[leaf.name] = float(np.sqrt(np.mean(((mean - then[0]) / then[1]) ** 2)))
        return moved

    def decay(self, optimizer: Any, weight: FloatArray, update: FloatArray) -> FloatArray:
        """Return the share of each step that weight decay, or a penalty, alone takes off; NaN where there is none."""
        rate = rate_of(optimizer) or math.nan
        taken = np.full(len(self.leaves), np.nan)
        for at, (leaf, variable) in enumerate(zip(self.leaves, self.variables, strict=True)):
            off = float(optimizer.weight_decay) if decays(optimizer, variable) else 0.0
            if type(optimizer).__name__ in PLAIN_STEPS:
                off += 2 * penalty(leaf)
            if off:
                taken[at] = rate * off
        return _over(taken * weight, update * weight)


def penalty(leaf: Leaf) -> float:
    """Return the factor of a layer's L2 penalty on its kernel; 0 where there is none."""
    regularizer = getattr(leaf.layer, "kernel_regularizer", None)
    return float(getattr(regularizer, "l2", 0.0) or 0.0)


def _over(above: FloatArray, below: FloatArray) -> FloatArray:
    found: FloatArray = np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)
    return found


def _whole(variable: Any) -> Any:
    value = variable.value
    return np.array(value.detach().cpu() if hasattr(value, "detach") else np.asarray(value), dtype=np.float64)


def _read(variable: Any, places: Any) -> Any:
    value = variable.value
    if hasattr(value, "detach"):
        flat = value.detach().reshape(-1)
        if places is not None:
            flat = flat[sys.modules["torch"].as_tensor(places, device=flat.device)]
        return flat.float().cpu().numpy().copy()
    if type(value).__module__.startswith("tensorflow"):
        tf: Any = sys.modules["tensorflow"]
        flat = tf.reshape(value, [-1])
        return np.array(flat if places is None else tf.gather(flat, places), dtype=np.float32)
    flat = np.asarray(value).reshape(-1)
    return np.array(flat if places is None else flat[places], dtype=np.float32)

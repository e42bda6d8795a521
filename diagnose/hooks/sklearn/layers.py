"""What the layers of scikit-learn's networks do: their weights, one step's change, and their outputs for some rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from diagnose.data import FloatArray
from diagnose.hooks.session import Session
from diagnose.hooks.sklearn.card import is_network, last_step, layer_names
from diagnose.hooks.sklearn.facts import reaching
from diagnose.journal.records import Counts, Layers, Losses

ROWS = 256
"""Rows whose activations are looked at: a unit that is dead for all of them serves under 1 % of the data (95 %)."""
MOST_LOSSES = 200
"""Losses of single batches that are written of an epoch."""
FLOOR = 50.0
"""Seconds of training whose share may be spent at once, so that short runs show something."""
END = 0.01
"""Share of the range of sigmoid or tanh at its ends in which a unit counts as saturated."""

Weights = Sequence[FloatArray]


class LayerWatch:
    """Looks at a network's layers; at one step of an epoch, where a batch is one step of its optimizer."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._start: list[FloatArray] = []
        self._before: list[FloatArray] = []
        self._update: dict[str, list[float]] = {}
        self._losses: list[float] = []
        self._steps = 0

    def before_step(self, estimator: Any, rows: int) -> None:
        """Keep the weights, once an epoch."""
        if not is_network(estimator) or self._update or not self._affords():
            return
        size = estimator.batch_size
        if estimator.solver != "lbfgs" and rows <= (200 if size == "auto" else size):  # "auto" is at most 200
            self._before = copied(estimator)

    def _affords(self) -> bool:
        budget = self._session.budget
        return budget.spent <= budget.share * max(FLOOR, budget.elapsed)

    def after_step(self, estimator: Any) -> None:
        """Compare them with what the step made of them."""
        if not is_network(estimator):
            return
        if not self._start:
            self._start = copied(estimator)
        self._steps += 1
        self._losses.append(float(estimator.loss_))
        if self._before:
            self._update, self._before = update_facts(self._before, estimator.coefs_), []

    def look(self, model: Any, data: list[tuple[Any, Any]], epoch: float, step: float) -> None:
        """Write a sample of what the layers are and do for the last of the data."""
        estimator = last_step(model)
        self._tell_losses(epoch)
        if not is_network(estimator) or not hasattr(estimator, "coefs_") or not data or not self._affords():
            return
        x = data[-1][0]
        rows = reaching(model, x.iloc[:ROWS] if hasattr(x, "iloc") else x[:ROWS])
        rows = rows.toarray() if hasattr(rows, "toarray") else np.asarray(rows)
        facts = {**weight_facts(estimator.coefs_, self._start), **self._update, **activation_facts(estimator, rows)}
        self._session.write(Layers(step, epoch, layer_names(estimator), facts))
        self._update = {}

    def _tell_losses(self, epoch: float) -> None:
        """Write the losses of the epoch's batches, evenly thinned."""
        n, first = len(self._losses), self._steps - len(self._losses) + 1
        if not n:
            return
        at = range(0, n, -(-n // MOST_LOSSES))
        epochs = [epoch - 1 + (i + 1) / n for i in at]
        self._session.write(Losses([float(first + i) for i in at], epochs, [self._losses[i] for i in at]))
        self._session.write(Counts({"steps": self._steps, "backward_passes": self._steps}))
        self._losses = []


def copied(estimator: Any) -> list[FloatArray]:
    """Return the weights as they are now, or nothing of an estimator that was not fitted yet."""
    return [np.array(weights, dtype=np.float64) for weights in getattr(estimator, "coefs_", ())]


def weight_facts(now: Weights, start: Weights) -> dict[str, list[float]]:
    """Return norm, size and the distance from the start of each layer's weights."""
    return {
        "weight": [float(np.linalg.norm(w)) for w in now],
        "size": [float(w.size) for w in now],
        "distance": [_ratio(w, s) for w, s in zip(now, start, strict=True)] if start else [float("nan")] * len(now),
    }


def update_facts(before: Weights, after: Weights) -> dict[str, list[float]]:
    """Return one step's change over the weights before it."""
    return {"update_ratio": [_ratio(w, s) for w, s in zip(after, before, strict=True)]}


def activation_facts(estimator: Any, rows: FloatArray) -> Mapping[str, list[float]]:
    """Return what each layer's outputs look like over rows of shape ``(n, features)``.

    The names and definitions are those of `diagnose.recording.QUANTITIES`.
    """
    found: dict[str, list[float]] = {}
    last = len(estimator.coefs_) - 1
    outputs = np.asarray(rows, dtype=np.float64)[:ROWS]
    for place, (weights, offsets) in enumerate(zip(estimator.coefs_, estimator.intercepts_, strict=True)):
        activation = estimator.out_activation_ if place == last else estimator.activation
        outputs = _activated(outputs @ weights + offsets, activation)
        for name, value in _facts(outputs, activation).items():
            found.setdefault(name, []).append(value)
    return found


def _facts(outputs: FloatArray, activation: str) -> dict[str, float]:
    std = float(outputs.std())
    spread = float(np.sqrt(np.mean(outputs.std(axis=0) ** 2)))
    low, high = {"logistic": (0.0, 1.0), "softmax": (0.0, 1.0), "tanh": (-1.0, 1.0)}.get(activation, (np.nan, np.nan))
    margin = END * (high - low)
    ends = (outputs < low + margin) | (outputs > high - margin)
    zero = outputs == 0
    return {
        "activation_mean": float(outputs.mean()),
        "activation_std": std,
        "spread": spread / std if std > 0 else 0.0,
        "zero_share": float(zero.mean()),
        "dead_share": float(zero.all(axis=0).mean()),
        "saturated_share": float(ends.mean()) if np.isfinite(low) else float("nan"),
    }


def _activated(sums: FloatArray, name: str) -> FloatArray:
    if name == "relu":
        return np.maximum(sums, 0)
    if name == "tanh":
        return np.tanh(sums)
    if name == "logistic":
        return np.asarray(0.5 * (1 + np.tanh(0.5 * sums)))  # the same, and never overflows
    if name == "softmax":
        powers = np.exp(sums - sums.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))
    return sums


def _ratio(now: FloatArray, before: FloatArray) -> float:
    norm = float(np.linalg.norm(before))
    return float(np.linalg.norm(now - before)) / norm if norm > 0 else float("nan")

"""One look at a model's outputs, in numbers."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from diagnose.recording import OutputFacts

NEAR = 0.01
"""Outputs that sum to 1 within this are probabilities of classes."""


def output_facts(
    outputs: Any, labels: Any, step: float, epoch: float, on: Literal["train", "probe"]
) -> OutputFacts | None:
    """Return what can be said of outputs.

    Parameters
    ----------
    outputs
        Shape ``(n,)`` or ``(n, …, width)``.
    labels
        Of the same samples, class indices or one-hot rows; or None.
    step, epoch, on
        When, and of which samples.
    """
    if outputs.ndim == 0 or not outputs.size:
        return None
    n, width = len(outputs), outputs.shape[-1] if outputs.ndim > 1 else 1
    finite = np.isfinite(outputs)
    known = np.where(finite, outputs, 0.0).astype(np.float64)
    flat = known.reshape(n, -1)
    unit = finite & (outputs >= 0) & (outputs <= 1)
    sums = np.abs(known.reshape(-1, width).sum(axis=1) - 1) <= NEAR
    is_row = unit.reshape(-1, width).all(axis=1) & sums
    is_classes = outputs.ndim == 2 and width > 1
    of_class = np.bincount(known.argmax(axis=1), minlength=width) if is_classes else None
    return OutputFacts(
        step, epoch, on, n, int(width),
        low=float(known[finite].min()) if finite.any() else float("nan"),
        high=float(known[finite].max()) if finite.any() else float("nan"),
        spread=float(np.sqrt(np.mean(flat.var(axis=0)))),
        level=float(np.sqrt(np.mean(flat**2))),
        top_share=None if of_class is None else float(of_class.max() / n),
        label_top_share=_label_top_share(labels, n),
        confidence=_confidence(known, is_row) if is_classes else None,
        sums_to_one=float(is_row.mean()) if width > 1 else None,
        in_unit_interval=float(unit.mean()),
        non_finite=float(1 - finite.mean()),
    )  # fmt: skip


def _confidence(outputs: Any, is_row: Any) -> float:
    if is_row.mean() >= 1 - NEAR:
        return float(outputs.max(axis=1).mean())
    shifted = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    return float((shifted / shifted.sum(axis=1, keepdims=True)).max(axis=1).mean())


def _label_top_share(labels: Any, n: int) -> float | None:
    if labels is None or len(labels) != n:
        return None
    if labels.ndim == 2 and labels.shape[1] > 1:
        if not np.isin(labels, (0, 1)).all():
            return None
        labels = labels.argmax(axis=1)
    values = np.ravel(labels)
    if len(values) != n or not np.array_equal(values, np.trunc(values)):
        return None
    return float(np.unique(values, return_counts=True)[1].max() / n)

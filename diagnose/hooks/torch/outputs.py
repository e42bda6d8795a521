"""A look at a model's outputs: do they differ between samples, are they probabilities, do they name one class only?"""

from __future__ import annotations

import math
from typing import Any, Literal

from diagnose.hooks.torch.tensors import torch
from diagnose.recording import OutputFacts

MOST_ROWS = 1024
MOST_VALUES = 1_000_000
CLASSES = ("cross_entropy", "nll_loss", "multi_margin_loss")
"""Losses whose outputs are about classes, along the second axis."""


def output_facts(
    output: Any,
    labels: Any,
    loss: str,
    place: tuple[float, float],
    on: Literal["train", "probe"],
) -> OutputFacts | None:
    """Return what a batch of outputs looks like; None where there are too few samples.

    Parameters
    ----------
    output
        Shape ``(n, …)``.
    labels
        As the loss gets them, for the same samples; None where unknown.
    loss
        Name of the loss's function; empty where unknown.
    place
        Step and epoch.
    """
    if output.ndim == 0 or output.shape[0] < 2 or not output.numel():
        return None
    rows = _rows(output.detach(), by_class=loss in CLASSES and output.ndim > 1)
    samples = output.shape[0]
    width = rows.shape[1]
    finite = torch.isfinite(rows)
    clean = torch.nan_to_num(rows, 0.0, 0.0, 0.0)
    in_unit = (clean >= 0) & (clean <= 1) & finite
    sums = (in_unit.all(1) & ((clean.sum(1) - 1).abs() <= 0.01)).float().mean() if width > 1 else None
    several = width > 1 and (loss in CLASSES or loss == "")
    told = torch.stack([clean.min(), clean.max(), _spread(output), clean.square().mean().sqrt(),
                        in_unit.float().mean(), 1 - finite.float().mean()]).tolist()  # fmt: skip
    low, high, spread, level, in_unit_share, non_finite = told
    share = None if sums is None else float(sums)
    return OutputFacts(
        step=place[0], epoch=place[1], on=on, n=samples, width=width, low=low, high=high, spread=spread, level=level,
        top_share=_most_frequent(clean.argmax(1)) if width > 1 else None,
        label_top_share=_label_share(labels),
        confidence=_confidence(clean, loss, share) if several or loss.startswith("binary") else None,
        sums_to_one=share, in_unit_interval=in_unit_share, non_finite=max(0.0, non_finite),
    )  # fmt: skip


def _rows(output: Any, *, by_class: bool) -> Any:
    """Return outputs as rows of one sample, or of one place of a sample where classes are told for each."""
    if output.ndim == 1:
        rows = output.unsqueeze(1)
    elif output.ndim == 2:
        rows = output
    else:
        rows = (output.movedim(1, -1) if by_class else output).reshape(-1, output.shape[1 if by_class else -1])
    most = max(2, min(MOST_ROWS, MOST_VALUES // max(1, rows.shape[1])))
    return rows[:: max(1, math.ceil(rows.shape[0] / most))].float()


def _spread(output: Any) -> Any:
    flat = output.detach().reshape(output.shape[0], -1)[:256]
    flat = torch.nan_to_num(flat[:, :: max(1, flat.shape[1] // 4096)].float(), 0.0, 0.0, 0.0)
    return flat.std(0, correction=0).square().mean().sqrt()


def _most_frequent(classes: Any) -> float:
    return float(torch.bincount(classes.reshape(-1).cpu()).max()) / int(classes.numel())


def _label_share(labels: Any) -> float | None:
    if labels is None or not labels.numel():
        return None
    classes = labels.detach()
    if classes.ndim == 2 and classes.shape[1] > 1 and classes.is_floating_point():
        classes = classes.argmax(1)
    if classes.is_floating_point() and not bool((classes == classes.round()).all()):
        return None
    _, counts = torch.unique(classes.reshape(-1)[:MOST_ROWS], return_counts=True)
    return float(counts.max()) / float(counts.sum()) if len(counts) <= 1000 else None


def _confidence(rows: Any, loss: str, sums: float | None) -> float | None:
    if loss == "nll_loss" and float(rows.max()) <= 1e-4:
        return float(rows.exp().amax(1).mean())
    if sums is not None and sums > 0.99:
        return float(rows.amax(1).mean())
    if loss == "cross_entropy":
        return float(torch.softmax(rows, 1).amax(1).mean())
    if loss.startswith("binary"):
        chance = torch.sigmoid(rows) if loss.endswith("logits") else rows
        return float(torch.maximum(chance, 1 - chance).mean())
    return None

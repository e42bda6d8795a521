"""Losses and right answers of an epoch's batches, added up where they are, and fetched when the epoch ends."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from diagnose.hooks.torch.tensors import numbers

MOST_HELD = 512
MOST_SCORES = 300_000
"""Values of a batch's outputs that right answers are counted in; of a larger one, in its first samples."""


class Tally:
    """The mean loss and the accuracy over batches."""

    def __init__(self) -> None:
        self._held: list[Any] = []
        self._weights: list[float] = []
        self._sum = self._weight = 0.0
        self._right: Any = None
        self._answers = 0
        self.passes = 0

    def loss(self, value: Any, samples: int) -> None:
        """Add a batch's loss."""
        self._held.append(value.detach())
        self._weights.append(float(max(1, samples)))
        if len(self._held) >= MOST_HELD:
            self._fetch()

    def answers(self, right: Any, n: int) -> None:
        """Add the number of right answers, as a tensor."""
        self._right = right if self._right is None else self._right + right
        self._answers += n

    def values(self, prefix: str = "") -> Mapping[str, float]:
        """Return the mean loss and the accuracy, where there are any."""
        self._fetch()
        found = {}
        if self._weight:
            found[f"{prefix}loss"] = self._sum / self._weight
        if self._answers:
            found[f"{prefix}accuracy"] = float(self._right) / self._answers
        return found

    def _fetch(self) -> None:
        for value, weight in zip(numbers(self._held), self._weights, strict=True):
            self._sum += value * weight if math.isfinite(value) else math.nan
            self._weight += weight
        self._held, self._weights = [], []


def right_answers(loss: str, scores: Any, labels: Any) -> tuple[Any, int] | None:
    """Return how many of a batch's answers are right, and of how many; None where the loss is not about classes.

    Parameters
    ----------
    loss
        Name of its function.
    scores, labels
        As the loss gets them.
    """
    if labels is None or not scores.numel():
        return None
    if loss in ("cross_entropy", "nll_loss", "multi_margin_loss") and scores.ndim > 1:
        most = max(1, MOST_SCORES // max(1, scores[0].numel()))
        scores, labels = scores.detach()[:most], labels.detach()[:most]
        best = scores.argmax(1)
        if labels.shape == scores.shape:
            labels = labels.argmax(1)
        if labels.shape != best.shape:
            return None
        if labels.is_floating_point() or not bool((labels < 0).any()):
            return (best == labels).sum(), best.numel()
        kept = labels >= 0
        return ((best == labels) & kept).sum(), int(kept.sum())
    if loss.startswith("binary_cross_entropy") and scores.shape == labels.shape:
        middle = 0.0 if loss.endswith("logits") else 0.5
        said = scores.detach() > middle
        return (said == (labels.detach() > 0.5)).sum(), said.numel()
    return None


def mean_loss(value: Any, samples: int, settings: Mapping[str, Any]) -> Any:
    """Return a loss as the mean over samples, whatever its reduction."""
    if value.ndim:
        return value.detach().float().mean()
    return value.detach() / max(1, samples) if settings.get("reduction") == "sum" else value

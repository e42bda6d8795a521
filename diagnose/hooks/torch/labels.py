"""Labels as the loss gets them: how they are written, which classes there are, in which order they come."""

from __future__ import annotations

from typing import Any

import numpy as np

from diagnose.data import SplitName
from diagnose.hooks.torch.tensors import torch
from diagnose.model_card import Labels
from diagnose.recording import LabelFacts

MOST_VALUES = 200_000
"""Of a split, that are held."""
MOST_OF_A_BATCH = 4096
MOST_CLASSES = 1000
IGNORED = -100
"""The index that PyTorch's losses leave out."""


class LabelLook:
    """Labels of one pass over a split."""

    def __init__(self, split: SplitName) -> None:
        self.split = split
        self._batches: list[Any] = []
        self._held = self._n = 0
        self._shape: tuple[int, ...] = ()
        self._dtype = ""
        self._is_counted = True

    def add(self, labels: Any) -> None:
        """Take a batch's labels."""
        if self._held >= MOST_VALUES or not labels.ndim:
            self._is_counted = False
            return
        kept = labels.detach()
        row = max(1, kept.numel() // max(1, kept.shape[0]))
        if kept.numel() > MOST_OF_A_BATCH:
            rows = max(1, MOST_OF_A_BATCH // row)
            kept = kept[:rows]
        kept = kept.clone()
        self._shape, self._dtype = tuple(labels.shape[1:]), str(labels.dtype).removeprefix("torch.")
        self._n += int(labels.shape[0])
        self._held += int(kept.numel())
        if not self._batches or kept.shape[1:] == self._batches[0].shape[1:]:
            self._batches.append(kept)

    def values(self) -> Any:
        """Return the labels in their order as an array, shape ``(n, …)``."""
        kept = [batch.double() if batch.is_floating_point() else batch for batch in self._batches]
        return torch.cat(kept).cpu().numpy() if kept else np.empty(0)

    def facts(self, *, has_ended: bool = False) -> LabelFacts | None:
        """Return what was seen; None where nothing was. ``has_ended`` says that the pass over the split has."""
        values = self.values()
        if not values.size:
            return None
        is_integer = values.dtype.kind in "iub"
        valid = values[values != IGNORED] if is_integer else values[np.isfinite(values)]
        if not valid.size:
            return None
        found, counts = np.unique(valid, return_counts=True)
        is_whole = bool(np.all(found == np.round(found)))
        written = written_as(values, self._shape, is_integer=is_integer)
        classes: dict[str, int] = {}
        if written is Labels.ONE_HOT:
            totals = values.reshape(-1, values.shape[-1]).sum(0)
            classes = {str(at): int(count) for at, count in enumerate(totals[:MOST_CLASSES]) if count}
        elif written is not Labels.MULTI_HOT and is_whole and len(found) <= MOST_CLASSES and (
            written in (Labels.INDICES, Labels.BINARY, Labels.SIGNS) or len(found) * 4 <= valid.size
        ):  # fmt: skip
            classes = {f"{value:g}": int(count) for value, count in zip(found, counts, strict=True)}
        return LabelFacts(
            split=self.split, shape=self._shape, dtype=self._dtype, n=self._n, low=float(found[0]),
            high=float(found[-1]), distinct=min(len(found), MOST_CLASSES + 1), written=written, counts=classes,
            is_whole=is_whole, mean=float(valid.mean()), std=float(valid.std()),
            is_complete=has_ended and self._is_counted,
        )  # fmt: skip

    def changes(self) -> tuple[int, int, float] | None:
        """Return the number of samples, of neighbours with different labels, and what a random order has on average.

        None where labels are no classes.
        """
        values = self.values()
        if values.ndim == 2 and values.shape[1] > 1 and _are_one_hot(values):
            values = values.argmax(1)
        values = values.reshape(len(values), -1)
        if values.shape[1] != 1 or len(values) < 2:
            return None
        flat = values[:, 0]
        _, counts = np.unique(flat, return_counts=True)
        if len(counts) > MOST_CLASSES or len(counts) * 2 > len(flat):
            return None
        n = len(flat)
        equal = float((counts * (counts - 1.0)).sum()) / (n * (n - 1.0))
        return n, int((flat[1:] != flat[:-1]).sum()), (n - 1) * (1 - equal)


def written_as(values: Any, shape: tuple[int, ...], *, is_integer: bool) -> Labels | None:
    """Say how labels are written; None where that can't be told.

    Parameters
    ----------
    values
        Shape ``(n, …)``.
    shape
        Of one sample.
    is_integer
        Whether their type holds whole numbers only.
    """
    kinds = set(np.unique(values)[:3].tolist())
    if len(shape) == 1 and shape[0] > 1 and kinds <= {0, 1}:
        return Labels.ONE_HOT if _are_one_hot(values) else Labels.MULTI_HOT
    if len(shape) >= 1 and shape[-1] > 1 and not is_integer and _are_shares(values):
        return Labels.ONE_HOT
    if kinds == {-1, 1}:
        return Labels.SIGNS
    if is_integer:
        return Labels.INDICES
    if kinds <= {0, 1}:
        return Labels.BINARY
    return None if np.all(values == np.round(values)) and len(np.unique(values)) <= MOST_CLASSES else Labels.VALUES


def _are_one_hot(values: Any) -> bool:
    return bool(np.isin(values, (0, 1)).all() and (values.sum(-1) == 1).all())


def _are_shares(values: Any) -> bool:
    """Whether rows are probabilities, as label smoothing or mixing of samples makes them."""
    return bool((values >= 0).all() and np.allclose(values.sum(-1), 1, atol=1e-3))

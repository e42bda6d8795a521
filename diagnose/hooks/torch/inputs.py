"""What a model is given: the values of its inputs, the order in which samples come, rows that come in both splits."""

from __future__ import annotations

import hashlib
import math
from typing import Any, Literal

import numpy as np

from diagnose.data import SplitName
from diagnose.hashing import Words, mixed
from diagnose.hooks.torch.tensors import torch
from diagnose.recording import InputFacts

MOST_BATCHES = 8
MOST_SAMPLES = 64
"""Of a batch."""
MOST_VALUES = 400_000
"""Of a batch."""
MOST_FEATURES = 512
MOST_ROWS = 20_000
"""Of each split, that are compared with the other's."""
MOST_PLACES = 1024
"""Of a row: rows that agree there are taken as equal."""
NATURAL = 0.01
"""Share of training rows that come twice among themselves, from which equal rows in two splits say nothing."""
ALIKE = 0.9
"""Share of rows that makes a batch one of the training data; a leak is of fewer."""
ORDER_BATCHES = 4

Kind = Literal["image", "table", "tokens", "sequence", "other"]


class InputLook:
    """One input of one split over its first batches."""

    def __init__(self, split: SplitName, name: str, *, is_sequential: bool, reached_as: str = "") -> None:
        self.split, self.name = split, name
        self.batches = 0
        self._is_sequential, self._reached_as = is_sequential, reached_as
        self._parts: list[Any] = []
        self._dtype, self._shape = "", ()
        self._n, self._non_finite, self._values = 0, 0.0, 0

    def add(self, tensor: Any) -> None:
        """Take a batch."""
        shape = tuple(tensor.shape[1:])
        if self.batches >= MOST_BATCHES or (self._parts and len(shape) != len(self._shape)):
            return
        self.batches += 1
        self._shape, self._dtype = shape, str(tensor.dtype).removeprefix("torch.")
        part = tensor.detach()[:MOST_SAMPLES]
        size = max(1, math.prod(shape))
        part = part[: max(1, MOST_VALUES // size)]
        part = part.float().cpu() if part.dtype != torch.float64 else part.cpu()
        array = np.asarray(part.numpy(), dtype=np.float64)
        self._n += int(tensor.shape[0])
        self._non_finite += float((~np.isfinite(array)).sum())
        self._values += array.size
        if not self._parts or array.shape[1:] == self._parts[0].shape[1:]:
            self._parts.append(array)

    def kind(self) -> Kind:
        """Say what the input is."""
        axes = len(self._shape)
        if self._dtype.startswith(("int", "long")) and axes <= 1:
            return "tokens"
        if axes <= 1:
            return "table"
        if self._is_sequential and axes == 2:
            return "sequence"
        if axes in (2, 3):
            return "image"
        return "other"

    def facts(self) -> InputFacts | None:
        """Return what was seen; None where nothing was."""
        if not self._parts:
            return None
        values = np.concatenate(self._parts)
        finite = np.where(np.isfinite(values), values, np.nan)
        kind = self.kind()
        known = bool(np.isfinite(values).any())
        flat = finite[np.isfinite(finite)] if known else np.zeros(1)
        channels = _channels(finite, kind) if known else None
        columns = finite[:, :MOST_FEATURES] if kind == "table" and finite.ndim == 2 and known else None
        return InputFacts(
            split=self.split, name=self.name, shape=self._shape, dtype=self._dtype, kind=kind, n=self._n,
            low=float(flat.min()), high=float(flat.max()), mean=float(flat.mean()), std=float(flat.std()),
            channel_means=_numbers(channels, np.mean), channel_stds=_numbers(channels, np.std),
            feature_means=_numbers(columns, np.mean), feature_stds=_numbers(columns, np.std),
            non_finite=self._non_finite / max(1, self._values),
            constant_features=0 if columns is None else int((columns.max(0) == columns.min(0)).sum()),
            reached_as=self._reached_as or "the model's input",
        )  # fmt: skip


def _channels(values: Any, kind: Kind) -> Any:
    """Return an image's values with one column a channel; None where it is none, or has them somewhere else."""
    if kind != "image":
        return None
    if values.ndim == 3:
        return values.reshape(-1, 1)
    axis = 1 if values.shape[1] <= 16 else (3 if values.shape[3] <= 16 else None)
    return None if axis is None else np.moveaxis(values, axis, -1).reshape(-1, values.shape[axis])


def _numbers(columns: Any, of: Any) -> tuple[float, ...]:
    if columns is None:
        return ()
    clean = np.nan_to_num(columns)
    return tuple(float(value) for value in of(clean, axis=0))


class OrderLook:
    """The order of one epoch's samples: a digest of its first batches."""

    def __init__(self) -> None:
        self._digest = hashlib.blake2b(digest_size=8)
        self.batches = self.n = 0

    def add(self, tensor: Any) -> None:
        """Take a batch."""
        if self.batches >= ORDER_BATCHES:
            return
        self.batches += 1
        self.n += int(tensor.shape[0])
        words = row_words(tensor, 64)
        if words is not None:
            self._digest.update(words.tobytes())

    def digest(self) -> str:
        """Return the digest so far."""
        return self._digest.hexdigest()


class Overlap:
    """Rows of training and validation batches, by a hash of their bytes."""

    def __init__(self) -> None:
        self._train: set[int] = set()
        self._rows = self._twice = 0
        self.is_closed = False
        self.compared = self.overlapping = 0

    def add(self, tensor: Any) -> None:
        """Take a training batch of the first epoch."""
        if self._rows >= MOST_ROWS or self.is_closed:
            return
        words = row_words(tensor, MOST_PLACES)
        if words is None:
            self.is_closed = True
            return
        for word in words.tolist():
            self._rows += 1
            self._twice += word in self._train
            self._train.add(word)

    def compare(self, tensor: Any) -> None:
        """Take a validation batch, after the first epoch."""
        if not self.is_telling() or self.compared >= MOST_ROWS:
            return
        words = row_words(tensor, MOST_PLACES)
        if words is not None:
            self.compared += len(words)
            self.overlapping += sum(word in self._train for word in words.tolist())

    def counts(self) -> dict[str, int]:
        """Return the counters, empty where nothing was compared."""
        return {"overlapping_rows": self.overlapping, "compared_rows": self.compared} if self.compared else {}

    def is_of_training(self, tensor: Any) -> bool:
        """Whether a batch's rows are nearly all among the training rows: an evaluation of the training data."""
        words = row_words(tensor[:64], MOST_PLACES) if self.is_telling() else None
        return words is not None and sum(word in self._train for word in words.tolist()) >= ALIKE * len(words)

    def is_telling(self) -> bool:
        """Whether equal rows would say anything: not where training rows come twice among themselves."""
        return self._rows > 0 and not self.is_closed and self._twice <= NATURAL * self._rows


def row_words(tensor: Any, places: int) -> Words | None:
    """Return a hash of each row's bytes at some places, shape ``(n,)``; None where rows say too little."""
    if tensor.ndim < 2 or not tensor.numel():
        return None
    flat = tensor.detach().reshape(tensor.shape[0], -1)
    if flat.shape[1] > places:
        drawn = np.sort(np.random.default_rng(flat.shape[1]).choice(flat.shape[1], places, replace=False))
        flat = flat.index_select(1, torch.from_numpy(drawn).to(flat.device))
    array = np.ascontiguousarray(flat.to(torch.float64).cpu().numpy())
    with np.errstate(over="ignore"):
        keys = mixed(np.arange(1, array.shape[1] + 1, dtype=np.uint64))
        words = mixed(array.view(np.uint64) ^ keys)
        return np.asarray(words.sum(axis=1, dtype=np.uint64))

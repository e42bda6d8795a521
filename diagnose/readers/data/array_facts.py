"""What can be said of the inputs and labels of a model at a glance: shapes, ranges, and how labels are written."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from diagnose.data import SplitName
from diagnose.model_card import Labels
from diagnose.readers.data.image_arrays import are_images
from diagnose.recording import InputFacts, LabelFacts

MOST_FEATURES = 512
MOST_CLASSES = 1_000
IGNORED = -100
"""What PyTorch's losses skip unless told otherwise."""
Kind = Literal["image", "table", "tokens", "sequence", "other"]


def input_facts_of(values: Any, split: SplitName, name: str = "x", *, has_embedding: bool = False) -> InputFacts | None:
    """Look at one input.

    Parameters
    ----------
    values
        Shape ``(n, …)``, numbers; anything else gives None.
    split, name
        Which it is.
    has_embedding
        Whether the model begins with an embedding, so that whole numbers are tokens.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "fiub" or array.ndim == 0 or not array.size:
        return None
    array = array[:, None] if array.ndim == 1 else array
    kind = _kind(array, has_embedding=has_embedding)
    numbers = array.astype(np.float64)
    finite = np.isfinite(numbers)
    known = numbers[finite]
    if not known.size:
        known = np.zeros(1)
    axes = _channel_axes(array) if kind == "image" else None
    held = np.where(finite, numbers, np.nan)
    features = held[:, :MOST_FEATURES] if kind == "table" else None
    means, stds = _moments(features, (0,)) if features is not None else ((), ())
    return InputFacts(
        split,
        name,
        tuple(map(int, array.shape[1:])),
        str(array.dtype),
        kind,
        len(array),
        float(known.min()),
        float(known.max()),
        float(known.mean()),
        float(known.std()),
        *(_moments(held, axes) if axes is not None else ((), ())),
        means,
        stds,
        non_finite=float(1 - finite.mean()),
        constant_features=sum(std == 0 for std in stds) if len(array) > 1 else 0,
    )


def _kind(array: Any, *, has_embedding: bool) -> Kind:
    if has_embedding and array.ndim <= 3 and array.dtype.kind in "iu":
        return "tokens"
    if array.ndim in {3, 4} and are_images(array.shape, array.dtype):
        return "image"
    if array.ndim == 2:
        return "table"
    return "sequence" if array.ndim == 3 else "other"


def _channel_axes(array: Any) -> tuple[int, ...] | None:
    if array.ndim != 4:
        return None
    return (0, 1, 2) if array.shape[3] in {1, 3, 4} else (0, 2, 3)


def _moments(held: Any, axes: tuple[int, ...]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    known = np.isfinite(held)
    count = np.maximum(known.sum(axis=axes), 1)
    filled = np.where(known, held, 0.0)
    mean = filled.sum(axis=axes) / count
    shape = [size if at not in axes else 1 for at, size in enumerate(held.shape)]
    square = (np.where(known, held - mean.reshape(shape), 0.0) ** 2).sum(axis=axes) / count
    return tuple(map(float, np.ravel(mean))), tuple(float(value) for value in np.sqrt(np.ravel(square)))


def label_facts_of(values: Any, split: SplitName) -> LabelFacts | None:
    """Look at labels as the loss gets them, shape ``(n, …)``; None where there are none."""
    array = np.asarray(values)
    if array.ndim == 0 or not array.size:
        return None
    shape = tuple(map(int, array.shape[1:]))
    if array.dtype.kind not in "fiub":
        return _of_texts(array, split, shape)
    numbers = array.astype(np.float64)
    known = numbers[np.isfinite(numbers)]
    known = known[known != IGNORED] if array.dtype.kind in "iu" else known
    if not known.size:
        return None
    distinct = np.unique(known)
    whole = bool(np.array_equal(known, np.trunc(known)))
    written = _written(array, numbers, distinct, is_whole=whole)
    return LabelFacts(
        split, shape, str(array.dtype), len(array), float(known.min()), float(known.max()),
        min(len(distinct), MOST_CLASSES + 1), written, _counts(numbers, known, distinct, written),
        whole, float(known.mean()), float(known.std()),
    )  # fmt: skip


def _of_texts(array: Any, split: SplitName, shape: tuple[int, ...]) -> LabelFacts:
    names, counts = np.unique(array.astype(str), return_counts=True)
    held = dict(zip(names.tolist(), counts.tolist(), strict=True)) if len(names) <= MOST_CLASSES else {}
    return LabelFacts(split, shape, "text", len(array), 0.0, 0.0, min(len(names), MOST_CLASSES + 1), None, held)


def _written(array: Any, numbers: Any, distinct: Any, *, is_whole: bool) -> Labels | None:
    """Tell how labels look: rows of zeros and ones are one-hot only where each has exactly one."""
    values = set(distinct.tolist()) if len(distinct) <= 3 else None
    is_wide = array.ndim > 1 and array.shape[-1] > 1
    if values is not None and values <= {0.0, 1.0}:
        if is_wide:
            return Labels.ONE_HOT if bool(np.all(numbers.sum(axis=-1) == 1)) else Labels.MULTI_HOT
        return Labels.BINARY
    if values == {-1.0, 1.0}:
        return Labels.SIGNS
    if not is_whole:
        return Labels.VALUES
    is_from_first = len(distinct) and distinct[0] in {0, 1} and distinct[-1] < 2 * max(len(distinct), 10)
    if array.dtype.kind in "iub" or is_from_first:
        return Labels.INDICES
    return Labels.VALUES


def _counts(numbers: Any, known: Any, distinct: Any, written: Labels | None) -> dict[str, int]:
    if written is Labels.ONE_HOT:
        rows = np.argmax(numbers, axis=-1).ravel()
        found = np.bincount(rows, minlength=numbers.shape[-1])
        return {str(at): int(count) for at, count in enumerate(found)} if len(found) <= MOST_CLASSES else {}
    if written not in {Labels.INDICES, Labels.BINARY, Labels.SIGNS} or len(distinct) > MOST_CLASSES:
        return {}
    values, counts = np.unique(known, return_counts=True)
    return {f"{value:g}": int(n) for value, n in zip(values, counts, strict=True) if value != IGNORED}

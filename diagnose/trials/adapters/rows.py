"""What a configuration does to the training rows: which are left out, and what each of them weighs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from diagnose.errors import InputError
from diagnose.trials.stand_ins import numbers_of, weights_of

ROWS = frozenset({"drop_rows", "deduplicate"})
"""Keys that say which rows are trained on."""
WEIGHTS = frozenset({"class_weights", "sample_weights"})
"""Keys that say what a row weighs."""
Array = npt.NDArray[Any]


def given_rows(rows: Any, name: str) -> tuple[Array, Array]:
    """Return inputs and labels as arrays.

    Raises
    ------
    InputError
        They are no pair of equal length.
    """
    if not isinstance(rows, (tuple, list)) or len(rows) != 2:
        raise InputError(f"{name}={type(rows).__name__}: expected inputs and labels, ({name[0]}_inputs, labels)")
    x, y = (np.asarray(part) for part in rows)
    if len(x) != len(y):
        raise InputError(f"{name}: {len(x):,} inputs and {len(y):,} labels; expected as many")
    return x, y


def kept_rows(x: Array, config: Mapping[str, Any]) -> npt.NDArray[np.int64]:
    """Return the numbers of the training rows that a configuration trains on, in order."""
    kept = np.arange(len(x))
    if (named := config.get("drop_rows")) is not None and named.get("split", "train") == "train":
        kept = kept[~np.isin(kept, np.asarray(numbers_of(named), dtype=np.int64))]
    if config.get("deduplicate"):
        flat = np.ascontiguousarray(x[kept].reshape(len(kept), -1))
        _, first = np.unique(flat, axis=0, return_index=True)
        kept = kept[np.sort(first)]
    return kept


def row_weights(labels: Array, kept: npt.NDArray[np.int64], config: Mapping[str, Any]) -> Array | None:
    """Return the weight of each kept row, mean 1, or None where all weigh the same."""
    weights = np.ones(len(kept), np.float32)
    by_class, by_row = config.get("class_weights"), config.get("sample_weights")
    if not by_class and not by_row:
        return None
    if by_class:
        named = {str(key): float(value) for key, value in by_class.items()}
        weights *= [_of(label, named) for label in labels.tolist()]
    if by_row:
        of_row = weights_of(by_row)
        weights *= [of_row.get(int(row), 1.0) for row in kept]
    return np.asarray(weights / max(float(weights.mean()), 1e-12))


def _of(label: Any, named: Mapping[str, float]) -> float:
    label = int(np.argmax(label)) if isinstance(label, list) else label
    whole = str(int(label)) if isinstance(label, float) and label.is_integer() else str(label)
    return named.get(str(label), named.get(whole, 1.0))


def standardised(x: Array, held: Array, axes: tuple[int, ...]) -> tuple[Array, Array]:
    """Return both with training's mean and deviation over the axes taken out; what is constant there stays near 0."""
    mean, scale = x.mean(axes, keepdims=True), x.std(axes, keepdims=True)
    scale = np.where(scale > 1e-6, scale, 1.0)
    return np.asarray((x - mean) / scale, np.float32), np.asarray((held - mean) / scale, np.float32)


def fingerprint_of(*parts: Any) -> str:
    """Return letters that stand for arrays and plain values: other data are another study."""
    found = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            found.update(f"{part.shape}{part.dtype}".encode())
            found.update(np.ascontiguousarray(part).tobytes() if part.dtype != object else str(part.tolist()).encode())
        else:
            found.update(str(part).encode())
    return found.hexdigest()[:16]

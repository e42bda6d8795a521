"""The call of ``fit`` that is under way: its arguments are read off the stack, and nothing is changed there."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from diagnose.hooks.keras.pipeline import batch_size_of

DEEPEST = 60
"""Frames that are looked through: user code between `fit` and a callback is a few deep."""


@dataclass(frozen=True, eq=False)
class FitCall:
    """What ``fit`` was called with, after ``validation_split`` was taken off.

    Attributes
    ----------
    x, y, sample_weight
        Training data as given: arrays, tensors, or whatever else Keras takes.
    val_x, val_y
        Validation data; None where there are none.
    batch_size
        Of training, as the data or Keras's default decide it; None where unknown.
    last_share
        Samples of an epoch's last batch, as a share of the others'.
    is_shuffled
        The flag; None where it has no effect on this kind of data.
    class_weight
        As given.
    initial_epoch
        Epochs that the program counts as done.
    """

    x: Any = None
    y: Any = None
    sample_weight: Any = None
    val_x: Any = None
    val_y: Any = None
    batch_size: int | None = None
    last_share: float = 1.0
    is_shuffled: bool | None = None
    class_weight: Any = None
    initial_epoch: int = 0


def fit_call(model: Any) -> FitCall | None:
    """Return the innermost call of ``fit`` of a model that this runs within; None where there is none."""
    names = _locals_of_fit(model)
    if names is None:
        return None
    adapter = getattr(names.get("epoch_iterator"), "data_adapter", None)
    kind = type(adapter).__name__
    batch_size = _of(adapter, "batch_size") or _number(names.get("batch_size"))
    batch_size = batch_size or _number(batch_size_of(names.get("x")))
    shuffle = names.get("shuffle")
    return FitCall(
        x=names.get("x"),
        y=names.get("y"),
        sample_weight=names.get("sample_weight"),
        val_x=names.get("val_x"),
        val_y=names.get("val_y"),
        batch_size=batch_size,
        last_share=(_of(adapter, "partial_batch_size") or batch_size or 1) / (batch_size or 1),
        is_shuffled=bool(shuffle) if kind in ("ArrayDataAdapter", "PyDatasetAdapter") else None,
        class_weight=names.get("class_weight"),
        initial_epoch=_number(names.get("initial_epoch")) or 0,
    )


def batch_in_sight(model: Any) -> Any:
    """Return the batch that the loop of ``fit`` holds, which only the PyTorch trainer does; None elsewhere."""
    names = _locals_of_fit(model)
    batch = None if names is None else names.get("data")
    return batch[0] if isinstance(batch, list) and len(batch) == 1 and isinstance(batch[0], (tuple, list)) else None


def _locals_of_fit(model: Any) -> Mapping[str, Any] | None:
    frame = sys._getframe(1)  # noqa: SLF001  the only way to a running call's arguments
    for _ in range(DEEPEST):
        if frame.f_code.co_name == "fit":
            names = frame.f_locals
            if names.get("self") is model and "epoch_iterator" in names:
                return dict(names)
        if frame.f_back is None:
            return None
        frame = frame.f_back
    return None


def _of(adapter: Any, name: str) -> int | None:
    try:
        return _number(getattr(adapter, name, None))
    except (NotImplementedError, TypeError):  # a generator does not know
        return None


def _number(value: Any) -> int | None:
    return int(value) if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None

"""Rows of a split in the shape that a model takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from diagnose.data import Kind, Split
from diagnose.errors import InputError
from diagnose.models.predictor import Predictor

IMAGES_AT_ONCE = 64
"""Images of 224 × 224 pixels and their features in a network's layers take some hundred megabytes."""
ROWS_AT_ONCE = 4_096


def batches(split: Split, predictor: Predictor) -> Iterator[Any]:
    """Yield the rows of a split as the model takes them.

    Raises
    ------
    InputError
        The inputs were not kept, or lack a column that the model takes.
    """
    if split.batches is None:
        raise InputError(f"{split.name}: the rows themselves were not kept, so that no model can be asked; give the "
                         "data as a path, a frame or arrays, or the model's predictions")  # fmt: skip
    for batch in split.batches(IMAGES_AT_ONCE if split.thumbnail is not None else ROWS_AT_ONCE):
        if isinstance(batch, list) and batch and getattr(batch[0], "ndim", 0) == 3:
            yield _images(batch, split, predictor)
        elif hasattr(batch, "columns") and not isinstance(batch, np.ndarray):
            yield _frame(batch, split, predictor)
        else:
            yield batch


def steps(split: Split) -> int:
    """Return how many batches there will be."""
    return -(-split.n // (IMAGES_AT_ONCE if split.thumbnail is not None else ROWS_AT_ONCE))


def _frame(frame: Any, split: Split, predictor: Predictor) -> Any:
    there = [str(name) for name in (frame.column_names if hasattr(frame, "column_names") else frame.columns)]
    wanted = list(predictor.columns) or [
        column.name
        for column in split.columns
        if not column.made_of and not (column.kind is Kind.IDENTIFIER and column.decided == "given")
    ]
    lacking = [name for name in wanted if name not in there]
    if lacking:
        raise InputError(
            f"{split.name}: the model {predictor.name} takes {len(wanted)} columns, and these data lack "
            f"{', '.join(map(repr, lacking[:5]))}{' …' if len(lacking) > 5 else ''}; they have "
            f"{', '.join(map(repr, there[:8]))}{' …' if len(there) > 8 else ''}"
        )
    chosen = frame.select(wanted) if hasattr(frame, "select") else frame[wanted]
    if not predictor.wants_arrays:
        return chosen
    if hasattr(chosen, "to_numpy"):
        return chosen.to_numpy()
    return np.column_stack([np.asarray(chosen[name]) for name in wanted])


def _images(images: list[Any], split: Split, predictor: Predictor) -> Any:
    """Return decoded files as one array where the model takes images of one size, or all have one; else as they are."""
    if predictor.image_size is not None:
        height, width, channels = predictor.image_size
        return np.stack([_resized(image, height, width, channels) for image in images])
    if len({image.shape for image in images}) == 1:
        return np.stack(images)
    if predictor.wants_arrays:
        raise InputError(
            f"{split.name}: the images have different sizes, and the model {predictor.name} does not say which "
            "it takes; give a data set that prepares them, or a function: model=lambda images: …"
        )
    return images


def _resized(image: Any, height: int, width: int, channels: int) -> Any:
    if image.shape[:2] != (height, width) or channels == 1:
        from PIL import Image  # noqa: PLC0415 - which decoded the files

        picture = Image.fromarray(image)
        picture = picture.convert("L") if channels == 1 else picture
        image = np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR))
    return np.asarray(image, np.float32).reshape(height, width, channels)

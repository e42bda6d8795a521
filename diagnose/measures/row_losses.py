"""The loss of every held-out row: given, or of what the model says of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from diagnose.data import FloatArray, Kind, Split, SplitName
from diagnose.errors import NotEnoughEvidence


@dataclass(frozen=True, eq=False)
class RowLosses:
    """The losses of one held-out split.

    Attributes
    ----------
    split
        The split.
    unit
        ``"error rate"`` (losses are 0 or 1), ``"squared error"`` or ``"loss"``.
    values
        Shape ``(k,)``, finite.
    rows
        Which rows of the split they are of, shape ``(k,)``.
    groups
        What rows belong together, shape ``(k,)``: codes from 0 on; None where each stands for itself.
    """

    split: SplitName
    unit: str
    values: FloatArray
    rows: npt.NDArray[np.int64]
    groups: npt.NDArray[np.int64] | None


def row_losses(held_out: tuple[Split, ...]) -> tuple[RowLosses, ...]:
    """Return the losses of each held-out split that has them: errors where outputs are known, else the given ones."""
    found = [losses for split in held_out if (losses := _losses(split)) is not None]
    if not found:
        raise NotEnoughEvidence(
            "neither what the model says of held-out rows nor its loss of each row was given",
            "give the predictions: --prediction COLUMN",
        )
    return tuple(found)


def _losses(split: Split) -> RowLosses | None:
    unit, values = _of_outputs(split) or ("loss", split.losses)
    if values is None:
        return None
    rows = np.flatnonzero(np.isfinite(values))
    if not len(rows):
        return None
    groups = None if split.groups is None else np.unique(split.groups.values[rows], return_inverse=True)[1]
    return RowLosses(split.name, unit, np.asarray(values[rows], dtype=np.float64), rows, groups)


def _of_outputs(split: Split) -> tuple[str, FloatArray] | None:
    label, outputs = split.label, split.outputs
    if label is None or outputs is None:
        return None
    if label.kind is Kind.NUMBER and outputs.ndim == 1:
        return "squared error", np.asarray((outputs - label.values) ** 2, dtype=np.float64)
    if label.kind is not Kind.CATEGORY or outputs.ndim != 2 or not split.classes:
        return None
    at = {name: code for code, name in enumerate(split.classes)}
    truth = np.array([*(at.get(level, -1) for level in label.levels), -2])[label.values]
    known = (truth != -2) & ~np.isnan(outputs).any(1)
    errors = np.full(split.n, np.nan)
    errors[known] = outputs[known].argmax(1) != truth[known]
    return "error rate", errors

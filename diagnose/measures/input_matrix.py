"""The inputs of splits as one matrix of numbers, for models that take nothing else."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from diagnose.data import Column, Kind, Split

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

LEVELS = 20
"""Categories with a column of their own, the commonest first."""
LEAST = 5
"""Rows that such a category has at least."""


@dataclass(frozen=True, eq=False)
class InputMatrix:
    """Rows of splits as numbers.

    Attributes
    ----------
    sources
        Name of the column that each column of the matrices came from; ``"embeddings"`` of those.
    parts
        One matrix a split, shape ``(n, d)``; without NaN.
    """

    sources: tuple[str, ...]
    parts: tuple[Floats, ...]


def input_matrix(
    splits: Sequence[Split], rows: Sequence[Rows], *, without: Collection[str] = (), embeddings: bool = True
) -> InputMatrix:
    """Return the inputs that all splits share, of some rows of each.

    Numbers stand as they are, the median of the first split where one is missing and a column that says so; of a
    category each common level is a column of zeros and ones. Texts and identifiers are left out.
    """
    sources: list[str] = []
    parts: list[list[Floats]] = [[] for _ in splits]
    for column in splits[0].of_kind(Kind.NUMBER, Kind.TIME, Kind.CATEGORY):
        others = [split.column(column.name) for split in splits]
        same = [other for other in others if other is not None and other.kind is column.kind]
        if column.name in without or len(same) < len(splits):
            continue
        found = _numbers(same, rows) if column.kind is not Kind.CATEGORY else _indicators(same, rows)
        for part, columns in zip(parts, found, strict=True):
            part.append(columns)
        sources += [column.name] * found[0].shape[1]
    given = [split.embeddings for split in splits]
    if embeddings and all(e is not None and e.shape[1:] == given[0].shape[1:] for e in given):  # type: ignore[union-attr]
        for part, vectors, some in zip(parts, given, rows, strict=True):
            part.append(np.nan_to_num(vectors[some].astype(np.float64)))  # type: ignore[index]
        sources += ["embeddings"] * given[0].shape[1]  # type: ignore[union-attr]
    empty = [np.zeros((len(some), 0)) for some in rows]
    return InputMatrix(tuple(sources), tuple(np.hstack([e, *part]) for e, part in zip(empty, parts, strict=True)))


def _numbers(columns: Sequence[Column], rows: Sequence[Rows]) -> list[Floats]:
    values = [column.values[some].astype(np.float64) for column, some in zip(columns, rows, strict=True)]
    missing = [np.isnan(side) for side in values]
    middle = float(np.median(values[0][~missing[0]])) if not missing[0].all() else 0.0
    filled = [np.where(gone, middle, side)[:, None] for side, gone in zip(values, missing, strict=True)]
    if not missing[0].any():
        return filled
    return [np.hstack([side, gone[:, None]]) for side, gone in zip(filled, missing, strict=True)]


def _indicators(columns: Sequence[Column], rows: Sequence[Rows]) -> list[Floats]:
    first = columns[0].values[rows[0]]
    counts = np.bincount(first[first >= 0], minlength=len(columns[0].levels))
    common = [code for code in np.argsort(-counts, kind="stable")[:LEVELS].tolist() if counts[code] >= LEAST]
    names = [columns[0].levels[code] for code in common]
    found = []
    for column, some in zip(columns, rows, strict=True):
        at = {level: code for code, level in enumerate(column.levels)}
        wanted = np.array([at.get(name, -2) for name in names], np.int64)
        found.append((column.values[some][:, None] == wanted).astype(np.float64))
    return found

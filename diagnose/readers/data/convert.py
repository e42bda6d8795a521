"""A column as its source holds it → a `Column` of a kind; whatever is lost on the way is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from diagnose.data import Column, Kind
from diagnose.hashing import Words, integer_hashes, mixed, number_words, text_hashes
from diagnose.readers.data.cells import Cells, Form
from diagnose.readers.data.joining import as_text
from diagnose.readers.data.kinds import is_whole
from diagnose.readers.data.text_values import as_numbers, as_times, as_truths

EXACT = 2**53
"""Up to here every whole number is a 64-bit float of its own."""
_SHOWN = 3
"""Values that a note quotes."""


def column_of(cells: Cells, kind: Kind, decided: str) -> tuple[Column, list[str]]:
    """Return a column of that kind, and notes on what of it could not be kept.

    Values that the kind cannot hold (a word among numbers, an infinity) are missing in the column and counted in the
    notes.
    """
    notes: list[str] = []
    levels: tuple[str, ...] = ()
    values: npt.NDArray[Any]
    match kind:
        case Kind.NUMBER:
            values = _numbers(cells, notes)
        case Kind.TIME:
            values = _times(cells, notes)
        case Kind.CATEGORY:
            values, levels = _categories(cells)
        case Kind.TEXT:
            values = _texts(cells)
        case Kind.IDENTIFIER:
            values = _identities(cells)
    return Column(cells.name, kind, values, levels, decided, cells.made_of), notes


def _numbers(cells: Cells, notes: list[str]) -> npt.NDArray[Any]:
    values = cells.values
    if cells.form is Form.TEXT:
        found = as_numbers(cells.levels)
        _tell_broken(cells, np.isnan(found), "no numbers", notes)
        values = _by_code(found, values, np.nan)
    elif values.dtype.kind != "f":
        # float32 holds every 16-bit integer, at half the memory
        narrow = values.dtype.itemsize <= 2
        if not narrow and len(values) and (values.max() > EXACT or values.min() < -EXACT):
            notes.append(f"{cells.name!r} holds whole numbers beyond 2^53, which are rounded; is it an identifier?")
        values = values.astype(np.float32 if narrow else np.float64)
    if cells.missing is not None:
        values = np.where(cells.missing, np.asarray(np.nan, values.dtype), values)
    infinite = np.isinf(values)
    if infinite.any():
        notes.append(f"{int(infinite.sum()):,} infinite values in {cells.name!r} count as missing")
        values = np.where(infinite, np.asarray(np.nan, values.dtype), values)
    return values


def _times(cells: Cells, notes: list[str]) -> npt.NDArray[Any]:
    if cells.form is not Form.TEXT:
        return _numbers(cells, notes).astype(np.float64, copy=False)
    found = as_times(cells.levels)
    if np.isnan(found).all():
        found = as_numbers(cells.levels)
    _tell_broken(cells, np.isnan(found), "no dates of the form 2024-01-31", notes)
    return _by_code(found, cells.values, np.nan)


def _by_code(of_levels: npt.NDArray[Any], codes: npt.NDArray[Any], missing: Any) -> npt.NDArray[Any]:
    """Return the value of each row's level; code -1 is the last."""
    found: npt.NDArray[Any] = np.append(of_levels, np.asarray(missing, of_levels.dtype))[codes]
    return found


def _tell_broken(cells: Cells, broken: npt.NDArray[np.bool_], what: str, notes: list[str]) -> None:
    counts = np.bincount(cells.values[cells.values >= 0], minlength=len(cells.levels))
    broken = broken & (counts > 0)
    if not broken.any():
        return
    worst = sorted(np.flatnonzero(broken).tolist(), key=lambda at: (-counts[at], cells.levels[at]))
    quoted = ", ".join(repr(cells.levels[at][:40]) for at in worst[:_SHOWN])
    total, known = int(counts[broken].sum()), int(counts.sum())
    notes.append(f"{total:,} of {known:,} values in {cells.name!r} are {what} ({quoted}) and count as missing")


def _categories(cells: Cells) -> tuple[npt.NDArray[np.int32], tuple[str, ...]]:
    """Return codes and the levels that occur, in order: whole numbers by size, all else by spelling."""
    texts = as_text(cells)
    levels = list(texts.levels)
    truths = as_truths(levels)
    if truths is not None:
        levels = [str(bool(truth)) for truth in truths]
    used = np.bincount(texts.values[texts.values >= 0], minlength=len(levels)) > 0
    names = sorted({level for level, is_used in zip(levels, used.tolist(), strict=True) if is_used}, key=_order(levels))
    at = {name: code for code, name in enumerate(names)}
    codes = np.fromiter((at.get(level, -1) for level in levels), np.int32, len(levels))
    return _by_code(codes, texts.values, -1), tuple(names)


def _order(levels: list[str]) -> Any:
    numbers = as_numbers(levels)
    if len(levels) and not np.isnan(numbers).any():
        return lambda level: (float(level), level)
    return lambda level: level


def _texts(cells: Cells) -> npt.NDArray[Any]:
    texts = as_text(cells)
    return _by_code(np.array([*texts.levels, None], object)[:-1], texts.values, None)


def _identities(cells: Cells) -> Words:
    if cells.form is Form.TEXT:
        return _by_code(text_hashes(cells.levels), cells.values, 0)
    values, known = cells.values, cells.known
    if values.dtype.kind == "u" and values.dtype.itemsize == 8:
        values = values.view(np.int64)
    whole = np.where(known, values, 0)
    is_integer = is_whole(whole) and (whole.dtype.kind != "f" or bool(np.all(np.abs(whole) <= EXACT)))
    words = integer_hashes(whole.astype(np.int64)) if is_integer else mixed(number_words(whole)) | np.uint64(1)
    return np.where(known, words, np.uint64(0))

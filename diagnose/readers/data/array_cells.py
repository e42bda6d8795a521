"""NumPy arrays, and lists of any objects, as columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from diagnose.readers.data.cells import Cells, Form, text_cells


def array_cells(  # noqa: PLR0911 - one return a kind of dtype
    name: str, values: npt.NDArray[Any], *, kind: str = ""
) -> Cells:
    """Return one array as a column.

    Parameters
    ----------
    name
        Of the column.
    values
        Shape ``(n,)``, or ``(n, d)`` for vectors; any dtype. Numbers are not copied.
    kind
        The source's word for the type; that of the dtype where empty.
    """
    word = kind or str(values.dtype)
    if values.ndim == 2 and values.dtype.kind in "fiub":
        return Cells(name, Form.VECTOR, values, word)
    match values.dtype.kind:
        case "f":
            narrow = values.dtype in {np.dtype(np.float32), np.dtype(np.float64)}
            wide = np.float32 if values.dtype.itemsize < 4 else np.float64
            return Cells(name, Form.NUMBER, values if narrow else values.astype(wide), word)
        case "i" | "u":
            return Cells(name, Form.NUMBER, values, word)
        case "b":
            return Cells(name, Form.TRUTH, values, word)
        case "M":
            return Cells(name, Form.TIME, seconds(values), word)
        case "m":
            lengths = values.astype("timedelta64[us]").astype(np.float64) / 1e6
            return Cells(name, Form.NUMBER, np.where(np.isnat(values), np.nan, lengths), word)
        case "U" | "S" | "T":
            return object_cells(name, values.tolist(), word)
        case "c":
            return Cells(name, Form.VECTOR, np.stack([values.real, values.imag], axis=1), word)
    return object_cells(name, values.tolist(), word)


def seconds(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return seconds since 1970 of datetime64 values; NaN where not a time."""
    whole = values.astype("datetime64[us]").astype(np.int64) / 1e6
    return np.where(np.isnat(values), np.nan, whole)


def object_cells(name: str, values: Sequence[Any], kind: str = "object") -> Cells:
    """Return a list of Python objects as a column: by the one type that they have, as text where they mix.

    None, NaN and the missing values of data frames are missing in each.
    """
    if set(map(type, values)) <= {str, type(None)}:
        return text_cells(name, values, kind)
    known = [None if _is_missing(value) else value for value in values]
    types = {type(value) for value in known if value is not None}
    if types and all(issubclass(found, (bool, np.bool_)) for found in types):
        missing = np.fromiter((value is None for value in known), np.bool_, len(known))
        truths = np.fromiter((bool(value) for value in known), np.bool_, len(known))
        return Cells(name, Form.TRUTH, truths, kind, missing=missing if missing.any() else None)
    if types and all(_is_number(found) for found in types):
        return _numbers(name, known, types, kind)
    if types and all(issubclass(found, (date, datetime, np.datetime64)) for found in types):
        times = [math.nan if value is None else _timestamp(value) for value in known]
        return Cells(name, Form.TIME, np.array(times, np.float64), kind)
    if types and all(issubclass(found, (list, tuple, np.ndarray)) for found in types):
        return _vectors(name, known, kind)
    return text_cells(name, [None if value is None else _text(value) for value in known], kind)


def _is_missing(value: Any) -> bool:
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return True
    return isinstance(value, (float, np.floating)) and math.isnan(value)


def _is_number(kind: type) -> bool:
    return issubclass(kind, (int, float, np.integer, np.floating, Decimal)) and not issubclass(kind, (bool, np.bool_))


def _numbers(name: str, known: list[Any], types: set[type], kind: str) -> Cells:
    if all(issubclass(found, (int, np.integer)) for found in types):
        missing = np.fromiter((value is None for value in known), np.bool_, len(known))
        try:
            whole = np.fromiter((0 if value is None else int(value) for value in known), np.int64, len(known))
        except OverflowError:
            return text_cells(name, [None if value is None else str(value) for value in known], "huge integers")
        return Cells(name, Form.NUMBER, whole, kind, missing=missing if missing.any() else None)
    floats = np.fromiter((math.nan if value is None else float(value) for value in known), np.float64, len(known))
    return Cells(name, Form.NUMBER, floats, kind)


def _timestamp(value: Any) -> float:
    if isinstance(value, np.datetime64):
        return float(seconds(np.array([value]))[0])
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    return float((value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp())


def _vectors(name: str, known: list[Any], kind: str) -> Cells:
    lengths = {len(value) for value in known if value is not None}
    try:
        if len(lengths) == 1:
            empty = [math.nan] * lengths.pop()
            rows = np.array([empty if value is None else value for value in known], np.float64)
            if rows.ndim == 2:
                return Cells(name, Form.VECTOR, rows, kind)
    except (TypeError, ValueError):
        pass  # nested, or no numbers: told as what it is
    return Cells(name, Form.VECTOR, np.empty((len(known), 0)), "lists")


def _text(value: Any) -> str:
    if isinstance(value, (bytes, np.bytes_)):
        return value.decode("utf-8", "replace")
    return str(value)

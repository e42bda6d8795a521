"""The rows of a table as a model takes them: as a data frame, with the columns as their source holds them."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from diagnose.readers.data.cells import Cells, Form
from diagnose.readers.data.text_values import MISSING


def frame_batches(columns: Sequence[Cells], *, are_spelled: bool = False) -> Callable[[int], Iterator[Any]]:
    """Return what yields the rows as data frames: of pandas where it is installed, of polars, else as arrays by name.

    Texts are texts, numbers numbers and truth values truth values, as the package's own reader of such a file gives
    them; missing whole numbers make a column of floats. Where all values are spelled, as in a CSV file, a text such as
    "NA" is none.
    """
    return partial(_frames, tuple(map(_without_marks, columns) if are_spelled else columns))


def _without_marks(cells: Cells) -> Cells:
    if cells.form is not Form.TEXT:
        return cells
    codes = np.array(
        [-1 if level.strip() in MISSING else code for code, level in enumerate(cells.levels)] + [-1], np.int32
    )
    return replace(cells, values=codes[cells.values])


def _frames(columns: Sequence[Cells], size: int) -> Iterator[Any]:
    n = len(columns[0]) if columns else 0
    for start in range(0, n, size):
        part = slice(start, start + size)
        held = {cells.name: _values(cells.part(part)) for cells in columns}
        if importlib.util.find_spec("pandas"):
            import pandas as pd  # noqa: PLC0415 - heavy, and installed by whoever trains on tables

            yield pd.DataFrame(held)
        elif importlib.util.find_spec("polars"):
            import polars as pl  # noqa: PLC0415 - as above

            yield pl.DataFrame({name: list(v) if v.dtype == object else v for name, v in held.items()})
        else:
            yield _Arrays(held)


class _Arrays(dict[str, Any]):
    """Arrays by name, with names where a frame has them."""

    @property
    def columns(self) -> list[str]:
        """The names."""
        return list(self)


def _values(cells: Cells) -> Any:
    held: np.ndarray[Any, Any] = cells.values  # noqa: PD011 - no series
    match cells.form:
        case Form.TEXT:
            missing = np.nan if importlib.util.find_spec("pandas") else None  # what pandas' own readers give
            return np.array([*cells.levels, missing], object)[held]
        case Form.TIME:
            times = np.rint(np.nan_to_num(held) * 1e6).astype(np.int64).astype("datetime64[us]")
            times[np.isnan(held)] = np.datetime64("NaT")
            return times
        case Form.VECTOR:
            return np.array([*held, None], object)[:-1]
    if cells.missing is None or not cells.missing.any():
        return held
    if cells.form is Form.TRUTH:
        known = held.astype(object)
        known[cells.missing] = None
        return known
    return np.where(cells.missing, np.nan, held.astype(np.float64))


def slices_of(n: int, frame: Any, size: int) -> Iterator[Any]:
    """Yield the n rows of a data frame that is in memory, as it is, ``size`` at a time."""
    for start in range(0, n, size):
        if hasattr(frame, "iloc"):
            yield frame.iloc[start : start + size]
        elif hasattr(frame, "slice"):
            yield frame.slice(start, min(size, n - start))
        else:
            yield frame[start : start + size]

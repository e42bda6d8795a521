"""The columns of a log as numbers: which are numeric, which are text, which cells are broken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from diagnose.readers.cells import parse_cell
from diagnose.readers.protocol import Cell, RawLog
from diagnose.run import FloatArray, Unread

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.intp]
_MAX_NAMED_CELLS = 5


@dataclass(frozen=True)
class Series:
    """One numeric column: its values, and in which rows it was logged at all. Both shape ``(n_rows,)``."""

    values: FloatArray
    logged: BoolArray

    @property
    def count(self) -> int:
        """In how many rows it was logged."""
        return int(np.count_nonzero(self.logged))

    def at(self, rows: IntArray) -> Series:
        """Return the same column in some of the rows."""
        return Series(self.values[rows], self.logged[rows])


@dataclass(frozen=True)
class Columns:
    """All columns of a log, row by row."""

    n_rows: int
    numeric: Mapping[str, Series]
    text: Mapping[str, Sequence[Cell]]

    def at(self, rows: IntArray) -> Columns:
        """Return some of the rows."""
        numeric = {name: series.at(rows) for name, series in self.numeric.items()}
        return Columns(len(rows), numeric, {name: [cells[i] for i in rows] for name, cells in self.text.items()})


def to_columns(raw: RawLog) -> tuple[Columns, tuple[Unread, ...]]:
    """Split a log's columns into numeric and text, and name the cells that are neither."""
    n_rows = max((len(cells) for cells in raw.columns.values()), default=0)
    numeric: dict[str, Series] = {}
    text: dict[str, Sequence[Cell]] = {}
    broken: list[Unread] = []
    for name, cells in raw.columns.items():
        series, bad = _numeric(cells)
        if series is None:
            text[name] = cells
            continue
        numeric[name] = series
        if bad:
            shown = ", ".join(f"{cells[i]!r} in row {i + 1}" for i in bad[:_MAX_NAMED_CELLS])
            more = f" and {len(bad) - _MAX_NAMED_CELLS} more" if len(bad) > _MAX_NAMED_CELLS else ""
            broken.append(Unread(f"{raw.where}, column {name!r}", f"not a number: {shown}{more}"))
    return Columns(n_rows, numeric, text), tuple(broken)


def _numeric(cells: Sequence[Cell]) -> tuple[Series | None, list[int]]:
    """Return the column as numbers with the rows of its broken cells; None where it is text."""
    try:
        values = np.array(cells, dtype=np.float64) if len(cells) else np.zeros(0)
        has_text = any(isinstance(cell, str) for cell in cells)
    except (ValueError, TypeError, OverflowError):
        has_text = True
    if not has_text:
        logged = np.ones(len(cells), dtype=bool)
        if np.isnan(values).any():
            logged = np.fromiter((cell is not None for cell in cells), dtype=bool, count=len(cells))
        return Series(values, logged), []
    return _from_text(cells)


def _from_text(cells: Sequence[Cell]) -> tuple[Series | None, list[int]]:
    parsed = [parse_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    bad = [i for i, cell in enumerate(parsed) if isinstance(cell, str)]
    good = sum(isinstance(cell, float | int) for cell in parsed)
    if good <= len(bad):
        return None, []
    values = np.array([np.nan if isinstance(cell, str) or cell is None else cell for cell in parsed], dtype=np.float64)
    logged = np.array([cell is not None and not isinstance(cell, str) for cell in parsed], dtype=bool)
    return Series(values, logged), bad

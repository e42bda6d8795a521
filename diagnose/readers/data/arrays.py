"""NumPy arrays: a table of numbers, or ``(inputs, labels)`` and ``(inputs, labels, predictions)``."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import numpy as np

from diagnose.data import SplitName
from diagnose.errors import InputError
from diagnose.readers.data.array_cells import array_cells, object_cells
from diagnose.readers.data.cells import Cells, Table

MOST_CELLS = 200_000_000
"""Cells of a sparse matrix that is written out: 1.6 GB of 64-bit floats."""
MOST_COPIED = 1 << 30
"""Bytes of an array that is copied into the order of columns: 1 GB, which doubles its memory. In a larger one columns
stay views, which are several times slower to read: each value drags its row's neighbours through the cache."""
_ROWS = 2_048
"""Rows that are turned at a time: 200 columns of them fit into a cache."""
MOST_COLUMNS = 20_000
"""Columns of a table that has names for each; more are pixels or a model's features."""


class ArrayReader:
    """A NumPy array, or a sparse matrix of SciPy."""

    format: ClassVar[str] = "NumPy array"

    def recognises(self, source: Any) -> bool:
        """Whether it is one."""
        return isinstance(source, np.ndarray) or _is_sparse(source)

    def size(self, source: Any) -> int:
        """Nothing but what a sparse matrix grows by."""
        return 8 * math.prod(source.shape) if _is_sparse(source) else 0

    def tables(self, source: Any, name: SplitName, rows: int | None) -> Iterator[Table]:
        """Read the array as one table."""
        del name, rows
        yield array_table(source)


class PairReader:
    """``(inputs, labels)`` or ``(inputs, labels, predictions)``; the inputs in any form that is read alone."""

    format: ClassVar[str] = "tuple of inputs, labels and predictions"

    def __init__(self, inputs: Callable[[Any, SplitName], Table]) -> None:
        self._inputs = inputs

    def recognises(self, source: Any) -> bool:
        """Whether it is a tuple, or a list of arrays, of two or three."""
        if isinstance(source, list):
            return len(source) in {2, 3} and all(isinstance(item, np.ndarray) for item in source)
        return isinstance(source, tuple) and len(source) in {2, 3} and not hasattr(source, "_fields")

    def size(self, source: Any) -> int:
        """Nothing: it is in memory."""
        del source
        return 0

    def tables(self, source: Any, name: SplitName, rows: int | None) -> Iterator[Table]:
        """Read the inputs, and put labels and predictions beside them."""
        del rows
        table = self._inputs(source[0], name)
        label = label_cells(source[1], table.n, name) if source[1] is not None else None
        predictions = np.asarray(source[2]) if len(source) == 3 and source[2] is not None else None
        yield replace(table, label=label, predictions=predictions)


def label_cells(given: Any, n: int, name: SplitName) -> Cells:
    """Return labels as a column.

    Raises
    ------
    InputError
        There are not as many as rows.
    """
    array = given if isinstance(given, np.ndarray) else np.asarray(given)
    if array.ndim == 0 or len(array) != n:
        length = f"{len(array):,}" if array.ndim else "no"
        raise InputError(f"{name}: {n:,} rows of inputs, but {length} labels; expected one for each row")
    own = getattr(given, "name", None)
    flat = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    return array_cells(own if isinstance(own, str) else "label", flat)


def array_table(source: Any, names: tuple[str, ...] = ()) -> Table:
    """Return an array as a table: a column of the table for each of the array, named ``names``, or x0, x1 and so on.

    Raises
    ------
    InputError
        It has no rows of cells.
    """
    given = source
    if _is_sparse(source):
        if math.prod(source.shape) > MOST_CELLS:
            raise InputError(
                f"a sparse matrix of {source.shape[0]:,} × {source.shape[1]:,} is more than this version writes out; "
                "give fewer columns, or a sample of the rows"
            )
        given, source = source.tocsr(), source.toarray()
    shape = " × ".join(map(str, source.shape))
    where = f"{shape} array in memory"
    if source.dtype.names:
        return Table(len(source), tuple(array_cells(n, source[n]) for n in source.dtype.names), source=where)
    if source.ndim == 0:
        raise InputError(f"an array of one value ({source!r:.60}); expected rows and columns, shape (n, d)")
    notes: tuple[str, ...] = ()
    if source.ndim > 2:
        notes = (f"each row of shape {source.shape[1:]} is read as {math.prod(source.shape[1:])} numbers",)
        source = source.reshape(len(source), -1)
    flat = source[:, None] if source.ndim == 1 else source
    if flat.shape[1] > MOST_COLUMNS:
        raise InputError(
            f"an array of shape {shape} has {flat.shape[1]:,} columns; expected at most {MOST_COLUMNS:,}. "
            "Give embeddings, such as the features of a model, in place of raw inputs"
        )
    shown = names or tuple(f"x{at}" for at in range(flat.shape[1]))
    if len(shown) != flat.shape[1]:
        raise InputError(f"{len(shown)} names for {flat.shape[1]} columns")
    whole = _by_column(flat)
    read = object_cells if flat.dtype.kind == "O" else None
    columns = tuple(
        read(name, whole[:, at].tolist()) if read else array_cells(name, whole[:, at]) for at, name in enumerate(shown)
    )
    return Table(len(flat), columns, source=where, notes=notes, batches=partial(batches_of, given))


def batches_of(rows: Any, size: int) -> Iterator[Any]:
    """Yield the rows of an array, ``size`` at a time."""
    for start in range(0, rows.shape[0], size):
        yield rows[start : start + size]


def _by_column(flat: Any) -> Any:
    """Return a table in the order of columns, copied where it is in that of rows and not too large."""
    is_by_row = flat.dtype.kind in "fiub" and flat.shape[1] > 1 and flat.flags.c_contiguous
    if not is_by_row or flat.nbytes > MOST_COPIED:
        return flat
    turned = np.empty(flat.shape[::-1], flat.dtype)
    for start in range(0, len(flat), _ROWS):
        turned[:, start : start + _ROWS] = flat[start : start + _ROWS].T
    return turned.T


def _is_sparse(source: Any) -> bool:
    package = type(source).__module__.partition(".")[0]
    return package == "scipy" and "scipy.sparse" in sys.modules and hasattr(source, "toarray")

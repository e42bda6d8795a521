"""Mappings: columns by name, ``{"x": …, "y": …, "embeddings": …}``, and scikit-learn's `Bunch`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from diagnose.data import SplitName
from diagnose.errors import InputError
from diagnose.readers.data.array_cells import array_cells, object_cells
from diagnose.readers.data.arrays import array_table, label_cells
from diagnose.readers.data.cells import Cells, Form, Table

INPUTS = ("x", "X", "data", "inputs", "features", "images")
TARGETS = ("y", "Y", "label", "labels", "target", "targets")
EMBEDDINGS = ("embeddings", "embedding")
PREDICTIONS = ("predictions", "probabilities", "outputs")
LOSSES = ("losses",)
Inputs = Callable[[Any, SplitName], Table]


class MappingReader:
    """A mapping of columns, or of parts; each array may be there once for each split (``x_train``)."""

    format: ClassVar[str] = "mapping"

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs

    def recognises(self, source: Any) -> bool:
        """Whether it is a mapping."""
        return isinstance(source, Mapping)

    def size(self, source: Any) -> int:
        """Nothing: it is in memory."""
        del source
        return 0

    def tables(self, source: Any, name: SplitName, rows: int | None) -> Iterator[Table]:
        """Read the mapping as one table."""
        del rows
        yield mapping_table(source, name, self._inputs)


def mapping_table(
    source: Mapping[Any, Any], name: SplitName, inputs: Inputs, where: str = "mapping in memory"
) -> Table:
    """Return a mapping as a table.

    Raises
    ------
    InputError
        It is empty, or its columns have unequal lengths.
    """
    parts = _of_split(source, name)
    if not parts:
        raise InputError(f"{where}: empty; expected columns by name, such as {{'age': [34, 51], 'label': [0, 1]}}")
    if "data" in parts and "target" in parts and _is_wide(parts["data"]):
        return _bunch(parts, name, inputs)
    wide = next((key for key in INPUTS if key in parts and _is_wide(parts[key])), None)
    table = inputs(parts[wide], name) if wide is not None else _columns(parts, where)
    others = {key: value for key, value in parts.items() if key != wide} if wide is not None else {}
    return _with_parts(replace(table, source=where), others, parts, name, is_structured=wide is not None)


def _of_split(source: Mapping[Any, Any], name: SplitName) -> dict[str, Any]:
    """Return what is of this split where keys end in a split's name, as in ``mnist.npz``."""
    ends = {"train": ("_train", "_tr"), "val": ("_val", "_valid", "_validation"), "test": ("_test",)}
    named = {str(key): value for key, value in source.items()}
    own = {key.removesuffix(end): named[key] for key in named for end in ends[name] if key.endswith(end)}
    has_inputs = any(key in INPUTS for key in own)
    return own if has_inputs else named


def _is_wide(value: Any) -> bool:
    shape = getattr(value, "shape", None)
    return shape is not None and len(shape) > 1


def _columns(parts: Mapping[str, Any], where: str) -> Table:
    columns = [_column(key, value, where) for key, value in parts.items() if not _is_part(key, value)]
    lengths = {cells.name: len(cells) for cells in columns}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name!r} {length:,}" for name, length in list(lengths.items())[:8])
        raise InputError(f"{where}: columns of unequal lengths ({shown}); expected one value for each row in each")
    n = (
        len(columns[0])
        if columns
        else max((len(value) for value in parts.values() if hasattr(value, "__len__")), default=0)
    )
    return Table(n, tuple(columns))


def _is_part(key: str, value: Any) -> bool:
    return (key in EMBEDDINGS and _is_wide(value)) or (key in PREDICTIONS and _is_wide(value)) or key in LOSSES


def _column(key: str, value: Any, where: str) -> Cells:
    if isinstance(value, (str, bytes)) or not hasattr(value, "__len__"):
        raise InputError(f"{where}: {key!r} is {value!r:.60}; expected a value for each row, such as a list")
    if isinstance(value, np.ndarray):
        return array_cells(key, value)
    if isinstance(value, (list, tuple)):
        return object_cells(key, value)
    return array_cells(key, np.asarray(value))


def _with_parts(
    table: Table, others: Mapping[str, Any], parts: Mapping[str, Any], name: SplitName, *, is_structured: bool
) -> Table:
    label = next((key for key in TARGETS if key in others), None) if is_structured else None
    kept = {
        what: next((key for key in keys if key in parts and (is_structured or _is_part(key, parts[key]))), None)
        for what, keys in (("predictions", PREDICTIONS), ("losses", LOSSES), ("embeddings", EMBEDDINGS))
    }
    used = {label, *kept.values()}
    known = {key: value for key, value in others.items() if key not in used}
    more = tuple(_column(key, value, table.source) for key, value in known.items() if _has_rows(value, table.n))
    left = [key for key, value in known.items() if not _has_rows(value, table.n)]
    notes = (f"{', '.join(map(repr, left[:8]))}: no value for each row, left out",) if left else ()
    arrays: dict[str, Any] = {what: np.asarray(parts[key]) for what, key in kept.items() if key is not None}
    for what, values in arrays.items():
        if values.ndim == 0 or len(values) != table.n:
            raise InputError(f"{table.source}: {table.n:,} rows, but {what} of shape {values.shape}")
    return replace(
        table,
        columns=(*table.columns, *more),
        label=label_cells(others[label], table.n, name) if label is not None else None,
        notes=(*table.notes, *notes),
        **arrays,
    )


def _has_rows(value: Any, n: int) -> bool:
    return not isinstance(value, (str, bytes)) and hasattr(value, "__len__") and len(value) == n


def _bunch(parts: Mapping[str, Any], name: SplitName, inputs: Inputs) -> Table:
    """Read a data set as scikit-learn gives it: labels by name where it names them."""
    names = parts.get("feature_names")
    array = isinstance(parts["data"], np.ndarray)
    table = (
        array_table(parts["data"], tuple(map(str, names)) if names is not None else ())
        if array
        else inputs(parts["data"], name)
    )
    label = label_cells(parts["target"], table.n, name)
    targets = parts.get("target_names")
    if (
        targets is not None
        and not isinstance(targets, str)
        and label.form is Form.NUMBER
        and label.values.dtype.kind in "iu"
    ):
        levels = tuple(map(str, targets))
        if len(label) and label.values.min() >= 0 and label.values.max() < len(levels):
            label = Cells("target", Form.TEXT, label.values.astype(np.int32), "target_names", None, levels, True)
            table = replace(table, classes=levels)
    return replace(table, label=replace(label, name="target"), source="scikit-learn data set in memory")

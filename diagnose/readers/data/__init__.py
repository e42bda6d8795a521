"""From a file, a folder or an object to a `Split`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from diagnose.data import Column, Kind, Split, SplitName
from diagnose.errors import UnreadableInput
from diagnose.readers.data.options import DataOptions, data_options

__all__ = ["DataOptions", "data_options", "read_split"]


def read_split(source: Any, name: SplitName, options: DataOptions | None = None, *, like: Split | None = None) -> Split:
    """Read one split.

    Parameters
    ----------
    source
        A path, or an object that holds data.
    name
        Which split it is.
    options
        What the user says of its columns.
    like
        A split that was read before, the training data as a rule: columns get the kinds that they have there.

    Raises
    ------
    InputError
        It cannot be read.
    """
    chosen = options or DataOptions()
    del like  # every kind is inferred from its own split for now
    if isinstance(source, Split):
        return replace(source, name=name)
    if isinstance(source, Mapping):
        return _from_mapping(source, name, chosen)
    raise UnreadableInput(f"{name}: {type(source).__name__} is no data that this version reads")


def _from_mapping(source: Mapping[str, Any], name: SplitName, options: DataOptions) -> Split:
    columns = [_column(key, np.asarray(values)) for key, values in source.items()]
    return Split(
        name,
        len(columns[0]) if columns else 0,
        tuple(column for column in columns if column.name != options.label),
        label=next((column for column in columns if column.name == options.label), None),
        source="mapping",
    )


def _column(name: str, values: np.ndarray[Any, Any]) -> Column:
    if values.dtype.kind in "fiu":
        kept = values if values.dtype in (np.float32, np.float64) else values.astype(np.float64)
        return Column(name, Kind.NUMBER, kept, decided=str(values.dtype))
    levels, codes = np.unique(values.astype(str), return_inverse=True)
    return Column(name, Kind.CATEGORY, codes.astype(np.int32), tuple(levels.tolist()), decided=str(values.dtype))

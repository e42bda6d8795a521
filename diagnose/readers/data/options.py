"""What a user may say of a data set that its values don't."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any

from diagnose.data import Kind
from diagnose.errors import InputError


@dataclass(frozen=True)
class DataOptions:
    """How to read the columns of all splits.

    Attributes
    ----------
    label, prediction, group, time, identifier
        Names of the columns that hold the label, the model's output, what rows belong together, when they were taken,
        and a name of each row. ``label`` and ``prediction`` may be arrays where one split is read.
    embedding
        The column, or array, of representations.
    kinds
        Kinds of columns by name, which win over what is inferred.
    ignore
        Columns that are left out.
    """

    label: Any = None
    prediction: Any = None
    group: str | None = None
    time: str | None = None
    identifier: str | None = None
    embedding: Any = None
    kinds: Mapping[str, Kind] = field(default_factory=lambda: MappingProxyType({}))
    ignore: tuple[str, ...] = ()


def data_options(settings: Mapping[str, Any]) -> DataOptions:
    """Return the options that settings by name describe.

    Raises
    ------
    InputError
        A setting, or a kind, is unknown.
    """
    known = [field.name for field in fields(DataOptions)]
    for name in settings:
        if name not in known:
            raise InputError(f"data: {name!r} is no setting; known: {', '.join(known)}")
    chosen = dict(settings)
    try:
        chosen["kinds"] = {column: Kind(kind) for column, kind in dict(settings.get("kinds") or {}).items()}
    except ValueError as error:
        raise InputError(f"data: kinds: {error}; expected {', '.join(Kind)}") from error
    chosen["ignore"] = tuple(settings.get("ignore") or ())
    return DataOptions(**chosen)

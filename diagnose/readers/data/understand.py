"""From columns as a source holds them to a `Split`: once, for every format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from diagnose.data import Column, Kind, Split, SplitName
from diagnose.errors import InputError
from diagnose.readers.data.cells import Cells, Form, Table
from diagnose.readers.data.convert import column_of
from diagnose.readers.data.joining import as_text
from diagnose.readers.data.kinds import kind_of, kind_of_label
from diagnose.readers.data.options import DataOptions
from diagnose.readers.data.predictions import outputs_of
from diagnose.readers.data.roles import WORDS, Roles, listed, roles_of
from diagnose.readers.data.text_values import MISSING

_SHOWN = 5
"""Columns that a note names."""


def understand(table: Table, name: SplitName, options: DataOptions, like: Split | None) -> Split:
    """Return the split that a table holds.

    Raises
    ------
    InputError
        It is empty, a column that the user names is not there, or it shares no column with ``like``.
    """
    where = f"{WORDS[name]} {table.source}".strip()
    if not table.n:
        raise InputError(f"{where}: no rows; expected at least one")
    clean, notes = _cleaned(table)
    roles = roles_of(clean, name, options, like)
    notes += roles.notes
    label = _label(roles, options, like, notes)
    inputs = _inputs(roles, options, like, notes)
    outputs, classes = outputs_of(roles, table.classes, label, like)
    notes += [note for note in roles.notes if note not in notes]
    _check_lengths(
        where, table.n, label, {"predictions": outputs, "embeddings": roles.embeddings, "losses": table.losses}
    )
    return Split(
        name,
        table.n,
        tuple(inputs),
        label=label,
        outputs=outputs,
        classes=classes or table.classes,
        losses=np.asarray(table.losses, np.float64) if table.losses is not None else None,
        embeddings=_embeddings(roles, where),
        embedded_by=roles.embedded_by,
        groups=_whole(roles.group, Kind.IDENTIFIER, "group", notes),
        times=_whole(roles.time, Kind.TIME, "time", notes),
        digests=table.digests,
        rows=_row_names(roles) or table.rows,
        batches=table.batches,
        thumbnail=table.thumbnail,
        source=table.source,
        notes=tuple(dict.fromkeys((*table.notes, *notes))),
    )


def _cleaned(table: Table) -> tuple[Table, list[str]]:
    """Give every column a name of its own, and take the texts that mean "missing" for missing."""
    notes: list[str] = []
    taken: dict[str, list[str]] = {}
    seen: dict[str, int] = {}
    columns = []
    for at, cells in enumerate(table.columns, 1):
        name = cells.name.strip() or ("Unnamed: 0" if at == 1 else f"column {at}")
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            notes.append(f"{seen[name]} columns are named {name!r}: the last is called '{name} ({seen[name]})'")
            name = f"{name} ({seen[name]})"
        columns.append(replace(_without_missing(cells, taken), name=name))
    label = _without_missing(table.label, taken) if table.label is not None else None
    for text, names in taken.items():
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        notes.append(f"{text!r} counts as missing in {', '.join(map(repr, names[:_SHOWN]))}{more}")
    return replace(table, columns=tuple(columns), label=label), notes


def _without_missing(cells: Cells, taken: dict[str, list[str]]) -> Cells:
    if cells.form is not Form.TEXT:
        return cells
    codes = [-1 if level.strip() in MISSING else code for code, level in enumerate(cells.levels)]
    if -1 not in codes:
        return cells
    for level in cells.levels:
        if level.strip() in MISSING - {"", "NaN", "nan", "<NA>", "NaT"}:
            taken.setdefault(level, []).append(cells.name)
    kept = [code for code in codes if code >= 0]
    to = np.full(len(codes) + 1, -1, np.int32)
    to[kept] = np.arange(len(kept), dtype=np.int32)
    return replace(cells, values=to[cells.values], levels=tuple(cells.levels[code] for code in kept))


def _label(roles: Roles, options: DataOptions, like: Split | None, notes: list[str]) -> Column | None:
    cells = roles.label
    if cells is None:
        return None
    if cells.form is Form.VECTOR and cells.values.shape[1:] != (0,):
        width = cells.values.shape[1]
        cells = Cells(cells.name, Form.NUMBER, np.argmax(cells.values, axis=1), cells.type, is_category=True)
        notes.append(f"{cells.name!r} has {width} columns: the class is that of the greatest value")
    if cells.name in options.kinds:
        kind, decided = options.kinds[cells.name], "given"
    elif like is not None and like.label is not None:
        kind, decided = like.label.kind, like.label.decided
    else:
        kind, decided = kind_of_label(cells)
    if kind not in {Kind.CATEGORY, Kind.NUMBER}:
        raise InputError(f"{roles.where}: --kind {cells.name}={kind}: a label is a category or a number")
    column, broken = column_of(cells, kind, decided)
    notes += broken
    return column


def _inputs(roles: Roles, options: DataOptions, like: Split | None, notes: list[str]) -> list[Column]:
    known: Mapping[str, Column] = {}
    if like is not None:  # what was computed of its texts is computed again of these
        known = {column.name: column for column in like.columns if like.column(column.made_of) is None}
    for name in options.kinds:
        if like is None and name not in roles.inputs and (roles.label is None or name != roles.label.name):
            raise InputError(f"{roles.where}: no column {name!r} for --kind{listed(name, roles.inputs)}")
    columns = []
    left_out = []
    cells_by_name = dict(roles.inputs)
    if roles.identifier is not None:
        cells_by_name[roles.identifier.name] = roles.identifier
    for name, cells in cells_by_name.items():
        if cells.form is Form.VECTOR:
            left_out.append(name)
            continue
        kind, decided = _kind(cells, roles, options, known)
        column, broken = column_of(cells, kind, decided)
        columns.append(column)
        notes += broken
    if left_out:
        shown = ", ".join(map(repr, left_out[:_SHOWN]))
        notes.append(f"{shown}: lists of values are no column; of numbers they are embeddings, if they are named so")
    _tell_differences(roles, known, columns, notes)
    return columns


def _kind(cells: Cells, roles: Roles, options: DataOptions, known: Mapping[str, Column]) -> tuple[Kind, str]:
    if cells.name in options.kinds:
        return options.kinds[cells.name], "given"
    if cells is roles.identifier:
        return Kind.IDENTIFIER, "given"
    if cells.made_of and cells.form is Form.NUMBER:  # a size stays one where all images have one of two
        return Kind.NUMBER, cells.type
    if cells.name in known:
        return known[cells.name].kind, known[cells.name].decided
    return kind_of(cells)


def _tell_differences(roles: Roles, known: Mapping[str, Column], columns: list[Column], notes: list[str]) -> None:
    names = [column.name for column in columns]
    if not known or not names:
        return
    lacking = [name for name in known if name not in names]
    more = [name for name in names if name not in known]
    if len(lacking) == len(known):
        raise InputError(
            f"{roles.where}: shares no column with the training data. It has {', '.join(map(repr, names[:_SHOWN]))} …, "
            f"they have {', '.join(map(repr, list(known)[:_SHOWN]))} …; is a header missing, or is it another table?"
        )
    for some, what in ((lacking, "is in the other data and not in these"), (more, "is in these data only")):
        shown = ", ".join(map(repr, some[:_SHOWN])) + (f" and {len(some) - _SHOWN} more" if len(some) > _SHOWN else "")
        notes += [f"{shown} {what}"] if some else []


def _whole(cells: Cells | None, kind: Kind, decided: str, notes: list[str]) -> Column | None:
    if cells is None:
        return None
    column, broken = column_of(cells, kind, decided)
    notes += broken
    return column


def _row_names(roles: Roles) -> tuple[str, ...] | None:
    if roles.identifier is None:
        return None
    texts = as_text(roles.identifier)
    names = (*texts.levels, "")
    return tuple(names[code] for code in texts.values.tolist())


def _embeddings(roles: Roles, where: str) -> Any:
    found = roles.embeddings
    if found is None:
        return None
    if found.ndim != 2 or found.dtype.kind not in "fiu":
        raise InputError(
            f"{where}: embeddings of shape {found.shape} and type {found.dtype}; expected numbers of shape (n, d)"
        )
    return np.asarray(found, np.float32)


def _check_lengths(where: str, n: int, label: Column | None, given: Mapping[str, Any]) -> None:
    lengths = {"labels": label} | dict(given)
    for what, values in lengths.items():
        if values is not None and len(values) != n:
            raise InputError(
                f"{where}: {n:,} rows, but {len(values):,} {what}; expected one for each row. Where each split has a "
                "file of its own, write {split} for train, val or test in the name: 'out-{split}.npy'"
            )

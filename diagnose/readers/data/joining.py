"""Pieces of one source, one below the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from diagnose.errors import UnreadableInput
from diagnose.readers.data.cells import Cells, Form, Table, text_cells
from diagnose.readers.data.text_values import spelled


def joined(tables: Sequence[Table]) -> Table:
    """Return one table of all rows; a column that a piece lacks is missing there.

    Raises
    ------
    UnreadableInput
        Only some of the pieces have labels, predictions or the like.
    """
    if len(tables) == 1:
        return tables[0]
    first = tables[0]
    names = list(dict.fromkeys(column.name for table in tables for column in table.columns))
    columns = []
    lacking: dict[str, int] = {}
    for name in names:
        parts = [next((c for c in table.columns if c.name == name), None) for table in tables]
        lacking |= {name: sum(part is None for part in parts)} if None in parts else {}
        columns.append(_joined_cells([part or _empty(name, t.n) for part, t in zip(parts, tables, strict=True)]))
    notes = [f"{name!r} is missing from {count} of {len(tables)} pieces" for name, count in lacking.items()]
    labels = [table.label for table in tables if table.label is not None]
    rows = [table.rows for table in tables if table.rows is not None]
    if len(labels) not in {0, len(tables)}:
        raise UnreadableInput(
            f"{first.source}: {len(labels)} of {len(tables)} pieces have labels; expected all or none"
        )
    return replace(
        first,
        n=sum(table.n for table in tables),
        columns=tuple(columns),
        label=_joined_cells(labels) if labels else None,
        predictions=_stacked(tables, "predictions"),
        losses=_stacked(tables, "losses"),
        embeddings=_stacked(tables, "embeddings"),
        rows=tuple(name for part in rows for name in part) if len(rows) == len(tables) else None,
        digests={name: np.concatenate([t.digests[name] for t in tables]) for name in first.digests},
        batches=None,  # those of the first piece count its rows only
        thumbnail=None,
        notes=tuple(dict.fromkeys((*(note for table in tables for note in table.notes), *notes))),
    )


def _stacked(tables: Sequence[Table], name: str) -> Any:
    parts = [value for table in tables if (value := getattr(table, name)) is not None]
    if not parts:
        return None
    if len(parts) != len(tables):
        raise UnreadableInput(f"{tables[0].source}: {len(parts)} of {len(tables)} pieces have {name}")
    return np.concatenate(parts)


def _empty(name: str, n: int) -> Cells:
    return text_cells(name, [None] * n, "null")


def _joined_cells(parts: Sequence[Cells]) -> Cells:
    known = [part for part in parts if not _is_empty(part)] or list(parts)
    forms = {part.form for part in known}
    if len(forms) > 1 or forms == {Form.TEXT}:
        return _joined_texts(parts, " or ".join(dict.fromkeys(part.type for part in known)))
    form = forms.pop()
    if form is Form.VECTOR:
        widths = {part.values.shape[1] for part in known}
        values = np.concatenate([p.values for p in known]) if len(widths) == 1 and len(known) == len(parts) else None
        total = sum(map(len, parts))
        return replace(known[0], values=np.empty((total, 0)) if values is None else values)
    filled = [part if part.form is form else _absent(known[0], len(part)) for part in parts]
    values = np.concatenate([part.values for part in filled])
    missing = None
    if any(part.missing is not None for part in filled):
        missing = np.concatenate([~part.known for part in filled])
    if missing is not None and values.dtype.kind == "f":
        values = np.where(missing, np.nan, values)
        missing = None
    return replace(known[0], values=values, missing=missing)


def _is_empty(part: Cells) -> bool:
    return part.form is Form.TEXT and not part.levels


def _absent(like: Cells, n: int) -> Cells:
    """Return values that are all missing, held as those of another piece."""
    if like.values.dtype.kind == "f":
        return replace(like, values=np.full(n, np.nan, like.values.dtype), missing=None)
    return replace(like, values=np.zeros(n, like.values.dtype), missing=np.ones(n, np.bool_))


def _joined_texts(parts: Sequence[Cells], kind: str) -> Cells:
    texts = [part if part.form is Form.TEXT else as_text(part) for part in parts]
    at: dict[str, int] = {}
    codes = []
    for part in texts:
        to = np.fromiter((at.setdefault(level, len(at)) for level in part.levels), np.int32, len(part.levels))
        codes.append(np.append(to, np.int32(-1))[part.values])  # code -1 is the last
    values = np.concatenate(codes) if codes else np.empty(0, np.int32)
    is_category = any(part.is_category for part in parts)
    return Cells(parts[0].name, Form.TEXT, values, kind, None, tuple(at), is_category, parts[0].made_of)


def as_text(cells: Cells) -> Cells:
    """Return the values of any column but vectors spelled out."""
    known = cells.known
    values = cells.values
    if cells.form is Form.TEXT or cells.form is Form.VECTOR:
        return cells
    distinct, inverse = np.unique(values[known], return_inverse=True)
    if cells.form is Form.TRUTH:
        levels = ["True" if value else "False" for value in distinct.tolist()]
    elif cells.form is Form.TIME:
        levels = [str(np.datetime64(round(value * 1e6), "us")) for value in distinct.tolist()]
    else:
        levels = spelled(distinct)
    codes = np.full(len(values), -1, np.int32)
    codes[known] = inverse
    return Cells(cells.name, Form.TEXT, codes, cells.type, None, tuple(levels), cells.is_category)

"""Rows of the data as a report shows them: a small picture, the beginning of a text, or a few values."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from diagnose.data import Column, Kind, Split
from diagnose.finding import Sample, ShownRow
from diagnose.measures.column_words import short
from diagnose.measures.row_names import row_names

MOST = 12
"""Samples of a finding: two rows of a wide page; the table below names more."""
MOST_PAIRS = 8
"""Pairs of rows of a finding: their pictures take less than 100 kB, as those of twelve rows do."""
LARGEST = 5_000
"""Bytes of a picture; readers make smaller ones (diagnose/readers/data/png.py). Larger ones are left out."""
VALUES = 5
"""Columns that are shown of a row, beside its label: what fits beside a picture's width."""
EXCERPT = 160
"""Characters of a text: two lines on a wide page."""


def shown_rows(
    split: Split, rows: npt.NDArray[np.integer[Any]], captions: Sequence[str], columns: Collection[str] = ()
) -> tuple[Sample, ...]:
    """Return the first rows, each as a sample.

    Parameters
    ----------
    split
        Whose rows they are.
    rows
        Shape ``(k,)``: their numbers, the one to look at first in front.
    captions
        What to say of each.
    columns
        Those that the finding speaks of: their values are shown before others.
    """
    names = row_names(split, rows, MOST)
    told = zip(rows[:MOST].tolist(), names, captions, strict=False)
    return tuple(Sample((_shown(split, row, name, columns),), caption) for row, name, caption in told)


def shown_pairs(
    first: tuple[Split, npt.NDArray[np.integer[Any]]],
    second: tuple[Split, npt.NDArray[np.integer[Any]]],
    captions: Sequence[str],
) -> tuple[Sample, ...]:
    """Return the first pairs of rows, each as a sample of two rows side by side."""
    (split, rows), (other, partners) = first, second
    ones, others = (shown_rows(of, at[:MOST_PAIRS], captions) for of, at in ((split, rows), (other, partners)))
    return tuple(Sample(one.rows + another.rows, one.caption) for one, another in zip(ones, others, strict=True))


def _shown(split: Split, row: int, name: str, columns: Collection[str]) -> ShownRow:
    picture = split.thumbnail(row) if split.thumbnail is not None else b""
    if 0 < len(picture) <= LARGEST:
        label = (_value(split.label, row),) if split.label is not None else ()
        return ShownRow(name, split.name, b64encode(picture).decode(), values=label)
    texts = [column for column in split.of_kind(Kind.TEXT) if column.values[row] is not None]
    text = " ".join(texts[0].values[row][: 4 * EXCERPT].split()) if texts else ""
    excerpt = text if len(text) <= EXCERPT else f"{text[: EXCERPT - 1]}…"
    return ShownRow(name, split.name, "", excerpt, tuple(_values(split, row, columns)))


def _values(split: Split, row: int, columns: Collection[str]) -> Iterator[tuple[str, str]]:
    """Tell the label, and the first of the data's own columns; an identifier is kept as a hash only."""
    if split.label is not None:
        yield _value(split.label, row)
    own = [c for c in split.columns if not c.made_of and c.kind not in {Kind.TEXT, Kind.IDENTIFIER}]
    own.sort(key=lambda column: column.name not in columns)
    yield from (_value(column, row) for column in own[:VALUES])


def _value(column: Column, row: int) -> tuple[str, str]:
    value, known = column.values[row], not column.missing[row]
    if not known:
        return column.name, "missing"
    match column.kind:
        case Kind.CATEGORY:
            return column.name, short(column.levels[value])
        case Kind.TIME:
            return column.name, _moment(float(value))
    return column.name, f"{float(value):.6g}"


def _moment(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")
    except (OverflowError, OSError, ValueError):  # beyond the calendar
        return f"{seconds:.4g} s"

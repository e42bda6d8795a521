"""Rows of the data that a finding shows, made fit for a page, or named in a line where there are no pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from diagnose.finding import Figure, ShownRow
from diagnose.reports.wording import SPLITS, one_line

MAX_SAMPLES = 12
"""Samples of a finding on a page."""
MAX_SIDE_BY_SIDE = 2
MAX_VALUES = 8
MAX_TEXT = 240
"""Characters of a row's text."""
MAX_PICTURE = 8_000
"""Letters of a picture in base64: 6 kB, of which twelve pairs would be less than 200 kB."""
MAX_NAMED = 5
"""Samples that a line names."""
PNG = re.compile(r"iVBORw0KGgo[A-Za-z0-9+/]+={0,2}")
"""What a PNG file is in base64: of a report that was loaded, nothing else is put into a page."""


@dataclass(frozen=True)
class Item:
    """One row: what it is called, and its picture's address, its text, or some of its values."""

    title: str
    name: str
    address: str
    text: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Shown:
    """Rows that belong side by side, and what is said of them."""

    items: tuple[Item, ...]
    caption: str


def of(figure: Figure) -> tuple[Shown, ...]:
    """Return the samples of a figure as a page shows them."""
    return tuple(
        Shown(tuple(map(_item, sample.rows[:MAX_SIDE_BY_SIDE])), one_line(sample.caption, 120))
        for sample in figure.samples[:MAX_SAMPLES]
        if sample.rows
    )


def in_words(figure: Figure | None) -> str:
    """Name the first samples, each with what is said of it; empty where there are none."""
    given = [sample for sample in figure.samples if sample.rows] if figure is not None else []
    titles = {tuple(map(_title, sample.rows)) for sample in given}
    is_alike = len(titles) == 1 and len(min(titles)) == 1
    named = [
        " and ".join(f"{'' if is_alike else _title(row)} {one_line(row.name, 40)}".strip() for row in sample.rows[:2])
        + (f" ({one_line(sample.caption, 60)})" if sample.caption else "")
        for sample in given[:MAX_NAMED]
    ]
    what = f"{min(titles)[0]}{'s' if len(given) > 1 else ''} " if is_alike else ""
    more = f" and {len(given) - MAX_NAMED} more, which the HTML report shows" if len(given) > MAX_NAMED else ""
    return f"look at {what}{', '.join(named)}{more}" if named else ""


def _item(row: ShownRow) -> Item:
    is_picture = len(row.picture) <= MAX_PICTURE and PNG.fullmatch(row.picture) is not None
    address = f"data:image/png;base64,{row.picture}" if is_picture else ""
    return Item(_title(row), one_line(row.name, 120), address, one_line(row.text, MAX_TEXT), tuple(_values(row)))


def _title(row: ShownRow) -> str:
    return f"{SPLITS.get(row.split, '')} row".strip()


def _values(row: ShownRow) -> Iterator[tuple[str, str]]:
    for name, value in row.values[:MAX_VALUES]:
        yield one_line(name, 40), one_line(value, 60)

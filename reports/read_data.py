"""What a report shows of the data: their columns by name, with what they are in which split."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from diagnose.finding import Diagnosis
from diagnose.reports.wording import SPLITS, one_line

ROLES = {"input": "", "label": "label", "group": "group", "time": "time of the row", "output": "the model's output"}
PLURALS = {
    "number": "numbers", "category": "categories", "text": "texts", "time": "times", "identifier": "identifiers",
    "embedding": "embeddings",
}  # fmt: skip
MAX_NAMED = 12
"""Columns of a kind that a terminal names."""


@dataclass(frozen=True)
class ColumnRow:
    """One column; ``splits`` says where it is, empty where it is in all."""

    name: str
    role: str
    kind: str
    decided: str
    splits: str


@dataclass(frozen=True)
class DataView:
    """The section on the data."""

    splits: tuple[tuple[str, int, str], ...]
    columns: tuple[ColumnRow, ...]
    notes: tuple[str, ...]


def of(diagnosis: Diagnosis) -> DataView:
    """Collect the section; each column once, in the order in which the splits have them."""
    data = diagnosis.run.data
    held: dict[tuple[str, str, str, str], list[str]] = {}
    for split in data:
        for c in split.columns:
            held.setdefault((c.name, ROLES.get(c.role, c.role), c.kind, c.decided), []).append(_title(split.name))
    rows = (ColumnRow(*key, "" if len(places) == len(data) else ", ".join(places)) for key, places in held.items())
    return DataView(
        splits=tuple((_title(split.name), split.n, split.source) for split in data),
        columns=tuple(rows),
        notes=tuple(dict.fromkeys(_notes(diagnosis))),
    )


def _title(name: str) -> str:
    return SPLITS.get(name, name)


def _notes(diagnosis: Diagnosis) -> Iterator[str]:
    data = diagnosis.run.data
    for split in data:
        for note in split.notes:
            is_shared = len(data) > 1 and all(note in other.notes for other in data)
            yield note if is_shared else f"{_title(split.name)}: {note}"


def kinds_in_words(view: DataView) -> Iterator[str]:
    """Say in a line for each kind which inputs are of it, and what else each column is for."""
    by_kind: dict[str, list[str]] = {}
    for row in view.columns:
        if not row.role:
            by_kind.setdefault(row.kind, []).append(row.name)
    for kind, names in by_kind.items():
        rest = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
        what = PLURALS.get(kind, kind) if len(names) != 1 else kind
        yield f"{len(names)} {what}: {', '.join(one_line(name, 40) for name in names[:MAX_NAMED])}{rest}"
    for row in view.columns:
        if row.role:
            yield f"{row.role}: {one_line(row.name, 40)} ({row.kind}, {row.decided})"

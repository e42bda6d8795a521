"""A CSV list of images: a column of paths, and a label and whatever else is known of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from diagnose.data import SplitName
from diagnose.errors import UnreadableInput
from diagnose.readers.data.cells import Cells, Form, Table
from diagnose.readers.data.csv_dialect import dialect_of, opened
from diagnose.readers.data.csv_files import CsvReader
from diagnose.readers.data.image_files import SUFFIXES, file_tables
from diagnose.readers.data.image_folders import KEPT
from diagnose.readers.data.joining import as_text, joined

PATHS = frozenset(("path", "file", "filename", "file_name", "filepath", "file_path", "image", "image_path", "img"))
"""How a column of paths is called."""
LISTS = ("metadata.csv", "manifest.csv", "labels.csv")
"""How a list is called that lies beside its images; the first is that of Hugging Face."""


class ImageManifestReader:
    """A CSV file that names images, from its own folder or from where the command runs; or a folder with such a one."""

    format: ClassVar[str] = "CSV list of images"

    def __init__(self) -> None:
        self._csv = CsvReader()

    def recognises(self, source: Any) -> bool:
        """Whether a column is called as one of paths, and its first value ends as an image file does."""
        return isinstance(source, Path) and self._list(source) is not None

    def size(self, source: Any) -> int:
        """Return what is kept of the images, by the lines of the list."""
        found = self._list(source)
        return KEPT * found.stat().st_size // 16 if found is not None else 0  # bytes of a short line

    def tables(self, source: Any, name: SplitName, rows: int | None) -> Iterator[Table]:
        """Read the list, then the images, in its order."""
        source = self._list(source)
        listed = joined(list(self._csv.tables(source, name, None)))
        column = _path_column(source)
        cells = next(cells for cells in listed.columns if cells.name.strip() == column)
        texts = as_text(cells)
        names = [texts.levels[code] if code >= 0 else "" for code in texts.values.tolist()]
        found = [_place(source.parent, text) for text in names]
        numbers = Cells("row", Form.NUMBER, np.arange(len(names)), "list")
        for table in file_tables(found, names, numbers, rows, str(source)):
            if table.n and table.label is not None:
                kept = table.label.values
                others = [_chosen(cells, kept) for cells in listed.columns if cells.name.strip() != column]
                table = replace(table, label=None, columns=(*others, *table.columns))  # noqa: PLW2901 - with the list's columns
            yield replace(table, notes=(*listed.notes, *table.notes))

    def _list(self, source: Path) -> Path | None:
        """Return the list, where a path is one, or a folder that holds one by a usual name."""
        candidates = [source / name for name in LISTS] if source.is_dir() else [source]
        return next((path for path in candidates if self._csv.recognises(path) and _path_column(path)), None)


def _path_column(source: Path) -> str | None:
    """Return the name of the column of paths."""
    try:
        dialect = dialect_of(source)
        with opened(source) as raw:
            lines = [raw.readline().decode(dialect.encoding, "replace") for _ in range(2)]
    except (OSError, UnreadableInput, LookupError):
        return None
    if not dialect.has_header:
        return None
    values = [value.strip().strip('"') for value in lines[1].rstrip("\r\n").split(dialect.delimiter)]
    for column, value in zip(dialect.header, values, strict=False):
        if column.strip().casefold() in PATHS and Path(value).suffix.lower() in SUFFIXES:
            return column.strip()
    return None


def _place(folder: Path, text: str) -> Path:
    beside = folder / text
    return beside if beside.exists() else Path(text)


def _chosen(cells: Cells, rows: Any) -> Cells:
    missing = cells.missing[rows] if cells.missing is not None else None
    return replace(cells, values=cells.values[rows], missing=missing)

"""Folders of data files, partitioned or not, and lists of paths: one split in several files."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from diagnose.data import SplitName
from diagnose.errors import InputError, UnreadableInput
from diagnose.readers.data.cells import Cells, Form, Table
from diagnose.readers.data.protocol import DataReader

PARTITION = re.compile(r"^([^=]+)=(.*)$")
"""A folder's name that is a column and its value, as Hive, Spark and PyArrow write them: ``year=2024``."""


class FolderReader:
    """A folder: its data files below one another, each ``column=value`` of a path as a column."""

    format: ClassVar[str] = "folder of data files"

    def __init__(self, reader_of: Callable[[Path], DataReader | None]) -> None:
        self._reader_of = reader_of

    def recognises(self, source: Any) -> bool:
        """Whether it is a folder with data files, or a list of paths."""
        if isinstance(source, (list, tuple)):
            return bool(source) and all(isinstance(item, (str, os.PathLike)) for item in source)
        return isinstance(source, Path) and source.is_dir() and next(self._files(source), None) is not None

    def size(self, source: Any) -> int:
        """All files' sizes in memory."""
        return sum(reader.size(path) for path, reader in self._all(source))

    def tables(self, source: Any, name: SplitName, rows: int | None) -> Iterator[Table]:
        """Read the files in the order of their paths."""
        where = str(source) if isinstance(source, Path) else f"{len(source)} files"
        found = list(self._all(source))
        kinds = sorted({reader.format for _, reader in found})
        if len(kinds) > 1:
            raise UnreadableInput(f"{where}: holds files of several formats ({', '.join(kinds)}); name the files")
        for path, reader in found:
            values = _partition(path.relative_to(source)) if isinstance(source, Path) else {}
            for table in reader.tables(path, name, rows):
                columns = tuple(_constant(key, value, table.n) for key, value in values.items())
                yield replace(table, columns=(*table.columns, *columns), source=where)

    def _all(self, source: Any) -> Iterator[tuple[Path, DataReader]]:
        if isinstance(source, Path):
            yield from self._files(source)
            return
        for item in source:
            reader = self._reader_of(Path(item))
            if reader is None:
                raise InputError(f"{item}: no such data file; expected CSV, Parquet, JSON Lines, Arrow or .npy")
            yield Path(item), reader

    def _files(self, folder: Path) -> Iterator[tuple[Path, DataReader]]:
        for path in sorted(folder.rglob("*")):
            parts = path.relative_to(folder).parts
            if path.is_file() and not any(part.startswith(("_", ".")) for part in parts):
                reader = self._reader_of(path)
                if reader is not None:
                    yield path, reader


def _partition(path: Path) -> dict[str, str]:
    return dict(match.groups() for part in path.parts[:-1] if (match := PARTITION.match(part)))  # type: ignore[misc]


def _constant(name: str, value: str, n: int) -> Cells:
    if value == "__HIVE_DEFAULT_PARTITION__":
        return Cells(name, Form.TEXT, np.full(n, -1, np.int32), "folder names")
    try:
        return Cells(name, Form.NUMBER, np.full(n, int(value), np.int64), "folder names")
    except (ValueError, OverflowError):
        return Cells(name, Form.TEXT, np.zeros(n, np.int32), "folder names", levels=(value,))

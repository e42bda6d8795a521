"""Parquet and Arrow (Feather) files: by PyArrow, or by polars where only that is installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from diagnose.data import SplitName
from diagnose.errors import UnreadableInput
from diagnose.extras import require
from diagnose.readers.data.cells import Table
from diagnose.readers.data.encoded_images import arrow_table

PARQUET = frozenset((".parquet", ".pq", ".parq"))
ARROW = frozenset((".arrow", ".feather", ".ipc"))
GROWTH = 4
"""Bytes in memory for each of a compressed file, where its own footer does not say better."""


class ArrowFileReader:
    """A file of columns, piece by piece where asked so."""

    format: ClassVar[str] = "Parquet, Arrow or Feather"

    def recognises(self, source: Any) -> bool:
        """Whether it is a file with such an ending."""
        return isinstance(source, Path) and source.suffix.lower() in PARQUET | ARROW and source.is_file()

    def size(self, source: Any) -> int:
        """Return the size of its columns uncompressed, as the footer has it; else a multiple of that on disk."""
        if source.suffix.lower() in PARQUET and importlib.util.find_spec("pyarrow"):
            footer = _footer(source)
            groups = (footer.row_group(at) for at in range(footer.num_row_groups))
            return max(sum(int(g.total_byte_size) for g in groups), 8 * int(footer.num_rows) * int(footer.num_columns))
        return GROWTH * int(source.stat().st_size)

    def tables(self, source: Any, name: SplitName, rows: int | None) -> Iterator[Table]:
        """Read it."""
        del name
        read = (
            _by_polars if not importlib.util.find_spec("pyarrow") and importlib.util.find_spec("polars") else _by_arrow
        )
        first = 0
        for frame in read(source, rows):
            yield replace(arrow_table(frame, str(source), first), source=str(source))
            first += len(frame)


def _footer(path: Path) -> Any:
    pyarrow = require("pyarrow", extra="data", what="reading Parquet files")
    parquet = require("pyarrow.parquet", extra="data", what="reading Parquet files")
    try:
        return parquet.ParquetFile(path).metadata
    except pyarrow.ArrowException as error:
        raise UnreadableInput(_damaged(path, error)) from error


def _damaged(path: Path, error: Exception) -> str:
    return f"{path}: cannot be read as its ending says ({' '.join(str(error).split())[:200]})"


def _by_arrow(path: Path, rows: int | None) -> Iterator[Any]:
    pyarrow = require("pyarrow", extra="data", what=f"reading {path.name}")
    try:
        if path.suffix.lower() in PARQUET:
            file = require("pyarrow.parquet", extra="data", what=f"reading {path.name}").ParquetFile(path)
            if rows is None or not file.metadata.num_rows:
                yield file.read()
                return
            for batch in file.iter_batches(batch_size=rows):
                yield pyarrow.Table.from_batches([batch])
            return
        feather = require("pyarrow.feather", extra="data", what=f"reading {path.name}")
        whole = feather.read_table(path, memory_map=True)
    except (pyarrow.ArrowException, OSError) as error:
        raise UnreadableInput(_damaged(path, error)) from error
    step = rows or max(whole.num_rows, 1)
    for start in range(0, max(whole.num_rows, 1), step):
        yield whole.slice(start, step)


def _by_polars(path: Path, rows: int | None) -> Iterator[Any]:
    polars = require("polars", extra="data", what=f"reading {path.name}")
    scan = polars.scan_parquet if path.suffix.lower() in PARQUET else polars.scan_ipc
    try:
        lazy = scan(path)
        count = int(lazy.select(polars.len()).collect().item())
        step = rows or max(count, 1)
        for start in range(0, max(count, 1), step):
            yield lazy.slice(start, step).collect()
    except (polars.exceptions.PolarsError, OSError) as error:
        raise UnreadableInput(_damaged(path, error)) from error

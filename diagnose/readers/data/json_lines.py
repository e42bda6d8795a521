"""JSON Lines, JSON arrays of records, and lists of records in memory."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from diagnose.data import SplitName
from diagnose.errors import UnreadableInput
from diagnose.readers.data.array_cells import object_cells
from diagnose.readers.data.cells import Table
from diagnose.readers.data.csv_dialect import opened, plain_suffix

GROWTH = 4
"""Bytes in memory for each in the file, while Python objects stand for its values."""


class JsonLinesReader:
    """A file with one record a line, or one array of records."""

    format: ClassVar[str] = "JSON Lines"

    def recognises(self, source: Any) -> bool:
        """Whether it is a file with such an ending."""
        return isinstance(source, Path) and plain_suffix(source) in {".jsonl", ".ndjson", ".json"} and source.is_file()

    def size(self, source: Any) -> int:
        """Several times its size on disk."""
        return GROWTH * int(source.stat().st_size)

    def tables(self, source: Any, name: SplitName, rows: int | None) -> Iterator[Table]:
        """Read it."""
        del name
        records = _records(source)
        if rows is None:
            yield records_table(list(records), str(source))
            return
        while piece := list(itertools.islice(records, rows)):
            yield records_table(piece, str(source))


class RecordsReader:
    """A list of mappings, one a row."""

    format: ClassVar[str] = "list of records"

    def recognises(self, source: Any) -> bool:
        """Whether it is a list of mappings."""
        return isinstance(source, list) and bool(source) and all(isinstance(row, Mapping) for row in source[:100])

    def size(self, source: Any) -> int:
        """Nothing: it is in memory."""
        del source
        return 0

    def tables(self, source: Any, name: SplitName, rows: int | None) -> Iterator[Table]:
        """Read it as one table."""
        del name, rows
        yield records_table(source, "records in memory")


def records_table(records: Sequence[Mapping[str, Any]], where: str) -> Table:
    """Return records as a table; a value within a value is named ``outer.inner``."""
    flat = [dict(_flat(record)) for record in records]
    names = dict.fromkeys(itertools.chain.from_iterable(flat))
    columns = (object_cells(name, [record.get(name) for record in flat], "JSON") for name in names)
    return Table(len(flat), tuple(columns), source=where)


def _flat(record: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in record.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def _records(path: Path) -> Iterator[Mapping[str, Any]]:
    with opened(path) as stream:
        first = stream.read(1024).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        stream.seek(0)
        lines: Iterable[bytes] = [stream.read()] if first == b"[" else stream
        decoder = msgspec.json.Decoder()
        for number, line in enumerate(lines, 1):
            text = line.removeprefix(b"\xef\xbb\xbf").strip()
            if not text:
                continue
            try:
                read = decoder.decode(text)
            except (msgspec.DecodeError, RecursionError) as error:
                raise UnreadableInput(f"{path}, line {number}: {error}; expected one JSON record a line") from error
            for record in read if isinstance(read, list) else [read]:
                if not isinstance(record, Mapping):
                    raise UnreadableInput(
                        f"{path}, line {number}: {str(record)[:60]!r}; expected a record such as "
                        '{"age": 34, "label": 1}'
                    )
                yield record

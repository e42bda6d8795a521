"""CSV and TSV files: by PyArrow where it is installed, else by the standard library, with the same result."""

from __future__ import annotations

import csv
import importlib.util
import io
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from diagnose.data import SplitName
from diagnose.errors import UnreadableInput
from diagnose.extras import require
from diagnose.readers.data.cells import Cells, Form, Table, encoded
from diagnose.readers.data.convert import EXACT
from diagnose.readers.data.csv_dialect import Dialect, dialect_of, opened, plain_suffix
from diagnose.readers.data.kinds import is_whole
from diagnose.readers.data.text_values import MISSING, as_numbers, has_leading_zeros

SUFFIXES = frozenset((".csv", ".tsv", ".txt", ".data", ".tab"))
GROWTH = 2
"""Bytes in memory for each of a text: short texts are codes, but numbers take eight bytes whatever their digits."""

BLOCK = 1 << 22
"""Bytes that PyArrow reads at a time, 4 MB: no row may be longer, and it reads 32 of them ahead."""
ROWS_AT_ONCE = 131_072
"""Rows that are Python texts at a time, which take ten times the memory of numbers."""


class CsvReader:
    """A delimited file with a header; columns of one without are called x0, x1 and so on."""

    format: ClassVar[str] = "CSV"

    def recognises(self, source: Any) -> bool:
        """Whether it is a file with such an ending."""
        return isinstance(source, Path) and plain_suffix(source) in SUFFIXES and source.is_file()

    def size(self, source: Any) -> int:
        """Return the size of its text, and some more."""
        packed = 5 if plain_suffix(source) != source.suffix.lower() else 1  # text packs to a fifth or so
        return GROWTH * packed * int(source.stat().st_size)

    def tables(self, source: Any, name: SplitName, rows: int | None) -> Iterator[Table]:
        """Read it."""
        del name
        dialect = dialect_of(source)
        read = _by_arrow if importlib.util.find_spec("pyarrow") else _by_hand
        yield from read(source, dialect, rows)


def _by_hand(path: Path, dialect: Dialect, rows: int | None) -> Iterator[Table]:
    with opened(path) as raw:
        stream = io.TextIOWrapper(raw, encoding=dialect.encoding, errors="replace", newline="")
        reader = csv.reader(stream, delimiter=dialect.delimiter)
        if dialect.has_header:
            next((row for row in reader if row), None)
        width = len(dialect.header)
        step = rows or ROWS_AT_ONCE
        first = True
        while True:
            try:
                piece = list(itertools.islice(reader, step))
            except csv.Error as error:
                raise UnreadableInput(f"{path}, line {reader.line_num}: {error}") from error
            if not piece and not first:
                return
            first = False
            good = [row for row in piece if len(row) == width]
            broken = sum(len(row) != width for row in piece if row)
            cells = zip(*good, strict=True) if good else ([] for _ in range(width))
            columns = tuple(
                number_or_text(column, values, dialect) for column, values in zip(dialect.header, cells, strict=True)
            )
            yield Table(len(good), columns, source=str(path), notes=_told(broken, width))


def number_or_text(name: str, values: Sequence[str], dialect: Dialect) -> Cells:
    """Return a column of texts as numbers where all that are known are."""
    try:
        if not dialect.decimal_comma:
            return _whole_or_not(Cells(name, Form.NUMBER, _quick(values), "numbers"), values)
    except ValueError:
        pass
    codes, levels = encoded(values)
    return by_level(name, codes, levels, dialect)


def by_level(name: str, codes: np.ndarray[Any, np.dtype[np.int32]], levels: Sequence[str], dialect: Dialect) -> Cells:
    """Return a column of codes into texts as numbers where all texts that are known spell some."""
    numbers = as_numbers(levels, decimal_comma=dialect.decimal_comma)
    known = np.fromiter((level.strip() not in MISSING for level in levels), np.bool_, len(levels))
    if (
        known.any()
        and not (is_whole(numbers[known & np.isfinite(numbers)]) and has_leading_zeros(levels))
        and not np.isnan(numbers[known]).any()
        and np.all(np.abs(numbers[known & np.isfinite(numbers)]) <= EXACT)
    ):
        return Cells(name, Form.NUMBER, np.append(numbers, np.nan)[codes], "numbers")
    return Cells(name, Form.TEXT, codes, "text", levels=tuple(levels))


def _quick(values: Sequence[str]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return numbers without looking at each text twice.

    Raises
    ------
    ValueError
        Some text is none, or is a code.
    """
    try:
        numbers = np.fromiter(map(float, values), np.float64, len(values))
    except ValueError:
        known = (np.nan if value.strip() in MISSING else float(value) for value in values)
        numbers = np.fromiter(known, np.float64, len(values))
    is_code = is_whole(numbers[np.isfinite(numbers)]) and has_leading_zeros(values)
    if is_code or "_" in "".join(values) or (len(values) and np.isnan(numbers).all()):
        raise ValueError
    return numbers


def _whole_or_not(cells: Cells, values: Sequence[str]) -> Cells:
    """Keep integers beyond 2^53 as such, or as text where even 64 bits are too few: they are names."""
    finite = cells.values[np.isfinite(cells.values)]
    if not len(finite) or np.abs(finite).max() <= EXACT:
        return cells
    codes, levels = encoded(values)
    return Cells(cells.name, Form.TEXT, codes, "text", levels=levels)


def _told(broken: int, width: int) -> tuple[str, ...]:
    return (f"{broken:,} rows without {width} fields are left out",) if broken else ()


def _by_arrow(path: Path, dialect: Dialect, rows: int | None) -> Iterator[Table]:
    pa = require("pyarrow", extra="data", what="reading CSV quickly")
    arrow_csv = require("pyarrow.csv", extra="data", what="reading CSV quickly")

    broken: list[int] = []
    held = [str(at) for at in range(len(dialect.header))]

    def skip(row: Any) -> str:
        broken.append(row.number or 0)
        return "skip"

    parse = arrow_csv.ParseOptions(
        delimiter=dialect.delimiter, newlines_in_values=True, invalid_row_handler=skip, ignore_empty_lines=True
    )
    read = arrow_csv.ReadOptions(
        column_names=held, skip_rows=1 if dialect.has_header else 0, block_size=BLOCK,
        encoding="utf8" if dialect.encoding == "utf-8-sig" else dialect.encoding,
    )  # fmt: skip
    convert = arrow_csv.ConvertOptions(column_types=dict.fromkeys(held, pa.string()), strings_can_be_null=False)
    width = len(held)
    with opened(path) as stream:
        try:
            batches = arrow_csv.open_csv(stream, read, parse, convert)
            for table in _of_rows(batches, rows):
                columns = tuple(
                    _arrow_column(name, table.column(at), dialect) for at, name in enumerate(dialect.header)
                )
                told = _told(len(broken), width)
                broken.clear()
                yield Table(table.num_rows, columns, source=str(path), notes=told)
        except pa.ArrowInvalid as error:
            raise UnreadableInput(f"{path}: {' '.join(str(error).split())[:300]}") from error


def _of_rows(batches: Any, rows: int | None) -> Iterator[Any]:
    """Regroup record batches into tables of that many rows, or into one; at least one."""
    pa = require("pyarrow", extra="data", what="reading CSV quickly")

    if rows is None:
        yield batches.read_all()
        return
    held = pa.Table.from_batches([], schema=batches.schema)
    given = False
    for batch in batches:
        held = pa.concat_tables([held, pa.Table.from_batches([batch])])
        while held.num_rows >= rows:
            yield held.slice(0, rows)
            given = True
            held = held.slice(rows)
    if held.num_rows or not given:
        yield held


def _arrow_column(name: str, column: Any, dialect: Dialect) -> Cells:
    values = None if dialect.decimal_comma else _arrow_numbers(column)
    if values is not None:
        return Cells(name, Form.NUMBER, values, "numbers")
    whole = column.combine_chunks()
    packed = (whole.chunk(0) if hasattr(whole, "chunk") else whole).dictionary_encode()
    return by_level(name, np.asarray(packed.indices).astype(np.int32), packed.dictionary.to_pylist(), dialect)


def _arrow_numbers(column: Any) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    """Return the numbers that texts spell, NaN where missing; None where they are texts, codes or names."""
    pa = require("pyarrow", extra="data", what="reading CSV quickly")
    compute = require("pyarrow.compute", extra="data", what="reading CSV quickly")
    try:
        numbers = column.cast(pa.float64())
    except pa.ArrowInvalid:
        missing = compute.is_in(column, value_set=pa.array(sorted(MISSING)))
        try:
            numbers = compute.if_else(missing, pa.scalar(None, pa.string()), column).cast(pa.float64())
        except pa.ArrowInvalid:
            return None
    values = np.asarray(numbers.to_numpy())
    finite = values[np.isfinite(values)]
    if np.isnan(values).all() or (len(finite) and np.abs(finite).max() > EXACT):
        return None
    is_code = is_whole(finite) and compute.any(compute.match_substring_regex(column, "^0[0-9]+$")).as_py()
    return None if is_code else values

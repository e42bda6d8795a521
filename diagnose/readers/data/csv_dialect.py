"""How a delimited file is written: its encoding, its delimiter, its header, its decimal mark."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from diagnose.errors import UnreadableInput

HEAD = 1 << 16
"""Bytes that tell the dialect."""
_LINES = 20
_OPENERS: Mapping[str, Callable[..., IO[bytes]]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}  # type: ignore[dict-item]
_COMMA, _POINT = re.compile(r"^-?\d+,\d+$"), re.compile(r"^-?\d+\.\d+$")


@dataclass(frozen=True)
class Dialect:
    """How a file is written; ``header`` is made up where the first line holds values."""

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    has_header: bool
    decimal_comma: bool


def opened(path: Path) -> IO[bytes]:
    """Open a file, decompressed by its ending (``.gz``, ``.bz2``, ``.xz``)."""
    opener = _OPENERS.get(path.suffix.lower())
    return opener(path, "rb") if opener else path.open("rb")


def plain_suffix(path: Path) -> str:
    """Return the ending of a name, in small letters and without that of a compression."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _OPENERS:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def dialect_of(path: Path) -> Dialect:
    """Read how a file is written.

    Raises
    ------
    UnreadableInput
        It is empty, or no text.
    """
    try:
        with opened(path) as stream:
            raw = stream.read(HEAD)
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise UnreadableInput(f"{path}: cannot be read: {error}") from error
    if not raw.strip():
        raise UnreadableInput(f"{path}: the file is empty; expected a header and at least one row")
    encoding = _encoding(raw)
    text = raw.decode(encoding, "replace").lstrip("\ufeff")
    if "\x00" in text:
        raise UnreadableInput(f"{path}: no text; expected a table such as CSV, Parquet or .npz by its ending")
    lines = [line for line in text.splitlines() if line.strip()]
    cut = lines[:-1] if len(raw) == HEAD and len(lines) > 1 else lines
    delimiter = "\t" if plain_suffix(path) == ".tsv" else _delimiter(cut[:_LINES])
    rows = list(csv.reader(io.StringIO("\n".join(cut[:_LINES])), delimiter=delimiter))
    first = tuple(cell.strip() for cell in rows[0])
    has_header = not (any(map(_is_number, first)) and any(map(_is_number, rows[1] if len(rows) > 1 else first)))
    header = first if has_header else tuple(f"x{at}" for at in range(len(first)))
    cells = [cell for row in rows[1:] for cell in row]
    comma = delimiter != "," and any(map(_COMMA.match, cells)) and not any(map(_POINT.match, cells))
    return Dialect(encoding, delimiter, header, has_header, comma)


def _encoding(raw: bytes) -> str:
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if raw.startswith(mark):
            return encoding
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return "utf-8" if error.start >= len(raw) - 4 else "latin-1"
    return "utf-8"


def _delimiter(lines: list[str]) -> str:
    """Return the mark that stands in every line equally often, and most often; a comma where none does."""

    def fields(mark: str) -> int:
        counts = {len(row) for row in csv.reader(lines, delimiter=mark)}
        return counts.pop() if len(counts) == 1 else 0

    best = max((",", ";", "\t", "|"), key=fields)
    if fields(best) > 1:
        return best
    return max((",", ";", "\t", "|"), key=lines[0].count)


def _is_number(cell: Any) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return cell.strip().lower() not in {"nan", "inf", "infinity"}

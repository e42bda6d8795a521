"""Delimited text as people have it: any delimiter, padding, repeated headers, broken rows, decimal commas."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from diagnose.errors import UnreadableInput
from diagnose.readers.cells import parse_cell, parse_column
from diagnose.readers.names import parse_name
from diagnose.readers.protocol import Cell
from diagnose.readers.run_columns import numbered_run
from diagnose.run import Unread

SEARCHED_LINES = 60
"""How far down a header is looked for, below lines of other text."""
MEANINGFUL = frozenset({"step", "loss", "score", "learning rate"})
_MAX_REPORTED = 20
_LONGEST_NAME = 120
_SAMPLE = 20
_PAIR = re.compile(r"[A-Za-z)\]]\s*[:=]\s*[+-]?\.?\d")
"""A name with its number: a line of text, not a header."""
_POINT, _COMMA = re.compile(r"\d\.\d"), re.compile(r"\d,\d")


@dataclass(frozen=True)
class Dialect:
    """How a table is written; ``delimiter`` is ``" "`` for runs of white space."""

    delimiter: str
    header_line: int
    header: tuple[str, ...]
    decimal_comma: bool
    has_rows: bool = True


@dataclass
class Table:
    """What was read from delimited text."""

    columns: dict[str, list[Cell]]
    unread: list[Unread] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@lru_cache(maxsize=16)
def sniff(text: str) -> Dialect | None:
    """Return the dialect of a table that begins in the first lines of a text, or None where there is none."""
    lines = list(_first_lines(text))
    best: Dialect | None = None
    for delimiter in (",", ";", "\t", "|", " "):
        found = _header_for(lines, delimiter)
        if found and (best is None or len(found.header) > len(best.header)):
            best = found
        if best and delimiter == "|":
            break
    return best


def _first_lines(text: str) -> Iterator[str]:
    stream = io.StringIO(text, newline=None)
    for _ in range(SEARCHED_LINES):
        line = stream.readline()
        if not line:
            return
        yield line.rstrip("\n")


def split_line(line: str, delimiter: str) -> list[str]:
    """Return the fields of one line."""
    if delimiter == " ":
        return line.split()
    if '"' in line:
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    return line.split(delimiter)


def _header_for(lines: Sequence[str], delimiter: str) -> Dialect | None:
    for number, line in enumerate(lines):
        fields = [name.strip() for name in split_line(line.lstrip("#").strip(" \ufeff"), delimiter)]
        if not _is_header(fields):
            if delimiter in " |" and line.strip():
                return None  # words between blanks are a table only where the text begins with one
            continue
        rows = [row for row in lines[number + 1 :] if row.strip()]
        if not rows:
            return (
                Dialect(delimiter, number, tuple(fields), decimal_comma=False, has_rows=False) if number == 0 else None
            )
        sample = "\n".join(rows[:_SAMPLE])
        comma = delimiter != "," and bool(_COMMA.search(sample)) and not _POINT.search(sample)
        if any(_fits(split_line(row, delimiter), len(fields), comma) for row in rows[:5]):
            return Dialect(delimiter, number, tuple(fields), comma)
    return None


def _is_header(fields: Sequence[str]) -> bool:
    named = [name for name in fields if name]
    if not named or len(named) < len(fields) - 1:
        return False
    if any(isinstance(parse_cell(name), float) or len(name) > _LONGEST_NAME or _is_pair(name) for name in named):
        return False
    known = sum(parse_name(name).kind in MEANINGFUL for name in named)
    return known >= 1 and (len(fields) > 1 or known == len(named)) if len(fields) < 3 else True


def _is_pair(name: str) -> bool:
    """Whether a field is a name with its value; in ``seed=3/val_loss`` the number names the run."""
    return bool(_PAIR.search(name)) and numbered_run(name) is None


def _fits(fields: Sequence[str], width: int, decimal_comma: bool) -> bool:
    if not width <= len(fields) <= width + 1 and not (width == len(fields) + 1 and width > 2):
        return False
    cells = [parse_cell(cell, decimal_comma=decimal_comma) for cell in fields]
    numbers = sum(isinstance(cell, float) for cell in cells)
    texts = sum(isinstance(cell, str) for cell in cells)
    return numbers > 0 and numbers * 2 >= texts


def read_table(text: str, where: str, dialect: Dialect) -> Table:
    """Read all rows; broken ones are left out and named.

    Raises
    ------
    UnreadableInput
        No row fits the header.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    names = unique_names(dialect.header)
    body = lines[dialect.header_line + 1 :]
    table = (
        _read_regular(body, names, dialect)
        or _TolerantRows(where, dialect, lines, bool(text) and text[-1] in "\r\n").read()
    )
    skipped = [line for line in lines[: dialect.header_line] if line.strip()]
    if skipped:
        table.unread.insert(
            0,
            Unread(
                f"{where}, lines 1–{dialect.header_line}",
                f"{len(skipped)} line(s) above the header are not part of the table",
            ),
        )
    if not any(table.columns.values()):
        raise UnreadableInput(
            f"{where}: a table with the header {', '.join(names[:8])} has no complete row; "
            f"expected at least one row of {len(names)} fields below it"
        )
    return table


def unique_names(header: Sequence[str]) -> list[str]:
    """Return the stripped column names; a repeated one gets its number: ``loss``, ``loss (2)``."""
    seen: dict[str, int] = {}
    names = []
    for raw in header:
        name = raw.strip().strip("\"'").strip()
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})".strip())
    return names


def _read_regular(body: list[str], names: list[str], dialect: Dialect) -> Table | None:
    """All rows at once where every line is a plain row: the quick path, or None."""
    delimiter, width = dialect.delimiter, len(names)
    if delimiter == " " or not body:
        return None
    for line in body:
        if line.count(delimiter) != width - 1 or line[:1].isalpha() or line[:1] in "#\"'":
            return None
    flat = delimiter.join(body).split(delimiter)
    if any('"' in cell for cell in flat[: width * 50]):
        return None
    columns = {name: parse_column(flat[i::width], decimal_comma=dialect.decimal_comma) for i, name in enumerate(names)}
    return Table(columns)


class _TolerantRows:
    """Row by row: for tables with broken, short, long or quoted rows and headers between them."""

    def __init__(self, where: str, dialect: Dialect, lines: list[str], ends_in_newline: bool) -> None:
        self.where, self.dialect, self.lines, self.complete = where, dialect, lines, ends_in_newline
        self.names = unique_names(dialect.header)
        self.columns: dict[str, list[Cell]] = {name: [] for name in self.names}
        self.broken: list[Unread] = []
        self.repeats: list[int] = []
        self.n_rows = 0

    def read(self) -> Table:
        if self._has_unnamed_index():
            self.names = ["", *self.names]
            self.columns = {"": [], **self.columns}
        for number, line in enumerate(self.lines[self.dialect.header_line + 1 :], start=self.dialect.header_line + 2):
            if line.strip() and not line.lstrip().startswith("#"):
                self._take(number, split_line(line.rstrip(), self.dialect.delimiter))
        unread = self.broken[:_MAX_REPORTED]
        if len(self.broken) > _MAX_REPORTED:
            unread.append(Unread(self.where, f"{len(self.broken) - _MAX_REPORTED} more broken rows"))
        notes = [f"header repeated at line {', '.join(map(str, self.repeats[:10]))}"] if self.repeats else []
        return Table(self.columns, unread, notes)

    def _take(self, number: int, fields: list[str]) -> None:
        width = len(self.names)
        while len(fields) > width and not fields[-1].strip():
            fields.pop()
        if self._is_repeated_header(fields):
            self._switch_header(number, fields)
            return
        if len(fields) != width:
            cut = number == len(self.lines) and not self.complete
            why = "the last row is cut off" if cut and len(fields) < width else "the row was left out"
            self.broken.append(
                Unread(f"{self.where}, line {number}", f"{len(fields)} fields where the header has {width}: {why}")
            )
            return
        for name, cell in zip(self.names, fields, strict=True):
            self.columns[name].append(parse_cell(cell, decimal_comma=self.dialect.decimal_comma))
        self.n_rows += 1
        for name in self.columns.keys() - set(self.names):
            self.columns[name].append(None)

    def _has_unnamed_index(self) -> bool:
        """Whether most rows are one field longer than the header: an index column that the header does not name."""
        rows = [line for line in self.lines[self.dialect.header_line + 1 :][:_SAMPLE] if line.strip()]
        split = [split_line(row.rstrip(), self.dialect.delimiter) for row in rows]
        longer = sum(len(fields) == len(self.names) + 1 and bool(fields[-1].strip()) for fields in split)
        return "" not in self.columns and longer * 2 > len(rows)

    def _is_repeated_header(self, fields: list[str]) -> bool:
        stripped = [name.strip() for name in fields]
        if tuple(stripped) == self.dialect.header:
            return True
        if len(stripped) < 2 or any(isinstance(parse_cell(name), float) for name in stripped if name):
            return False
        return sum(parse_name(name).kind in MEANINGFUL for name in stripped) * 2 > len(stripped)

    def _switch_header(self, number: int, fields: list[str]) -> None:
        self.repeats.append(number)
        self.names = unique_names(fields)
        for name in self.names:
            self.columns.setdefault(name, [None] * self.n_rows)

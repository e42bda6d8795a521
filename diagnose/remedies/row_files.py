"""Files of rows that remedies name: which rows, and why. Made from measures; written by whoever is asked to."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

Cell = str | int | float
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV Injection)."""


@dataclass(frozen=True)
class RowFile:
    """One table of rows, as it will be written.

    Attributes
    ----------
    name
        Of the file.
    what
        What it holds and what it is for, in one sentence.
    header
        Names of its columns.
    rows
        Makes the rows; asked only where the file is written.
    """

    name: str
    what: str
    header: tuple[str, ...]
    rows: Callable[[], Iterable[tuple[Cell, ...]]]

    def text(self) -> str:
        r"""Return the file's content: commas, a header, ``\\n`` at the ends of lines.

        Texts that a spreadsheet would run as a formula get an apostrophe in front; numbers don't.

        Examples
        --------
        >>> RowFile("a.csv", "", ("row", "name"), lambda: [(3, "=cmd()"), (4, "-1")]).text()
        "row,name\n3,'=cmd()\n4,-1\n"
        """
        held = io.StringIO()
        writer = csv.writer(held, lineterminator="\n")
        writer.writerow(self.header)
        writer.writerows(tuple(map(_safe, row)) for row in self.rows())
        return held.getvalue()


def readme(files: Sequence[RowFile]) -> str:
    """Return the text that says what each file is."""
    if not files:
        return "No remedy of the last audit names rows; other files in this folder are not its own.\n"
    lines = [
        "Rows are numbered from 0 in the order in which the data were read; the header of a table is no row.",
        "A remedy of the report names each file, with the lines that read it. The last audit wrote:",
        "",
        *(f"{file.name} ({', '.join(file.header)})\n    {file.what}\n" for file in files),
    ]
    return "\n".join(lines)


def _safe(cell: Cell) -> Cell:
    if not isinstance(cell, str) or not cell.startswith(FORMULA) or _is_number(cell):
        return cell
    return f"'{cell}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return not text.startswith(("\t", "\r"))

"""Files of rows on the disk: what remedies name is written where the user asks for it."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from pathlib import Path

from diagnose.errors import InputError
from diagnose.remedies.row_files import RowFile, readme
from diagnose.reports.files import write_atomically

README = "README.txt"


def write_row_files(files: Iterable[RowFile], folder: str | PathLike[str]) -> list[Path]:
    """Write files of rows, and what each is, into a folder, which is made; each at once or not at all.

    Raises
    ------
    InputError
        The folder cannot be made or written to.
    """
    place = Path(folder)
    wanted = tuple({file.name: file for file in files}.values())
    if place.exists() and not place.is_dir():
        raise InputError(f"--remedy-files {place}: is a file; give a folder")
    written = []
    texts = {file.name: file.text() for file in wanted} | {README: readme(wanted)}
    for name, text in texts.items():
        write_atomically(place / name, text.encode("utf-8", "replace"))
        written.append(place / name)
    return written

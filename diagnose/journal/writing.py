"""Appending to a journal so that nothing that was written is ever lost or mixed up."""

from __future__ import annotations

import os
from os import PathLike
from pathlib import Path

from diagnose.journal.records import Record, encoded

MOST_JOURNALS = 10_000


class Journal:
    """The journal that this process writes in a run directory; made when the first record is written.

    Every record is one line and one write to a file that only this process has opened, for appending. A write that
    failed half-way (a full disk) is closed by a line break before the next one, so that it costs its own line only.

    Parameters
    ----------
    directory
        Made where it does not exist.
    """

    def __init__(self, directory: str | PathLike[str]) -> None:
        self.directory = Path(directory)
        self.path: Path | None = None
        self._file: int | None = None
        self._is_torn = False

    def write(self, record: Record) -> None:
        """Append one record.

        Raises
        ------
        OSError
            It could not be written, or not whole; the next one may be.
        """
        line = encoded(record)
        file = self._opened()
        if self._is_torn:
            line = b"\n" + line
        done = 0
        try:
            while done < len(line):
                done += os.write(file, line[done:])
        finally:
            self._is_torn = done < len(line) and (self._is_torn or done > 0)

    def sync(self) -> None:
        """Bring what was written to the disk itself: it outlives a power cut from here on."""
        if self._file is not None:
            os.fsync(self._file)

    def is_lost(self) -> bool:
        """Whether the file was deleted while it was open: what is written to it reaches nobody."""
        return self._file is not None and os.fstat(self._file).st_nlink == 0

    def close(self) -> None:
        """Close the file; a later record opens a new journal."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _opened(self) -> int:
        if self._file is None:
            self.directory.mkdir(parents=True, exist_ok=True)
            self.path, self._file = self._new()
        return self._file

    def _new(self) -> tuple[Path, int]:
        taken = [int(path.stem.partition("-")[2]) for path in journals(self.directory)]
        for number in range(max(taken, default=0) + 1, MOST_JOURNALS):
            path = self.directory / f"journal-{number:04d}.jsonl"
            try:
                return path, os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o644)
            except FileExistsError:  # another process was faster
                continue
        raise OSError(f"{self.directory}: {MOST_JOURNALS:,} journals are there already")


def journals(directory: Path) -> list[Path]:
    """Return the journals of a run directory in the order in which they were begun."""
    found = (path for path in directory.glob("journal-*.jsonl") if path.stem.partition("-")[2].isdecimal())
    return sorted(found, key=lambda path: int(path.stem.partition("-")[2]))

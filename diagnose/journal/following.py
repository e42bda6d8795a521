"""Following a run directory while it is written: only what was appended is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from diagnose.journal.records import Record, decoded
from diagnose.journal.writing import journals


@dataclass
class _Journal:
    offset: int = 0
    rest: bytes = b""


@dataclass
class Follower:
    """What a run directory, or one journal, has got since it was last looked at.

    Attributes
    ----------
    place
        The directory; it need not exist yet.
    changed
        When a journal was last written to, in seconds since the epoch; None where there is none.
    unreadable
        Lines that could not be read.
    """

    place: Path
    changed: float | None = None
    unreadable: int = 0
    _known: dict[Path, _Journal] = field(default_factory=dict)

    def poll(self) -> list[tuple[Path, Record]]:
        """Return the records that are new, each with its journal, in the order of the journals."""
        new: list[tuple[Path, Record]] = []
        for path in self._journals():
            known = self._known.setdefault(path, _Journal())
            try:
                new += [(path, record) for record in self._read(path, known)]
            except OSError:  # it was deleted between two looks, or may not be read: others go on
                continue
        return new

    def _journals(self) -> list[Path]:
        try:
            return journals(self.place) if self.place.is_dir() else [self.place] if self.place.is_file() else []
        except OSError:
            return []

    def _read(self, path: Path, known: _Journal) -> list[Record]:
        state = path.stat()
        self.changed = max(self.changed or 0.0, state.st_mtime)
        if state.st_size < known.offset:  # another file of the same name
            known.offset, known.rest = 0, b""
        if state.st_size == known.offset:
            return []
        with path.open("rb") as stream:
            stream.seek(known.offset)
            raw = stream.read()
        known.offset += len(raw)
        *lines, known.rest = (known.rest + raw).split(b"\n")
        return [record for line in lines if line for record in self._decoded(line)]

    def _decoded(self, line: bytes) -> list[Record]:
        try:
            return [decoded(line)]
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            self.unreadable += 1
            return []

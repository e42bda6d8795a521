"""What `diagnose watch` knows of a run: the records so far, in a bounded memory, and what they add up to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from diagnose.hooks.memory import Memory
from diagnose.journal.records import Began, Ended, Epoch, Found, Happened, Layers, Record, Staged

Kind = TypeVar("Kind")
SILENT_AFTER = 30.0
"""Seconds without a new line before a run is called silent, or …"""
SILENT_EPOCHS = 3.0
"""… this many times what an epoch usually takes, whichever is longer."""


class WatchedRun:
    """The run that began last in a directory; others that are written beside it are counted."""

    def __init__(self) -> None:
        self._memories: dict[Path, Memory] = {}
        self._latest: Path | None = None

    def add(self, new: Iterable[tuple[Path, Record]]) -> None:
        """Take what was appended; a journal that resumes goes on with what is shown."""
        for path, record in new:
            if path not in self._memories:
                joins = isinstance(record, Began) and record.resumes and self._latest is not None
                self._memories[path] = self._memories[self._latest] if joins and self._latest else Memory()
                self._latest = path
            self._memories[path].keep(record)

    @property
    def records(self) -> list[Record]:
        """Those of the run that is shown."""
        return [] if self._latest is None else self._memories[self._latest].records

    @property
    def n_runs(self) -> int:
        """Runs in the directory."""
        return len({id(memory) for memory in self._memories.values()})

    def of(self, kind: type[Kind]) -> list[Kind]:
        """Return the records of one kind."""
        return [record for record in self.records if isinstance(record, kind)]

    @property
    def name(self) -> str:
        """As the program named it; empty where it did not."""
        return next((began.name for began in self.of(Began) if began.name), "")

    @property
    def framework(self) -> str:
        """Of the hook."""
        return next((began.framework for began in self.of(Began)), "")

    @property
    def epochs(self) -> list[Epoch]:
        """The epochs so far."""
        return self.of(Epoch)

    @property
    def findings(self) -> list[Found]:
        """What the hook found so far."""
        return self.of(Found)

    @property
    def happenings(self) -> list[Happened]:
        """What it noted."""
        return self.of(Happened)

    @property
    def stages(self) -> list[Staged]:
        """What was trained, and from when on."""
        return self.of(Staged)

    @property
    def last_layers(self) -> Layers | None:
        """The last sample of the layers."""
        return next((record for record in reversed(self.records) if isinstance(record, Layers)), None)

    @property
    def ended(self) -> str:
        """How it ended; empty while it goes on."""
        last = next((record for record in reversed(self.records) if isinstance(record, (Epoch, Ended))), None)
        return last.how if isinstance(last, Ended) else ""

    def seconds_an_epoch(self, changed: float | None) -> float | None:
        """Return what an epoch takes: as the hook measured it, else the time since the beginning over their number."""
        known = [epoch.seconds for epoch in self.epochs[-5:] if epoch.seconds]
        if known:
            return sum(known) / len(known)
        started = next((_seconds(began.time) for began in self.of(Began)), None)
        if started is None or changed is None or not self.epochs or self.epochs[-1].epoch <= 0:
            return None
        return max(changed - started, 0.0) / self.epochs[-1].epoch

    def is_silent(self, changed: float | None, now: float) -> bool:
        """Whether nothing has come for so long that the process may be gone."""
        usual = self.seconds_an_epoch(changed) or 0.0
        return changed is not None and now - changed > max(SILENT_AFTER, SILENT_EPOCHS * usual)


def _seconds(time: str) -> float | None:
    try:
        return datetime.fromisoformat(time).timestamp()
    except ValueError:
        return None

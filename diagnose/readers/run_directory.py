"""The run directory that diagnose's own hooks write, or one of its journals."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from diagnose.errors import UnreadableInput
from diagnose.journal.reading import Segment, read_directory, recorded, runs_of
from diagnose.journal.records import FIRST_KEY, Began, Epoch, Record
from diagnose.journal.writing import journals
from diagnose.readers.protocol import Cell, Log, RawLog
from diagnose.run import Unread

FORMAT = "diagnose run directory"
SETTINGS = "settings of the hook"


class RunDirectoryReader:
    """A folder of ``journal-*.jsonl`` files, written by `diagnose.hooks` while a model trained, or one such file."""

    format: ClassVar[str] = FORMAT

    def recognises(self, log: Log) -> bool:
        """Whether it holds a journal."""
        if log.path.is_dir():
            return bool(journals(log.path))
        return log.head.startswith(FIRST_KEY)

    def read(self, log: Log) -> list[RawLog]:
        """Return one run for each journal; one that goes on with the one before is joined to it."""
        runs = runs_of(read_directory(log.path))
        if not runs:
            raise UnreadableInput(f"{log.path}: the journals in it hold no whole line: training ended before its first")
        return [_raw(_name(log.path, pieces, len(runs)), log.path, pieces) for pieces in runs]


def _name(place: Path, pieces: Sequence[Segment], runs: int) -> str:
    named = next((began.name for began in pieces[0].of(Began) if began.name), place.resolve().name)
    return named if runs == 1 else f"{named} ({pieces[0].path.stem})"


def _raw(name: str, place: Path, pieces: Sequence[Segment]) -> RawLog:
    unread = tuple(Unread(str(piece.path), why) for piece in pieces for why in piece.broken)
    return raw_log(name, str(place), [record for piece in pieces for record in piece.records], unread)


def raw_log(name: str, where: str, records: Sequence[Record], unread: tuple[Unread, ...] = ()) -> RawLog:
    """Return the log of records, read from a journal or kept by a running hook."""
    epochs = [record for record in records if isinstance(record, Epoch)]
    settings: dict[str, Any] = {}
    axis = "epoch"
    for record in records:
        if isinstance(record, Began):
            settings |= record.settings
            axis = record.unit if record.unit != "epoch" else axis
    return RawLog(
        name=name,
        format=FORMAT,
        where=where,
        columns=_columns(epochs, axis),
        hyperparameters=settings,
        origins=dict.fromkeys(settings, SETTINGS),
        unread=unread,
        recording=recorded(records),
    )


def _columns(epochs: Sequence[Epoch], axis: str) -> dict[str, list[Cell]]:
    names = dict.fromkeys(name for epoch in epochs for name in epoch.values if name not in {"epoch", axis})
    columns: dict[str, list[Cell]] = {axis: [epoch.epoch for epoch in epochs]}
    if any(epoch.learning_rate is not None for epoch in epochs):
        columns["learning_rate"] = [epoch.learning_rate for epoch in epochs]
    return columns | {name: [epoch.values.get(name) for epoch in epochs] for name in names}

"""From the lines of a journal back to what was recorded; broken lines are told, the rest is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import msgspec
import numpy as np

from diagnose.journal.records import (
    Began,
    Counts,
    Ended,
    Happened,
    Input,
    Label,
    Layers,
    Losses,
    Lost,
    Noise,
    Order,
    Output,
    Record,
    Staged,
    decoded,
)
from diagnose.journal.writing import journals
from diagnose.recording import BatchLosses, LayerTable, Recording

Kind = TypeVar("Kind")


@dataclass(frozen=True)
class Segment:
    """One journal: its records in order, and the lines that could not be read, with why."""

    path: Path
    records: tuple[Record, ...]
    broken: tuple[str, ...] = ()

    def of(self, kind: type[Kind]) -> tuple[Kind, ...]:
        """Return the records of one kind."""
        return tuple(record for record in self.records if isinstance(record, kind))


def read_directory(directory: Path) -> list[Segment]:
    """Read every journal of a run directory; a file is read as the one journal that it is.

    Raises
    ------
    OSError
        The directory or a journal cannot be opened.
    """
    return [read_journal(path) for path in (journals(directory) if directory.is_dir() else [directory])]


def read_journal(path: Path) -> Segment:
    """Read one journal; a last line without its line break is still being written, or its process was killed."""
    raw = path.read_bytes()
    records: list[Record] = []
    broken: list[str] = []
    lines = raw.split(b"\n")
    if lines[-1]:
        broken.append(f"line {len(lines)} is cut: the process ended while it wrote, or still writes")
    for number, line in enumerate(lines[:-1], 1):
        if not line:
            continue
        try:
            records.append(decoded(line))
        except msgspec.MsgspecError as error:
            broken.append(f"line {number} is no record that this version knows: {str(error)[:120]}")
    return Segment(path, tuple(records), tuple(broken))


def recorded(records: Sequence[Record]) -> Recording:
    """Put the records of one run together."""
    began = next((r for r in records if isinstance(r, Began)), Began())
    inputs = {(r.facts.split, r.facts.name): r.facts for r in _of(Input, records)}
    labels = {r.facts.split: r.facts for r in _of(Label, records)}
    counts = [r.counts for r in _of(Counts, records)]
    return Recording(
        framework=began.framework,
        stages=tuple(r.stage for r in _of(Staged, records)),
        layers=_table(list(_of(Layers, records))),
        batch_losses=_losses(list(_of(Losses, records))),
        noise=tuple(r.noise for r in _of(Noise, records)),
        outputs=tuple(r.facts for r in _of(Output, records)),
        inputs=tuple(inputs.values()),
        labels=tuple(labels.values()),
        orders=tuple(r.facts for r in _of(Order, records)),
        counters=MappingProxyType(counts[-1] if counts else {}),
        non_finite=next((r.origin for r in _of(Lost, records)), None),
        happenings=tuple(r.happening for r in _of(Happened, records)),
        environment=MappingProxyType(dict(began.environment)),
        is_finished=any(isinstance(r, Ended) for r in records),
    )


def _of(kind: type[Kind], records: Iterable[Record]) -> Iterable[Kind]:
    return (record for record in records if isinstance(record, kind))


def _table(samples: list[Layers]) -> LayerTable | None:
    if not samples:
        return None
    names = tuple(dict.fromkeys(name for sample in samples for name in sample.layers))
    place = {name: at for at, name in enumerate(names)}
    quantities = dict.fromkeys(name for sample in samples for name in sample.values)
    values = {name: np.full((len(samples), len(names)), np.nan) for name in quantities}
    for row, sample in enumerate(samples):
        at = [place[name] for name in sample.layers]
        for name, found in sample.values.items():
            if len(found) == len(at):
                values[name][row, at] = found
    return LayerTable(
        names,
        np.array([sample.step for sample in samples]),
        np.array([sample.epoch for sample in samples]),
        MappingProxyType(values),
    )


def _losses(lines: list[Losses]) -> BatchLosses | None:
    whole = [line for line in lines if len(line.steps) == len(line.epochs) == len(line.values)]
    if not whole:
        return None
    return BatchLosses(
        np.array([step for line in whole for step in line.steps]),
        np.array([epoch for line in whole for epoch in line.epochs]),
        np.array([value for line in whole for value in line.values]),
    )

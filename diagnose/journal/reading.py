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
    SCHEMA,
    Began,
    Counts,
    Ended,
    Epoch,
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
    kind_of,
    unknown_fields,
)
from diagnose.journal.writing import journals
from diagnose.recording import BatchLosses, LayerTable, Recording

Kind = TypeVar("Kind")
MOST_TROUBLES = 20
"""Kinds of lines that could not be read, each told once with their number."""


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
    """Read one journal; a last line without its line break is still being written, or its process was killed.

    Lines and fields that a newer version writes and this one does not know are told, by their kind, and the rest read.
    """
    lines = path.read_bytes().split(b"\n")
    records: list[Record] = []
    troubles: dict[str, list[int]] = {}
    is_newer = False
    for number, line in enumerate(lines[:-1], 1):
        if not line:
            continue
        try:
            record = decoded(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            troubles.setdefault(_why(line, error), []).append(number)
            continue
        records.append(record)
        is_newer = is_newer or (isinstance(record, Began) and record.schema > SCHEMA)
        for name in unknown_fields(line, record) if is_newer else ():
            troubles.setdefault(f"has a field {name[:60]!r} that this version does not know", []).append(number)
    broken = [_told(numbers, why) for why, numbers in list(troubles.items())[:MOST_TROUBLES]]
    if len(troubles) > MOST_TROUBLES:
        broken.append(f"{len(troubles) - MOST_TROUBLES} more kinds of lines that could not be read")
    if lines[-1]:
        broken.append(f"line {len(lines)} is cut: the process ended while it wrote, or still writes")
    return Segment(path, tuple(records), tuple(broken))


def _why(line: bytes, error: Exception) -> str:
    kind = kind_of(line)
    if kind is not None:
        return f"holds a record {kind[:60]!r} that this version does not know"
    return f"is no record that this version knows: {str(error)[:120]}"


def _told(numbers: list[int], why: str) -> str:
    more = f" (and {len(numbers) - 1} more such lines)" if len(numbers) > 1 else ""
    return f"line {numbers[0]} {why}{more}"


def runs_of(segments: Sequence[Segment]) -> list[list[Segment]]:
    """Put journals together: one that resumes goes on with the run before it; each other is a run of its own."""
    runs: list[list[Segment]] = []
    for segment in segments:
        if not segment.records:
            continue
        if runs and any(began.resumes for began in segment.of(Began)):
            runs[-1].append(segment)
        else:
            runs.append([segment])
    return runs


def last_run(directory: Path) -> list[Record]:
    """Return the records of the last run that a directory holds; none where there is no directory yet.

    Raises
    ------
    OSError
        A journal cannot be opened.
    """
    runs = runs_of(read_directory(directory)) if directory.is_dir() else []
    return [record for segment in runs[-1] for record in segment.records] if runs else []


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
        is_finished=isinstance(next((r for r in reversed(records) if isinstance(r, (Epoch, Ended))), None), Ended),
        computed=tuple(dict.fromkeys(name for r in _of(Epoch, records) for name in r.computed)),
    )


def _of(kind: type[Kind], records: Iterable[Record]) -> Iterable[Kind]:
    return (record for record in records if isinstance(record, kind))


def _table(samples: list[Layers]) -> LayerTable | None:
    if not samples:
        return None
    kinds = dict.fromkeys(sample.layers for sample in samples)  # mostly one: the model is what it was
    names = tuple(dict.fromkeys(name for layers in kinds for name in layers))
    place = {name: at for at, name in enumerate(names)}
    places = {layers: np.array([place[name] for name in layers], dtype=np.intp) for layers in kinds}
    quantities = dict.fromkeys(name for sample in samples for name in sample.values)
    values = {name: np.full((len(samples), len(names)), np.nan) for name in quantities}
    for row, sample in enumerate(samples):
        at = places[sample.layers]
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

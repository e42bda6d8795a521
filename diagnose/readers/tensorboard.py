"""TensorBoard event files: scalars of TensorFlow, Keras, PyTorch and Lightning, read without TensorFlow.

A run's scalars may lie in several event files: of a resumed training, or one a split in a folder of its name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from diagnose.errors import UnreadableInput
from diagnose.readers.places import configs_beside, run_name
from diagnose.readers.protocol import Cell, Log, RawLog
from diagnose.readers.tensorboard_events import EventFile, is_event_file, load
from diagnose.run import SplitName, Unread

Series = Mapping[str, Sequence[tuple[int, float]]]
"""Tag to its ``(step, value)`` points, in the order they were logged."""

_SPLITS: dict[str, SplitName] = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "eval": "val",
    "evaluation": "val",
    "test": "test",
}


def _split_of(folder: str) -> SplitName | None:
    """Return the split that a subfolder's name states: ``validation``, or ``loss_val`` of PyTorch's add_scalars."""
    words = re.split(r"[^a-z]+", folder.lower())
    return next((_SPLITS[word] for word in reversed(words) if word in _SPLITS), None)


def _event_paths(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if "tfevents" in path.name and path.is_file())


def _sources(path: Path) -> list[tuple[Path, str, SplitName | None]]:
    """Every event file of a file or run folder, with the column prefix and split that its subfolder states."""
    if not path.is_dir():
        return [(path, "", None)]
    found: list[tuple[Path, str, SplitName | None]] = [(file, "", None) for file in _event_paths(path)]
    for child in sorted(child for child in path.iterdir() if child.is_dir()):
        split = _split_of(child.name)
        if split is not None:
            found += [(file, f"{child.name}/", split) for file in _event_paths(child)]
    return [source for source in found if is_event_file(Log(source[0]).head)]


def _continues(
    run: Mapping[str, Sequence[tuple[int, float]]], later: Mapping[str, Sequence[tuple[int, float]]]
) -> bool:
    """Whether later points carry on a run (resumed, or other tags) rather than begin again."""
    shared = [tag for tag in later if tag in run]
    curves = [tag for tag in shared if len(run[tag]) > 1] or shared
    return all(later[tag][0][0] > run[tag][0][0] for tag in curves)


@dataclass
class _TagRun:
    """The points of one run by column name, from one or several event files."""

    points: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    splits: dict[str, SplitName] = field(default_factory=dict)
    files: list[EventFile] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def join(self, file: EventFile, series: Mapping[str, list[tuple[int, float]]]) -> None:
        """Append another stretch; what it logs again replaces what a lost attempt had logged, as TensorBoard does."""
        replaced = 0
        for tag, points in series.items():
            kept = [point for point in self.points.get(tag, []) if point[0] < points[0][0]]
            replaced += len(self.points.get(tag, [])) - len(kept)
            self.points[tag] = kept + points
            if file.split:
                self.splits[tag] = file.split
        if replaced:
            self.notes.append(f"resumed in {file.path.name}: {replaced} points that were logged again were replaced")
        if file not in self.files:
            self.files.append(file)


def _assemble(files: Sequence[EventFile]) -> list[_TagRun]:
    """Order the files by time and join those that carry a run on; the others are runs of their own."""
    runs: list[_TagRun] = []
    for file in sorted(files, key=lambda file: file.started):
        for series in file.series:
            named = {file.prefix + tag: points for tag, points in series.items()}
            if not named:
                continue
            run = next((run for run in reversed(runs) if _continues(run.points, named)), None)
            if run is None:
                run = _TagRun()
                runs.append(run)
            run.join(file, named)
    return runs


def _rows(points: Series, axis: str) -> dict[str, list[Cell]]:
    """Join tags on their steps; a tag logged twice at one step keeps the last value."""
    steps = sorted({step for series in points.values() for step, _ in series})
    row_of = {step: row for row, step in enumerate(steps)}
    columns: dict[str, list[Cell]] = {axis: [float(step) for step in steps]}
    for tag, series in points.items():
        cells: list[Cell] = [None] * len(steps)
        for step, value in series:
            cells[row_of[step]] = value
        columns[tag] = cells
    return columns


def _is_keras_epoch(tag: str) -> bool:
    return tag.rpartition("/")[2].startswith("epoch_")


class TensorBoardReader:
    """Event files, alone or in a run folder with ``train/`` and ``validation/`` subfolders."""

    format: ClassVar[str] = "TensorBoard"

    def recognises(self, log: Log) -> bool:
        """Whether this is an event file, or a folder with event files of one run."""
        if log.path.is_dir():
            try:
                return bool(_sources(log.path))
            except OSError:
                return False
        return is_event_file(log.head)

    def read(self, log: Log) -> list[RawLog]:
        """Every run in the file or folder; runs are told apart by steps that begin again."""
        files = [load(*source) for source in _sources(log.path)]
        runs = _assemble(files)
        if not runs:
            cut = next((file.cut for file in files if file.cut), "")
            raise UnreadableInput(
                f"{log.path}: no scalars in this event file{f' ({cut})' if cut else ''}; expected tags such as "
                "'train/loss' written with add_scalar, or by Keras's TensorBoard callback"
            )
        name = run_name(log.path if log.path.is_dir() or not _is_writers_name(log.path) else log.path.absolute().parent)
        # a file without scalars (add_hparams writes its own) belongs to the first run of the folder
        runs[0].files += [file for file in files if not any(file in run.files for run in runs)]
        n = len(runs)
        return [self._raw(log, name if n == 1 else f"{name} (run {i} of {n})", run) for i, run in enumerate(runs, 1)]

    def _raw(self, log: Log, name: str, run: _TagRun) -> RawLog:
        points, notes, axis = dict(run.points), list(run.notes), "step"
        if any(_is_keras_epoch(tag) for tag in points):
            # Keras counts epochs in epoch_* tags but batches in all others of the same file
            by_batch = [tag for tag in points if not _is_keras_epoch(tag)]
            points = {tag: series for tag, series in points.items() if _is_keras_epoch(tag)}
            axis = "epoch"
            if by_batch:
                notes.append(f"logged by batch and left out beside the epoch values: {', '.join(by_batch)}")
        beside = configs_beside(log.path / "events" if log.path.is_dir() else log.path)
        for file in run.files:
            beside.add(file.hyperparameters, "hparams in the event file")
        return RawLog(
            name=name,
            format=self.format,
            where=str(log.path),
            columns=_rows(points, axis),
            splits={tag: split for tag, split in run.splits.items() if tag in points},
            hyperparameters=beside.hyperparameters,
            origins=beside.origins,
            unread=(*beside.unread, *_unread(run.files)),
            notes=tuple(notes),
        )


def _unread(files: Sequence[EventFile]) -> Iterator[Unread]:
    for file in files:
        if file.cut:
            yield Unread(str(file.path), file.cut)
        kinds = Counter(file.ignored.values())
        if kinds:
            listed = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
            yield Unread(str(file.path), f"tags that are not scalars: {listed}")


def _is_writers_name(path: Path) -> bool:
    """Whether the file's name is the writer's own (time and host), which says less than its folder's."""
    return path.name.startswith("events.out.tfevents")

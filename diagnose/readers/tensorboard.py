"""TensorBoard event files: scalars of TensorFlow, Keras, PyTorch and Lightning, read without TensorFlow.

An event file is a sequence of TFRecords (length, checksum of the length, data, checksum of the data), each one `Event`
message. The framing is read here, the messages by the ``tensorboard`` package's own protocol buffers.
"""

from __future__ import annotations

import re
import struct
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from diagnose.errors import UnreadableInput
from diagnose.extras import require
from diagnose.readers.places import configs_beside, run_name
from diagnose.readers.protocol import Cell, Log, RawLog
from diagnose.run import SplitName, Unread

Series = Mapping[str, Sequence[tuple[int, float]]]
"""Tag to its ``(step, value)`` points, in the order they were logged."""

_FRAME = struct.Struct("<QI")
_FOOTER_BYTES = 4
_VERSION_MARK = b"brain.Event:"
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
_KINDS = {"histo": "histograms", "image": "images", "audio": "audio"}
"""Fields of a summary value that are no scalars, in words."""
_TENSOR_TYPES = {1: "<f4", 2: "<f8", 3: "<i4", 9: "<i8", 19: "<f2"}
"""TensorProto's data types that a scalar is stored in: float, double, int32, int64, half."""


def _crc32c_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0x82F63B78 if crc & 1 else crc >> 1
        table.append(crc)
    return tuple(table)


_CRC_TABLE = _crc32c_table()


def _masked_crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _CRC_TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def is_event_file(head: bytes) -> bool:
    """Whether bytes begin with a TFRecord that holds an event file's version; needs no package."""
    if len(head) < _FRAME.size or _VERSION_MARK not in head[:256]:
        return False
    crc: int = _FRAME.unpack_from(head)[1]
    return crc == _masked_crc32c(head[:8])


def records(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the offset and data of each whole record; the last offset is where reading had to stop.

    Only the checksum of each length is verified: it finds cut and overwritten files at 8 bytes a record, where the
    checksum of the data costs a second a megabyte in Python.
    """
    offset = 0
    while offset + _FRAME.size <= len(raw):
        length, crc = _FRAME.unpack_from(raw, offset)
        start = offset + _FRAME.size
        if crc != _masked_crc32c(raw[offset : offset + 8]) or start + length + _FOOTER_BYTES > len(raw):
            break
        yield offset, raw[start : start + length]
        offset = start + length + _FOOTER_BYTES
    if offset != len(raw):
        yield offset, b""


@dataclass
class _EventFile:
    """One event file's scalars: tag to the ordered ``(step, value)`` points, split where a tag's steps restart."""

    path: Path
    prefix: str = ""
    split: SplitName | None = None
    started: float = 0.0
    series: list[dict[str, list[tuple[int, float]]]] = field(default_factory=lambda: [{}])
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    ignored: dict[str, str] = field(default_factory=dict)
    cut: str = ""

    def add(self, tag: str, step: int, value: float) -> None:
        """Append a point; a step behind the tag's first one begins another run."""
        points = self.series[-1].get(tag)
        if points and step < points[-1][0] and step <= points[0][0]:
            self.series.append({})
            points = None
        if points is None:
            points = self.series[-1].setdefault(tag, [])
        points.append((step, value))


def _tensor_scalar(tensor: Any) -> float | None:
    """Return the value of a TensorProto with one element, or None."""
    kind = _TENSOR_TYPES.get(tensor.dtype)
    if kind is None or any(dimension.size != 1 for dimension in tensor.tensor_shape.dim):
        return None
    for values in (tensor.float_val, tensor.double_val, tensor.int_val, tensor.int64_val):
        if len(values) == 1:
            return float(values[0])
    if len(tensor.tensor_content) == np.dtype(kind).itemsize:
        return float(np.frombuffer(tensor.tensor_content, kind)[0])
    return None


def _hyperparameters(content: bytes, plugin_data: Any, decode_error: type[Exception]) -> dict[str, Any]:
    try:
        data = plugin_data.HParamsPluginData.FromString(content)
    except decode_error:
        return {}
    hparams = data.session_start_info.hparams
    return {name: getattr(value, value.WhichOneof("kind") or "string_value") for name, value in hparams.items()}


def _kind_of(value: Any, plugin: str) -> str:
    return plugin or _KINDS.get(value.WhichOneof("value"), "other")


def _load(path: Path, prefix: str, split: SplitName | None) -> _EventFile:
    """Read one event file as far as it is whole."""
    what = "reading TensorBoard event files"
    event_pb2 = require("tensorboard.compat.proto.event_pb2", extra="tensorboard", what=what)
    plugin_data = require("tensorboard.plugins.hparams.plugin_data_pb2", extra="tensorboard", what=what)
    decode_error = require("google.protobuf.message", extra="tensorboard", what=what).DecodeError
    raw = path.read_bytes()
    found = _EventFile(path, prefix, split)
    plugins: dict[str, str] = {}
    for number, (offset, data) in enumerate(records(raw)):
        try:
            event = event_pb2.Event.FromString(data) if data else None
        except decode_error:
            event = None
        if event is None:
            found.cut = f"damaged or cut at byte {offset} of {len(raw)}: {number} records before it were read"
            break
        if number == 0:
            found.started = event.wall_time
        for value in event.summary.value:
            plugin = plugins.setdefault(value.tag, value.metadata.plugin_data.plugin_name)
            if plugin == "hparams":
                found.hyperparameters |= _hyperparameters(value.metadata.plugin_data.content, plugin_data, decode_error)
            elif value.HasField("simple_value"):
                found.add(value.tag, event.step, value.simple_value)
            elif value.HasField("tensor") and plugin in {"", "scalars"}:
                scalar = _tensor_scalar(value.tensor)
                if scalar is None:
                    found.ignored[value.tag] = "tensors"
                else:
                    found.add(value.tag, event.step, scalar)
            else:
                found.ignored[value.tag] = _kind_of(value, plugin)
    return found


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
    files: list[_EventFile] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def join(self, file: _EventFile, series: Mapping[str, list[tuple[int, float]]]) -> None:
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


def _assemble(files: Sequence[_EventFile]) -> list[_TagRun]:
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
        files = [_load(*source) for source in _sources(log.path)]
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


def _unread(files: Sequence[_EventFile]) -> Iterator[Unread]:
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

"""TensorBoard's event files: a sequence of TFRecords, each one `Event` message, read without TensorFlow.

A record is length, checksum of the length, data, checksum of the data. This framing is read here, the messages by the
``tensorboard`` package's own protocol buffers.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from diagnose.extras import require
from diagnose.run import SplitName

_FRAME = struct.Struct("<QI")
_FOOTER_BYTES = 4
_VERSION_MARK = b"brain.Event:"
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
class EventFile:
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


def load(path: Path, prefix: str, split: SplitName | None) -> EventFile:
    """Read one event file as far as it is whole."""
    what = "reading TensorBoard event files"
    event_pb2 = require("tensorboard.compat.proto.event_pb2", extra="tensorboard", what=what)
    plugin_data = require("tensorboard.plugins.hparams.plugin_data_pb2", extra="tensorboard", what=what)
    decode_error = require("google.protobuf.message", extra="tensorboard", what=what).DecodeError
    raw = path.read_bytes()
    found = EventFile(path, prefix, split)
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

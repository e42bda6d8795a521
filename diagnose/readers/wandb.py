"""Weights & Biases run files (``run-*.wandb``), as an offline run leaves them on disk.

The file is a log of protocol-buffer records in LevelDB's framing: blocks of 32 KiB, each record cut into chunks with
a header of 7 bytes (checksum, length, kind). Its messages are internal to the ``wandb`` package, so every step is
guarded and a mismatch is said.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

from diagnose.errors import UnreadableInput
from diagnose.extras import require
from diagnose.readers.places import configs_beside
from diagnose.readers.protocol import Cell, Log, RawLog
from diagnose.run import Unread

_MAGIC = b":W&B"
_FILE_HEADER = 7
_BLOCK = 32_768
_CHUNK = struct.Struct("<IHB")
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_OWN_KEYS = frozenset({"_timestamp", "_runtime", "_wandb"})


def chunks(raw: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield offset, kind and data of each whole chunk; kind 0 marks where a damaged file stops."""
    offset = _FILE_HEADER
    while offset < len(raw):
        left_in_block = _BLOCK - offset % _BLOCK
        if left_in_block < _CHUNK.size:
            offset += left_in_block
            continue
        if offset + _CHUNK.size > len(raw):
            break
        crc, length, kind = _CHUNK.unpack_from(raw, offset)
        data = raw[offset + _CHUNK.size : offset + _CHUNK.size + length]
        if len(data) < length or zlib.crc32(data, zlib.crc32(bytes([kind]))) != crc:
            break
        yield offset, kind, data
        offset += _CHUNK.size + length
    if offset < len(raw):
        yield offset, 0, b""


def records(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield offset and data of each whole record; empty data marks where a damaged file stops."""
    parts: list[bytes] = []
    for offset, kind, data in chunks(raw):
        if kind == _FULL:
            yield offset, data
        elif kind == _FIRST:
            parts = [data]
        elif kind in {_MIDDLE, _LAST} and parts:
            parts.append(data)
            if kind == _LAST:
                yield offset, b"".join(parts)
                parts = []
        else:
            yield offset, b""
            return


@dataclass
class _WandbRun:
    """What the records of one file say."""

    name: str = ""
    rows: dict[int, dict[str, float]] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    not_numbers: set[str] = field(default_factory=set)
    cut: str = ""


def _key(item: Any) -> str:
    return item.key or ".".join(item.nested_key)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _number(value: Any) -> float | None:
    if isinstance(value, (bool, int, float)):
        try:
            return float(value)
        except OverflowError:
            return None
    # older versions write NaN and infinities as strings
    return float(value) if isinstance(value, str) and value in {"NaN", "Infinity", "-Infinity"} else None


def _add_history(run: _WandbRun, history: Any) -> None:
    values = {_key(item): _json(item.value_json) for item in history.item}
    step = values.pop("_step", None)
    at = step if isinstance(step, int) else int(history.step.num) if history.HasField("step") else len(run.rows)
    row = run.rows.setdefault(at, {})
    for name, value in values.items():
        number = _number(value)
        if name in _OWN_KEYS:
            continue
        if number is None:
            run.not_numbers.add(name)
        else:
            row[name] = number


def _protocol(where: Path) -> tuple[ModuleType, type[Exception]]:
    what = "reading Weights & Biases run files"
    try:
        messages = require("wandb.proto.wandb_internal_pb2", extra="wandb", what=what)
    except TypeError as error:  # protobuf's answer to generated code of another generation
        raise _mismatch(where, str(error)) from error
    decode_error: type[Exception] = require("google.protobuf.message", extra="wandb", what=what).DecodeError
    if not hasattr(messages, "Record"):
        raise _mismatch(where, "no message 'Record'")
    return messages, decode_error


def _mismatch(where: Path, why: str) -> UnreadableInput:
    return UnreadableInput(
        f"{where}: the installed wandb package does not know this file's internal format ({why}); expected the version "
        "that wrote it, or give a CSV export of the run's history"
    )


def _load(path: Path) -> _WandbRun:
    messages, decode_error = _protocol(path)
    run = _WandbRun()
    raw = path.read_bytes()
    for number, (offset, data) in enumerate(records(raw)):
        try:
            record = messages.Record.FromString(data) if data else None
        except decode_error:
            record = None
        if record is None:
            run.cut = f"damaged or cut at byte {offset} of {len(raw)}: {number} records before it were read"
            break
        try:
            _add(run, record)
        except (AttributeError, ValueError) as error:
            raise _mismatch(path, str(error)) from error
    return run


def _add(run: _WandbRun, record: Any) -> None:
    kind = record.WhichOneof("record_type")
    if kind == "history":
        _add_history(run, record.history)
    elif kind == "config":
        run.config |= {_key(item): _json(item.value_json) for item in record.config.update}
    elif kind == "run":
        run.name = record.run.display_name or record.run.run_id or run.name
        run.config |= {_key(item): _json(item.value_json) for item in record.run.config.update}


def config_values(config: Mapping[str, Any]) -> dict[str, Any]:
    """Unwrap the entries of W&B's ``config.yaml``, each ``{desc, value}``; other configs stay as they are."""
    return {
        name: entry["value"] if isinstance(entry, Mapping) and "value" in entry and len(entry) <= 2 else entry
        for name, entry in config.items()
        if not name.startswith("_wandb") and name != "wandb_version"
    }


def _is_run_file(path: Path) -> bool:
    return path.suffix == ".wandb" and path.is_file() and Log(path).head.startswith(_MAGIC)


def _run_files(path: Path) -> list[Path]:
    """Return the run files of a file, a run folder or a ``wandb/`` folder; ``latest-run`` is a link to one of them."""
    if not path.is_dir():
        return [path]
    folders = [path, *sorted(f for f in path.iterdir() if "run-" in f.name and f.is_dir() and not f.is_symlink())]
    return [file for folder in folders for file in sorted(folder.iterdir()) if _is_run_file(file)]


class WandbReader:
    """A ``run-*.wandb`` file, its folder, or the ``wandb/`` folder of many."""

    format: ClassVar[str] = "Weights & Biases"

    def recognises(self, log: Log) -> bool:
        """Whether the file begins with W&B's mark, or the folder holds such files."""
        if not log.path.is_dir():
            return log.head.startswith(_MAGIC)
        try:
            return bool(_run_files(log.path))
        except OSError:
            return False

    def read(self, log: Log) -> list[RawLog]:
        """Every run file with a logged history."""
        files = _run_files(log.path)
        runs = [(path, _load(path)) for path in files]
        logs = [_raw(path, run) for path, run in runs if any(run.rows.values())]
        if not logs:
            cut = next((run.cut for _, run in runs if run.cut), "")
            because = f" ({cut})" if cut else ""
            raise UnreadableInput(
                f"{log.path}: no logged history in this W&B run{because}; expected run.log({{'loss': …}})"
            )
        return logs


def _raw(path: Path, run: _WandbRun) -> RawLog:
    names = list(dict.fromkeys(name for row in run.rows.values() for name in row))
    # _step counts calls of run.log: a step that the program logged itself keeps its name
    axis = "_step" if "step" in names else "step"
    rows = sorted(run.rows.items())
    columns: dict[str, list[Cell]] = {axis: [float(step) for step, _ in rows]}
    columns |= {name: [row.get(name) for _, row in rows] for name in names}
    beside = configs_beside(path.parent / "files" / path.name)
    config = {**config_values(beside.hyperparameters), **config_values(run.config)}
    return RawLog(
        name=run.name or path.stem,
        format=WandbReader.format,
        where=str(path),
        columns=columns,
        hyperparameters=config,
        origins={name: beside.origins.get(name, "the run's config") for name in config},
        unread=(*beside.unread, *_unread(path, run, run.not_numbers - columns.keys())),
    )


def _unread(path: Path, run: _WandbRun, media: set[str]) -> Iterator[Unread]:
    if run.cut:
        yield Unread(str(path), run.cut)
    if media:
        yield Unread(str(path), f"keys that are not numbers: {', '.join(sorted(media))}")

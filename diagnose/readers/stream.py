"""Pipes, as a shell's ``<(…)`` gives them: read once, to the end, into memory; then they are like any file."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path
from typing import ClassVar

from diagnose.errors import UnreadableInput
from diagnose.readers.protocol import Log, RawLog
from diagnose.readers.registry import required_reader

PATIENCE = 5.0
"""Seconds within which a writer must open a named pipe."""
_PAUSE = 0.02
_CHUNK = 1 << 20


def is_stream(path: Path) -> bool:
    """Whether a path is a pipe, a terminal or another device that can be read only once."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode) or stat.S_ISSOCK(mode)


class StreamReader:
    """What a pipe holds, in any format that is a single file."""

    format: ClassVar[str] = "pipe"

    def __init__(self, *, has_map: bool) -> None:
        self.has_map = has_map

    def recognises(self, log: Log) -> bool:
        """Whether it is a pipe or a device."""
        return is_stream(log.path)

    def read(self, log: Log) -> list[RawLog]:
        """Read it to its end, and then as the format that it holds.

        Raises
        ------
        UnreadableInput
            Nothing writes to it, or no reader recognises what it held.
        """
        held = Log(log.path, content=contents(log.path))
        return required_reader(held, has_map=self.has_map).read(held)


def contents(path: Path) -> bytes:
    """Read a pipe until its writers have closed it.

    Raises
    ------
    UnreadableInput
        Nothing was written to it within ``PATIENCE``; a writer that has it open is waited for longer.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))  # else opening waits for a writer for ever
    try:
        parts = [_first(handle, path, time.monotonic() + PATIENCE)]
        os.set_blocking(handle, True)
        while part := os.read(handle, _CHUNK):
            parts.append(part)
    finally:
        os.close(handle)
    return b"".join(parts)


def _first(handle: int, path: Path, until: float) -> bytes:
    """Wait for the first bytes: a writer that has nothing yet is waited for, no writer only until the time given."""
    while time.monotonic() < until:
        try:
            part = os.read(handle, _CHUNK)
        except BlockingIOError:
            os.set_blocking(handle, True)
            part = os.read(handle, _CHUNK)
        if part:
            return part
        if not stat.S_ISFIFO(os.fstat(handle).st_mode):
            break
        time.sleep(_PAUSE)
    raise UnreadableInput(f"{path}: nothing was written to this pipe; start what writes to it first, or give a file")

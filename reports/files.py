"""Writing a report so that a reader sees the whole old file or the whole new one."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from diagnose.errors import InputError

NORMAL_MODE = 0o666
"""Mode of a new file before the user's umask; the modules for temporary files would make it private."""


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file through a temporary one in the same folder; missing folders are made.

    Raises
    ------
    InputError
        The path is a folder, or the system refuses to write there.
    """
    target = path.resolve() if path.is_symlink() else path
    if target.is_dir():
        raise InputError(f"{path} is a folder; give the name of a file in it, such as {path / 'report.html'}")
    temporary = target.parent / f".diagnose-{secrets.token_hex(8)}.tmp"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _write_new(temporary, content)
        temporary.replace(target)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def _write_new(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), NORMAL_MODE)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())

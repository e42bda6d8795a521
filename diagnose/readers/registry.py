"""Which readers there are, in which order they are asked, and how a log finds its reader."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from diagnose.errors import InputError, UnreadableInput
from diagnose.plugins import plugins
from diagnose.readers.catboost import CatBoostReader
from diagnose.readers.delimited import sniff
from diagnose.readers.huggingface import HuggingFaceReader
from diagnose.readers.json_log import JsonReader
from diagnose.readers.lightning import LightningReader
from diagnose.readers.mlflow import MlflowReader
from diagnose.readers.names import parse_name
from diagnose.readers.protocol import Log, Reader
from diagnose.readers.run_directory import RunDirectoryReader
from diagnose.readers.table import TableReader, table_dialect
from diagnose.readers.tensorboard import TensorBoardReader
from diagnose.readers.text_log import TextLogReader
from diagnose.readers.ultralytics import UltralyticsReader
from diagnose.readers.wandb import WandbReader

ENTRY_POINTS = "diagnose.readers"
READERS: tuple[Reader, ...] = (
    RunDirectoryReader(),
    HuggingFaceReader(),
    CatBoostReader(),
    MlflowReader(),
    WandbReader(),
    TensorBoardReader(),
    UltralyticsReader(),
    LightningReader(),
    JsonReader(),
    TableReader(),
    TextLogReader(),
)
"""Asked in this order: the more particular format before the more general one."""

_EXPECTED = (
    "a CSV or JSON log with columns such as epoch, loss, val_loss; a TensorBoard event file, trainer_state.json, "
    "results.csv, catboost_info, mlruns or wandb folder; or console output with lines such as "
    "'Epoch 3/50 - loss: 0.41 - val_loss: 0.52'"
)


@lru_cache(maxsize=1)
def registered_readers() -> tuple[Reader, ...]:
    """Return the built-in readers, after those that installed packages register.

    Raises
    ------
    PluginError
        A registered reader lacks what `Reader` asks for.
    """
    return (*plugins(ENTRY_POINTS, required=("format", "recognises", "read")), *READERS)


def reader_for(log: Log) -> Reader | None:
    """Return the first reader that recognises a log, or None."""
    try:
        return next((reader for reader in registered_readers() if reader.recognises(log)), None)
    except OSError as error:
        raise UnreadableInput(f"{log.path}: cannot be opened: {error.strerror or error}") from error


def required_reader(log: Log, *, has_map: bool) -> Reader:
    """Return the reader of a file that the user named.

    Raises
    ------
    UnreadableInput
        No reader recognises it; the message says what it looks like and what was expected.
    """
    reader = reader_for(log)
    if reader is not None:
        return reader
    dialect = table_dialect(log)
    if dialect is not None and has_map:
        return TableReader()
    raise UnreadableInput(f"{log.path}: {looks_like(log)}; expected {_EXPECTED}")


def is_table_by_epoch(log: Log) -> bool:
    """Whether a file is a table with a column of epochs: a training log, whatever its other columns are called."""
    try:
        dialect = table_dialect(log)
    except OSError:
        return False
    return dialect is not None and dialect.has_rows and any(parse_name(name).unit == "epoch" for name in dialect.header)


def looks_like(log: Log) -> str:
    """Say what a file that no reader recognises looks like."""
    if not log.head:
        return "the file is empty"
    dialect = sniff(log.head_text) if b"\x00" not in log.head[:4096] else None
    if dialect is not None and dialect.has_rows:
        shown = ", ".join(dialect.header[:10])
        return f"a table with the columns {shown}, none known as a loss or score (name one with --map val_loss=COLUMN)"
    if b"\x00" in log.head[:4096]:
        return "a binary file of no known format"
    return f"no known log format (it begins {' '.join(log.head_text.split())[:60]!r})"


def existing(path: Path) -> Path:
    """Return the path, if there is something.

    Raises
    ------
    InputError
        There is no such file or folder.
    """
    try:
        found = path.exists()
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: {error}") from error
    if not found:
        raise InputError(
            f"{path}: no such file or folder; give the path of a training log or of a folder that holds one"
        )
    return path

"""CSV, TSV and other delimited logs: Keras CSVLogger, fastai, timm, and what people write by hand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from diagnose.errors import UnreadableInput
from diagnose.readers.delimited import Dialect, read_table, sniff, split_line
from diagnose.readers.names import parse_name
from diagnose.readers.places import configs_beside, run_name
from diagnose.readers.protocol import Cell, Log, RawLog
from diagnose.readers.reshape import METRIC_COLUMNS, VALUE_COLUMNS

_SAMPLE = 20
_ALL_DIGITS = 12
"""Characters of a number that was written as it stands in memory; who writes logs by hand rounds."""


def table_dialect(log: Log) -> Dialect | None:
    """How the file is written if it is a delimited table, else None. Cheap; never raises."""
    if not log.head or log.head[:2] in {b"\x1f\x8b", b"PK"}:
        return None
    text = log.head_text
    return None if "\x00" in text[:4096] or text.lstrip("\ufeff \r\n\t")[:1] in {"{", "["} else sniff(text)


def is_training_log(header: tuple[str, ...]) -> bool:
    """Whether the columns are those of a training log and not of any other table."""
    parsed = [parse_name(name) for name in header]
    kinds = [column.kind for column in parsed]
    has_step = "step" in kinds or any(column.split for column in parsed)
    return "loss" in kinds or ("score" in kinds and (has_step or kinds.count("score") > 1))


def _is_long(log: Log, dialect: Dialect) -> bool:
    """Whether the table has one row a metric, with a column of names of losses and scores."""
    names = {name.lower() for name in dialect.header}
    if not names & METRIC_COLUMNS or not names & VALUE_COLUMNS:
        return False
    at = next(i for i, name in enumerate(dialect.header) if name.lower() in METRIC_COLUMNS)
    rows = [split_line(line, dialect.delimiter) for line in log.head_text.splitlines()[dialect.header_line + 1 :][:50]]
    return any(parse_name(row[at].strip()).kind in {"loss", "score"} for row in rows if len(row) > at)


def format_of(columns: Mapping[str, Sequence[Cell]]) -> str:
    """Which programme writes such a table, as far as it shows."""
    names = [name for name in columns if name]
    if _is_of_keras(columns, names):
        return "Keras CSVLogger"
    if {"epoch", "train_loss", "valid_loss", "time"} <= set(names):
        return "fastai CSVLogger"
    if "eval_top1" in names:
        return "timm summary"
    return "CSV"


def _is_of_keras(columns: Mapping[str, Sequence[Cell]], names: list[str]) -> bool:
    """Whether names and numbers are as Keras's CSVLogger writes them; anyone may call columns ``loss, val_loss``.

    It counts epochs from 0, sorts the other columns, twins every metric with its ``val_``, and writes all digits.
    """
    rest = names[1:]
    if names[:1] != ["epoch"] or rest != sorted(rest) or not has_keras_names(rest) or columns["epoch"][:1] != [0.0]:
        return False
    losses = [cell for cell in columns["loss"][:_SAMPLE] if isinstance(cell, float) and math.isfinite(cell)]
    return 2 * sum(len(repr(loss)) >= _ALL_DIGITS for loss in losses) > len(losses)


def has_keras_names(names: Iterable[str]) -> bool:
    """Whether columns are named as in a Keras history with validation: every metric has its ``val_`` twin.

    Examples
    --------
    >>> has_keras_names(["accuracy", "loss", "val_accuracy", "val_loss"]), has_keras_names(["loss", "val_loss", "f1"])
    (True, False)
    """
    metrics = set(names) - {"lr", "learning_rate", "epoch"}
    own = {name for name in metrics if not name.startswith("val_")}
    return "loss" in own and metrics == own | {f"val_{name}" for name in own}


class TableReader:
    """Any delimited table with a header."""

    format: ClassVar[str] = "CSV"

    def recognises(self, log: Log) -> bool:
        """Whether the head is a table whose columns are those of a training log."""
        dialect = table_dialect(log)
        if dialect is None:
            return False
        kinds = {parse_name(name).kind for name in dialect.header}
        if dialect.delimiter == " " and not kinds & {"step", "loss"}:
            return False
        return is_training_log(dialect.header) or _is_long(log, dialect)

    def read(self, log: Log) -> list[RawLog]:
        """Read the table; config files beside it give hyperparameters."""
        dialect = table_dialect(log)
        if dialect is None:
            raise UnreadableInput(f"{log.path}: expected a table with a header line such as 'epoch,loss,val_loss'")
        raw = read_raw(log, dialect, self.format)
        return [replace(raw, format=format_of(raw.columns))]


def read_raw(log: Log, dialect: Dialect, format_name: str, config_names: tuple[str, ...] | None = None) -> RawLog:
    """Read a table and the config files beside it into a `RawLog`."""
    table = read_table(log.text, str(log.path), dialect)
    beside = configs_beside(log.path) if config_names is None else configs_beside(log.path, config_names)
    return RawLog(
        name=run_name(log.path),
        format=format_name,
        where=str(log.path),
        columns=table.columns,
        hyperparameters=beside.hyperparameters,
        origins=beside.origins,
        unread=(*table.unread, *beside.unread),
        notes=tuple(table.notes),
    )

"""Plain text, as training programs print it: Keras, PyTorch loops, boosting, Hugging Face, fastai, Ultralytics.

Lines are read one after another into runs of epochs. An epoch's point is what its summary lines state; lines printed
per batch count only where there is no summary.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import ClassVar

from diagnose.errors import UnreadableInput
from diagnose.readers.places import Beside, configs_beside, run_name
from diagnose.readers.protocol import HEAD_BYTES, Cell, Log, RawLog, decode
from diagnose.readers.text_line import iter_lines
from diagnose.readers.text_table import header_of
from diagnose.readers.text_transcript import Batch, Point, TextRun, Transcript
from diagnose.readers.text_words import is_metric
from diagnose.readers.wandb import config_values
from diagnose.run import SplitName

_CATBOOST_SPLITS: dict[str, SplitName] = {"learn_loss": "train", "test_loss": "val"}
_BINARY = re.compile(r"[\x00-\x06\x0e-\x1a\x7f]")
_JSON = re.compile(r'\s{0,200}(?:\{\s{0,200}(?:"|\})|\[\s{0,200}(?:[\[{"\]]|[-\d.eE+]{1,30}\s{0,20},\s{0,20}[-\d"]))')


def _rows(run: TextRun) -> tuple[list[dict[str, float]], list[str]]:
    """Return the run's rows, position included, and what was done to get them."""
    notes: list[str] = []
    axis = run.axis or "row"
    points = [point for point in run.points if point.stated or point.bar or point.batches]
    if any(point.stated or point.bar for point in points):
        rows = []
        averaged: set[str] = set()
        known = {name for point in points for name in (*point.stated, *point.bar)}
        for point in points:
            means = {n: v for n, v in _means(point.batches).items() if n not in known and (is_metric(n) or n == "lr")}
            averaged |= means.keys()
            values = {**means, **(point.stated or point.bar)}
            if point.stated or point.bar:
                rows.append({axis: point.at, **values} if point.at is not None else values)
        if averaged:
            notes.append(f"mean over the epoch's printed batches: {', '.join(sorted(averaged))}")
        return [{k: v for k, v in row.items() if v is not None} for row in rows], notes
    validated = any(name.startswith(("val_", "test_")) for point in points for _, _, v in point.batches for name in v)
    if validated and len(points) > 1 and all(point.at is not None for point in points):
        notes.append("no epoch has a summary: mean over its printed batches")
        return [{axis: point.at, **_means(point.batches)} for point in points if point.at is not None], notes
    notes.append("no epoch has a summary: each printed batch is a row")
    return list(_batch_rows(points)), notes


def _means(batches: list[Batch]) -> dict[str, float]:
    sums: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for _, _, values in batches:
        for name, value in values.items():
            sums[name] += value  # type: ignore[assignment]  # a Counter adds floats as well
            counts[name] += 1
    return {name: sums[name] / counts[name] for name in sums}


def _batch_rows(points: list[Point]) -> Iterator[dict[str, float]]:
    """Rows of printed batches, at fractions of their epoch where the epoch's length is printed."""
    first = next((point.at for point in points if point.at is not None), 0.0)
    for point in points:
        for step, steps, values in point.batches:
            row = dict(values)
            if point.at is not None:
                row = {"epoch": point.at - min(first, 1.0) + step / steps if steps else point.at, **row}
            if not steps:
                row["step"] = float(step)
            yield row


def _columns(rows: list[dict[str, float]]) -> dict[str, list[Cell]]:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return {name: [row.get(name) for row in rows] for name in names}


def _scaled_percent(columns: dict[str, list[Cell]], percent: set[str]) -> list[str]:
    """Note the columns printed in percent; those that never exceed 1 % would pass for shares and are divided."""
    named = sorted(name for name in percent if name in columns)
    for name in named:
        numbers = [cell for cell in columns[name] if isinstance(cell, float)]
        if numbers and max(abs(number) for number in numbers) <= 1:
            columns[name] = [cell / 100 if isinstance(cell, float) else cell for cell in columns[name]]
    return [f"printed in percent: {', '.join(named)}"] if named else []


def is_text(text: str) -> bool:
    """Whether decoded text reads as prose or console output, not as binary, JSON or a delimited table."""
    sample = text[:4096]
    first = next((line for line in sample.splitlines() if line.strip()), "")
    if "\t" in first and "|" not in first and header_of(first):
        return False  # a table from its first line on: the readers of delimited tables know more of it
    return bool(sample.strip()) and len(_BINARY.findall(sample)) <= len(sample) // 100 and not _JSON.match(sample)


def _count_points(text: str) -> int:
    """Count the points of the longest curve: scores count at a position only, losses without one from the third on."""
    transcript = Transcript()
    for line in iter_lines(text):
        transcript.feed(line)
    points = [point for run in transcript.runs for point in run.points]
    counts = Counter(
        (name, point.at is not None)
        for point in points
        for name in (*point.stated, *point.bar)
        if "loss" in name or (point.at is not None and is_metric(name))
    )
    longest = max((count for (_, placed), count in counts.items() if placed or count > 2), default=0)
    return max(longest, *(len(point.batches) for point in points), 0)


def _tail(log: Log) -> str:
    if log.content is not None:
        return decode(log.content[max(HEAD_BYTES, len(log.content) - HEAD_BYTES) // 2 * 2 :])
    size = log.path.stat().st_size
    if size <= HEAD_BYTES:
        return ""
    with log.path.open("rb") as stream:
        # an even offset keeps UTF-16 in step
        stream.seek(max(HEAD_BYTES, size - HEAD_BYTES) // 2 * 2)
        return decode(stream.read())


class TextLogReader:
    """Console output. Conservative, and tried last: at least two epochs (or lines) with a loss or score."""

    format: ClassVar[str] = "text log"

    def recognises(self, log: Log) -> bool:
        """Whether the file's head or its tail holds at least two points of a curve."""
        if log.path.is_dir() or not is_text(log.head_text):
            return False
        return _count_points(log.head_text) >= 2 or _count_points(_tail(log)) >= 2

    def read(self, log: Log) -> list[RawLog]:
        """Every run in the text; epochs that begin again begin another run."""
        transcript = Transcript()
        for line in iter_lines(log.text):
            transcript.feed(line)
        runs = [run for run in transcript.runs if run.has_values]
        if not runs:
            raise UnreadableInput(
                f"{log.path}: no training output in this text; expected lines such as "
                "'Epoch 3/50 - loss: 0.41 - val_loss: 0.52'"
            )
        if transcript.unused:
            runs[-1].notes.append(_unused(transcript.unused))
        beside = configs_beside(log.path)
        return [_raw(log, run, beside, number, len(runs)) for number, run in enumerate(runs, 1)]


def _unused(banners: list[str]) -> str:
    listed = ", ".join(repr(text) for text in banners[:3])
    return f"{len(banners)} earlier attempts ended before their first epoch: {listed}"


def _raw(log: Log, run: TextRun, beside: Beside, number: int, total: int) -> RawLog:
    rows, notes = _rows(run)
    columns = _columns(rows)
    notes += [*_scaled_percent(columns, run.percent), *dict.fromkeys(run.notes)]
    if total > 1:
        notes.append(f"run {number} of {total} in this file{f': {run.label!r}' if run.label else ''}")
    splits: dict[str, SplitName] = {}
    if {"learn_loss", "test_loss"} & columns.keys() and run.axis == "iteration":
        splits = {name: split for name, split in _CATBOOST_SPLITS.items() if name in columns}
        notes.append("CatBoost prints no metric's name: read as a loss")
    hyperparameters = {**config_values(beside.hyperparameters), **run.settings}
    name = run_name(log.path)
    return RawLog(
        name=name if total == 1 else f"{name} (run {number} of {total})",
        format=TextLogReader.format,
        where=str(log.path),
        columns=columns,
        splits=splits,
        hyperparameters=hyperparameters,
        origins={**beside.origins, **dict.fromkeys(run.settings, "printed in the log")},
        unread=tuple(beside.unread),
        notes=tuple(notes),
    )

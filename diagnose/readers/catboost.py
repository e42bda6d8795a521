"""CatBoost's ``catboost_info``: ``learn_error.tsv`` and ``test_error.tsv``, or ``catboost_training.json``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from diagnose.errors import UnreadableInput
from diagnose.readers.delimited import read_table
from diagnose.readers.json_text import parse_json
from diagnose.readers.places import configs_beside, run_name
from diagnose.readers.protocol import Cell, Log, RawLog
from diagnose.readers.table import table_dialect
from diagnose.run import SplitName, Unread

_FILES: tuple[tuple[str, SplitName], ...] = (("learn_error.tsv", "train"), ("test_error.tsv", "val"))
_TRAINING = "catboost_training.json"


class CatBoostReader:
    """The folder that CatBoost writes, or one of its files."""

    format: ClassVar[str] = "CatBoost"

    def recognises(self, log: Log) -> bool:
        """Whether it is a folder with CatBoost's files, a table that begins with ``iter``, or the training JSON."""
        if log.path.is_dir():
            return any((log.path / name).is_file() for name, _ in _FILES) or (log.path / _TRAINING).is_file()
        if log.head.lstrip()[:1] == b"{":
            return b'"iterations"' in log.head and b'"learn' in log.head
        return log.head.startswith(b"iter\t") and log.path.name != "time_left.tsv"

    def read(self, log: Log) -> list[RawLog]:
        """Read both files side by side: the first is the training set, the second the evaluation set."""
        if log.path.is_dir():
            return [_read_folder(log.path)]
        if log.head.lstrip()[:1] == b"{":
            return [_read_training(log.path)]
        split: SplitName = "val" if "test" in log.path.name.lower() else "train"
        columns, splits, unread = _read_file(log.path, split)
        return [_raw(log.path, columns, splits, unread, {})]


def _read_folder(folder: Path) -> RawLog:
    columns: dict[str, list[Cell]] = {}
    splits: dict[str, SplitName] = {}
    unread: list[Unread] = []
    for name, split in _FILES:
        if not (folder / name).is_file():
            continue
        own, own_splits, own_unread = _read_file(folder / name, split)
        n_before = max((len(cells) for cells in columns.values()), default=0)
        n_own = max(len(cells) for cells in own.values())
        for column, cells in own.items():
            columns[column] = [*columns.get(column, [None] * n_before), *cells]
        columns = {column: [*cells, *[None] * (n_before + n_own - len(cells))] for column, cells in columns.items()}
        splits.update(own_splits)
        unread.extend(own_unread)
    if not columns:
        return _read_training(folder / _TRAINING)
    settings = _settings(folder / _TRAINING) if (folder / _TRAINING).is_file() else {}
    return _raw(folder, columns, splits, unread, settings)


def _read_file(path: Path, split: SplitName) -> tuple[dict[str, list[Cell]], dict[str, SplitName], list[Unread]]:
    log = Log(path)
    dialect = table_dialect(log)
    if dialect is None:
        raise UnreadableInput(f"{path}: expected CatBoost's tab-separated table with the column 'iter' and a metric")
    table = read_table(log.text, str(path), dialect)
    columns: dict[str, list[Cell]] = {}
    splits: dict[str, SplitName] = {}
    for name, cells in table.columns.items():
        if name in {"iter", "Passed", "Remaining"}:
            columns[name] = cells
        else:
            columns[f"{path.stem.removesuffix('_error')}/{name}"] = cells
            splits[f"{path.stem.removesuffix('_error')}/{name}"] = split
    return columns, splits, table.unread


def _raw(
    path: Path,
    columns: dict[str, list[Cell]],
    splits: dict[str, SplitName],
    unread: list[Unread],
    settings: dict[str, Any],
) -> RawLog:
    beside = configs_beside(path / "_" if path.is_dir() else path)
    values = {**beside.hyperparameters, **settings}
    origins = {**beside.origins, **dict.fromkeys(settings, _TRAINING)}
    return RawLog(
        run_name(path), CatBoostReader.format, str(path), columns, splits, values, origins, (*unread, *beside.unread)
    )


def _settings(path: Path) -> dict[str, Any]:
    parsed = parse_json(Log(path).text)
    meta = parsed.value.get("meta") if isinstance(parsed.value, Mapping) else None
    found = (
        {k: v for k, v in meta.items() if isinstance(v, (str, int, float, bool))} if isinstance(meta, Mapping) else {}
    )
    if "iteration_count" in found:
        found["epochs_planned"] = found["iteration_count"]
    return found


def _read_training(path: Path) -> RawLog:
    parsed = parse_json(Log(path).text)
    meta = parsed.value.get("meta", {}) if isinstance(parsed.value, Mapping) else {}
    rows = parsed.value.get("iterations", []) if isinstance(parsed.value, Mapping) else []
    columns: dict[str, list[Cell]] = {"iter": []}
    splits: dict[str, SplitName] = {}
    for key, names_key, split in (("learn", "learn_metrics", "train"), ("test", "test_metrics", "val")):
        names = (
            [str(m.get("name")) for m in meta.get(names_key, []) if isinstance(m, Mapping)]
            if isinstance(meta, Mapping)
            else []
        )
        for index, name in enumerate(names):
            columns[f"{key}/{name}"] = [_metric(row, key, index) for row in rows]
            splits[f"{key}/{name}"] = "train" if split == "train" else "val"
    columns["iter"] = [
        float(row.get("iteration", i)) if isinstance(row, Mapping) else None for i, row in enumerate(rows)
    ]
    if len(columns) == 1 or not rows:
        raise UnreadableInput(f"{path}: expected CatBoost's 'meta' and 'iterations' with at least one iteration")
    unread = (
        [Unread(f"{path}, line {parsed.line}", f"{parsed.problem}: what was complete was read")]
        if parsed.problem
        else []
    )
    return _raw(path, columns, splits, unread, _settings(path))


def _metric(row: Any, key: str, index: int) -> Cell:
    """One metric of an iteration; evaluation sets are a list of lists, of which the first is taken."""
    values = row.get(key) if isinstance(row, Mapping) else None
    if isinstance(values, list) and values and isinstance(values[0], list):
        values = values[0]
    if isinstance(values, list) and index < len(values) and isinstance(values[index], (int, float)):
        return float(values[index])
    return None

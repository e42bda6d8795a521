"""Long logs (one row a split, or one row a metric) → one column a curve; groups of rows that are different runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from diagnose.readers.columns import Columns, IntArray
from diagnose.readers.names import parse_name, words_of
from diagnose.readers.protocol import Cell, RawLog
from diagnose.readers.roles import Role
from diagnose.readers.vocabulary import FIRST_ONLY, RUNS, SPLITS, word_set
from diagnose.run import FloatArray, SplitName

SPLIT_COLUMNS = word_set("mode phase split stage set subset dataset partition type prefix data part")
METRIC_COLUMNS = word_set("metric name tag key metric_name variable quantity measure series curve")
VALUE_COLUMNS = frozenset({"value", "val", "metric_value", "y", "values", "result"})
_MAX_RUNS = 1000


def widen(raw: RawLog) -> RawLog:
    """Give every split and metric of a long log its own column; other logs are returned as they are."""
    metric = _named(raw.columns, METRIC_COLUMNS)
    value = _named(raw.columns, VALUE_COLUMNS)
    if metric and value and metric != value:
        raw = _widen_metrics(raw, metric, value)
    split = next((n for n in raw.columns if _plain(n) in SPLIT_COLUMNS and _is_split_column(raw.columns[n])), None)
    return _widen_splits(raw, split) if split else raw


def _plain(name: str) -> str:
    return "_".join(words_of(name))


def _named(columns: Mapping[str, Sequence[Cell]], names: frozenset[str]) -> str | None:
    return next((name for name in columns if _plain(name) in names or name.strip().lower() in names), None)


def _split_of(cell: Cell) -> SplitName | None:
    tokens = words_of(cell) if isinstance(cell, str) else []
    return SPLITS.get(tokens[0], FIRST_ONLY.get(tokens[0])) if tokens and len(tokens) <= 2 else None


def _is_split_column(cells: Sequence[Cell]) -> bool:
    distinct = {cell for cell in cells if cell is not None}
    return 0 < len(distinct) <= 6 and all(_split_of(cell) for cell in distinct)


def _widen_metrics(raw: RawLog, metric: str, value: str) -> RawLog:
    tags = raw.columns[metric]
    distinct = list(dict.fromkeys(tag for tag in tags if isinstance(tag, str)))
    if (
        not distinct
        or len(distinct) > _MAX_RUNS
        or not any(parse_name(tag).kind in {"loss", "score"} for tag in distinct)
    ):
        return raw
    columns = {name: cells for name, cells in raw.columns.items() if name not in {metric, value}}
    for tag in distinct:
        columns[tag] = [v if t == tag else None for t, v in zip(tags, raw.columns[value], strict=True)]
    return dataclasses.replace(
        raw, columns=columns, notes=(*raw.notes, f"rows of column {metric!r} were taken as columns")
    )


def _widen_splits(raw: RawLog, split: str) -> RawLog:
    modes = [_split_of(cell) for cell in raw.columns[split]]
    columns: dict[str, Sequence[Cell]] = {}
    stated = dict(raw.splits)
    for name, cells in raw.columns.items():
        parsed = parse_name(name)
        if name == split:
            continue
        if parsed.kind not in {"loss", "score", "unknown"} or parsed.split:
            columns[name] = cells
            continue
        for mode in dict.fromkeys(mode for mode in modes if mode):
            own = [cell if m == mode else None for cell, m in zip(cells, modes, strict=True)]
            if any(cell is not None for cell in own):
                columns[f"{mode}/{name}"] = own
                stated[f"{mode}/{name}"] = mode
    return dataclasses.replace(
        raw, columns=columns, splits=stated, notes=(*raw.notes, f"rows were told apart by column {split!r}")
    )


def groups_of_rows(columns: Columns, roles: Mapping[str, Role], x: FloatArray) -> list[tuple[str, IntArray]]:
    """Tell the rows of different runs apart by a fold, seed, run or model column; one group where there is none.

    ``x`` are the rows' steps as logged. Without steps, rows are told apart only where a column names folds or runs.
    """
    everything = np.arange(columns.n_rows)
    principal = max(
        (n for n, r in roles.items() if r.role == "curve"), key=lambda n: columns.numeric[n].count, default=None
    )
    if principal is None:
        return [("", everything)]
    logged = np.flatnonzero(columns.numeric[principal].logged & np.isfinite(x))
    if len(np.unique(x[logged])) == len(logged):
        return [("", everything)]
    named = [n for n in _candidates(columns) if _plain(n) in RUNS]
    others = [n for n in columns.text if n not in named]
    for choice in ([named] if named else []) + [[n] for n in others]:
        keys = _keys(columns, choice)
        distinct = list(dict.fromkeys(keys[i] for i in logged))
        rises = _rises_within(keys, logged, x) if x.any() else choice == named
        if 1 < len(distinct) <= min(_MAX_RUNS, len(logged) // 2) and rises:
            return [(key, np.array([i for i in everything if keys[i] == key], dtype=np.intp)) for key in distinct]
    return [("", everything)]


def _candidates(columns: Columns) -> list[str]:
    numeric = [n for n, series in columns.numeric.items() if _plain(n) in RUNS and series.logged.all()]
    return [*numeric, *(n for n in columns.text if _plain(n) in RUNS)]


def _keys(columns: Columns, names: Sequence[str]) -> list[str]:
    parts = []
    for name in names:
        if name in columns.numeric:
            parts.append([f"{name} {value:g}" for value in columns.numeric[name].values])
        else:
            parts.append([f"{name} {cell}" for cell in columns.text[name]])
    return [", ".join(part) for part in zip(*parts, strict=True)]


def _rises_within(keys: Sequence[str], logged: IntArray, x: FloatArray) -> bool:
    """Whether every group has its steps to itself: they never repeat within it."""
    seen: set[tuple[str, float]] = set()
    for i in logged:
        place = (keys[i], float(x[i]))
        if place in seen:
            return False
        seen.add(place)
    return True

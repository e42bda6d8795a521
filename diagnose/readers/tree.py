"""Nested mappings and lists → runs: dicts of lists, lists of rows, evals_result, and any of them inside other keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from diagnose.readers.cells import as_cell
from diagnose.readers.lengths import align, join_stages
from diagnose.readers.names import parse_name, words_of
from diagnose.readers.nulls import lost_to_null
from diagnose.readers.protocol import Cell, RawLog
from diagnose.readers.run_columns import of_different_lengths, own_columns
from diagnose.readers.vocabulary import FIRST_ONLY, SPLITS, word_set
from diagnose.run import Unread

MEANINGFUL = frozenset({"loss", "score"})
TRANSPARENT = word_set("""
history metrics results logs log curves data train_history training_history evals_result scores losses
log_history epochs records entries hist params
""")
_MAX_DEPTH = 6
Path = tuple[str, ...]


@dataclass
class Piece:
    """What lies under one prefix of a tree."""

    series: dict[str, list[Cell]] = field(default_factory=dict)
    scalars: dict[str, Any] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def place(self, key: str, value: Any, path: Path) -> bool:
        """Take a series, a single number or text; return whether nothing inside it is left to explore."""
        series = as_series(value) or _null_throughout(key, value)
        if series is not None:
            self.series[key] = series
        elif isinstance(value, Mapping) or is_rows(value):
            return False
        elif isinstance(value, (str, int, float, bool)):
            self.scalars["/".join((*path, key))] = value
        elif isinstance(value, (list, tuple)) and value:
            self.left_out.append(key)
        return True


def runs_in(tree: Any, *, name: str, format_name: str, where: str, cut: bool = False) -> list[RawLog]:
    """Every run in a tree of mappings and lists; an empty list where it holds no series of numbers."""
    found: dict[Path, Piece] = {}
    _explore(tree, (), found, 0)
    runs = _grouped({path: piece for path, piece in found.items() if piece.series})
    shared = {key: value for piece in found.values() for key, value in piece.scalars.items()}
    if len(runs) > 1:  # what stands inside one run says nothing of the others
        inside = {key for piece in runs.values() for key in piece.scalars}
        shared = {key: value for key, value in shared.items() if key not in inside}
    logs = []
    for label, piece in _by_length(runs).items():
        series, notes = lost_to_null(piece.series)
        columns, joined = join_stages(series) if not cut else (series, [])
        columns, more = align(columns, cut=cut, epochs=_planned(piece.scalars | shared))
        if format_name.endswith("evals_result") and not any(parse_name(key).kind == "step" for key in columns):
            columns["iteration"] = [float(i + 1) for i in range(max(map(len, columns.values()), default=0))]
        scalars = {**shared, **piece.scalars}
        logs.append(
            RawLog(
                name=f"{name} ({label})" if label else name,
                format=format_name,
                where=where,
                columns=columns,
                hyperparameters=scalars,
                origins=dict.fromkeys(scalars, where),
                unread=tuple(
                    Unread(f"{where}, key {key!r}", "a list that is no series of the log's length")
                    for key in piece.left_out
                ),
                notes=(*notes, *joined, *more, *_single_numbers(scalars)),
            )
        )
    return logs


def _by_length(runs: Mapping[str, Piece]) -> dict[str, Piece]:
    """Part the lists of runs that trained for different numbers of epochs before they are aligned."""
    parted: dict[str, Piece] = {}
    for label, piece in runs.items():
        if not of_different_lengths(piece.series):
            parted[label] = piece
            continue
        for run, names in own_columns(piece.series).items():
            series = {short: piece.series[name] for name, short in names.items()}
            parted[", ".join(filter(None, (label, run)))] = Piece(series, piece.scalars, piece.left_out)
    return parted


def _planned(scalars: Mapping[str, Any]) -> int | None:
    value = next(
        (v for k, v in scalars.items() if k.rsplit("/", 1)[-1] in {"epochs", "num_epochs", "n_epochs", "max_epochs"}),
        None,
    )
    return int(value) if isinstance(value, (int, float)) and 0 < value < 1e9 else None


def _single_numbers(scalars: Mapping[str, Any]) -> list[str]:
    found = [
        (k, v)
        for k, v in scalars.items()
        if isinstance(v, (int, float)) and parse_name(k).kind in {*MEANINGFUL, "statistic"}
    ]
    shown = [f"{key} {value:.6g}" for key, value in found[:10] if not isinstance(value, bool) and abs(value) < 1e300]
    return [f"single numbers beside the curves: {', '.join(shown)}"] if shown else []


def _explore(tree: Any, path: Path, found: dict[Path, Piece], depth: int) -> None:
    if depth > _MAX_DEPTH:
        return
    if is_rows(tree):
        _explore_rows(list(tree), path, found, depth)
    if not isinstance(tree, Mapping):
        return
    piece = found.setdefault(path, Piece())
    for key, value in tree.items():
        if not piece.place(str(key), value, path):
            _explore(value, (*path, str(key)), found, depth + 1)


def _explore_rows(rows: list[Any], path: Path, found: dict[Path, Piece], depth: int) -> None:
    mappings = [row for row in rows if isinstance(row, Mapping)]
    runs = [row for row in mappings if any(as_series(v) is not None for v in _leaves(row))]
    if len(runs) * 2 > len(mappings):
        for number, row in enumerate(mappings, start=1):
            label = next(
                (
                    str(row[k])
                    for k in ("name", "run", "fold", "seed", "model", "id")
                    if isinstance(row.get(k), (str, int))
                ),
                str(number),
            )
            _explore(row, (*path, f"run {label}"), found, depth + 1)
        return
    found.setdefault(path, Piece()).series.update(rows_to_columns(mappings))


def _leaves(row: Mapping[Any, Any]) -> Iterator[Any]:
    for value in row.values():
        if isinstance(value, Mapping):
            yield from value.values()
        else:
            yield value


def is_rows(value: Any) -> bool:
    """Whether a value is a list of row dicts."""
    return (
        isinstance(value, (list, tuple))
        and bool(value)
        and sum(isinstance(row, Mapping) for row in value) * 2 > len(value)
    )


def as_series(value: Any) -> list[Cell] | None:
    """Return a flat list of numbers as cells (a 2-d array as its row means: scores by fold), or None."""
    if isinstance(value, np.ndarray) or (hasattr(value, "tolist") and hasattr(value, "shape")):
        array = np.asarray(value)
        if array.ndim == 2 and array.dtype.kind in "fiu" and array.size:
            return [float(v) for v in array.mean(axis=1)]
        value = array.tolist() if array.ndim == 1 else None
    if hasattr(value, "to_list") and not isinstance(value, (str, Mapping)):
        value = value.to_list()
    if not isinstance(value, (list, tuple)) or not value:
        return None
    if all(isinstance(item, (int, float)) and not isinstance(item, bool) for item in value):
        return [_float(item) for item in value]
    if any(isinstance(item, (list, tuple, Mapping)) for item in value):
        return _unnested(value)
    cells = [as_cell(item) for item in value]
    numbers, words = sum(isinstance(cell, float) for cell in cells), sum(isinstance(cell, str) for cell in cells)
    return cells if numbers > words else None


def _null_throughout(key: str, value: Any) -> list[Cell] | None:
    """Read a loss or score of nothing but nulls as a series all the same; of another key it is an empty list."""
    is_null = isinstance(value, list) and len(value) > 1 and all(item is None for item in value)
    return [None] * len(value) if is_null and parse_name(key).kind in MEANINGFUL else None


def _float(item: float) -> float:
    try:
        return float(item)
    except OverflowError:
        return float("inf")


def _unnested(value: Sequence[Any]) -> list[Cell] | None:
    """Take lists of one number each (``[[0.5], [0.4]]``), which is how some write tensors, for numbers."""
    if all(isinstance(item, (list, tuple)) and len(item) == 1 and isinstance(item[0], (int, float)) for item in value):
        return [_float(item[0]) for item in value]
    return None


def rows_to_columns(rows: Sequence[Mapping[Any, Any]]) -> dict[str, list[Cell]]:
    """Row dicts as columns; nested dicts are flattened to ``outer/inner``, absent keys are None."""
    columns: dict[str, list[Cell]] = {}
    for number, row in enumerate(rows):
        for key, value in _flat_row(row):
            cells = columns.get(key)
            if cells is None:
                cells = columns[key] = [None] * number
            if len(cells) == number:
                cells.append(as_cell(value))
        for cells in columns.values():
            if len(cells) == number:
                cells.append(None)
    return columns


def _flat_row(row: Mapping[Any, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    for key, value in row.items():
        if isinstance(value, Mapping) and depth < _MAX_DEPTH:
            yield from _flat_row(value, f"{prefix}{key}/", depth + 1)
        elif not isinstance(value, (list, tuple)):
            yield f"{prefix}{key}", value


def _grouped(pieces: dict[Path, Piece]) -> dict[str, Piece]:
    """Join the pieces of one run: split and quantity words of a path go into the names, other words name runs."""
    groups: dict[Path, Piece] = {}
    for path, piece in pieces.items():
        label = tuple(part for part in path if not _is_part_of_name(part))
        group = groups.setdefault(label, Piece())
        prefix = [part for part in path if _is_part_of_name(part) and part.lower() not in TRANSPARENT]
        if any(parse_name(key).split and parse_name(key).kind in MEANINGFUL for key in piece.series):
            prefix = []
        for key, cells in piece.series.items():
            group.series.setdefault("/".join((*prefix, key)), cells)
        group.scalars.update(piece.scalars)
        group.left_out.extend(piece.left_out)
    groups = _worthwhile(groups)
    return {"/".join(label) if len(groups) > 1 else "": piece for label, piece in groups.items()}


def _is_part_of_name(part: str) -> bool:
    tokens = words_of(part)
    if part.lower() in TRANSPARENT or not tokens:
        return True
    if (
        all(token in SPLITS or token in FIRST_ONLY or token.isdigit() or token in {"set", "data"} for token in tokens)
        and not tokens[0].isdigit()
    ):
        return True
    return parse_name(part).kind in MEANINGFUL


def _worthwhile(groups: dict[Path, Piece]) -> dict[Path, Piece]:
    """Only the groups that hold a loss or a score, and only those with a loss or a step where any has one."""
    kinds = {label: {parse_name(key).kind for key in piece.series} for label, piece in groups.items()}
    curved = {label: piece for label, piece in groups.items() if kinds[label] & MEANINGFUL}
    strong = {label: piece for label, piece in curved.items() if kinds[label] & {"loss", "step"}}
    return strong or curved or groups

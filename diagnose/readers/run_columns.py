"""Columns of different runs side by side: ``run-1 - val_loss`` of a W&B export, ``fold2_val_loss``, ``acc_seed0``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from diagnose.readers.names import ColumnName, parse_name
from diagnose.readers.protocol import Cell, RawLog

_RUN = re.compile(
    r"(?<![A-Za-z0-9])((?:k?fold|cv[ _-]?fold|seed|run|trial|repeat|replicate|rep|exp|experiment|client)"
    r"\s?[_\-=:# ]?\s?\d{1,9})(?![A-Za-z0-9.])",
    re.IGNORECASE,
)
"""A word for a repetition with its number: what differs in it is another run, never a part of one loss."""
_EXPORT = re.compile(r"(.{1,200}\S) - (\S.{0,200})")
_EXPORT_TWIN = re.compile(r"__(?:MIN|MAX)$")
_EDGES = "_-/ .:|"


@dataclass(frozen=True)
class RunColumn:
    """A column that says which run it belongs to: the run's name, and the column's name without it."""

    run: str
    name: str


def runs_by_column(names: Iterable[str]) -> dict[str, RunColumn]:
    """Return the columns that belong to one of several runs; an empty mapping where names tell no runs apart.

    Examples
    --------
    >>> found = runs_by_column(["epoch", "fold1_val_loss", "fold2_val_loss"])
    >>> [(c.run, c.name) for c in found.values()]
    [('fold1', 'val_loss'), ('fold2', 'val_loss')]
    >>> runs_by_column(["val/box_loss", "val/cls_loss", "fold1_val_loss"])
    {}
    """
    listed = list(names)
    for found in (_exported(listed), {n: c for n in listed if (c := numbered_run(n))}):
        if _are_several(found):
            return found
    return {}


def numbered_run(name: str) -> RunColumn | None:
    """Return which numbered run a column names, and the rest of its name; None where it names none."""
    match = _RUN.search(name)
    if match is None:
        return None
    rest = f"{name[: match.start()].rstrip(_EDGES)}_{name[match.end() :].lstrip(_EDGES)}".strip(_EDGES)
    return RunColumn(match.group(1), rest) if rest else None


def _exported(names: list[str]) -> dict[str, RunColumn]:
    """W&B's table export: ``RUN - METRIC`` with any run name, each with its ``__MIN`` and ``__MAX``."""
    has_twins = any(_EXPORT_TWIN.search(name) for name in names)
    found = {}
    for name in names:
        match = _EXPORT.fullmatch(name)
        if match is None:
            continue
        run, metric = match.groups()
        own = parse_name(run)
        is_named = own.kind == "unknown" and not own.split
        if has_twins or (is_named and (parse_name(metric).split or re.search(r"\d", run))):
            found[name] = RunColumn(run, metric)
    return found


def _are_several(found: Mapping[str, RunColumn]) -> bool:
    """Whether one loss or score stands under two runs."""
    seen: dict[str, str] = {}
    for column in found.values():
        is_curve = parse_name(column.name).kind in {"loss", "score"}
        if is_curve and seen.setdefault(column.name, column.run) != column.run:
            return True
    return False


def take_columns_apart(raw: RawLog, mapped: Iterable[str] = ()) -> list[tuple[str, RawLog]]:
    """Give every run its own columns and those that belong to none; a column that the user names stays as it is."""
    found = runs_by_column(raw.columns)
    if not found or set(mapped) & found.keys():
        return [("", raw)]
    parts = []
    for run, names in own_columns(raw.columns).items():
        example = next(name for name in names if name in found)
        note = f"columns of different runs, kept apart: {example!r} is {names[example]} of {run!r}"
        parts.append((run, _renamed(raw, names, note)))
    return parts


def own_columns(names: Iterable[str]) -> dict[str, dict[str, str]]:
    """For every run that the names tell apart its columns, with what they are called without the run's name."""
    listed = list(names)
    found = runs_by_column(listed)
    result = {}
    for run in dict.fromkeys(column.run for column in found.values()):
        own = {name: column.name for name, column in found.items() if column.run == run}
        taken = {_meaning(name) for name in own.values()} - {None}
        shared = {name: name for name in listed if name not in found and _meaning(name) not in taken}
        result[run] = {name: (own | shared)[name] for name in listed if name in own or name in shared}
    return result


def of_different_lengths(series: Mapping[str, list[Cell]]) -> bool:
    """Whether lists belong to runs that trained for different numbers of epochs."""
    lengths: dict[str, set[int]] = {}
    for name, column in runs_by_column(series).items():
        lengths.setdefault(column.run, set()).add(len(series[name]))
    return len({max(own) for own in lengths.values()}) > 1


def _meaning(name: str) -> tuple[str | None, str] | None:
    column: ColumnName = parse_name(name)
    return (column.split, column.quantity) if column.kind in {"loss", "score"} else None


def _renamed(raw: RawLog, names: Mapping[str, str], note: str) -> RawLog:
    return replace(
        raw,
        columns={names[n]: cells for n, cells in raw.columns.items() if n in names},
        splits={names[n]: split for n, split in raw.splits.items() if n in names},
        notes=(*raw.notes, note),
    )

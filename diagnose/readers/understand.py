"""From columns as logged to a run: the one place where every format gets its meaning."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from diagnose.errors import UnreadableInput
from diagnose.readers.axis import Axis, choose_axis, raw_steps
from diagnose.readers.columns import Columns, Series, to_columns
from diagnose.readers.context import field_of, gather, merged
from diagnose.readers.curves import CurveSet, build_curves
from diagnose.readers.frameworks import guess_framework
from diagnose.readers.names import parse_name
from diagnose.readers.protocol import RawLog
from diagnose.readers.recorded import with_recording
from diagnose.readers.reshape import groups_of_rows, widen
from diagnose.readers.restarts import Attempt, take_apart
from diagnose.readers.roles import Role, assign_roles
from diagnose.readers.run_columns import take_columns_apart
from diagnose.recording import Recording
from diagnose.run import ColumnReading, Context, History, Run, Source

_MOST_SIBLINGS = 100
_MOST_SETTINGS = 30
_RUN_MEANS = ("train_runtime", "total_flos")
"""Columns that only the summary row of a Hugging Face trainer holds."""


def understand(raw: RawLog, *, given: Context | None = None, column_map: Mapping[str, str] | None = None) -> list[Run]:
    """Give a log's columns their meaning.

    Parameters
    ----------
    raw
        The columns as logged.
    given
        What the user knows; it overrides what was found beside the log.
    column_map
        Canonical name to column, overriding the names' own meaning.

    Returns
    -------
    list of Run
        One run, or several where the log holds folds, seeds or attempts; each names its siblings.

    Raises
    ------
    UnreadableInput
        No column is a loss or a score with a number in it.
    InputError
        ``column_map`` names a column that the log does not have.
    """
    if raw.recording is not None:
        return _recorded(replace(raw, recording=None), raw.recording, given or Context(), column_map)
    parts = take_columns_apart(widen(raw), (column_map or {}).values())
    runs: list[Run] = []
    for label, wide in parts:
        try:
            runs += _understood(wide, label, given or Context(), column_map)
        except UnreadableInput:
            if label == parts[-1][0] and not runs:
                raise
    return named_siblings([run for run in runs if any(len(c) for c in run.history.curves)] or runs)


def _recorded(raw: RawLog, recording: Recording, given: Context, column_map: Mapping[str, str] | None) -> list[Run]:
    """Return the one run of a hook: there are no attempts to tell apart; without an epoch it has no curves yet."""
    try:
        found = understand(raw, given=given, column_map=column_map)
    except UnreadableInput:
        context = merged(gather(raw.hyperparameters, raw.origins, raw.where), given)
        source = (Source(raw.where, raw.format),)
        found = [Run(raw.name, History(()), context, source, unread=raw.unread, notes=raw.notes)]
    return [with_recording(run, recording) for run in found]


def _understood(wide: RawLog, run: str, given: Context, column_map: Mapping[str, str] | None) -> list[Run]:
    columns, broken = to_columns(wide)
    columns, notes = _without_run_means(columns)
    roles, assumed = assign_roles(columns, wide.splits, column_map)
    if not any(role.role == "curve" for role in roles.values()):
        raise UnreadableInput(_no_curve(wide, roles))
    units = _units(roles, column_map)
    wide = dataclasses.replace(wide, notes=(*wide.notes, *notes, *assumed), unread=(*wide.unread, *broken))
    runs = []
    for label, rows in groups_of_rows(columns, roles, raw_steps(columns, roles, units)):
        own = columns if len(rows) == columns.n_rows else columns.at(rows)
        name = ", ".join(text for text in (run, label) if text)
        part = _Part(wide, own, roles, choose_axis(own, roles, units), name)
        attempts = take_apart(own, roles, part.axis.x, part.axis.unit)
        runs += [_run(part, attempt, given) for attempt in attempts]
    return runs


def _units(roles: Mapping[str, Role], column_map: Mapping[str, str] | None) -> dict[str, Any]:
    units = {name: parse_name(name).unit for name in roles}
    return units | {column: parse_name(target).unit for target, column in (column_map or {}).items()}


def _without_run_means(columns: Columns) -> tuple[Columns, tuple[str, ...]]:
    """Blank the summary row's ``train_loss``, which is the mean over the run and no point of a curve."""
    marker = next((name for name in _RUN_MEANS if name in columns.numeric), None)
    if marker is None:
        return columns, ()
    summary = columns.numeric[marker].logged
    numeric = dict(columns.numeric)
    blanked = []
    for name in ("train_loss", "train/loss", "train/train_loss"):
        series = numeric.get(name)
        if series is not None and (series.logged & summary).any():
            mean = float(series.values[series.logged & summary][-1])
            blanked.append(f"{name} {mean:.6g} is the mean over the whole run, not a point of the curve")
            numeric[name] = Series(series.values, series.logged & ~summary)
    return Columns(columns.n_rows, numeric, columns.text), tuple(blanked)


def _no_curve(raw: RawLog, roles: Mapping[str, Role]) -> str:
    shown = "; ".join(f"{name!r} ({role.meaning})" for name, role in list(roles.items())[:12])
    return (
        f"{raw.where}: no column is a loss or a score. Found {shown or 'no columns'}. "
        "Expected names such as loss, val_loss, train_acc; say which is which with --map val_loss=COLUMN"
    )


@dataclass(frozen=True)
class _Part:
    """The rows of a log that belong to one fold, seed or model."""

    raw: RawLog
    columns: Columns
    roles: Mapping[str, Role]
    axis: Axis
    label: str


def _run(part: _Part, attempt: Attempt, given: Context) -> Run:
    raw = part.raw
    made = build_curves(part.columns, part.roles, attempt.rows, attempt.x)
    label = ", ".join(text for text in (part.label, attempt.label) if text)
    history = History(tuple(made.curves), part.axis.unit, made.learning_rate, attempt.phases, tuple(made.extra))
    return Run(
        name=f"{raw.name} ({label})" if label else raw.name,
        history=history,
        context=merged(_context(part, made), given),
        sources=(Source(raw.where, raw.format),),
        columns=_readings(part, made),
        unread=raw.unread,
        notes=(*raw.notes, *attempt.notes, *made.notes),
    )


def _context(part: _Part, made: CurveSet) -> Context:
    raw, numeric = part.raw, part.columns.numeric
    values: dict[str, Any] = {str(name): value for name, value in raw.hyperparameters.items()}
    origins = dict(raw.origins)
    for name, role in part.roles.items():
        if role.role == "hyperparameter" and name not in values:
            values[name] = float(numeric[name].values[numeric[name].logged][0])
            origins[name] = "constant column"
    found = gather(values, origins, raw.where)
    rate = made.learning_rate
    if found.learning_rate is None and rate is not None and np.isfinite(rate.values).any():
        top = float(np.max(rate.values[np.isfinite(rate.values)]))
        found = _learnt(found, "learning_rate", top, f"largest value of column {rate.name!r}")
    framework, why = guess_framework(raw.format, list(raw.columns))
    return found if found.framework or not framework else _learnt(found, "framework", framework, why)


def _learnt(context: Context, field: str, value: float | str, origin: str) -> Context:
    changes: dict[str, Any] = {field: value}
    return dataclasses.replace(context, **changes, origins=MappingProxyType({**context.origins, field: origin}))


def _readings(part: _Part, made: CurveSet) -> tuple[ColumnReading, ...]:
    raw, axis = part.raw, part.axis
    readings = [] if axis.column else [ColumnReading("(row)", "step", axis.how, raw.where)]
    for name, role in part.roles.items():
        if name == axis.column:
            readings.append(ColumnReading(name, "step", f"the step: {axis.how}", raw.where))
            continue
        meaning = "; ".join(text for text in (role.meaning, made.meanings.get(name, "")) if text)
        if role.role == "learning rate" and made.learning_rate is not None and name != made.learning_rate.name:
            meaning = "learning rate of another parameter group"
        readings.append(ColumnReading(name, role.role, meaning, raw.where))
    return (*readings, *_setting_readings(raw))


def _setting_readings(raw: RawLog) -> list[ColumnReading]:
    """One reading a known hyperparameter; of settings without a meaning here the first ones, then their number."""
    known = [name for name in raw.hyperparameters if field_of(str(name))]
    others = [name for name in raw.hyperparameters if not field_of(str(name))]
    readings = []
    for name in [*known, *others[:_MOST_SETTINGS]]:
        meaning = (field_of(str(name)) or "kept as it stands").replace("_", " ")
        readings.append(ColumnReading(str(name), "hyperparameter", meaning, raw.origins.get(name, raw.where)))
    if len(others) > _MOST_SETTINGS:
        more = f"{len(others) - _MOST_SETTINGS} more settings, kept as they stand"
        readings.append(ColumnReading("(settings)", "hyperparameter", more, raw.where))
    return readings


def named_siblings(runs: list[Run]) -> list[Run]:
    """Name in every run the other runs of its log; stores of very many runs are left as they are."""
    if not 1 < len(runs) <= _MOST_SIBLINGS:
        return runs
    names = tuple(run.name for run in runs)
    return [dataclasses.replace(run, siblings=tuple(name for name in names if name != run.name)) for run in runs]

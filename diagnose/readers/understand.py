"""From columns as logged to a run: the one place where every format gets its meaning."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
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
from diagnose.readers.reshape import groups_of_rows, widen
from diagnose.readers.restarts import Attempt, take_apart
from diagnose.readers.roles import Role, assign_roles
from diagnose.run import ColumnReading, Context, History, Run, Source

_MOST_SIBLINGS = 100
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
    wide = widen(raw)
    columns, broken = to_columns(wide)
    columns, notes = _without_run_means(columns)
    roles, assumed = assign_roles(columns, wide.splits, column_map)
    if not any(role.role == "curve" for role in roles.values()):
        raise UnreadableInput(_no_curve(wide, roles))
    units = _units(roles, column_map)
    wide = dataclasses.replace(wide, notes=(*wide.notes, *notes, *assumed), unread=(*wide.unread, *broken))
    runs = []
    for group, rows in groups_of_rows(columns, roles, raw_steps(columns, roles, units)):
        own = columns if len(rows) == columns.n_rows else columns.at(rows)
        axis = choose_axis(own, roles, units)
        runs += [_run(wide, own, roles, axis, attempt, group, given) for attempt in take_apart(own, roles, axis.x, axis.unit)]
    return named_siblings([run for run in runs if any(len(c) for c in run.history.curves)] or runs)


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
        f"{raw.where}: no column is a loss or a score. Found {shown or 'no columns'}. Expected names such as loss, val_loss, train_acc; "
        "say which is which with --map val_loss=COLUMN"
    )


def _run(
    raw: RawLog,
    columns: Columns,
    roles: Mapping[str, Role],
    axis: Axis,
    attempt: Attempt,
    group: str,
    given: Context | None,
) -> Run:
    made = build_curves(columns, roles, attempt.rows, attempt.x)
    label = ", ".join(part for part in (group, attempt.label) if part)
    history = History(tuple(made.curves), axis.unit, made.learning_rate, attempt.phases, tuple(made.extra))
    return Run(
        name=f"{raw.name} ({label})" if label else raw.name,
        history=history,
        context=_context(raw, columns, roles, made, given),
        sources=(Source(raw.where, raw.format),),
        columns=_readings(raw, columns, roles, axis, made),
        unread=raw.unread,
        notes=(*raw.notes, *attempt.notes, *made.notes),
    )


def _context(
    raw: RawLog, columns: Columns, roles: Mapping[str, Role], made: CurveSet, given: Context | None
) -> Context:
    values: dict[str, Any] = {str(name): value for name, value in raw.hyperparameters.items()}
    origins = dict(raw.origins)
    for name, role in roles.items():
        if role.role == "hyperparameter" and field_of(name) and name not in values:
            series = columns.numeric[name]
            values[name] = float(series.values[series.logged][0])
            origins[name] = "constant column"
    found = gather(values, origins, raw.where)
    rate = made.learning_rate
    if found.learning_rate is None and rate is not None and np.isfinite(rate.values).any():
        top = float(np.nanmax(np.where(np.isfinite(rate.values), rate.values, np.nan)))
        found = merged(found, Context(learning_rate=top))
        found = dataclasses.replace(
            found,
            origins=MappingProxyType({**found.origins, "learning_rate": f"largest value of column {rate.name!r}"}),
        )
    if found.framework is None:
        framework, why = guess_framework(raw.format, list(raw.columns))
        if framework:
            found = dataclasses.replace(
                found, framework=framework, origins=MappingProxyType({**found.origins, "framework": why})
            )
    return merged(found, given) if given is not None else found


def _readings(
    raw: RawLog, columns: Columns, roles: Mapping[str, Role], axis: Axis, made: CurveSet
) -> tuple[ColumnReading, ...]:
    readings = []
    for name, role in roles.items():
        meaning = role.meaning
        if name == axis.column:
            meaning = f"the step: {axis.how}"
        if name in made.meanings:
            meaning = f"{meaning}; {made.meanings[name]}"
        if role.role == "learning rate" and made.learning_rate is not None and name != made.learning_rate.name:
            meaning = "learning rate of another parameter group"
        readings.append(ColumnReading(name, "step" if name == axis.column else role.role, meaning, raw.where))
    if not axis.column:
        readings.append(ColumnReading("(row)", "step", axis.how, raw.where))
    for name in raw.hyperparameters:
        field = field_of(str(name))
        origin = raw.origins.get(name, raw.where)
        readings.append(
            ColumnReading(
                str(name), "hyperparameter", field.replace("_", " ") if field else "kept as it stands", origin
            )
        )
    return tuple(readings)


def named_siblings(runs: list[Run]) -> list[Run]:
    """Name in every run the other runs of its log; stores of very many runs are left as they are."""
    if not 1 < len(runs) <= _MOST_SIBLINGS:
        return runs
    names = tuple(run.name for run in runs)
    return [dataclasses.replace(run, siblings=tuple(name for name in names if name != run.name)) for run in runs]

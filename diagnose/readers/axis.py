"""Which column is the step, and where each row lies on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from diagnose.readers.columns import Columns, Series
from diagnose.readers.names import parse_name
from diagnose.readers.roles import Role
from diagnose.run import FloatArray, Unit

STANDING_STILL = 0.1
"""Share of a curve's rows that repeat the row before's epoch, above which the epoch alone does not place the rows."""


@dataclass(frozen=True)
class Axis:
    """The place of every row.

    Attributes
    ----------
    x
        Shape ``(n_rows,)``; NaN where a row has no place.
    unit
        What ``x`` counts.
    column
        The column that it was taken from; empty for row numbers.
    how
        In words, how ``x`` was made.
    """

    x: FloatArray
    unit: Unit
    column: str
    how: str


def choose_axis(columns: Columns, roles: Mapping[str, Role], unit_of: Mapping[str, Unit | None]) -> Axis:
    """Choose the step: an epoch column where it places the rows, else steps or iterations, else row numbers."""
    by_unit: dict[Unit, list[str]] = {}
    for name, role in roles.items():
        unit = unit_of.get(name)
        if role.role == "step" and unit and np.isfinite(columns.numeric[name].values).any():
            by_unit.setdefault(unit, []).append(name)
    best = {unit: max(names, key=lambda n: columns.numeric[n].count) for unit, names in by_unit.items()}
    counter = best.get("step", best.get("iteration"))
    if "epoch" in best:
        return _epoch_axis(columns, roles, best["epoch"], counter, "step" if "step" in best else "iteration")
    for unit in ("step", "iteration", "sample size"):
        if unit in best:
            return Axis(_filled(columns.numeric[best[unit]]), unit, best[unit], f"column {best[unit]!r}")
    return _row_axis(columns)


def raw_steps(columns: Columns, roles: Mapping[str, Role], unit_of: Mapping[str, Unit | None]) -> FloatArray:
    """Every row's epoch (else step, else nothing but zeros) as logged, before anything is told apart."""
    for unit in ("epoch", "step", "iteration", "sample size"):
        for name, role in roles.items():
            if role.role == "step" and unit_of.get(name) == unit and np.isfinite(columns.numeric[name].values).any():
                return _filled(columns.numeric[name])
    return np.zeros(columns.n_rows)


def _row_axis(columns: Columns) -> Axis:
    """Return an unnamed first column that counts rows, else the row number from 1."""
    for name, series in columns.numeric.items():
        if (
            parse_name(name).kind == "index"
            and series.logged.all()
            and series.count > 1
            and np.all(np.diff(series.values) == 1)
        ):
            return Axis(series.values, "epoch", name, "the index column, taken as epochs")
    return Axis(
        np.arange(1.0, columns.n_rows + 1),
        "epoch",
        "",
        "row numbers from 1: the log has no step column, one row is taken as one epoch",
    )


def _filled(series: Series) -> FloatArray:
    """Values with gaps taken from the row before (the first ones from the row after)."""
    x = np.where(np.isfinite(series.values), series.values, np.nan)
    known = np.flatnonzero(np.isfinite(x))
    if len(known) == len(x):
        return x
    before = np.searchsorted(known, np.arange(len(x)), side="right") - 1
    return np.asarray(x[known[np.maximum(before, 0)]], dtype=np.float64)


def _epoch_axis(
    columns: Columns, roles: Mapping[str, Role], epoch: str, counter: str | None, counter_unit: Unit
) -> Axis:
    steps = columns.numeric[counter] if counter else None
    x = _filled_by(columns.numeric[epoch], steps)
    curves = [columns.numeric[n].logged for n, role in roles.items() if role.role == "curve"]
    falls = bool(np.any(np.diff(x) < 0))
    if not _stands_still(x, curves) and not (falls and steps is not None and _rises(_filled(steps))):
        return Axis(x, "epoch", epoch, f"column {epoch!r}")
    if steps is not None and _rises(_filled(steps)):
        counted = _filled(steps)
        inside = None if falls else _inside_epochs(x, counted)
        if inside is not None:
            return Axis(inside, "epoch", epoch, f"column {epoch!r}, fractions from {counter!r}")
        return Axis(counted, counter_unit, counter or "", f"column {counter!r}: {epoch!r} stands still or repeats")
    if falls or np.nanmin(x) == np.nanmax(x):
        return _without_counter(columns, x, epoch, falls=falls)
    return Axis(_spread(x), "epoch", epoch, f"column {epoch!r}, rows spread evenly within each epoch")


def _without_counter(columns: Columns, x: FloatArray, epoch: str, *, falls: bool) -> Axis:
    if falls:  # a restart; it is taken apart by its epochs
        return Axis(x, "epoch", epoch, f"column {epoch!r}")
    return Axis(np.arange(1.0, columns.n_rows + 1), "step", "", f"row numbers: {epoch!r} never moves")


def _filled_by(series: Series, steps: Series | None) -> FloatArray:
    """Fill missing epochs from the step where both rise together, else from the row before."""
    filled = _filled(series)
    missing = ~np.isfinite(series.values)
    if steps is None or not missing.any():
        return filled
    both = np.isfinite(series.values) & np.isfinite(steps.values)
    only_step = missing & np.isfinite(steps.values)
    if np.count_nonzero(both) < 2 or not only_step.any():
        return filled
    order = np.argsort(steps.values[both], kind="stable")
    known_steps, known_epochs = steps.values[both][order], series.values[both][order]
    if np.any(np.diff(known_epochs) < 0) or np.any(np.diff(steps.values[np.isfinite(steps.values)]) < 0):
        return filled
    between = np.interp(steps.values[only_step], known_steps, known_epochs)
    whole = bool(np.all(known_epochs == np.round(known_epochs)))
    filled[only_step] = np.ceil(between) if whole else between
    return filled


def _rises(x: FloatArray) -> bool:
    return bool(np.all(np.diff(x) >= 0)) and bool(x[-1] > x[0]) if len(x) > 1 else False


def _stands_still(x: FloatArray, curves: list[np.ndarray]) -> bool:
    for logged in curves:
        own = x[logged]
        if len(own) > 2 and np.count_nonzero(np.diff(own) == 0) > STANDING_STILL * (len(own) - 1):
            return True
    return False


def _inside_epochs(epochs: FloatArray, steps: FloatArray) -> FloatArray | None:
    """Epochs with their fractions, from steps; None where steps and epochs do not run in parallel.

    A whole-number epoch is the place of its last step, so that what is logged at its end keeps the log's own number.
    """
    if epochs[-1] == epochs[0]:
        return None
    if not np.all(epochs == np.round(epochs)):
        ratio = epochs[-1] / steps[-1] if steps[-1] > 0 else np.nan
        rounding = 0.006 if np.allclose(epochs, np.round(epochs, 2), atol=1e-9) else 1e-6 * max(1.0, abs(epochs[-1]))
        return steps * ratio if np.all(np.abs(epochs - steps * ratio) <= 2 * rounding) else None
    numbers, last_row = np.unique(epochs[::-1], return_index=True)
    ends = steps[len(epochs) - 1 - last_row]
    if len(numbers) < 2:
        return None
    lengths = np.diff(ends) / np.diff(numbers)
    typical = float(np.median(lengths))
    if typical <= 0 or np.any(np.abs(lengths[:-1] - typical) > 0.5 * typical):
        return None
    place = np.searchsorted(numbers, epochs)
    ends = ends.copy()
    ends[-1] = max(ends[-1], ends[-2] + typical * (numbers[-1] - numbers[-2])) if lengths[-1] < typical else ends[-1]
    return np.asarray(epochs - (ends[place] - steps) / typical, dtype=np.float64)


def _spread(epochs: FloatArray) -> FloatArray:
    """Rows spread evenly over each epoch, its last row at the epoch's own number."""
    starts = np.flatnonzero(np.r_[True, np.diff(epochs) != 0])
    sizes = np.diff(np.r_[starts, len(epochs)])
    rank = np.arange(len(epochs)) - np.repeat(starts, sizes)
    return np.asarray(epochs - 1 + (rank + 1) / np.repeat(sizes, sizes), dtype=np.float64)

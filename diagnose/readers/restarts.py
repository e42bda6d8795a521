"""Logs that begin again: resumed runs, repeated attempts, folds and seeds in one file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from diagnose.readers.columns import Columns, IntArray
from diagnose.readers.roles import Role
from diagnose.run import FloatArray, Phase

GIVEN_BACK = 0.25
"""A restart that loses at most this share of what had been learnt goes on from where it was; one that loses more began anew."""
RUN_WORDS = frozenset({
    "fold", "k_fold", "kfold", "cv_fold", "fold_idx", "fold_id", "seed", "random_seed", "random_state", "run", "run_id", "run_name", "trial", "trial_id",
    "experiment", "exp", "experiment_id", "experiment_name", "exp_name", "model", "model_name", "replicate", "repeat", "rep", "client", "client_id",
})  # fmt: skip


@dataclass(frozen=True)
class Attempt:
    """The rows of one run, in order, with their places and the phases within."""

    rows: IntArray
    x: FloatArray
    label: str = ""
    phases: tuple[Phase, ...] = ()
    notes: tuple[str, ...] = field(default=())


def take_apart(columns: Columns, roles: Mapping[str, Role], x: FloatArray, unit: str) -> list[Attempt]:
    """Split rows into attempts where steps begin again and learning does too; otherwise mark a phase."""
    rows = np.flatnonzero(np.isfinite(x))
    principal = _principal(columns, roles, rows)
    if principal is None:
        return [Attempt(rows, x[rows])]
    own = rows[columns.numeric[principal].logged[rows]]
    drops = _drops(x[own])
    if not len(drops):
        return [_sorted(rows, x)]
    if len(np.unique(x[own])) == len(own) or len(drops) > max(5, len(own) // 3):
        return [_sorted(rows, x, f"rows were not in the order of their {unit}s and have been sorted")]
    bounds = [_first_drop(x, own[d - 1], own[d]) for d in drops]
    pieces = np.split(rows, np.searchsorted(rows, bounds))
    return _joined(columns, roles, x, [piece for piece in pieces if len(piece)], unit)


def _drops(x: FloatArray) -> IntArray:
    """Where steps fall back; in a log that does so, a repeated first step is an attempt that ended after it."""
    gaps = np.diff(x)
    falls = gaps < 0
    if falls.any():
        falls |= (gaps == 0) & (x[1:] == x.min())
    return np.flatnonzero(falls) + 1


def _principal(columns: Columns, roles: Mapping[str, Role], rows: IntArray) -> str | None:
    """The curve that was logged most often, a training loss before all others."""
    curves = [name for name, role in roles.items() if role.role == "curve" and columns.numeric[name].logged[rows].any()]
    return max(
        curves,
        key=lambda n: (columns.numeric[n].count, roles[n].split == "train", roles[n].quantity == "loss"),
        default=None,
    )


def _sorted(rows: IntArray, x: FloatArray, note: str = "") -> Attempt:
    order = np.argsort(x[rows], kind="stable")
    return Attempt(rows[order], x[rows][order], notes=(note,) if note else ())


def _first_drop(x: FloatArray, last: int, first: int) -> int:
    """The row at which the new piece begins: other columns may have been logged before the principal one."""
    between = np.flatnonzero(np.diff(x[last : first + 1]) < 0)
    return int(last + between[-1] + 1) if len(between) else int(first)


def _joined(columns: Columns, roles: Mapping[str, Role], x: FloatArray, pieces: list[IntArray], unit: str) -> list[Attempt]:
    groups: list[list[IntArray]] = [[pieces[0]]]
    overlap = x.copy()
    for earlier, piece in zip(pieces, pieces[1:], strict=False):
        is_mid_run = x[piece[0]] > np.min(x[pieces[0]]) + 1.5 * _spacing(x[pieces[0]])
        if is_mid_run or _goes_on(columns, roles, pieces, earlier, piece):
            groups[-1].append(piece)
        else:
            groups.append([piece])
    attempts = [_chained(group, overlap, unit) for group in groups]
    if len(attempts) == 1:
        return attempts
    return [_sorted_attempt(a, f"attempt {i + 1} of {len(attempts)}") for i, a in enumerate(attempts)]


def _sorted_attempt(attempt: Attempt, label: str) -> Attempt:
    return Attempt(attempt.rows, attempt.x, label, attempt.phases, attempt.notes)


def _spacing(x: FloatArray) -> float:
    gaps = np.diff(np.unique(x))
    return float(np.median(gaps)) if len(gaps) else 1.0


def _goes_on(columns: Columns, roles: Mapping[str, Role], pieces: list[IntArray], earlier: IntArray, piece: IntArray) -> bool:
    """Whether the new piece starts at the level that the earlier one reached, in every training curve (else every curve)."""
    names = [n for n, r in roles.items() if r.role == "curve" and r.split == "train"] or [n for n, r in roles.items() if r.role == "curve"]
    verdicts = []
    for name in names:
        past = [level for p in pieces if p[0] <= earlier[0] and (level := _first(columns, name, p)) is not None]
        end, fresh = _last(columns, name, earlier), _first(columns, name, piece)
        if past and end is not None and fresh is not None:
            verdicts.append(all(abs(fresh - end) < GIVEN_BACK * abs(start - end) for start in past))
    return bool(verdicts) and all(verdicts)


def _logged(columns: Columns, name: str, piece: IntArray) -> FloatArray:
    series = columns.numeric[name].at(piece)
    return series.values[np.isfinite(series.values)]


def _first(columns: Columns, name: str, piece: IntArray) -> float | None:
    values = _logged(columns, name, piece)
    return float(values[0]) if len(values) else None


def _last(columns: Columns, name: str, piece: IntArray) -> float | None:
    values = _logged(columns, name, piece)
    return float(np.median(values[-3:])) if len(values) else None


def _chained(pieces: list[IntArray], x: FloatArray, unit: str) -> Attempt:
    """Put pieces one after the other; a piece that resumes in the middle replaces what it repeats."""
    rows, place = pieces[0], x[pieces[0]]
    order = np.argsort(place, kind="stable")
    rows, place = rows[order], place[order]
    starts, reasons, notes = [float(place[0])], [""], []
    for piece in pieces[1:]:
        own = x[piece]
        begins = float(np.min(own))
        if begins > place[0] + 1.5 * _spacing(place):
            keep = place < begins
            notes.append(f"resumed at {unit} {begins:g}: {np.count_nonzero(~keep)} earlier row(s) at or after it were replaced")
            rows, place, reason = rows[keep], place[keep], f"resumed at {unit} {begins:g}"
        else:
            own = own - begins + place[-1] + _spacing(np.concatenate([place, own]))
            reason = f"{unit}s restart at row {int(piece[0]) + 1}"
            notes.append(f"{reason} while the loss goes on: counted through as one run")
        order = np.argsort(own, kind="stable")
        rows, place = np.concatenate([rows, piece[order]]), np.concatenate([place, own[order]])
        starts.append(float(np.min(own)))
        reasons.append(reason)
    ends = [*(s for s in starts[1:]), float(place[-1])]
    ends = [float(place[place < e][-1]) if i < len(ends) - 1 else e for i, e in enumerate(ends)]
    phases = tuple(Phase(s, e, why) for s, e, why in zip(starts, ends, reasons, strict=True)) if len(pieces) > 1 else ()
    return Attempt(rows, place, phases=phases, notes=tuple(notes))

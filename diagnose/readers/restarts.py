"""Logs that begin again: resumed runs, repeated attempts, folds and seeds in one file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from diagnose.readers.columns import Columns, IntArray
from diagnose.readers.roles import Role
from diagnose.run import FloatArray, Phase

GIVEN_BACK = 0.25
"""A restart that loses less than this share of the gain, in every training curve, goes on from where it was."""
AT_START = 0.85
"""A restart that loses more than this share of the training loss's gain is back at the start: another attempt.

Between the two it is one run with a phase: an unfrozen backbone forgets a part, it does not forget all."""
KEPT = 0.5
"""Where all other curves are nearer to where they had arrived than to the start, the model remembers, whatever its
training loss says: that is an average over the first steps, in which an optimizer that begins anew does most harm."""
FEWEST_OTHERS = 2
"""Other curves that must say so: one alone may be noise."""
SAME_START = 0.1
"""Pieces whose first values differ by less than this share of a gain began from the same state."""
_LONG_PIECE = 6
"""From this many points on, the level that a piece reached is the median of its last three."""


@dataclass(frozen=True)
class Attempt:
    """The rows of one run, in order, with their places and the phases within."""

    rows: IntArray
    x: FloatArray
    label: str = ""
    phases: tuple[Phase, ...] = ()
    notes: tuple[str, ...] = ()


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
    """Return the curve that was logged most often, a training loss before all others."""
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
    """Return the row at which the new piece begins: other columns may have been logged before the principal one."""
    between = np.flatnonzero(np.diff(x[last : first + 1]) < 0)
    return int(last + between[-1] + 1) if len(between) else int(first)


def _joined(
    columns: Columns, roles: Mapping[str, Role], x: FloatArray, pieces: list[IntArray], unit: str
) -> list[Attempt]:
    groups: list[list[IntArray]] = [[pieces[0]]]
    for number in range(1, len(pieces)):
        is_mid_run = x[pieces[number][0]] > np.min(x[pieces[0]]) + 1.5 * _spacing(x[pieces[0]])
        if is_mid_run or not _begins_anew(columns, roles, pieces, number):
            groups[-1].append(pieces[number])
        else:
            groups.append([pieces[number]])
    attempts = [_chained(group, x, unit) for group in groups]
    if len(attempts) == 1:
        return attempts
    return [replace(attempt, label=f"attempt {i + 1} of {len(attempts)}") for i, attempt in enumerate(attempts)]


def _spacing(x: FloatArray) -> float:
    gaps = np.diff(np.unique(x))
    return float(np.median(gaps)) if len(gaps) else 1.0


def _begins_anew(columns: Columns, roles: Mapping[str, Role], pieces: list[IntArray], number: int) -> bool:
    """Whether a piece starts where attempts start, rather than where the piece before it had arrived."""
    curves = [name for name, role in roles.items() if role.role == "curve"]
    names = [name for name in curves if roles[name].split == "train"] or curves
    shares = [share for name in names if (share := _given_back(columns, name, pieces, number)) is not None]
    if not shares or all(share < GIVEN_BACK for share in shares):
        return not shares
    loss = next(
        (share for name, share in zip(names, shares, strict=False) if roles[name].quantity == "loss"), shares[0]
    )
    if loss > AT_START:
        return not _is_remembered(columns, roles, pieces, number)
    return _starts_like_another(columns, names, pieces, number)


def _is_remembered(columns: Columns, roles: Mapping[str, Role], pieces: list[IntArray], number: int) -> bool:
    """Whether every curve but the training loss is still nearer to the end of the piece before than to a start."""
    others = [
        name for name, role in roles.items()
        if role.role == "curve" and not (role.split == "train" and role.quantity == "loss")
    ]  # fmt: skip
    shares = [share for name in others if (share := _given_back(columns, name, pieces, number)) is not None]
    return len(shares) >= FEWEST_OTHERS and all(share < KEPT for share in shares)


def _given_back(columns: Columns, name: str, pieces: list[IntArray], number: int) -> float | None:
    """Return the share of the gain that the piece's first value has lost again, against the nearest earlier start."""
    starts = [level for piece in pieces[:number] if (level := _first(columns, name, piece)) is not None]
    end, fresh = _last(columns, name, pieces[number - 1]), _first(columns, name, pieces[number])
    if not starts or end is None or fresh is None:
        return None
    return max(_share(fresh, start, end) for start in starts)


def _share(fresh: float, start: float, end: float) -> float:
    if start == end:
        return 0.0 if fresh == end else 1.0
    return (fresh - end) / (start - end)


def _starts_like_another(columns: Columns, names: list[str], pieces: list[IntArray], number: int) -> bool:
    """Whether in every curve some other piece starts at the same level, measured by what that piece gained."""
    return all(
        any(_is_near(columns, name, pieces[number], other) for i, other in enumerate(pieces) if i != number)
        for name in names
    )


def _is_near(columns: Columns, name: str, piece: IntArray, other: IntArray) -> bool:
    fresh, start, end = _first(columns, name, piece), _first(columns, name, other), _last(columns, name, other)
    return None not in {fresh, start, end} and abs(fresh - start) <= SAME_START * abs(start - end)  # type: ignore[operator]


def _logged(columns: Columns, name: str, piece: IntArray) -> FloatArray:
    series = columns.numeric[name].at(piece)
    return series.values[np.isfinite(series.values)]


def _first(columns: Columns, name: str, piece: IntArray) -> float | None:
    values = _logged(columns, name, piece)
    return float(values[0]) if len(values) else None


def _last(columns: Columns, name: str, piece: IntArray) -> float | None:
    values = _logged(columns, name, piece)
    if not len(values):
        return None
    return float(np.median(values[-3:])) if len(values) >= _LONG_PIECE else float(values[-1])


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
            notes.append(
                f"resumed at {unit} {begins:g}: {np.count_nonzero(~keep)} earlier row(s) at or after it were replaced"
            )
            rows, place, reason = rows[keep], place[keep], f"resumed at {unit} {begins:g}"
        else:
            own = own - begins + place[-1] + _spacing(np.concatenate([place, own]))
            reason = f"{unit}s restart at row {int(piece[0]) + 1}"
            notes.append(f"{reason} without going back to the start: counted through as one run")
        order = np.argsort(own, kind="stable")
        rows, place = np.concatenate([rows, piece[order]]), np.concatenate([place, own[order]])
        starts.append(float(np.min(own)))
        reasons.append(reason)
    # the last place before the next start; none lies before it where steps are too large to be told apart
    ends = [float(np.max(place[place < later], initial=start)) for start, later in pairwise(starts)]
    ends.append(float(place[-1]))
    phases = tuple(Phase(s, e, why) for s, e, why in zip(starts, ends, reasons, strict=True)) if len(pieces) > 1 else ()
    return Attempt(rows, place, phases=phases, notes=tuple(notes))

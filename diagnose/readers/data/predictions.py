"""What a model said of each row → outputs: probabilities of classes, or predicted numbers."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from diagnose.data import Column, FloatArray, Kind, Split
from diagnose.errors import InputError
from diagnose.readers.data.array_cells import array_cells
from diagnose.readers.data.cells import Cells, Form
from diagnose.readers.data.convert import column_of
from diagnose.readers.data.roles import Roles

MOST_CELLS = 200_000_000
"""Rows times classes of outputs in memory: 1.6 GB of 64-bit floats."""
Outputs = tuple[FloatArray | None, tuple[str, ...]]


def outputs_of(roles: Roles, given_classes: tuple[str, ...], label: Column | None, like: Split | None) -> Outputs:
    """Return outputs, shape ``(n, k)`` with the names of the k classes, or ``(n,)`` for numbers.

    Raises
    ------
    InputError
        The predictions fit neither the label nor each other.
    """
    classes = given_classes or _classes(label, like)
    is_number = label is not None and label.kind is Kind.NUMBER
    if roles.given_predictions is not None:
        return _of_array(roles, roles.given_predictions, classes, is_number=is_number)
    if not roles.predictions:
        return None, ()
    if len(roles.predictions) > 1:
        return _of_columns(roles, classes)
    return _of_one(roles, roles.predictions[0], classes, is_number=is_number)


def _classes(label: Column | None, like: Split | None) -> tuple[str, ...]:
    known = set(label.levels if label is not None else ())
    if like is not None and like.label is not None:
        known |= set(like.label.levels)
    return in_order(known)


def in_order(names: set[str]) -> tuple[str, ...]:
    """Return names of classes as scikit-learn orders them: by size where all are numbers, else by spelling."""
    try:
        return tuple(sorted(names, key=lambda name: (float(name), name)))
    except ValueError:
        return tuple(sorted(names))


def _of_array(roles: Roles, given: Any, classes: tuple[str, ...], *, is_number: bool) -> Outputs:
    if given.ndim == 2 and given.shape[1] == 1:
        given = given[:, 0]
    if given.ndim == 1:
        return _of_one(roles, array_cells("predictions", given), classes, is_number=is_number)
    if given.ndim != 2 or given.dtype.kind not in "fiub":
        raise InputError(
            f"{roles.where}: predictions of shape {given.shape} and type {given.dtype}; expected (n,) labels or "
            "numbers, or (n, classes) probabilities"
        )
    if not classes:
        classes = tuple(map(str, range(given.shape[1])))
    elif len(classes) != given.shape[1]:
        raise InputError(
            f"{roles.where}: predictions have {given.shape[1]} columns, the labels {len(classes)} classes "
            f"({', '.join(classes[:8])}); expected one column a class, or columns that are named after the classes"
        )
    return np.asarray(given, np.float64), classes


def _of_columns(roles: Roles, classes: tuple[str, ...]) -> Outputs:
    cells = roles.predictions
    wrong = [c.name for c in cells if c.form is not Form.NUMBER]
    if wrong:
        raise InputError(
            f"{roles.where}: --prediction {wrong[0]}: several columns are probabilities, this is {cells[0].type}"
        )
    names = _stripped([c.name for c in cells])
    values = np.column_stack([column_of(c, Kind.NUMBER, "")[0].values for c in cells]).astype(np.float64)
    if set(classes) <= set(names) or not classes:
        return values, tuple(names)
    if len(classes) != len(names):
        raise InputError(
            f"{roles.where}: --prediction gives {len(names)} columns ({', '.join(names[:8])}), the labels are "
            f"{', '.join(classes[:8])}; expected one column a class"
        )
    shown = ", ".join(f"{c.name} = {k}" for c, k in zip(cells[:3], classes, strict=False))
    roles.notes.append(f"predictions are taken in the order of the classes: {shown} …")
    return values, classes


def _stripped(names: Sequence[str]) -> list[str]:
    """Return names without what all begin with: ``prob_cat, prob_dog`` → ``cat, dog``."""
    alike = itertools.takewhile(lambda marks: len(set(marks)) == 1, zip(*names, strict=False))
    common = "".join(marks[0] for marks in alike)
    cut = max(common.rfind(mark) for mark in "_-. ") + 1
    return [name[cut:] for name in names]


def _of_one(roles: Roles, cells: Cells, classes: tuple[str, ...], *, is_number: bool) -> Outputs:
    if is_number or (not classes and cells.form is Form.NUMBER):
        return column_of(cells, Kind.NUMBER, "")[0].values.astype(np.float64), ()
    hard, _ = column_of(cells, Kind.CATEGORY, "")
    if cells.form is Form.NUMBER and len(classes) == 2 and not set(hard.levels) <= set(classes):
        chance = column_of(cells, Kind.NUMBER, "")[0].values.astype(np.float64)
        if np.nanmin(chance, initial=0.0) < 0 or np.nanmax(chance, initial=1.0) > 1:
            raise InputError(
                f"{roles.where}: predictions reach from {np.nanmin(chance):g} to {np.nanmax(chance):g}; expected one "
                f"of the classes {' and '.join(classes)}, or the probability of {classes[1]}"
            )
        roles.notes.append(f"predictions are taken for the probability of {classes[1]!r}")
        return np.column_stack([1 - chance, chance]), classes
    named = in_order({*classes, *hard.levels})
    if len(hard) * len(named) > MOST_CELLS:
        raise InputError(
            f"{roles.where}: predicted labels of {len(named)} classes in {len(hard):,} rows are more than this "
            "version holds; give a sample of the rows"
        )
    at = {name: code for code, name in enumerate(named)}
    to = np.array([at[level] for level in hard.levels], np.intp)
    chosen = np.full((len(hard), len(named)), np.nan)
    known = hard.values >= 0
    chosen[known] = 0.0
    chosen[np.flatnonzero(known), to[hard.values[known]]] = 1.0
    roles.notes.append("predictions are labels, without probabilities")
    return chosen, named

"""Which of a table's columns is the label, the model's output, the group, the time: as said, or as it is named."""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from diagnose.data import Split, SplitName
from diagnose.errors import InputError
from diagnose.readers.data.array_cells import array_cells, object_cells
from diagnose.readers.data.cells import Cells, Form, Table
from diagnose.readers.data.options import DataOptions
from diagnose.readers.data.side_files import is_file, side_file

LABELS = ("label", "target", "y", "class", "labels", "targets")
PREDICTIONS = ("prediction", "predictions", "y_pred", "pred", "predicted")
GROUPS = ("group", "groups", "group_id")
TIMES = ("time", "timestamp", "datetime", "date")
EMBEDDINGS = ("embedding", "embeddings")
"""Names by which a role is guessed where nobody says it, and only where one column alone is named so."""
WORDS: Mapping[SplitName, str] = {"train": "training data", "val": "validation data", "test": "test data"}
_SHOWN = 12
"""Columns that a message lists."""


@dataclass
class Roles:
    """What each column is for."""

    where: str
    inputs: dict[str, Cells]
    notes: list[str] = field(default_factory=list)
    label: Cells | None = None
    group: Cells | None = None
    time: Cells | None = None
    identifier: Cells | None = None
    predictions: list[Cells] = field(default_factory=list)
    given_predictions: np.ndarray[Any, Any] | None = None
    embeddings: np.ndarray[Any, Any] | None = None
    embedded_by: str = ""

    def take(self, name: str, option: str) -> Cells:
        """Return a column that is no input, and take it from the inputs.

        Raises
        ------
        InputError
            There is no such column.
        """
        found = self.inputs.pop(name, None)
        if found is None:
            raise InputError(f"{self.where}: no column {name!r} for {option}{listed(name, self.inputs)}")
        return found

    def guess(self, names: Collection[str], what: str, option: str) -> Cells | None:
        """Return the one column that is named so, and say that it was taken."""
        found = [name for name in self.inputs if name.casefold() in names]
        if len(found) > 1:
            self.notes.append(f"{' and '.join(map(repr, found))} may each be {what}: say which, {option} {found[0]}")
        if len(found) != 1:
            return None
        self.notes.append(f"{found[0]!r} is taken for {what}, by its name; another: {option} NAME")
        return self.inputs.pop(found[0])


def listed(name: str, known: Collection[str]) -> str:
    """Return the end of a message on an unknown column: what was meant, and what there is."""
    near = difflib.get_close_matches(name, known, n=1) or [k for k in known if k.casefold() == name.casefold()]
    meant = f" (did you mean {near[0]!r}?)" if near else ""
    shown = ", ".join(map(repr, list(known)[:_SHOWN]))
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    return f"{meant}; its columns: {shown}{more}" if known else "; it has no columns"


def roles_of(table: Table, name: SplitName, options: DataOptions, like: Split | None) -> Roles:
    """Sort the columns by what they are for.

    Raises
    ------
    InputError
        A column that the user names is not there.
    """
    roles = Roles(f"{WORDS[name]} {table.source}".strip(), {cells.name: cells for cells in table.columns})
    for column in options.ignore:
        if column not in roles.inputs and like is None:
            raise InputError(f"{roles.where}: no column {column!r} to ignore{listed(column, roles.inputs)}")
        roles.inputs.pop(column, None)
    roles.label = _label(table, name, options, like, roles)
    _take_predictions(table, name, options, roles)
    roles.group = _named(roles, options.group, "--group", (GROUPS, "the group of each row"))
    roles.time = _named(roles, options.time, "--time", (TIMES, "the time of each row"), {Form.TIME, Form.TEXT})
    if options.identifier is not None:
        roles.identifier = roles.take(options.identifier, "--id")
    _take_embeddings(table, name, options, roles)
    return roles


def of_split(given: Any, name: SplitName) -> Any:
    """Return what an option says of one split, where it says something of each: ``{"train": …, "val": …}``."""
    if isinstance(given, Mapping) and given and set(given) <= {"train", "val", "test"}:
        return given.get(name)
    return given


def cells_of(name: str, given: Any) -> Cells:
    """Return an array, a series or a list as a column."""
    array = given if isinstance(given, np.ndarray) else getattr(given, "to_numpy", lambda: None)()
    if isinstance(array, np.ndarray):
        flat = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
        return array_cells(name, flat)
    return object_cells(name, list(given))


def _label(table: Table, name: SplitName, options: DataOptions, like: Split | None, roles: Roles) -> Cells | None:
    said = of_split(options.label, name)
    if said is not None and not isinstance(said, str):
        return cells_of("label", said)
    if table.label is not None and (said is None or said not in roles.inputs):
        return table.label
    known = like.label.name if like is not None and like.label is not None else None
    wanted = said or known
    if wanted is None:
        return roles.guess(LABELS, "the label", "--label")
    if wanted not in roles.inputs and name == "test" and known is not None:
        roles.notes.append(f"no column {wanted!r}: these data have no labels")
        return None
    return roles.take(wanted, "--label")


def _named(
    roles: Roles,
    said: str | None,
    option: str,
    guess: tuple[tuple[str, ...], str],
    forms: Collection[Form] = tuple(Form),
) -> Cells | None:
    if said is not None:
        return roles.take(said, option)
    names, what = guess
    if any(cells.form not in forms for name, cells in roles.inputs.items() if name.casefold() in names):
        return None
    return roles.guess(names, what, option)


def _take_predictions(table: Table, name: SplitName, options: DataOptions, roles: Roles) -> None:
    said = of_split(options.prediction, name)
    if said is None:
        if table.predictions is not None:
            roles.given_predictions = table.predictions
        else:
            guessed = roles.guess(PREDICTIONS, "the model's prediction", "--prediction")
            roles.predictions = [guessed] if guessed is not None else []
        return
    names = [said] if isinstance(said, str) else said
    if not isinstance(names, (list, tuple)) or not names or not all(isinstance(item, str) for item in names):
        roles.given_predictions = np.asarray(said)
        return
    if len(names) == 1 and names[0] not in roles.inputs and is_file(names[0]):
        _take_predictions_of_file(names[0], name, roles)
        return
    for wanted in names:
        matching = fnmatch.filter(roles.inputs, wanted) if wanted not in roles.inputs else [wanted]
        roles.predictions += [roles.take(found, "--prediction") for found in matching or [wanted]]


def _take_predictions_of_file(text: str, name: SplitName, roles: Roles) -> None:
    found = side_file(text, name)
    if found is None:
        roles.notes.append(f"no predictions of the {WORDS[name]}: there is no such file for them")
    elif isinstance(found, list):
        roles.predictions = found
    else:
        roles.given_predictions = found


def _take_embeddings(table: Table, name: SplitName, options: DataOptions, roles: Roles) -> None:
    said = of_split(options.embedding, name)
    if said is None and table.embeddings is not None:
        roles.embeddings, roles.embedded_by = table.embeddings, table.embedded_by or "given"
        return
    if said is None:
        vectors = [n for n, cells in roles.inputs.items() if cells.form is Form.VECTOR and n.casefold() in EMBEDDINGS]
        if len(vectors) == 1:
            said = vectors[0]
            roles.notes.append(f"{said!r} is taken for embeddings, by its name")
    if said is None:
        return
    if isinstance(said, str) and said not in roles.inputs and is_file(said):
        found = side_file(said, name)
        if found is None:
            roles.notes.append(f"no embeddings of the {WORDS[name]}: there is no such file for them")
            return
        roles.embeddings = np.column_stack([cells.values for cells in found]) if isinstance(found, list) else found
    elif not isinstance(said, str):
        roles.embeddings = np.asarray(said)
    else:
        matching = fnmatch.filter(roles.inputs, said) if said not in roles.inputs else [said]
        taken = [roles.take(found, "embedding") for found in matching or [said]]
        roles.embeddings = np.column_stack([cells.values for cells in taken])
    roles.embedded_by = "given"

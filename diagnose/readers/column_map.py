"""The check of ``column_map=`` and ``--map``: what a column means, as the user says it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diagnose.errors import InputError
from diagnose.readers.names import parse_name

_EXAMPLE = "a mapping from a name that diagnose knows to a column of the log, such as {'val_loss': 'my_column'}"


def checked_map(column_map: Any) -> dict[str, str] | None:
    """Return the map, checked, before any log is read.

    Raises
    ------
    InputError
        It is no mapping of texts, or one of its names means nothing to diagnose.
    """
    if column_map is None:
        return None
    if not isinstance(column_map, Mapping):
        raise InputError(f"column_map is {column_map!r:.80}; expected {_EXAMPLE}")
    for target, column in column_map.items():
        if not isinstance(target, str) or not isinstance(column, str):
            raise InputError(f"column_map {target!r}: {column!r:.80}; expected {_EXAMPLE}")
        if parse_name(target).kind not in {"step", "learning rate", "loss", "score"}:
            raise InputError(
                f"--map {target}={column}: {target!r} is not a name that diagnose knows; "
                "try val_loss, train_accuracy, epoch or lr"
            )
    return dict(column_map)

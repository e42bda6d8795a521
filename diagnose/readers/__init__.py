"""Reading what people have: any path or object that holds a training history → `Run`.

Readers know formats and nothing of statistics. Each turns a file or folder into columns as logged (`protocol.RawLog`);
`understand` gives them their meaning, once, for every format.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from diagnose.errors import InputError, MissingExtra, UnreadableInput
from diagnose.readers.column_map import checked_map
from diagnose.readers.context import given_context, merged
from diagnose.readers.discover import Found, combined, find_logs, read_found, search
from diagnose.readers.mlflow import is_tracking_uri, read_tracking_uri
from diagnose.readers.objects import from_object
from diagnose.readers.places import told_apart
from diagnose.readers.protocol import RawLog
from diagnose.readers.registry import READERS, registered_readers
from diagnose.readers.understand import named_siblings, understand
from diagnose.run import Context, Run, Unread

__all__ = ["READERS", "Found", "ReadResult", "find_logs", "iter_runs", "read_runs", "registered_readers"]


@dataclass(frozen=True)
class ReadResult:
    """Every run that was read, and what was found and could not be."""

    runs: tuple[Run, ...]
    unread: tuple[Unread, ...] = ()


def read_runs(
    history: Any, *, context: Mapping[str, Any] | Context | None = None, column_map: Mapping[str, str] | None = None
) -> ReadResult:
    """Read every run in a history.

    Parameters
    ----------
    history
        A path (a folder is searched), a list of paths (pieces of one run are joined), a mapping of lists, row dicts, a
        data frame, a Keras ``History``, a fitted model, a trainer, or a `Run`.
    context
        What is known beside the log, such as ``{"batch_size": 32}``; it overrides what was found.
    column_map
        Canonical name to column, such as ``{"val_loss": "my_column"}``; it overrides the names' own meaning.

    Raises
    ------
    InputError
        The path, object, context or map cannot be used.
    UnreadableInput
        Nothing in it could be read; the message says why and what was expected.
    """
    items = list(_read_any(history, given_context(context), checked_map(column_map)))
    runs = tuple(item for item in items if isinstance(item, Run))
    unread = tuple(item for item in items if isinstance(item, Unread))
    if not runs:
        if not unread:
            raise UnreadableInput(
                f"{history}: no training log was found; expected for example a CSV with columns epoch, loss, val_loss"
            )
        reasons = "; ".join(
            item.why if item.why.startswith(item.where) else f"{item.where}: {item.why}" for item in unread[:5]
        )
        more = f"; and {len(unread) - 5} more" if len(unread) > 5 else ""
        raise UnreadableInput(reasons + more)
    return ReadResult(runs, unread)


def iter_runs(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    context: Mapping[str, Any] | Context | None = None,
    column_map: Mapping[str, str] | None = None,
) -> Iterator[Run | Unread]:
    """Yield the runs of many paths one log at a time, so that memory stays flat.

    A log that cannot be read, a path that does not exist, and a log without a mapped column are yielded as `Unread`.
    A log that is given twice is read once; logs that would be called alike are called by more of their folders.

    Raises
    ------
    InputError
        The context or the map cannot be used, or the only log lacks a mapped column.
    """
    given = given_context(context)
    columns = checked_map(column_map)
    places = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    files: list[Found] = []
    for place in places:
        if isinstance(place, str) and is_tracking_uri(place) and not os.path.exists(place):  # noqa: PTH110  may be a URI
            yield from _read_one(partial(read_tracking_uri, place), place, given, columns, is_lone=len(places) == 1)
            continue
        try:
            found, unread = search(place, has_map=bool(columns))
        except InputError as error:
            yield _unread(str(place), error)
            continue
        yield from unread
        if not found and not unread:
            yield Unread(str(place), "no training log was found in this folder")
        files.extend(found)
    if len(places) > 1:
        files = combined(list({tuple(map(os.path.abspath, one.paths)): one for one in files}.values()))
    longer = told_apart([one.paths[0] for one in files])
    for one in files:
        read = _read_one(partial(read_found, one), one.where, given, columns, is_lone=len(files) == 1)
        names = longer.get(one.paths[0])
        yield from (_renamed(item, *names) for item in read) if names else read


def _renamed(item: Run | Unread, short: str, longer: str) -> Run | Unread:
    if isinstance(item, Unread) or not item.name.startswith(short):
        return item
    return replace(
        item,
        name=item.name.replace(short, longer, 1),
        siblings=tuple(n.replace(short, longer, 1) for n in item.siblings),
    )


def _read_any(history: Any, given: Context, column_map: Mapping[str, str] | None) -> Iterator[Run | Unread]:
    if isinstance(history, Run):
        yield _with_context(history, given)
    elif _is_place(history) or (isinstance(history, (list, tuple)) and history and all(map(_is_place, history))):
        yield from iter_runs(history, context=given, column_map=column_map)
    elif isinstance(history, (list, tuple)) and any(isinstance(item, (str, os.PathLike, Run)) for item in history):
        for item in history:
            yield from _read_any(item, given, column_map)
    else:
        yield from _understood(from_object(history), given, column_map)


def _is_place(item: Any) -> bool:
    return isinstance(item, (str, os.PathLike)) and bool(str(item))


def _with_context(run: Run, given: Context) -> Run:
    return replace(run, context=merged(run.context, given))


def _read_one(
    read: Callable[[], list[RawLog]], where: str, given: Context, columns: Mapping[str, str] | None, *, is_lone: bool
) -> Iterator[Run | Unread]:
    try:
        logs = read()
    except (UnreadableInput, MissingExtra) as error:
        yield _unread(where, error)
        return
    yield from _understood(logs, given, columns, is_lone=is_lone)


def _understood(
    logs: list[RawLog], given: Context, columns: Mapping[str, str] | None, *, is_lone: bool = True
) -> Iterator[Run | Unread]:
    """One source's runs, each naming the others; a log without a loss or score is told, not dropped."""
    runs: list[Run] = []
    unread: list[Unread] = []
    for raw in logs:
        try:
            runs.extend(understand(raw, given=given, column_map=columns))
        except InputError as error:
            if is_lone and len(logs) == 1 and not isinstance(error, UnreadableInput):
                raise
            unread.append(_unread(raw.where, error))
    yield from named_siblings(runs) if len(logs) > 1 else runs
    yield from unread


def _unread(where: str, error: InputError) -> Unread:
    return Unread(where, str(error).removeprefix(f"{where}: "))

"""The sessions of this process: those to go on with when a model trains again, those to end when the process does."""

from __future__ import annotations

import atexit
import os
import sys
import weakref
from pathlib import Path
from typing import Any, Protocol

ENDED_WITH = "ended with the program"


class Open(Protocol):
    """A session that may have to be ended from here."""

    process: int

    def finish(self, how: str = "finished") -> Any:
        """End it."""
        ...


_of_models: dict[tuple[Path, int], tuple[weakref.ref[Any], Open]] = {}
_unfinished: dict[int, Open] = {}


def running(directory: Path, model: Any) -> Open | None:
    """Return the session that this process has for a directory and a model, if the model still lives."""
    known = _of_models.get((directory, id(model)))
    return known[1] if known is not None and known[0]() is model and known[1].process == os.getpid() else None


def remember(directory: Path, model: Any, session: Open) -> None:
    """Keep a session for as long as its model lives; one whose model nothing can refer to weakly is not kept."""
    key = (directory, id(model))
    try:
        reference = weakref.ref(model, lambda _: _of_models.pop(key, None))
    except TypeError:
        return
    _of_models[key] = (reference, session)


def begun(session: Open) -> None:
    """Note that a session has something to report at the end of the process, unless it is finished before."""
    if not _unfinished:
        atexit.register(_end_all)  # last, so that it comes before what was registered earlier takes things down
    _unfinished[id(session)] = session


def finished(session: Open) -> None:
    """Note that a session has reported."""
    _unfinished.pop(id(session), None)
    if not _unfinished:
        atexit.unregister(_end_all)


def _end_all() -> None:
    how = _how_the_program_ended()
    for session in list(_unfinished.values()):
        if session.process == os.getpid():  # a child that was forked has its parent's list
            session.finish(how)


def _how_the_program_ended() -> str:
    """Say with which exception: the interpreter has shown it by now, and keeps it."""
    kind = getattr(sys, "last_type", None)
    return ENDED_WITH if kind is None else f"failed: {kind.__name__}"

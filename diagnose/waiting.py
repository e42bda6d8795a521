"""A bar on stderr while many rows are read or run through a model; on a terminal only, and only if it takes a while."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

Item = TypeVar("Item")

PATIENCE = 1.0
"""Seconds without a bar: nobody wonders before."""
_is_silent: ContextVar[bool] = ContextVar("is_silent", default=False)


@contextmanager
def silence(*, wanted: bool = True) -> Iterator[None]:
    """Show no bar while the block runs, if that is wanted; a block around it may want it too."""
    before = _is_silent.set(wanted or _is_silent.get())
    try:
        yield
    finally:
        _is_silent.reset(before)


def watched(items: Iterable[Item], title: str, total: int | None = None) -> Iterator[Item]:
    """Yield the items; show how many have gone by, of ``total`` where that is known."""
    if _is_silent.get() or not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console  # noqa: PLC0415 - most calls show nothing
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False)
    task = bar.add_task(title, total=total)
    started = shown = time.monotonic()
    try:
        for item in items:
            yield item
            bar.advance(task)
            now = time.monotonic()
            if now - started > PATIENCE and now - shown > PATIENCE / 10:
                shown = now
                bar.start()
                bar.refresh()
    finally:
        bar.stop()

"""Progress on stderr, on a terminal only: what is piped or logged stays clean."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


@contextmanager
def progress(title: str, total: int | None, *, quiet: bool = False) -> Iterator[Callable[[str, int | None], None]]:
    """Show a bar while the block runs; call what it gives with what is done now and the new total, if that changed.

    Parameters
    ----------
    title
        What is going on.
    total
        How many steps there are; None while that is unknown.
    quiet
        Show nothing.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(
        *columns, console=Console(stderr=True), transient=True, disable=quiet or not sys.stderr.isatty()
    ) as bar:
        task = bar.add_task(title, total=total)

        def advance(what: str, new_total: int | None = None) -> None:
            bar.update(task, advance=1, description=what, total=new_total if new_total is not None else total)

        yield advance

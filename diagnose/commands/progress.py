"""Progress on stderr, on a terminal only: what is piped or logged stays clean."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


@contextmanager
def progress(title: str, total: Callable[[], int], *, quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """Show a bar while the block runs; call what it gives after each step, with what comes next.

    Parameters
    ----------
    title
        What is going on.
    total
        How many steps are expected, asked only if the bar is shown; more than that are shown as they come.
    quiet
        Show nothing.
    """
    hidden = quiet or not sys.stderr.isatty()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    expected = 0 if hidden else total()
    done = 0
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=hidden) as bar:
        task = bar.add_task(title, total=expected)

        def advance(what: str) -> None:
            nonlocal done
            done += 1
            bar.update(task, completed=done, description=what, total=max(done, expected))

        yield advance

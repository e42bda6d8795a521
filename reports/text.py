"""A diagnosis as plain text: what the terminal shows, without colour, at a fixed width."""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich.console import Console

from diagnose.finding import Diagnosis
from diagnose.reports.documentation import Explain
from diagnose.reports.terminal import print_diagnosis, print_many

NAME = "text"
SUFFIXES = (".txt",)
WIDTH = 100


def one(diagnosis: Diagnosis, explain: Explain) -> str:
    """Render one diagnosis."""
    del explain
    console = _plain_console()
    print_diagnosis(diagnosis, console)
    return _captured(console)


def many(diagnoses: Sequence[Diagnosis], explain: Explain) -> str:
    """Render a summary table of many runs."""
    del explain
    console = _plain_console()
    print_many(diagnoses, console)
    return _captured(console)


def _plain_console() -> Console:
    return Console(
        file=io.StringIO(), width=WIDTH, force_terminal=False, force_jupyter=False, no_color=True, highlight=False,
        legacy_windows=False,
    )  # fmt: skip


def _captured(console: Console) -> str:
    stream = console.file
    assert isinstance(stream, io.StringIO)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"

"""Runs as they are read, diagnosed one at a time: what `audit` and `gate` share."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

import click

from diagnose.analyzer import Analyzer
from diagnose.auditing import diagnose_run, principal
from diagnose.cli import FINE, INTERNAL_ERROR
from diagnose.commands.delivery import Delivery, listed, nothing_read
from diagnose.commands.progress import progress
from diagnose.errors import InputError, UnreadableInput
from diagnose.finding import Diagnosis
from diagnose.readers import find_logs, iter_runs
from diagnose.reports.wording import MAX_TEXT, one_line
from diagnose.run import Run, Source, Unread
from diagnose.waiting import silence

STDIN = "standard input"


@dataclass
class Batch:
    """Diagnoses runs as they are read, and keeps of many only what their summary needs."""

    delivery: Delivery
    seed: int
    quiet: bool
    analyzers: tuple[Analyzer, ...] | None = None
    """Those to run; all registered ones when None."""
    finish: Callable[[Diagnosis], Diagnosis] = field(default=lambda diagnosis: diagnosis)
    """What else is done with a diagnosis before it is shown."""
    add: Callable[[Run], Run] = field(default=lambda run: run)
    """What else is known of every run: the data that were given beside its log."""
    remedy_files: str | None = None
    """A folder for the rows that remedies name; of one run only."""
    unread: list[Unread] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def run(
        self, paths: tuple[str, ...], context: Mapping[str, Any], columns: Mapping[str, str], *, every_run: bool
    ) -> int:
        """Diagnose what the paths hold: one log's principal run, or every run of several; return the exit code."""
        with on_disk(paths) as places:
            there = [place for place in places if place.exists()]
            missing = [Unread(str(place), "no such file or folder") for place in places if place not in there]
            runs = named(iter_runs(there, context=context or None, column_map=columns or None), places)
            found = chain(missing, runs)
            if len(paths) == 1 and not every_run:
                opening, rest = first_log(found)
                if rest is None:
                    return self.principal(paths, opening)
                found = chain(opening, rest)
            return self.every(paths, found, lambda: sum(count(place) for place in there))

    def alone(self, run: Run) -> int:
        """Diagnose a run that has no log; return the exit code."""
        self.delivery.one(self._diagnosed(run))
        return self._code()

    def principal(self, paths: Iterable[str], found: list[Run | Unread]) -> int:
        """Diagnose the principal run of one log."""
        runs = tuple(item for item in found if isinstance(item, Run))
        self.unread += [item for item in found if isinstance(item, Unread)]
        if not runs:
            raise nothing_read(list(paths), self.unread)
        chosen = principal(runs)
        noted = tuple(dict.fromkeys((*chosen.unread, *self.unread)))
        self.delivery.one(self._diagnosed(replace(chosen, unread=noted)))
        return self._code()

    def every(self, paths: Iterable[str], found: Iterable[Run | Unread], expected: Callable[[], int]) -> int:
        """Diagnose all runs; ``expected`` says how many logs there are."""
        if self.remedy_files is not None:
            raise InputError("--remedy-files goes with one run, and several are given; name one log, or the data alone")
        whole: Diagnosis | None = None
        kept: list[Diagnosis] = []
        with progress("reading", expected, quiet=self.quiet) as advance, silence():  # one bar is enough
            for item in found:
                if isinstance(item, Unread):
                    self.unread.append(item)
                    continue
                whole = self._diagnosed(item)
                kept.append(self.delivery.each(whole))
                advance(item.name[:40])
        if not kept or whole is None:
            raise nothing_read(list(paths), self.unread)
        if len(kept) == 1:
            self.delivery.one(whole)
        else:
            self.delivery.many(kept)
        listed(self.unread)
        return self._code()

    def _diagnosed(self, run: Run) -> Diagnosis:
        with silence(wanted=self.quiet):
            run = self.add(run)
        found = diagnose_run(run, analyzers=self.analyzers, seed=self.seed, remedy_files=self.remedy_files)
        diagnosis = self.finish(found)
        if diagnosis.is_broken:
            self.broken.append(run.name)
        return diagnosis

    def _code(self) -> int:
        if not self.broken:
            return FINE
        names = one_line(", ".join(self.broken[:5]), MAX_TEXT)
        click.echo(
            f"diagnose: internal error: an analyzer crashed on {names}; the report marks it. "
            "Please report it with that part of the report.",
            err=True,
        )
        return INTERNAL_ERROR


def count(place: Path) -> int:
    """Count the logs of a path; one that cannot be read is a step of the progress too."""
    try:
        return len(find_logs(place))
    except UnreadableInput:
        return 1


def first_log(items: Iterator[Run | Unread]) -> tuple[list[Run | Unread], Iterator[Run | Unread] | None]:
    """Read up to the first run of a second log; None for the rest where there is no second."""
    opening: list[Run | Unread] = []
    sources: set[tuple[Source, ...]] = set()
    for item in items:
        opening.append(item)
        if isinstance(item, Run):
            sources.add(item.sources)
        if len(sources) > 1:
            return opening, items
    return opening, None


@contextmanager
def on_disk(paths: tuple[str, ...]) -> Iterator[list[Path]]:
    """Give the paths, with what stdin holds in a file of its own."""
    if "-" not in paths:
        yield [Path(path) for path in paths]
        return
    with tempfile.TemporaryDirectory() as folder:
        piped = Path(folder, "stdin.log")
        piped.write_bytes(sys.stdin.buffer.read())
        yield [piped if path == "-" else Path(path) for path in paths]


def named(items: Iterable[Run | Unread], places: list[Path]) -> Iterator[Run | Unread]:
    """Call what came from stdin by that name, not by that of the file that held it for a moment."""
    held = {str(place) for place in places if place.name == "stdin.log"}
    for item in items:
        if isinstance(item, Unread):
            yield replace(item, where=STDIN) if item.where in held else item
            continue
        sources = tuple(replace(s, where=STDIN) if s.where in held else s for s in item.sources)
        name = STDIN if sources != item.sources and not item.siblings else item.name
        yield replace(item, name=name, sources=sources)

"""``diagnose audit``: from logs to a diagnosis."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

import click

from diagnose.auditing import diagnose_run, principal
from diagnose.cli import FINE, INTERNAL_ERROR, show_traceback
from diagnose.commands.arguments import RepeatedPairs, context_from, pairs
from diagnose.commands.delivery import FORMAT_NAMES, Delivery, listed, nothing_read
from diagnose.commands.progress import progress
from diagnose.errors import UnreadableInput
from diagnose.finding import Diagnosis
from diagnose.readers import find_logs, iter_runs
from diagnose.run import Run, Source, Unread

STDIN = "standard input"


@click.command(cls=RepeatedPairs, short_help="Diagnose training runs from their logs.")
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@click.option(
    "-c",
    "--context",
    multiple=True,
    metavar="KEY=VALUE",
    help="Known beside the log: n_train=800, n_val=200, n_classes=10, batch_size=32, learning_rate=1e-3 …",
)
@click.option("--context-file", type=click.Path(path_type=Path), metavar="FILE", help="The same as YAML, JSON or TOML.")
@click.option(
    "-m",
    "--map",
    "mapped",
    multiple=True,
    metavar="MEANING=COLUMN",
    help="How to read a column: --map val_loss=my_column.",
)
@click.option(
    "-o",
    "--output",
    "outputs",
    multiple=True,
    metavar="FILE",
    help="Write a report; its suffix chooses the format: .html .json .md .txt .png .svg .pdf. "
    "FOLDER/ gets one HTML report a run.",
)
@click.option("--format", "form", type=click.Choice(FORMAT_NAMES), help="What to print on stdout; default text.")
@click.option("-q", "--quiet", is_flag=True, help="Print no report and no progress; errors only.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of every random number that is drawn.")
@click.option(
    "--every-run", is_flag=True, help="Diagnose each run of a log that holds several (folds, seeds, restarts)."
)
@show_traceback
def command(  # noqa: PLR0913 - one parameter an option
    *,
    paths: tuple[str, ...],
    context: tuple[str, ...],
    context_file: Path | None,
    mapped: tuple[str, ...],
    outputs: tuple[str, ...],
    form: str | None,
    quiet: bool,
    seed: int,
    every_run: bool,
) -> int:
    """Diagnose the training runs that PATH… hold: log files, run folders, folders of runs, or - for stdin.

    One log gives one diagnosis; of a log that holds several runs the principal one is diagnosed and a finding says
    so. Several logs give a summary, and `--output reports/` a report of each. The report goes to stdout, all else
    to stderr. Formats are recognised by content.

    \b
      diagnose audit training.csv
      diagnose audit lightning_logs/version_3 -o report.html -o report.json
      diagnose audit history.json -c n_train=800 n_val=200 n_classes=10
      diagnose audit log.csv --map val_loss=dev_nll loss=train_nll
      diagnose audit runs/ -o reports/
      python train.py | tee train.log | diagnose audit -

    \b
    Exit codes: 0 a diagnosis was made, whatever it says; 2 nothing could be
    read (what could not be read among other logs is listed, and stays 0) or an
    option is wrong; 3 an analyzer crashed: the report marks it.
    """  # noqa: D301 - click wants the character
    delivery = Delivery(outputs, form, quiet=quiet)
    said = context_from(context, context_file)
    columns = pairs(mapped, "--map", "val_loss=my_column")
    with _on_disk(paths) as places:
        there = [place for place in places if place.exists()]
        missing = [Unread(str(place), "no such file or folder") for place in places if place not in there]
        runs = _named(iter_runs(there, context=said or None, column_map=columns or None), places)
        batch = _Batch(delivery, seed, quiet=quiet)
        found = chain(missing, runs)
        if len(paths) == 1 and not every_run:
            opening, rest = _first_log(found)
            if rest is None:
                return batch.principal(paths, opening)
            found = chain(opening, rest)
        return batch.every(paths, found, lambda: sum(_count(place) for place in there))


@dataclass
class _Batch:
    """Diagnoses runs as they are read, and keeps of many only what their summary needs."""

    delivery: Delivery
    seed: int
    quiet: bool
    unread: list[Unread] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

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
        whole: Diagnosis | None = None
        kept: list[Diagnosis] = []
        with progress("reading", expected, quiet=self.quiet) as advance:
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
        diagnosis = diagnose_run(run, seed=self.seed)
        if diagnosis.is_broken:
            self.broken.append(run.name)
        return diagnosis

    def _code(self) -> int:
        if not self.broken:
            return FINE
        click.echo(
            f"diagnose: internal error: an analyzer crashed on {', '.join(self.broken[:5])}; the report marks it. "
            "Please report it with that part of the report.",
            err=True,
        )
        return INTERNAL_ERROR


def _count(place: Path) -> int:
    """Count the logs of a path; one that cannot be read is a step of the progress too."""
    try:
        return len(find_logs(place))
    except UnreadableInput:
        return 1


def _first_log(items: Iterator[Run | Unread]) -> tuple[list[Run | Unread], Iterator[Run | Unread] | None]:
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
def _on_disk(paths: tuple[str, ...]) -> Iterator[list[Path]]:
    """Give the paths, with what stdin holds in a file of its own."""
    if "-" not in paths:
        yield [Path(path) for path in paths]
        return
    with tempfile.TemporaryDirectory() as folder:
        piped = Path(folder, "stdin.log")
        piped.write_bytes(sys.stdin.buffer.read())
        yield [piped if path == "-" else Path(path) for path in paths]


def _named(items: Iterable[Run | Unread], places: list[Path]) -> Iterator[Run | Unread]:
    """Call what came from stdin by that name, not by that of the file that held it for a moment."""
    held = {str(place) for place in places if place.name == "stdin.log"}
    for item in items:
        if isinstance(item, Unread):
            yield replace(item, where=STDIN) if item.where in held else item
            continue
        sources = tuple(replace(s, where=STDIN) if s.where in held else s for s in item.sources)
        name = STDIN if sources != item.sources and not item.siblings else item.name
        yield replace(item, name=name, sources=sources)

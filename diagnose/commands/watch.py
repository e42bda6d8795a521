"""``diagnose watch``: a run while it trains, in the terminal."""

from __future__ import annotations

import time
from pathlib import Path

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from diagnose.cli import show_traceback
from diagnose.commands.watch_frame import Moment, frame
from diagnose.commands.watched_run import WatchedRun
from diagnose.errors import InputError
from diagnose.journal.following import Follower
from diagnose.journal.records import FIRST_KEY, Ended, Epoch, Found, Record
from diagnose.reports import load
from diagnose.reports.console import is_ascii, show, show_places, text
from diagnose.reports.wording import MAX_TEXT, one_line

GRACE = 5.0
"""Seconds after an end in which the run may go on: the second of two fits."""


@click.command(short_help="Watch a run while it trains.")
@click.argument("run_dir", type=click.Path(path_type=Path), metavar="RUN_DIR")
@click.option("--once", is_flag=True, help="Show the run as it stands, and exit.")
@click.option(
    "--interval",
    type=click.FloatRange(min=0.05),
    default=1.0,
    show_default=True,
    metavar="SECONDS",
    help="Time between two looks at what was appended.",
)
@show_traceback
def command(*, run_dir: Path, once: bool, interval: float) -> int:
    """Show the run in RUN_DIR while it trains: curves, layers, findings, and whether it still runs.

    RUN_DIR is what the hook in the training script was given: DiagnoseCallback("runs/1"). It need not exist yet. Only
    what was appended is read; the training is not touched. The view ends with the run, or with Ctrl-C, which does not
    end the training. Where stdout is no terminal, each epoch and finding is one line.

    \b
      diagnose watch runs/1               in a second terminal
      diagnose watch runs/1 --once        one look, for a pipe or an e-mail
      ssh server diagnose watch runs/1    without a port or a browser
    """  # noqa: D301 - click wants the character
    _refuse_what_is_no_run(run_dir)
    console = Console()
    watcher = _Watcher(run_dir, console)
    if once:
        watcher.look()
        show(console, watcher.frame())
        return 0
    try:
        if console.is_terminal and not is_ascii(console):
            watcher.draw(interval)
        else:
            watcher.write(interval)
    except KeyboardInterrupt:
        return 0
    report = run_dir / "report.html"
    show_places(console, [report] if report.is_file() else [])
    return 0


def _refuse_what_is_no_run(place: Path) -> None:
    head = FIRST_KEY
    try:
        if place.is_file():
            with place.open("rb") as stream:
                head = stream.read(len(FIRST_KEY))
    except OSError as error:
        raise InputError(f"cannot read {place}: {error.strerror or error}") from error
    if not FIRST_KEY.startswith(head):
        raise InputError(
            f"{place} is no journal of a run; give the directory that the training script's hook was given: "
            'DiagnoseCallback("runs/1"), then diagnose watch runs/1. A finished log is read by diagnose audit'
        )


class _Watcher:
    def __init__(self, place: Path, console: Console) -> None:
        self.place, self.console = place, console
        self.run, self._follower = WatchedRun(), Follower(place)

    def look(self) -> list[Record]:
        new = self._follower.poll()
        self.run.add(new)
        return [record for _, record in new]

    def frame(self) -> RenderableType:
        plain = is_ascii(self.console)
        changed = self._follower.changed
        shown = frame(self.run, Moment(self.place, changed, time.time()), width=self.console.width, plain=plain)
        return Group(shown, *_verdict(self.place)) if self.run.ended else shown

    def is_over(self) -> bool:
        changed = self._follower.changed
        return bool(self.run.ended) and changed is not None and time.time() - changed > GRACE

    def draw(self, interval: float) -> None:
        with Live(console=self.console, auto_refresh=False, vertical_overflow="crop") as live:
            while True:
                self.look()
                live.update(self.frame(), refresh=True)
                if self.is_over():
                    return
                time.sleep(interval)

    def write(self, interval: float) -> None:
        self.console.print(text(f"Watching {self.place}", MAX_TEXT), soft_wrap=True)
        while True:
            for record in self.look():
                line = _line(record)
                if line:
                    show(self.console, text(line, MAX_TEXT))
            if self.is_over():
                return
            time.sleep(interval)


def _verdict(place: Path) -> list[RenderableType]:
    """Return what the hook concluded at the end, with the first thing to do; nothing where it left no diagnosis."""
    try:
        diagnosis = load(place / "diagnosis.json")
    except InputError:
        return []
    first = [text(f"First: {remedy.title}") for remedy in diagnosis.remedies[:1]]
    return [Text(), text(diagnosis.sentence, style="bold"), *first]


def _line(record: Record) -> str:
    if isinstance(record, Epoch):
        values = ", ".join(f"{one_line(name, 30)} {value:.4g}" for name, value in list(record.values.items())[:8])
        return f"epoch {record.epoch:g}: {values}"
    if isinstance(record, Found):
        return f"{record.code} ({record.probability:.0%} sure): {record.claim}"
    return f"ended: {record.how}" if isinstance(record, Ended) else ""

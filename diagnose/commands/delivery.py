"""Where the reports of a command go: files, folders, and stdout."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import click
from rich.console import Console

from diagnose.analyzers import pages
from diagnose.errors import InputError
from diagnose.finding import Diagnosis, PlottedCurve
from diagnose.reports import TEXT_FORMATS, render, save
from diagnose.reports.files import write_atomically
from diagnose.reports.formats import format_of
from diagnose.reports.html import many_html
from diagnose.reports.terminal import print_diagnosis
from diagnose.reports.terminal_runs import print_many
from diagnose.reports.wording import MAX_TEXT, one_line
from diagnose.run import Unread

FORMAT_NAMES = tuple(sorted(TEXT_FORMATS))
SKETCH_POINTS = 40
"""Points of a curve that the summary of many runs keeps: enough for a sketch of it."""


class Delivery:
    """Shows one diagnosis or many where the user asked for them.

    Parameters
    ----------
    outputs
        Files, whose suffixes choose the format, and folders (an existing one, or a name that ends in ``/``), which
        receive an HTML report of every run and, of many, an ``index.html``.
    form
        Format to print; text for people when None.
    quiet
        Print nothing on stdout.

    Attributes
    ----------
    own
        Reports of its own that the last run got, one in each folder.
    keeps_everything
        Whether the summary needs whole diagnoses, not sketches.

    Raises
    ------
    InputError
        A suffix is no format: said before any work is done.
    """

    def __init__(self, outputs: Sequence[str], form: str | None, *, quiet: bool = False) -> None:
        self._folders = [Path(output) for output in outputs if _is_folder(output)]
        self._files = [Path(output) for output in outputs if not _is_folder(output)]
        self._form = form
        self._quiet = quiet
        self._taken: set[str] = set()
        self.own: list[Path] = []
        self._links: list[str] = []
        self.keeps_everything = "json" in {form, *(format_of(file.suffix) for file in self._files)}

    def one(self, diagnosis: Diagnosis) -> None:
        """Deliver the diagnosis of one run."""
        written = [save(diagnosis, file, explain=pages()) for file in self._files]
        if not self.own:
            self.each(diagnosis)
        written += self.own
        if self._quiet:
            return
        if self._form is None:
            print_diagnosis(diagnosis, Console(), reports=written)
            if not written:
                click.echo("To keep it as a report that opens offline, add: --output report.html", err=True)
        else:
            _print(render(diagnosis, self._form, explain=pages()))

    def each(self, diagnosis: Diagnosis, name: str = "") -> Diagnosis:
        """Deliver what one of many runs gets of its own, and return what the summary needs of it.

        Parameters
        ----------
        diagnosis
            Of one run.
        name
            Of its report; the run's own when empty.
        """
        name = file_name(name or diagnosis.run.name, self._taken)
        self.own = [save(diagnosis, folder / name, explain=pages()) for folder in self._folders]
        self._links.append(quote(name))
        return diagnosis if self.keeps_everything else sketch(diagnosis)

    def many(self, diagnoses: Sequence[Diagnosis]) -> None:
        """Deliver the summary of many runs."""
        written = [save(diagnoses, file, explain=pages()) for file in self._files]
        if self._folders:
            page = many_html(diagnoses, self._links)
            written += [save_page(page, folder / "index.html") for folder in self._folders]
        if self._quiet:
            return
        if self._form is None:
            print_many(diagnoses, Console(), reports=written)
        else:
            _print(render(diagnoses, self._form, explain=pages()))


def save_page(page: str, target: Path) -> Path:
    """Write a page at once or not at all."""
    write_atomically(target, page.encode("utf-8", "replace"))
    return target


def file_name(run: str, taken: set[str]) -> str:
    """Make a safe and unused name for the report of a run, and mark it as taken."""
    plain = re.sub(r"[.](csv|tsv|jsonl?|log|txt)$", "", run, flags=re.IGNORECASE)
    stem = re.sub(r"[^\w.-]+", "-", plain).strip("-.")[:80] or "run"
    number, name = 1, f"{stem}.html"
    while name.lower() in taken or name == "index.html":
        number += 1
        name = f"{stem}-{number}.html"
    taken.add(name.lower())
    return name


def sketch(diagnosis: Diagnosis) -> Diagnosis:
    """Keep of a diagnosis what the summary of many runs shows, so that memory does not grow with their length."""
    curves = tuple(_sketched(curve) for curve in diagnosis.run.curves)
    run = replace(diagnosis.run, curves=curves, learning_rate=None, columns=(), phases=())
    findings = tuple(replace(finding, figure=None) for finding in diagnosis.findings)
    return replace(diagnosis, run=run, findings=findings, limits={})


def _sketched(curve: PlottedCurve) -> PlottedCurve:
    stride = -(-len(curve.values) // SKETCH_POINTS) or 1
    return replace(curve, steps=curve.steps[::stride], values=curve.values[::stride])


def _is_folder(output: str) -> bool:
    return output.endswith(("/", "\\")) or Path(output).is_dir()


def _print(text: str) -> None:
    # bytes: a report in UTF-8 must not depend on the terminal's encoding
    stream = sys.stdout.buffer
    stream.write(text.encode("utf-8", "replace") + (b"" if text.endswith("\n") else b"\n"))
    stream.flush()


def listed(unread: Sequence[Unread]) -> None:
    """List on stderr what could not be read."""
    for entry in unread:
        click.echo(f"not read: {one_line(f'{entry.where}: {entry.why}', MAX_TEXT)}", err=True)


def nothing_read(places: Sequence[str], unread: Sequence[Unread]) -> InputError:
    """Make the error for paths that hold no run at all."""
    found = [one_line(f"{entry.where}: {entry.why}", MAX_TEXT) for entry in unread]
    # behind a dash: a CI server would take a line that a name begins for a command
    reasons = "".join(f"\n  - {reason}" for reason in found or ["no training log was found in it"])
    return InputError(
        f"no training run could be read from {one_line(', '.join(places), MAX_TEXT)}:{reasons}\n"
        "Expected training logs: CSV, JSON, JSON lines, TensorBoard event files, or the text that training printed."
    )

"""A diagnosis in a terminal: plain where it is not one, and never wider than it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from diagnose.finding import Diagnosis, Finding, Level, Remedy, Severity, Status
from diagnose.reports import missing, read_data, samples, views
from diagnose.reports.console import LEVEL_STYLES, is_ascii, item, rest, section, show, show_places, symbol, text
from diagnose.reports.numbers import measured, number, percent
from diagnose.reports.ruled import accepted, evidence_line, headline, ruled
from diagnose.reports.terminal_failures import failures
from diagnose.reports.terminal_runs import print_many
from diagnose.reports.wording import BASES, SEVERITIES, clean, one_line, opening

__all__ = ["print_diagnosis", "print_many"]

SEVERITY_STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
MAX_NOTES = 12
"""Lines about the reading that a terminal shows."""
MAX_FAILURES = 10
"""Findings, and problems, that a terminal shows of what fails."""
MAX_EVIDENCE = 6
"""Measured values of a finding that a terminal shows."""
CODE_INDENT = 6
"""Columns that a rank and the indentation of code take."""
MIN_REASON_WIDTH = 60
"""Columns of a terminal below which the cause table has no room for reasons."""


def print_diagnosis(diagnosis: Diagnosis, console: Console, *, reports: Sequence[str | Path] = ()) -> None:
    """Print one diagnosis.

    Parameters
    ----------
    diagnosis
        What to show.
    console
        Where; its width and its encoding are respected.
    reports
        Files that were written, named at the end.
    """
    plain = is_ascii(console)
    show(
        console,
        _headline(diagnosis),
        _gate(diagnosis),
        _broken(diagnosis),
        _cause_table(diagnosis, plain=plain, is_wide=console.width >= MIN_REASON_WIDTH),
        *_findings(diagnosis, plain=plain),
        *_remedies(diagnosis, console.width),
        *_missing(diagnosis),
        *_data(diagnosis),
        *_reading_notes(diagnosis),
    )
    show_places(console, reports)


def _headline(diagnosis: Diagnosis) -> RenderableType:
    where = text(f"{one_line(diagnosis.run.name, 100)}, {views.extent(diagnosis)}", style="dim")
    return Padding(Group(text(diagnosis.sentence, style="bold"), where), (1, 0))


def _gate(diagnosis: Diagnosis) -> RenderableType | None:
    """Show what the gate made of the run: what fails with its reason and what to do, then what does not in lines."""
    gate = diagnosis.gate
    if gate is None:
        return None
    rows = ruled(diagnosis)
    lines: list[RenderableType] = [text(headline(gate), style="bold green" if gate.passed else "bold red")]
    lines += failures(diagnosis, rows, MAX_FAILURES)
    lines += [text(line) for line in accepted(rows)]
    lines += [text(note, 300, "dim") for note in gate.notes[:MAX_NOTES]]
    lines += [text(f"Compared with {gate.reference}", 200, "dim")] if gate.reference else []
    return Padding(Group(*lines), (0, 0, 1, 0))


def _broken(diagnosis: Diagnosis) -> RenderableType | None:
    crashed = views.broken(diagnosis)
    if not crashed:
        return None
    lines = [text(f"BROKEN: {o.code} crashed: {o.why}", style="bold red") for o in crashed]
    return Padding(Group(*lines, Text("The diagnosis is incomplete; this is an internal error.")), (0, 0, 1, 0))


def _cause_table(diagnosis: Diagnosis, *, plain: bool, is_wide: bool) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), show_edge=False, pad_edge=False)
    table.add_column("Cause", no_wrap=is_wide)
    table.add_column("Verdict", no_wrap=is_wide)
    table.add_column("Prob.", justify="right", no_wrap=True)
    if is_wide:
        table.add_column("Strongest reason", overflow="fold", ratio=1)
    for row in views.cause_rows(diagnosis):
        # those that were not examined stand in one line of their own, with what would change that
        if row.level is not Level.NOT_EXAMINED:
            level = Text(symbol(row.wording, plain=plain), style=LEVEL_STYLES[row.level])
            title = Text(row.title, style="bold" if row.is_main else "")
            reason = [text(row.reason, 200)] if is_wide else []
            table.add_row(title, level, percent(row.probability), *reason)
    return table if table.row_count else Text("No cause could be examined.")


def _findings(diagnosis: Diagnosis, *, plain: bool) -> list[RenderableType]:
    items = [_finding(finding, plain=plain) for finding in views.findings_by_weight(diagnosis)]
    return [section("Findings"), *items] if items else []


def _finding(finding: Finding, *, plain: bool) -> RenderableType:
    wording, style = SEVERITIES[finding.severity], SEVERITY_STYLES[finding.severity]
    mark = Text(wording.ascii if plain else wording.symbol, style=style)
    weight = f"  {wording.word}, {percent(finding.probability)}"
    head = Text(one_line(finding.code), style="bold").append(weight, style=style)
    evidence = [text(evidence_line(value), 200, "dim") for value in finding.evidence[:MAX_EVIDENCE]]
    evidence += rest(len(finding.evidence) - MAX_EVIDENCE, "measured values")
    looked_at = samples.in_words(finding.figure)
    evidence += [text(opening(looked_at), 500, "dim")] if looked_at else []
    return item(mark, Group(head, text(opening(finding.claim)), *evidence))


def _remedies(diagnosis: Diagnosis, width: int) -> list[RenderableType]:
    items = [_remedy(rank, remedy, width) for rank, remedy in enumerate(diagnosis.remedies, 1)]
    return [section("What to do"), *items] if items else []


def _remedy(rank: int, remedy: Remedy, width: int) -> RenderableType:
    basis = BASES[remedy.basis] + (f": {remedy.source}" if remedy.source else "")
    effect = f"{remedy.effect.name} {measured(remedy.effect)}" if remedy.effect else "size unknown"
    cost = f". Cost: {remedy.cost}" if remedy.cost else ""
    expected = text(f"Expected effect: {effect}, {basis}{cost}", style="dim")
    lines: list[RenderableType] = [text(remedy.title, style="bold"), text(remedy.why), expected]
    if rank > views.TOP_REMEDIES:
        lines = [lines[0], text(f"{remedy.why}. {opening(BASES[remedy.basis])}{cost}", style="dim")]
    elif remedy.code:
        code = _wrapped(clean(remedy.code), width - CODE_INDENT)
        lines.append(Padding(Text(code, style="cyan", overflow="fold"), (0, 0, 0, 2)))
    return item(Text(f"{rank}.", style="bold"), Group(*lines))


def _wrapped(code: str, width: int) -> str:
    """Break lines of code that are too wide at a space and deeper: most stay valid, and none loses its indentation."""
    return "\n".join(
        piece
        for line in code.splitlines()
        for piece in textwrap.wrap(
            line,
            max(width, 20),
            subsequent_indent=" " * (len(line) - len(line.lstrip()) + 4),
            break_long_words=False,
            break_on_hyphens=False,
        )
        or [""]
    )


def _missing(diagnosis: Diagnosis) -> list[RenderableType]:
    wishes = missing.requests(diagnosis)
    lines: list[RenderableType] = [text(line) for line in missing.not_examined(diagnosis)]
    shown = wishes[: missing.MAX_WISHES]
    lines += [item(Text("-"), text(f"{wish.what} ({', '.join(wish.causes).lower()})", 300)) for wish in shown]
    lines += rest(len(wishes) - missing.MAX_WISHES, "ways")
    return [section("What would settle more"), *lines] if lines else []


def _data(diagnosis: Diagnosis) -> list[RenderableType]:
    """Show which data were read, and what their columns are taken for."""
    view = read_data.of(diagnosis)
    lines = [text(f"{opening(name)}: {number(n)} rows of {one_line(source, 100)}") for name, n, source in view.splits]
    lines += [text(line, 600) for line in read_data.kinds_in_words(view)]
    shown = [item(Text("-"), text(note, 300)) for note in view.notes[:MAX_NOTES]]
    shown += rest(len(view.notes) - MAX_NOTES, "notes")
    return [section("The data"), *lines, *shown] if view.splits else []


def _reading_notes(diagnosis: Diagnosis) -> list[RenderableType]:
    run = diagnosis.run
    notes = [*run.notes, *(f"not read: {entry.get('where', '')}: {entry.get('why', '')}" for entry in run.unread)]
    skipped = sum(o.status is Status.SKIPPED for o in diagnosis.outcomes)
    if skipped:
        notes.append(f"checks skipped: {skipped} of {len(diagnosis.outcomes)}; the report says why")
    shown = [item(Text("-"), text(note, 300)) for note in notes[:MAX_NOTES]]
    shown += rest(len(notes) - MAX_NOTES, "notes")
    return [section("About the reading"), *shown] if shown else []

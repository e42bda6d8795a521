"""A diagnosis in a terminal: plain where it is not one, and never wider than it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from diagnose.finding import Diagnosis, Finding, Level, Measured, Remedy, Severity, Status
from diagnose.reports import views
from diagnose.reports.wording import (
    BASES,
    MAX_TEXT,
    MISSING,
    SEVERITIES,
    Wording,
    cause_title,
    clean,
    limit,
    measured,
    number,
    one_line,
    percent,
)

LEVEL_STYLES = {
    Level.CONFIRMED: "bold red",
    Level.LIKELY: "yellow",
    Level.UNLIKELY: "",
    Level.RULED_OUT: "green",
    Level.NOT_EXAMINED: "dim",
}
SEVERITY_STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
MIN_REASON_WIDTH = 60
"""Columns of a terminal below which the reasons stand under the cause table, not in it."""
MAX_RUNS = 200
"""Rows of a summary table; the reports in files hold all."""


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
    plain = _is_ascii(console)
    _print(
        console,
        _headline(diagnosis),
        _broken(diagnosis),
        _cause_table(diagnosis, plain=plain, wide=console.width >= MIN_REASON_WIDTH),
        *_findings(diagnosis, plain=plain),
        *_remedies(diagnosis),
        *_missing(diagnosis),
        *_reading_notes(diagnosis),
    )
    _print_places(console, reports)


def print_many(diagnoses: Sequence[Diagnosis], console: Console, *, reports: Sequence[str | Path] = ()) -> None:
    """Print a summary table of many runs, those that want attention first."""
    ranked = views.worst_first(diagnoses)
    healthy = sum(d.main == "healthy" for d in ranked)
    head = Text(f"\n{len(ranked)} runs, {healthy} healthy\n", style="bold")
    hidden = len(ranked) - MAX_RUNS
    note = [Text(f"{hidden} more runs are not shown; save a report to see all.", style="dim")] if hidden > 0 else []
    _print(console, head, _runs_table(ranked[:MAX_RUNS], plain=_is_ascii(console)), *note)
    _print_places(console, reports)


def _is_ascii(console: Console) -> bool:
    return not console.encoding.lower().startswith("utf")


def _print(console: Console, *parts: RenderableType | None) -> None:
    shown = Group(*(part for part in parts if part is not None))
    if not _is_ascii(console):
        console.print(shown)
        return
    # an encoding that lacks "→" must not turn a diagnosis into a traceback
    draft = Console(file=io.StringIO(), width=console.width, no_color=True, highlight=False, safe_box=True)
    with draft.capture() as captured:
        draft.print(shown)
    known = captured.get().translate(ASCII).encode(console.encoding, "replace").decode(console.encoding)
    console.print(Text(known), end="")


ASCII = {
    ord("–"): "-",
    ord("→"): "->",
    ord("…"): "...",
    ord("×"): "x",
    ord("−"): "-",
    ord("’"): "'",
    ord("─"): "-",
    ord("━"): "-",
}


def _text(text: str, limit: int = MAX_TEXT, style: str = "") -> Text:
    return Text(one_line(text, limit), style=style, overflow="fold")


def _symbol(wording: Wording, *, plain: bool) -> str:
    return f"{wording.ascii if plain else wording.symbol} {wording.word}"


def _headline(diagnosis: Diagnosis) -> RenderableType:
    where = _text(diagnosis.run.name, 100).append(f"  {views.extent(diagnosis)}")
    where.stylize("dim")
    return Padding(Group(_text(diagnosis.sentence, style="bold"), where), (1, 0))


def _broken(diagnosis: Diagnosis) -> RenderableType | None:
    crashed = views.broken(diagnosis)
    if not crashed:
        return None
    lines = [_text(f"BROKEN  {o.code} crashed: {o.why}", style="bold red") for o in crashed]
    return Padding(Group(*lines, _text("The diagnosis is incomplete: this is an internal error.")), (0, 0, 1, 0))


def _cause_table(diagnosis: Diagnosis, *, plain: bool, wide: bool) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), show_edge=False, pad_edge=False)
    table.add_column("Cause", no_wrap=wide)
    table.add_column("Verdict", no_wrap=wide)
    table.add_column("Prob.", justify="right", no_wrap=True)
    if wide:
        table.add_column("Strongest reason", overflow="fold", ratio=1)
    for row in views.cause_rows(diagnosis):
        if row.level is Level.NOT_EXAMINED:
            continue
        style = LEVEL_STYLES[row.level]
        level = Text(_symbol(row.wording, plain=plain), style=style)
        cells: list[RenderableType] = [
            Text(row.title, style="bold" if row.is_main else ""),
            level,
            percent(row.probability),
        ]
        table.add_row(*cells, *([_text(row.reason, 200)] if wide else []))
    return table if table.row_count else Text("No cause could be examined.")


def _section(title: str) -> RenderableType:
    return Padding(Rule(Text(title, style="bold"), align="left", style="dim"), (1, 0, 0, 0))


def _item(mark: Text, body: RenderableType) -> RenderableType:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold", ratio=1)
    grid.add_row(mark, body)
    return grid


def _findings(diagnosis: Diagnosis, *, plain: bool) -> list[RenderableType]:
    items = [_finding(finding, plain=plain) for finding in views.findings_by_weight(diagnosis)]
    return [_section("Findings"), *items] if items else []


def _finding(finding: Finding, *, plain: bool) -> RenderableType:
    wording, style = SEVERITIES[finding.severity], SEVERITY_STYLES[finding.severity]
    mark = Text(wording.ascii if plain else wording.symbol, style=style)
    head = Text(one_line(finding.code), style="bold").append(
        f"  {wording.word}, {percent(finding.probability)}", style=style
    )
    evidence = [_text(_measured_line(value), 200, "dim") for value in finding.evidence]
    return _item(mark, Group(head, _text(finding.claim), *evidence))


def _measured_line(value: Measured) -> str:
    beside = limit(value)
    return f"{value.name}: {measured(value)}" + (f"; limit: {beside}" if beside else "")


def _remedies(diagnosis: Diagnosis) -> list[RenderableType]:
    items = [_remedy(rank, remedy) for rank, remedy in enumerate(diagnosis.remedies, 1)]
    return [_section("What to do"), *items] if items else []


def _remedy(rank: int, remedy: Remedy) -> RenderableType:
    lines: list[RenderableType] = [_text(remedy.title, style="bold"), _text(remedy.why)]
    basis = BASES[remedy.basis] + (f" ({remedy.source})" if remedy.source else "")
    effect = f"{remedy.effect.name} {measured(remedy.effect)}, {basis}" if remedy.effect else f"size unknown, {basis}"
    lines.append(_text(f"Expected effect: {effect}." + (f" Cost: {remedy.cost}." if remedy.cost else ""), style="dim"))
    if remedy.code:
        lines.append(Padding(Text(clean(remedy.code), style="cyan", overflow="fold"), (0, 0, 0, 2)))
    return _item(Text(f"{rank}.", style="bold"), Group(*lines))


def _missing(diagnosis: Diagnosis) -> list[RenderableType]:
    rows = [row for row in views.cause_rows(diagnosis) if row.level is Level.NOT_EXAMINED]
    wishes = views.requests(diagnosis)
    lines: list[RenderableType] = []
    if rows:
        lines.append(_text(f"Not examined: {', '.join(row.title.lower() for row in rows)}."))
    lines += [
        _item(Text("-"), _text(f"{wish.what} (settles: {', '.join(wish.causes).lower()})", 300)) for wish in wishes
    ]
    return [_section("What could not be decided, and what would settle it"), *lines] if lines else []


def _reading_notes(diagnosis: Diagnosis) -> list[RenderableType]:
    run = diagnosis.run
    notes = [*run.notes, *(f"not read: {entry.get('where', '')}: {entry.get('why', '')}" for entry in run.unread)]
    skipped = [o for o in diagnosis.outcomes if o.status is Status.SKIPPED]
    if skipped:
        notes.append(f"{len(skipped)} of {len(diagnosis.outcomes)} checks were skipped; the report says why")
    return [_section("About the reading"), *(_item(Text("-"), _text(note, 300)) for note in notes)] if notes else []


def _print_places(console: Console, reports: Sequence[str | Path]) -> None:
    for path in reports:
        # a path must stay whole, so that it can be copied or clicked
        console.print(Text(f"report: {clean(str(path))}", style="bold"), soft_wrap=True)


def _runs_table(ranked: Sequence[Diagnosis], *, plain: bool) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), show_edge=False, pad_edge=False)
    table.add_column("", justify="right")
    table.add_column("Run", overflow="fold", ratio=2)
    table.add_column("Main cause", overflow="fold")
    table.add_column("Last", justify="right", no_wrap=True)
    table.add_column("Best", justify="right", no_wrap=True)
    table.add_column("In one sentence", overflow="fold", ratio=3)
    for rank, diagnosis in enumerate(ranked, 1):
        row, end = views.main_row(diagnosis), views.validation_loss(diagnosis)
        main = cause_title(diagnosis.main)
        level = f"{_symbol(row.wording, plain=plain)}, {percent(row.probability)}" if row else ""
        verdict = Text(one_line(main), style="bold").append(
            f"\n{level}" if level else "", style=LEVEL_STYLES[row.level] if row else ""
        )
        last, best = (number(end.last), number(end.best)) if end else (MISSING, MISSING)
        table.add_row(str(rank), _text(diagnosis.run.name, 80), verdict, last, best, _text(diagnosis.sentence, 160))
    return table

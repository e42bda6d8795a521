"""Many runs as a table in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from diagnose.finding import Diagnosis
from diagnose.reports import views
from diagnose.reports.console import LEVEL_STYLES, is_ascii, show, show_places, symbol, text
from diagnose.reports.numbers import MISSING, number, percent
from diagnose.reports.ruled import failing_first, gate_word
from diagnose.reports.terminal_failures import failing_runs
from diagnose.reports.wording import cause_title, one_line

MAX_RUNS = 200
"""Rows that a terminal shows; the reports in files hold all."""
MAX_CODES = 2
MAX_CODE = 8
"""Codes of failing findings, and the characters of each, below the gate's word."""
MIN_WIDTH = 90
"""Columns of a terminal below which the table has no room for values and sentences."""


def print_many(diagnoses: Sequence[Diagnosis], console: Console, *, reports: Sequence[str | Path] = ()) -> None:
    """Print a summary table of many runs, those that want attention first."""
    ranked = failing_first(diagnoses)
    healthy = sum(d.main == "healthy" for d in ranked)
    head = Text(f"\n{len(ranked)} runs, {healthy} healthy{_failed(ranked)}\n", style="bold")
    hidden = len(ranked) - MAX_RUNS
    note = Text(f"{hidden} more runs are not shown; save a report to see all.", style="dim") if hidden > 0 else None
    is_wide = console.width >= MIN_WIDTH
    table = _table(ranked[:MAX_RUNS], plain=is_ascii(console), is_wide=is_wide)
    show(console, head, table, note, *failing_runs(ranked))
    show_places(console, reports)


def _failed(ranked: Sequence[Diagnosis]) -> str:
    gated = [d.gate for d in ranked if d.gate is not None]
    failed = sum(not gate.passed for gate in gated)
    return f"; gate {f'failed: {failed} fail' if failed else 'passed'}" if gated else ""


def _table(ranked: Sequence[Diagnosis], *, plain: bool, is_wide: bool) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), show_edge=False, pad_edge=False)
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("Run", overflow="fold", ratio=2)
    is_gated = any(diagnosis.gate is not None for diagnosis in ranked)
    if is_gated:
        table.add_column("Gate", no_wrap=True)
    table.add_column("Main cause", overflow="fold", ratio=None if is_wide else 2)
    if is_wide:
        table.add_column("Last", justify="right", no_wrap=True)
        table.add_column("Best", justify="right", no_wrap=True)
        table.add_column("In one sentence", overflow="fold", ratio=3)
    for rank, diagnosis in enumerate(ranked, 1):
        end = views.validation_loss(diagnosis)
        last, best = (number(end.last), number(end.best)) if end else (MISSING, MISSING)
        more: list[str | Text] = [last, best, text(diagnosis.sentence, 160)] if is_wide else []
        gate = [_gate(diagnosis)] if is_gated else []
        table.add_row(str(rank), text(diagnosis.run.name, 80), *gate, _main(diagnosis, plain=plain), *more)
    return table


def _gate(diagnosis: Diagnosis) -> Text:
    failed = diagnosis.gate is not None and not diagnosis.gate.passed
    codes = list(dict.fromkeys(one_line(finding.code, MAX_CODE) for finding in diagnosis.failing)) if failed else []
    shown = "\n".join([gate_word(diagnosis), *codes[:MAX_CODES]])
    return Text(shown, style="bold red" if failed else "")


def _main(diagnosis: Diagnosis, *, plain: bool) -> Text:
    row = views.main_row(diagnosis)
    title = Text(one_line(cause_title(diagnosis.main), 40), style="bold")
    if row is None:
        return title
    return title.append(
        f"\n{symbol(row.wording, plain=plain)}, {percent(row.probability)}", style=LEVEL_STYLES[row.level]
    )

"""What a gate fails of one run or of many, in a terminal: the claim, why it fails, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from diagnose.finding import Diagnosis
from diagnose.gated import Problem
from diagnose.reports.console import item, rest, section, text
from diagnose.reports.ruled import PROBLEM_TITLES, Ruled, problem_code, ruled
from diagnose.reports.wording import one_line

MAX_RUNS = 10
"""Failing runs whose failures a terminal shows below the table of many."""
MAX_OF_RUN = 2
"""Findings, and problems, of each of them."""


def failures(diagnosis: Diagnosis, rows: Sequence[Ruled], most: int) -> Iterator[RenderableType]:
    """Show the findings and the problems that fail, at most so many of each, and count the others."""
    failing = [row for row in rows if row.fails]
    problems = diagnosis.gate.problems if diagnosis.gate is not None else ()
    yield from (_failure(row) for row in failing[:most])
    yield from (_problem(problem) for problem in problems[:most])
    yield from rest(max(0, len(failing) - most) + max(0, len(problems) - most), "failures")


def failing_runs(ranked: Sequence[Diagnosis]) -> Iterator[RenderableType]:
    """Show what fails of the runs that the gate failed."""
    failed = [diagnosis for diagnosis in ranked if diagnosis.gate is not None and not diagnosis.gate.passed]
    if failed:
        yield section("What fails")
    for diagnosis in failed[:MAX_RUNS]:
        yield text(f"Run {one_line(diagnosis.run.name, 100)}", style="bold")
        yield from failures(diagnosis, ruled(diagnosis), MAX_OF_RUN)
    yield from rest(len(failed) - MAX_RUNS, "runs that fail")


def _failure(row: Ruled) -> RenderableType:
    lines = [text(f"{one_line(row.finding.code)}: {row.finding.claim}")]
    lines += [text(f"Why it fails: {row.why}", style="dim")] if row.why else []
    lines += [text(f"What to do: {row.remedies[0]}")] if row.remedies else []
    return item(Text("-"), Group(*lines))


def _problem(problem: Problem) -> RenderableType:
    title = PROBLEM_TITLES.get(problem_code(problem.kind), "The gate failed")
    todo = [text(f"What to do: {problem.todo}")] if problem.todo else []
    return item(Text("-"), Group(text(f"{title}: {problem.claim}"), *todo))

"""A gated diagnosis as the message of a failing assertion: plain lines, the gate's sentence first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from diagnose.finding import Diagnosis
from diagnose.gated import Problem
from diagnose.reports.ruled import PROBLEM_TITLES, Ruled, headline, problem_code, ruled
from diagnose.reports.views import broken, extent
from diagnose.reports.wording import MAX_TEXT, SEVERITIES, clean, one_line, opening

MAX_SENTENCE = 300
"""Characters of the first line, which a test runner repeats in its list of failures, and of a note."""


def failure(diagnosis: Diagnosis, reports: Sequence[Path] = ()) -> str:
    """Say what fails, why, what to do, and where the reports are.

    A crash stands first where nothing else fails, so that it is not read as a pass.
    """
    return "\n".join((*_opening(diagnosis), *_crashes(diagnosis), *_failures(diagnosis), *_end(diagnosis, reports)))


def _opening(diagnosis: Diagnosis) -> Iterator[str]:
    gate, crashed = diagnosis.gate, broken(diagnosis)
    if gate is not None and not gate.passed:
        yield one_line(headline(gate), MAX_SENTENCE)
    elif crashed:
        yield f"Gate incomplete: {one_line(crashed[0].code)} crashed, so the run cannot pass"
    yield f"Run: {one_line(diagnosis.run.name, 100)}, {extent(diagnosis)}"


def _crashes(diagnosis: Diagnosis) -> Iterator[str]:
    for outcome in broken(diagnosis):
        yield f"\n{one_line(outcome.code)} crashed: {one_line(outcome.why, MAX_TEXT)}"
        yield "    What to do: this is an error of the analyzer, not of the run; report it with this message"


def _failures(diagnosis: Diagnosis) -> Iterator[str]:
    for row in ruled(diagnosis):
        if row.fails:
            yield from _finding(row)
    for problem in diagnosis.gate.problems if diagnosis.gate is not None else ():
        yield from _problem(problem)


def _finding(row: Ruled) -> Iterator[str]:
    finding = row.finding
    certainty = f"{SEVERITIES[finding.severity].word}, {min(finding.probability, 0.99):.0%}"
    yield f"\n{one_line(finding.code)} ({certainty}): {one_line(opening(finding.claim), MAX_TEXT)}"
    if row.why:
        yield f"    Why it fails: {one_line(row.why, MAX_TEXT)}"
    if row.remedies:
        yield f"    What to do: {one_line(row.remedies[0], MAX_TEXT)}"


def _problem(problem: Problem) -> Iterator[str]:
    title = PROBLEM_TITLES.get(problem_code(problem.kind), "The gate failed")
    yield f"\n{title}: {one_line(problem.claim, MAX_TEXT)}"
    if problem.todo:
        yield f"    What to do: {one_line(problem.todo, MAX_TEXT)}"


def _end(diagnosis: Diagnosis, reports: Sequence[Path]) -> Iterator[str]:
    notes = [f"Note: {one_line(note, MAX_SENTENCE)}" for note in (diagnosis.gate.notes if diagnosis.gate else ())]
    lines = [*notes, *(f"Report: {clean(str(path))}" for path in reports)]
    yield from ("", *lines) if lines else ()

"""Diagnoses as workflow commands of GitHub Actions: annotations at the logs, and a last line with the verdict.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from diagnose.finding import Diagnosis, Severity
from diagnose.gated import Problem
from diagnose.reports import views
from diagnose.reports.documentation import Explain
from diagnose.reports.locations import locations, repository
from diagnose.reports.ruled import PROBLEM_TITLES, Ruled, failing_first, fails, problem_code, ruled
from diagnose.reports.wording import clean, one_line, opening

NAME = "github"
SUFFIXES: tuple[str, ...] = ()
"""None: the commands work on a step's stdout, not in a file."""
MAX_OF_KIND = 10
"""Annotations of one kind that GitHub shows of a step."""
MAX_TITLE = 120
MAX_MESSAGE = 400
"""Characters of each line of a message: an annotation is cut at 4,096 bytes."""
MAX_UNREAD = 3
"""Inputs that could not be read, of one run."""


class _Command(NamedTuple):
    kind: str
    file: str
    title: str
    lines: tuple[str, ...]


def one(diagnosis: Diagnosis, explain: Explain) -> str:
    """Render one diagnosis."""
    return many([diagnosis], explain)


def many(diagnoses: Sequence[Diagnosis], explain: Explain) -> str:
    """Render many runs, those that fail first."""
    del explain
    root = repository()
    commands = [command for diagnosis in failing_first(diagnoses) for command in _commands(diagnosis, root)]
    lines = [line for kind in ("error", "warning", "notice") for line in _capped(kind, commands)]
    return "\n".join([*lines, _verdict(diagnoses)]) + "\n"


def _capped(kind: str, commands: Sequence[_Command]) -> Iterator[str]:
    chosen = [command for command in commands if command.kind == kind]
    if len(chosen) > MAX_OF_KIND:
        hidden = len(chosen) - MAX_OF_KIND + 1
        more = _Command(kind, "", f"{hidden} more", (f"{hidden} more of this kind; the other reports hold all.",))
        chosen = [*chosen[: MAX_OF_KIND - 1], more]
    yield from map(_line, chosen)


def _commands(diagnosis: Diagnosis, root: str) -> Iterator[_Command]:
    files = locations(diagnosis.run, root)
    file = files[0].path if files else ""
    for outcome in views.broken(diagnosis):
        yield _Command("error", file, f"{outcome.code} crashed", (outcome.why, "The diagnosis is incomplete."))
    rows = ruled(diagnosis)
    # no gate, no failure: what would fail one is a warning
    kind = "warning" if diagnosis.gate is None else "error"
    yield from (_failing(row, kind, file, diagnosis) for row in rows if row.fails)
    for problem in diagnosis.gate.problems if diagnosis.gate is not None else ():
        yield _problem(problem, file, diagnosis)
    for entry in diagnosis.run.unread[:MAX_UNREAD]:
        yield _Command("warning", file, "not read", (f"{entry.get('where', '')}: {entry.get('why', '')}",))
    accepted = [row for row in rows if diagnosis.gate is not None and _is_worth_a_notice(row)]
    if accepted:
        # one for a run: the annotations that GitHub shows are few
        claims = (f"{row.finding.code} {row.state}: {row.finding.claim}" for row in accepted[:MAX_OF_KIND])
        yield _Command("notice", file, f"{diagnosis.run.name}: accepted by the gate", tuple(claims))


def _is_worth_a_notice(row: Ruled) -> bool:
    return not row.fails and row.state != "ignored" and row.finding.severity is not Severity.INFO


def _failing(row: Ruled, kind: str, file: str, diagnosis: Diagnosis) -> _Command:
    lines = [opening(row.finding.claim)]
    lines += [f"Gate: {row.why}"] if row.why else []
    lines += [f"What to do: {row.remedies[0]}"] if row.remedies else []
    return _Command(kind, file, f"{one_line(row.finding.code)} in {diagnosis.run.name}", tuple(lines))


def _problem(problem: Problem, file: str, diagnosis: Diagnosis) -> _Command:
    title = PROBLEM_TITLES.get(problem_code(problem.kind), "The gate failed")
    todo = (f"What to do: {problem.todo}",) if problem.todo else ()
    return _Command("error", file, f"{title}: {diagnosis.run.name}", (opening(problem.claim), *todo))


def _line(command: _Command) -> str:
    place = f"file={_property(clean(command.file))},line=1," if command.file else ""
    message = "\n".join(one_line(line, MAX_MESSAGE) for line in command.lines)
    return f"::{command.kind} {place}title={_property(one_line(command.title, MAX_TITLE))}::{_data(message)}"


def _data(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _verdict(diagnoses: Sequence[Diagnosis]) -> str:
    if len(diagnoses) == 1:
        (diagnosis,) = diagnoses
        sentence = diagnosis.gate.sentence if diagnosis.gate is not None else diagnosis.sentence
    elif any(diagnosis.gate is not None for diagnosis in diagnoses):
        sentence = f"{sum(map(fails, diagnoses))} of {len(diagnoses)} runs fail the gate"
    else:
        sentence = f"{len(diagnoses)} runs, {sum(d.main == 'healthy' for d in diagnoses)} healthy"
    # "##[" begins an old kind of command anywhere in a line
    return "diagnose: " + one_line(sentence, MAX_MESSAGE).replace("##[", "# #[")

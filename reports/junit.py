"""Diagnoses as JUnit XML, which every CI server shows: a suite for a run, a case for a check."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from diagnose.finding import Diagnosis, Outcome, Status
from diagnose.gated import Problem, Ruling
from diagnose.reports import documentation
from diagnose.reports.documentation import Explain
from diagnose.reports.ruled import PROBLEM_TITLES, Ruled, evidence_line, problem_code, ruled
from diagnose.reports.wording import MAX_TEXT, cause_title, one_line, opening

NAME = "junit"
SUFFIXES = (".xml",)
MAX_NAME = 200
"""Characters of a run's or case's name: servers show it in a column, and some store no more than 255."""
MAX_EVIDENCE = 40
"""Measured values of a failure."""
_ILLEGAL = re.compile("[\ufffe\uffff]")
"""What XML 1.0 forbids beside control characters and surrogates, which `clean` has made visible."""


def one(diagnosis: Diagnosis, explain: Explain) -> str:
    """Render one diagnosis: a suite of its own."""
    return many([diagnosis], explain)


def many(diagnoses: Sequence[Diagnosis], explain: Explain) -> str:
    """Render a suite for each run, in the order given."""
    document = JUnitXml("diagnose")
    for diagnosis in diagnoses:
        # not add_testsuite, which merges suites of one name
        document.append(_suite(diagnosis, explain))
    for name in ("tests", "failures", "errors", "skipped"):
        setattr(document, name, sum(getattr(suite, name) for suite in document))
    written = io.BytesIO()
    document.write(written, pretty=True)
    return written.getvalue().decode("utf-8")


def _suite(diagnosis: Diagnosis, explain: Explain) -> TestSuite:
    suite = TestSuite(_line(diagnosis.run.name, MAX_NAME))
    suite.add_property("conclusion", _line(diagnosis.sentence))
    if diagnosis.gate is not None:
        suite.add_property("gate", _line(diagnosis.gate.sentence))
        for setting, value in diagnosis.gate.policy:
            suite.add_property(_line(setting, MAX_NAME), _line(value))
    suite.add_testcases(list(_cases(diagnosis, explain)))
    return suite


def _cases(diagnosis: Diagnosis, explain: Explain) -> Iterator[TestCase]:
    rows = ruled(diagnosis)
    found = {row.finding.code for row in rows}
    for row in rows:
        yield _finding(diagnosis, row, explain, is_alone=sum(r.finding.code == row.finding.code for r in rows) == 1)
    for problem in diagnosis.gate.problems if diagnosis.gate is not None else ():
        yield _problem(diagnosis, problem)
    for outcome in diagnosis.outcomes:
        # a check that found something is its findings' cases, unless it then crashed
        if outcome.status is Status.BROKEN or outcome.code not in found:
            yield _outcome(diagnosis, outcome, explain)


def _finding(diagnosis: Diagnosis, row: Ruled, explain: Explain, *, is_alone: bool) -> TestCase:
    finding = row.finding
    case = _case(diagnosis, finding.code, documentation.title(explain, finding.code))
    if not is_alone:
        # cases of one name would replace each other on a server
        case.name = _line(f"{case.name}: {finding.claim}", MAX_NAME)
    if row.fails:
        case.append(_failed(Failure(_line(opening(finding.claim)), str(finding.severity)), _failure_text(row)))
    elif row.judged is not None and row.judged.ruling is Ruling.IGNORED:
        case.append(Skipped(_line(f"ignored: {row.why}")))
    else:
        case.system_out = _text([f"{row.state}: {row.why}" if row.why else row.state, opening(finding.claim)])
    return case


def _failure_text(row: Ruled) -> str:
    lines = [opening(row.finding.claim)]
    lines += [f"Gate: {row.why}"] if row.why else []
    lines += [evidence_line(value) for value in row.finding.evidence[:MAX_EVIDENCE]]
    lines += [f"What to do: {title}" for title in row.remedies]
    return _text(lines)


def _problem(diagnosis: Diagnosis, problem: Problem) -> TestCase:
    code = problem_code(problem.kind)
    case = _case(diagnosis, code, f"{PROBLEM_TITLES.get(code, 'The gate failed')}: {problem.claim}")
    text = _text([opening(problem.claim), *([f"What to do: {problem.todo}"] if problem.todo else [])])
    case.append(_failed(Failure(_line(opening(problem.claim)), code if code in PROBLEM_TITLES else "gate"), text))
    return case


def _outcome(diagnosis: Diagnosis, outcome: Outcome, explain: Explain) -> TestCase:
    title = documentation.title(explain, outcome.code) or cause_title(outcome.cause)
    case = _case(diagnosis, outcome.code, title)
    if outcome.status is Status.BROKEN:
        text = _text([outcome.why, "The check crashed: the diagnosis is incomplete."])
        case.append(_failed(Error(_line(outcome.why), "broken"), text))
    elif outcome.status in {Status.SKIPPED, Status.NOT_APPLICABLE}:
        word = "skipped" if outcome.status is Status.SKIPPED else "not applicable"
        settle = f"; to examine it: {outcome.settle}" if outcome.settle else ""
        case.append(Skipped(_line(f"{word}: {outcome.why}{settle}"), word))
    elif outcome.why:
        case.system_out = _text([outcome.why])
    return case


def _case(diagnosis: Diagnosis, code: str, title: str) -> TestCase:
    name = f"{one_line(code)}: {title}" if title else one_line(code)
    return TestCase(_line(name, MAX_NAME), _line(diagnosis.run.name, MAX_NAME))


def _failed(result: Failure | Error, text: str) -> Failure | Error:
    result.text = text
    return result


def _line(text: str, limit: int = MAX_TEXT) -> str:
    return _ILLEGAL.sub(_named, one_line(text, limit))


def _text(lines: Sequence[str]) -> str:
    return "\n".join(_line(line) for line in lines)


def _named(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"

"""Diagnoses as SARIF 2.1.0 (OASIS): one tool run, a rule for each code, a result for each finding."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from diagnose.finding import Diagnosis, Status
from diagnose.gated import Change, Problem, Ruling, fingerprint
from diagnose.reports.documentation import Explain
from diagnose.reports.json_format import as_json
from diagnose.reports.locations import Location, locations, repository
from diagnose.reports.ruled import Ruled, fails, name_of, problem_code, ruled
from diagnose.reports.sarif_rules import LEVELS, message_text, rules
from diagnose.reports.wording import MAX_TEXT, one_line, opening

NAME = "sarif"
SUFFIXES = (".sarif",)
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
MAX_NAME = 200
FIRST_REMEDIES = 2
"""Remedies that a message names; the properties hold all."""
MAX_NOTIFICATIONS = 200
"""Inputs that could not be read and notes that a file names."""
STATES: Mapping[Change, str] = {Change.NEW: "new", Change.WORSE: "updated", Change.UNCHANGED: "unchanged"}


def one(diagnosis: Diagnosis, explain: Explain) -> str:
    """Render one diagnosis."""
    return many([diagnosis], explain)


def many(diagnoses: Sequence[Diagnosis], explain: Explain) -> str:
    """Render the diagnoses of many training runs, in the order given, as one run of this tool."""
    root = repository()
    known = rules(diagnoses, explain)
    index = {rule["id"]: place for place, rule in enumerate(known)}
    results = [result for diagnosis in diagnoses for result in _results(diagnosis, root)]
    for result in results:
        result["ruleIndex"] = index[result["ruleId"]]
    _complete(results)
    versions = {d.versions.get("diagnose", "") for d in diagnoses} - {""}
    driver = {
        "name": "diagnose",
        "fullName": "diagnose: why does validation fall?",
        **({"version": one_line(max(versions))} if versions else {}),
        "rules": known,
    }
    run = {
        "tool": {"driver": driver},
        "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the repository."}}},
        "invocations": [_invocation(diagnoses, index)],
        "results": results,
    }
    return as_json({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _results(diagnosis: Diagnosis, root: str) -> Iterator[dict[str, Any]]:
    files = locations(diagnosis.run, root)
    seen: Counter[str] = Counter()
    for row in ruled(diagnosis):
        name = name_of(diagnosis, row)
        seen[name] += 1
        yield {**_finding(row), **_place(diagnosis, files), **_fingerprints(name, seen[name])}
    for problem in diagnosis.gate.problems if diagnosis.gate is not None else ():
        name = fingerprint(diagnosis.run.name, problem_code(problem.kind), ())
        seen[name] += 1
        yield {**_problem(problem), **_place(diagnosis, files), **_fingerprints(name, seen[name])}


def _finding(row: Ruled) -> dict[str, Any]:
    finding = row.finding
    todo = f" What to do: {'; '.join(row.remedies[:FIRST_REMEDIES])}." if row.remedies else ""
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "kind": "fail",
        "level": LEVELS[finding.severity],
        "message": {"text": message_text(f"{opening(finding.claim).rstrip('.')}.{todo}")},
        "properties": {
            "cause": str(finding.cause),
            "probability": finding.probability,
            "fails": row.fails,
            "remedies": [one_line(title, MAX_TEXT) for title in row.remedies],
        },
    }
    if math.isfinite(finding.probability):
        result["rank"] = round(100 * min(max(finding.probability, 0.0), 1.0), 2)
    if row.judged is not None:
        result["properties"] |= {"ruling": str(row.judged.ruling), "why": one_line(row.judged.why, MAX_TEXT)}
        result["suppressions"] = _suppressions(row)
        if row.judged.change is not None:
            result["baselineState"] = STATES[row.judged.change]
    return result


def _suppressions(row: Ruled) -> list[dict[str, str]]:
    """Suppressed is what the user wants not to see: with a reason, or by selecting other codes."""
    judged = row.judged
    if judged is None or judged.ruling not in {Ruling.SUPPRESSED, Ruling.IGNORED}:
        return []
    justification = one_line(judged.reason or judged.why, MAX_TEXT)
    return [{"kind": "external", "status": "accepted", "justification": justification}]


def _problem(problem: Problem) -> dict[str, Any]:
    todo = f" What to do: {problem.todo.rstrip('.')}." if problem.todo else ""
    return {
        "ruleId": problem_code(problem.kind),
        "kind": "fail",
        "level": "error",
        "message": {"text": message_text(f"{opening(problem.claim).rstrip('.')}.{todo}")},
        "suppressions": [],
        "properties": {"fails": True, "remedies": [one_line(problem.todo, MAX_TEXT)] if problem.todo else []},
    }


def _place(diagnosis: Diagnosis, files: Sequence[Location]) -> dict[str, Any]:
    """Point at the logs' first line: a finding is about a whole run, and servers show none without a line."""
    run = {"name": one_line(diagnosis.run.name, MAX_NAME), "kind": "training run"}
    places = [
        {
            "physicalLocation": {"artifactLocation": _artifact(file), "region": {"startLine": 1}},
            "logicalLocations": [run],
        }
        for file in files
    ]
    return {"locations": places or [{"logicalLocations": [run]}]}


def _artifact(file: Location) -> dict[str, str]:
    return {"uri": file.uri, **({"uriBaseId": ROOT} if file.is_inside else {})}


def _fingerprints(name: str, number: int) -> dict[str, Any]:
    # GitHub tells alerts apart by this one; without it, it would hash the log's first line
    value = f"{name}:{number}"
    return {"partialFingerprints": {"diagnoseFinding/v1": value, "primaryLocationLineHash": value}}


def _complete(results: Sequence[dict[str, Any]]) -> None:
    """Where one result has a state or suppressions, SARIF wants them of all (§3.27.23, §3.27.24)."""
    has_states = any("baselineState" in result for result in results)
    has_suppressions = any("suppressions" in result for result in results)
    for result in results:
        if has_states:
            result.setdefault("baselineState", "new")
        if has_suppressions:
            result.setdefault("suppressions", [])


def _invocation(diagnoses: Sequence[Diagnosis], index: Mapping[str, int]) -> dict[str, Any]:
    notes = [note for diagnosis in diagnoses for note in _notifications(diagnosis, index)]
    # what crashed comes first, so that the cap never hides it
    notes.sort(key=lambda note: note["level"] != "error")
    hidden = len(notes) - MAX_NOTIFICATIONS
    notes = notes[:MAX_NOTIFICATIONS]
    if hidden > 0:
        notes.append({"level": "note", "message": {"text": f"{hidden} more notices are left out."}})
    invocation: dict[str, Any] = {
        "executionSuccessful": not any(diagnosis.is_broken for diagnosis in diagnoses),
        "toolExecutionNotifications": notes,
    }
    if any(diagnosis.gate is not None for diagnosis in diagnoses):
        invocation["properties"] = {"gate": "failed" if any(map(fails, diagnoses)) else "passed"}
    return invocation


def _notifications(diagnosis: Diagnosis, index: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    run = one_line(diagnosis.run.name, MAX_NAME)
    for outcome in diagnosis.outcomes:
        if outcome.status is Status.BROKEN:
            rule = {"id": outcome.code, "index": index[outcome.code]}
            text = message_text(f"{run}: {outcome.code} crashed: {outcome.why}")
            yield {"level": "error", "message": {"text": text}, "associatedRule": rule}
    for entry in diagnosis.run.unread:
        text = message_text(f"{run}: not read: {entry.get('where', '')}: {entry.get('why', '')}")
        yield {"level": "warning", "message": {"text": text}}
    for note in diagnosis.gate.notes if diagnosis.gate is not None else ():
        yield {"level": "note", "message": {"text": message_text(f"{run}: {note}")}}

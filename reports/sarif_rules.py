"""The rules of a SARIF file: the pages of the codes that were examined, and those of the gate's own failures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from diagnose.finding import Diagnosis, Severity
from diagnose.reports import documentation
from diagnose.reports.documentation import Explain
from diagnose.reports.ruled import PROBLEM_TITLES, problem_code
from diagnose.reports.views import SEVERITY_ORDER
from diagnose.reports.wording import MAX_TEXT, cause_title, clean, one_line

DEFAULT_LEVEL = "warning"
"""Of a rule that found nothing: what SARIF takes where none is said."""
LEVELS: Mapping[Severity, str] = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
GATE_HELP: Mapping[str, str] = {
    "GATE-required": "The gate's configuration requires evidence (a cause that is examined, a code that has run, a "
    "fact about the run) that this run does not give. Give it, or take it off the list of what is required.",
    "GATE-regression": "A score of this run is worse than that of the run it is compared with, by more than is "
    "accepted. Find what changed between the two, or accept a larger drop under `regression`.",
    "GATE-nothing-examined": "No cause could be examined from what was given, so nothing stands behind a pass. Log "
    "more, or take this path from those that the gate looks at.",
}


def rules(diagnoses: Sequence[Diagnosis], explain: Explain) -> list[dict[str, Any]]:
    """Describe every code that ran, found something or failed the gate, in alphabetical order."""
    causes = {o.code: str(o.cause) for d in diagnoses for o in d.outcomes}
    causes |= {f.code: str(f.cause) for d in diagnoses for f in d.findings}
    worst: dict[str, Severity] = {}
    for finding in (f for d in diagnoses for f in d.findings):
        worst[finding.code] = min(worst.get(finding.code, finding.severity), finding.severity, key=SEVERITY_ORDER.index)
    kinds = {problem_code(p.kind) for d in diagnoses if d.gate is not None for p in d.gate.problems}
    described = [_rule(code, causes[code], worst.get(code), explain) for code in causes]
    described += [_gate_rule(code) for code in kinds - set(causes)]
    return sorted(described, key=lambda rule: str(rule["id"]))


def _rule(code: str, cause: str, severity: Severity | None, explain: Explain) -> dict[str, Any]:
    title = documentation.title(explain, code) or cause_title(cause)
    detects = getattr(explain.get(code), "detects", "")
    first = str(detects).strip().split("\n\n")[0]
    page = _page(code, explain)
    rule = _described(code, title, first or title, LEVELS[severity] if severity else DEFAULT_LEVEL)
    rule["help"] = {"text": page or message_text(title), "markdown": page or message_text(title)}
    rule["properties"] = {"tags": [cause]}
    return rule


def _gate_rule(code: str) -> dict[str, Any]:
    title = PROBLEM_TITLES.get(code, "The gate failed")
    explained = GATE_HELP.get(code, title)
    rule = _described(code, title, explained, "error")
    rule["help"] = {"text": explained, "markdown": explained}
    rule["properties"] = {"tags": ["gate"]}
    return rule


def _described(code: str, title: str, full: str, level: str) -> dict[str, Any]:
    return {
        "id": code,
        "name": _identifier(title) or "Unnamed",
        "shortDescription": {"text": message_text(title)},
        "fullDescription": {"text": message_text(full)},
        "defaultConfiguration": {"level": level},
    }


def _page(code: str, explain: Explain) -> str:
    """Write the five parts as Markdown, which is legible as text too."""
    found = explain.get(code)
    parts = ((heading, getattr(found, name, "")) for name, heading in documentation.PARTS)
    return "\n\n".join(f"## {heading}\n\n{_braced(clean(str(body).strip()))}" for heading, body in parts if body)


def _identifier(title: str) -> str:
    words = re.findall(r"[A-Za-z0-9]+", title)
    return "".join(word[:1].upper() + word[1:] for word in words)[:MAX_TEXT]


def message_text(text: str) -> str:
    """Write a text as a SARIF message in one line: braces doubled (§3.11.5), links apart so that none is one."""
    return _braced(one_line(text, MAX_TEXT)).replace("](", "] (")


def _braced(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")

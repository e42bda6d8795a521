"""Findings with the gate's ruling and what to do about them, as files for machines and short comments show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diagnose.finding import Cause, Diagnosis, Finding, Measured
from diagnose.gated import Gate, Judged, Ruling, fingerprint
from diagnose.reports import gate_table, views
from diagnose.reports.numbers import MISSING, limit, measured, missed
from diagnose.reports.wording import MAX_NAME, one_line, opening

PROBLEM_CODES = {
    "required": "GATE-required",
    "regression": "GATE-regression",
    "nothing_examined": "GATE-nothing-examined",
}
"""Codes of the gate's own failures, beside those of findings."""
PROBLEM_TITLES = {code: gate_table.PROBLEMS[kind] for kind, code in PROBLEM_CODES.items()}
MAX_ACCEPTED = 8
"""Findings of one ruling that a line names."""
MAX_CODE = 24


@dataclass(frozen=True)
class Ruled:
    """A finding, what the gate made of it, whether it fails, and the titles of the remedies that act on its cause."""

    finding: Finding
    judged: Judged | None
    fails: bool
    remedies: tuple[str, ...]

    @property
    def state(self) -> str:
        """The ruling in a word; where no gate judged, whether it would fail."""
        return self.judged.ruling.value if self.judged else "fails" if self.fails else Ruling.TOLERATED.value

    @property
    def why(self) -> str:
        """Why the gate ruled so, with the user's own reason; empty where none judged."""
        if self.judged is None:
            return ""
        return "; ".join(part for part in (self.judged.why, self.judged.reason) if part)


def ruled(diagnosis: Diagnosis) -> tuple[Ruled, ...]:
    """Pair every finding with its ruling: those that fail first, then by weight."""
    failing = diagnosis.failing
    rows = [
        Ruled(finding, judged, _fails(finding, judged, failing), remedies_for(diagnosis, finding.cause))
        for finding, judged in diagnosis.judged()
    ]
    return tuple(sorted(rows, key=_weight))


def _fails(finding: Finding, judged: Judged | None, failing: Sequence[Finding]) -> bool:
    return judged.ruling is Ruling.FAILS if judged is not None else finding in failing


def _weight(row: Ruled) -> tuple[bool, int, float]:
    return not row.fails, views.SEVERITY_ORDER.index(row.finding.severity), -row.finding.probability


def remedies_for(diagnosis: Diagnosis, cause: Cause) -> tuple[str, ...]:
    """Titles of the remedies that act on a cause, in their rank."""
    return tuple(remedy.title for remedy in diagnosis.remedies if cause in remedy.causes)


def problem_code(kind: str) -> str:
    """Code of one of the gate's own failures; a kind that is not known keeps its name."""
    return PROBLEM_CODES.get(kind, f"GATE-{kind}")


def name_of(diagnosis: Diagnosis, row: Ruled) -> str:
    """Name that a finding keeps across runs: the gate's, or the same recipe where none judged."""
    if row.judged is not None:
        return row.judged.fingerprint
    names = {name for where in row.finding.where if where.kind != "epochs" for name in where.names}
    return fingerprint(diagnosis.run.name, row.finding.code, sorted(names))


def fails(diagnosis: Diagnosis) -> bool:
    """Whether the gate failed the run; where none judged, whether a finding would fail it."""
    return not diagnosis.gate.passed if diagnosis.gate is not None else bool(diagnosis.failing)


def failing_first(diagnoses: Sequence[Diagnosis]) -> list[Diagnosis]:
    """Many runs, those that the gate failed first, and otherwise in the order in which they want attention."""
    return sorted(views.worst_first(diagnoses), key=lambda one: one.gate is None or one.gate.passed)


def headline(gate: Gate) -> str:
    """Write the gate's conclusion with the word first, whatever its sentence begins with."""
    return f"Gate {gate_table.word(gate)}: {gate_table.sentence(gate)}"


def gate_word(diagnosis: Diagnosis) -> str:
    """Say in a word what the gate made of a run; a dash where none judged."""
    return gate_table.word(diagnosis.gate) if diagnosis.gate is not None else MISSING


def accepted(rows: Sequence[Ruled]) -> tuple[str, ...]:
    """Write what does not fail, a line for each ruling: codes, and the user's reasons in brackets."""
    lines = []
    for ruling in gate_table.RULING_ORDER:
        named = [_named(row) for row in rows if not row.fails and row.judged and row.judged.ruling is ruling]
        if named:
            rest = f" and {len(named) - MAX_ACCEPTED} more" if len(named) > MAX_ACCEPTED else ""
            lines.append(f"{opening(gate_table.RULINGS[ruling].word)}: {', '.join(named[:MAX_ACCEPTED])}{rest}")
    return tuple(lines)


def _named(row: Ruled) -> str:
    code = one_line(row.finding.code, MAX_CODE)
    return f"{code} ({one_line(row.judged.reason, MAX_NAME)})" if row.judged and row.judged.reason else code


def evidence_line(value: Measured) -> str:
    """Write a measured value beside its limit in one line."""
    beside = limit(value)
    not_passed = f", {missed(value)}" if missed(value) else ""
    return f"{value.name}: {measured(value)}" + (f"; limit: {beside}{not_passed}" if beside else "")

"""What the gate made of a run, in the order and the words that a page shows. Choices of display, no conclusions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from diagnose.finding import Diagnosis, Finding
from diagnose.gated import Change, Gate, Problem, Ruling
from diagnose.reports.wording import Wording, opening

RULINGS: Mapping[Ruling, Wording] = {
    Ruling.FAILS: Wording("✕", "x", "fails"),
    Ruling.KNOWN: Wording("=", "=", "known"),
    Ruling.SUPPRESSED: Wording("–", "-", "suppressed"),
    Ruling.TOLERATED: Wording("○", "o", "tolerated"),
    Ruling.IGNORED: Wording("·", ".", "ignored"),
}
CHANGES: Mapping[Change | None, str] = {
    Change.NEW: "new",
    Change.WORSE: "worse",
    Change.UNCHANGED: "not worse",
    None: "not compared",
}
PROBLEMS: Mapping[str, str] = {
    "required": "Required evidence is missing",
    "nothing_examined": "Nothing could be examined",
    "regression": "Worse than before",
}
RULING_ORDER = tuple(Ruling)
NOT_RULED = Wording("?", "?", "not judged")
TOP_REASONS = 3
"""Reasons of a failure on the first screen; the section holds all."""
_PREFIX = re.compile(r"^(?:gate )?(?:passed|failed): *", re.IGNORECASE)


@dataclass(frozen=True)
class RuledRow:
    """One finding and what the gate made of it; ``place`` is its number on the page."""

    place: int
    code: str
    claim: str
    wording: Wording
    state: str
    change: str
    why: str
    reason: str


@dataclass(frozen=True)
class GateTable:
    """The gate's conclusion on one run, ready to be shown."""

    passed: bool
    word: str
    symbol: str
    sentence: str
    why: tuple[str, ...]
    why_left_out: int
    rows: tuple[RuledRow, ...]
    problems: tuple[tuple[str, Problem], ...]
    notes: tuple[str, ...]
    policy: tuple[tuple[str, str], ...]
    reference: str


def of(diagnosis: Diagnosis, findings: Sequence[Finding]) -> GateTable | None:
    """Collect what the page shows of the gate; None where no gate judged.

    Parameters
    ----------
    diagnosis
        What the gate judged.
    findings
        Its findings in the order in which the page numbers them.
    """
    gate = diagnosis.gate
    if gate is None:
        return None
    rows = _rows(diagnosis, findings)
    why = [f"{row.code}: {row.why}" for row in rows if row.state == Ruling.FAILS and row.why]
    why += [problem.claim for problem in gate.problems]
    return GateTable(
        passed=gate.passed,
        word=word(gate),
        symbol="✓" if gate.passed else "✕",
        sentence=sentence(gate),
        why=tuple(why[:TOP_REASONS]),
        why_left_out=max(0, len(why) - TOP_REASONS),
        rows=rows,
        problems=tuple((PROBLEMS.get(problem.kind, opening(problem.kind)), problem) for problem in gate.problems),
        notes=gate.notes,
        policy=gate.policy,
        reference=gate.reference,
    )


def word(gate: Gate) -> str:
    """Say in one word whether the gate passed."""
    return "passed" if gate.passed else "failed"


def sentence(gate: Gate) -> str:
    """Give the gate's sentence without the word that stands before it on a page."""
    return opening(_PREFIX.sub("", gate.sentence))


def _rows(diagnosis: Diagnosis, findings: Sequence[Finding]) -> tuple[RuledRow, ...]:
    places = {id(finding): place for place, finding in enumerate(findings, 1)}
    rows = []
    for finding, judged in diagnosis.judged():
        wording = NOT_RULED if judged is None else RULINGS[judged.ruling]
        rows.append(
            RuledRow(
                places.get(id(finding), 0), finding.code, finding.claim, wording,
                "" if judged is None else str(judged.ruling), CHANGES[None if judged is None else judged.change],
                "" if judged is None else judged.why, "" if judged is None else judged.reason,
            )
        )  # fmt: skip
    order = {str(ruling): rank for rank, ruling in enumerate(RULING_ORDER)}
    return tuple(sorted(rows, key=lambda row: (order.get(row.state, -1), row.place)))

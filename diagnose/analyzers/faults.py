"""Faults of a programme, found card by card, as findings that say in which phase they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from diagnose.finding import Cause, Finding, Measured, Severity, Where
from diagnose.measures.learning import Learning
from diagnose.measures.programme import Programme, ProgramPhase
from diagnose.model_card import ModelCard

SURE = 0.97
"""Of what is read off the programme itself: one in thirty for a card that misread unusual code. A judgement, not
calibrated; a run that learns all the same contradicts it (`weighed`)."""
CONTRADICTED = 0.3
"""Of a fault that would keep the run from learning, where it learns nearly all there is."""
DOUBTED = 0.7
"""The same where it learns, but not all: with many such faults a run learns, and worse than it would."""
MOST_NAMED = 4


@dataclass(frozen=True)
class Fault:
    """One fault of one card.

    Attributes
    ----------
    claim
        One sentence; the phase is added where it is not in all of them.
    severity, probability
        As of a finding.
    evidence
        Measured values beside their limits.
    layers
        Names that it points at.
    settle
        What would decide it.
    """

    claim: str
    severity: Severity = Severity.ERROR
    probability: float = SURE
    evidence: tuple[Measured, ...] = ()
    layers: tuple[str, ...] = ()
    settle: str = ""


def findings(
    code: str, cause: Cause, programme: Programme, judge: Callable[[ModelCard], Iterable[Fault]]
) -> Iterator[Finding]:
    """Judge every phase; the same fault in several is one finding."""
    found: dict[tuple[str, Severity], tuple[Fault, list[ProgramPhase]]] = {}
    for phase in programme.phases:
        for fault in judge(phase.card):
            found.setdefault((fault.claim, fault.severity), (fault, []))[1].append(phase)
    for fault, phases in found.values():
        yield finding(code, cause, programme, fault, phases)


def finding(code: str, cause: Cause, programme: Programme, fault: Fault, phases: list[ProgramPhase]) -> Finding:
    """Return one fault of some phases as a finding."""
    named = programme.named(phases)
    where = [Where("layers", names=fault.layers)] if fault.layers else []
    if programme.is_recorded:
        where.append(Where("epochs", phases[0].start, phases[-1].end))
    return Finding(
        code,
        cause,
        fault.severity,
        fault.probability,
        f"{fault.claim}, {named}" if named else fault.claim,
        fault.evidence,
        tuple(where),
        settle=fault.settle,
    )


def weighed(fault: Fault, learning: Learning | None) -> Fault:
    """Return a fault that keeps a run from learning as the log leaves it: contradicted where it learns well."""
    if learning is None or not learning.is_shown:
        return fault
    said = f"{fault.claim}; {'but the run learns' if learning.is_good else 'the run learns all the same'}"
    said = f"{said} ({learning.words})"
    most = CONTRADICTED if learning.is_good else DOUBTED
    return Fault(said, Severity.WARNING, min(fault.probability, most), fault.evidence, fault.layers,
                 "look at what stands between the model's last layer and the loss")  # fmt: skip


def some(names: Iterable[str], most: int = MOST_NAMED) -> str:
    """Name the first ones and say how many more there are.

    Examples
    --------
    >>> some(["a", "b"]), some(["a", "b", "c"], most=1)
    ('a, b', 'a and 2 more')
    """
    listed = list(names)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more

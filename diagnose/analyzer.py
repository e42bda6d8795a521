"""What an analyzer is, how one is run, and how its documentation is read.

An analyzer is a frozen dataclass: its fields are its limits, its docstring is its page, ``check`` is its logic.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import re
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from diagnose.errors import NotEnoughEvidence
from diagnose.finding import Cause, Finding, Outcome, Status
from diagnose.measurements import Measurements

CONTRADICTED, ABSENT, EXPLAINED, OPEN = 0.04, 0.1, 0.2, 0.3
"""Probabilities that an analyzer leaves to its cause when it passes. Judgements, not calibrated: the evidence
contradicts the cause (below the 5 % of `RULED_OUT`); its symptom was looked for and is absent; something was seen that
another reason explains; it could not have shown yet."""
SECTIONS = ("What it detects", "Why it matters", "The evidence", "What to do", "References")


@dataclass(frozen=True)
class Passed:
    """The analyzer looked and found nothing; ``probability`` is that of its cause all the same.

    ``harmless`` says what the cause costs where that was measured to be too little to matter: what other analyzers find
    of it is information then.
    """

    why: str
    probability: float | None = None
    settle: str = ""
    harmless: str = ""


@dataclass(frozen=True)
class NotApplicable:
    """The question does not arise for this run."""

    why: str


class Analyzer(Protocol):
    """One question asked of one run."""

    code: ClassVar[str]
    cause: ClassVar[Cause]

    @property
    def check(self) -> Callable[..., Iterator[Finding | Passed | NotApplicable]]:
        """Yield findings, or one `Passed` or `NotApplicable`.

        Parameters name the evidence and the measures it needs; one whose default is None may be missing.
        """
        ...


@dataclass(frozen=True)
class Documentation:
    """The page of one code: its one-line title and the five sections, in Markdown."""

    code: str
    title: str
    detects: str
    matters: str
    evidence: str
    remedy: str
    references: str

    @property
    def markdown(self) -> str:
        """The whole page."""
        bodies = (self.detects, self.matters, self.evidence, self.remedy, self.references)
        parts = (f"## {heading}\n\n{body}" for heading, body in zip(SECTIONS, bodies, strict=True))
        return "\n\n".join((f"# {self.code}: {self.title}", *parts))


def documentation(analyzer: Analyzer) -> Documentation:
    """Read an analyzer's page from its docstring.

    Raises
    ------
    ValueError
        A section is missing.
    """
    text = inspect.getdoc(type(analyzer)) or ""
    title, _, rest = text.partition("\n")
    pieces = re.split(r"^## (.+)$", rest, flags=re.MULTILINE)
    found = {heading.strip(): body.strip() for heading, body in zip(pieces[1::2], pieces[2::2], strict=True)}
    missing = [section for section in SECTIONS if not found.get(section)]
    if missing:
        raise ValueError(f"{analyzer.code}: its docstring lacks {', '.join(missing)}")
    return Documentation(analyzer.code, title.rstrip("."), *(found[section] for section in SECTIONS))


def limits(analyzer: Analyzer) -> dict[str, Any]:
    """Return the analyzer's limits by name."""
    return dataclasses.asdict(analyzer) if dataclasses.is_dataclass(analyzer) else {}


def examine(analyzer: Analyzer, measurements: Measurements) -> tuple[list[Finding], Outcome]:
    """Run one analyzer; whatever happens ends in an outcome."""
    outcome = functools.partial(Outcome, analyzer.code, analyzer.cause)

    try:
        results = list(analyzer.check(**measurements.arguments(analyzer.check)))
    except NotEnoughEvidence as error:
        return [], outcome(Status.SKIPPED, error.why, settle=error.settle)
    except Exception as error:  # noqa: BLE001  the one place: a crash is an outcome and must not take the report down
        where = traceback.extract_tb(error.__traceback__)[-1]
        return [], outcome(Status.BROKEN, f"{type(error).__name__}: {error} ({where.name}, line {where.lineno})")
    findings = [result for result in results if isinstance(result, Finding)]
    if findings:
        return findings, outcome(Status.FINDINGS, "; ".join(f.claim for f in findings))
    for result in results:
        if isinstance(result, Passed):
            return [], outcome(Status.PASSED, result.why, result.probability, result.settle, result.harmless)
        if isinstance(result, NotApplicable):
            return [], outcome(Status.NOT_APPLICABLE, result.why)
    return [], outcome(Status.BROKEN, "the analyzer yielded nothing: it must say that it passed")

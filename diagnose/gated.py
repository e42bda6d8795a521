"""What the gate concluded, as plain data that a `Diagnosis` carries and every report shows.

Nothing here decides; see `diagnose.gating`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Ruling(StrEnum):
    """What the gate made of one finding."""

    FAILS = "fails"
    KNOWN = "known"
    """A reference (baseline or previous run) holds it, and it is not worse."""
    SUPPRESSED = "suppressed"
    TOLERATED = "tolerated"
    """Below what fails."""
    IGNORED = "ignored"


class Change(StrEnum):
    """How a finding compares with the reference."""

    NEW = "new"
    WORSE = "worse"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Judged:
    """The ruling on one finding; those of a `Gate` stand in the order of the diagnosis's findings.

    ``change`` is None where there is no reference. ``fingerprint`` names the finding across runs: the same for the
    same code and subject (curves, columns, layers) of the same run, whatever its numbers.
    """

    ruling: Ruling
    why: str
    fingerprint: str
    change: Change | None = None
    reason: str = ""
    """The user's own reason, of a suppression."""


@dataclass(frozen=True)
class Problem:
    """A failure that is not a finding's: evidence that is required and missing, or a score that got worse.

    ``kind`` is ``"required"``, ``"nothing_examined"`` or ``"regression"``; ``todo`` says what to do, as an
    imperative.
    """

    kind: str
    claim: str
    todo: str = ""


@dataclass(frozen=True)
class Gate:
    """The gate's conclusion on one run.

    ``sentence`` is what a person reads first. ``policy`` holds the settings that decided, by name; ``reference`` says
    what the run was compared with, empty for nothing.
    """

    passed: bool
    sentence: str
    judged: tuple[Judged, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    policy: tuple[tuple[str, str], ...] = ()
    reference: str = ""

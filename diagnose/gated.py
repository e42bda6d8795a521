"""What the gate concluded, as plain data that a `Diagnosis` carries and every report shows.

Nothing here decides; see `diagnose.gating`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
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


def fingerprint(run_name: str, code: str, subject_names: Iterable[str]) -> str:
    """Name a finding so that it is found again in another run of the same name, whatever its numbers.

    Parameters
    ----------
    run_name
        Name of the run, as its summary holds it.
    code
        The finding's code.
    subject_names
        What it speaks of (curves, columns, layers), in the finding's order.

    Returns
    -------
    str
        The first 16 hexadecimal digits of a SHA-256: 64 bits, so that two of a million findings meet by chance
        once in about 37 million such projects.

    Examples
    --------
    >>> fingerprint("run.csv", "OVF101", ["val_loss"])
    '4a8cc6ac78ca2b98'
    """
    parts = "\x1f".join((run_name, code, *subject_names))
    return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()[:16]

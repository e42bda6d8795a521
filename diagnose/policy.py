"""What a gate fails on, as plain data: the settings of ``[gate]``, each with its default and its reason."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from diagnose.errors import InputError
from diagnose.finding import LIKELY, Cause, Diagnosis, Finding, Level, Severity
from diagnose.readers.aliases import FIELDS

FAILING_LEVELS = (Level.LIKELY, Level.CONFIRMED)
"""Levels that a gate can ask for, the weaker first."""
SEVERITIES = (Severity.INFO, Severity.WARNING, Severity.ERROR)


class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab", kw_only=True):
    """What a finding must reach to fail; None leaves what stands above it."""

    severity: Severity | None = None
    probability: float | None = None
    level: Level | None = None

    def over(self, general: Thresholds) -> Thresholds:
        """Return these thresholds, with the general ones where nothing is set."""
        return Thresholds(
            severity=self.severity or general.severity,
            probability=general.probability if self.probability is None else self.probability,
            level=self.level or general.level,
        )


STANDARD = Thresholds(severity=Severity.WARNING, probability=LIKELY, level=Level.LIKELY)
"""More likely than not, and no mere information: the least that can stop a merge and be right more often than wrong."""


class Suppression(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab", kw_only=True):
    """Findings that somebody decided to live with until a day."""

    code: str
    reason: str
    until: date
    run: str = "*"

    def covers(self, finding: Finding, run: str) -> bool:
        """Whether it speaks of this finding of this run."""
        return matches(self.code, finding) and self.speaks_of(run)

    def speaks_of(self, run: str) -> bool:
        """Whether it speaks of this run."""
        return fnmatchcase(run, self.run)

    def holds(self, diagnosis: Diagnosis) -> bool:
        """Whether it covers one of the findings."""
        return any(self.covers(finding, diagnosis.run.name) for finding in diagnosis.findings)


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab", kw_only=True):
    """All settings of a gate; see "The gate" in the README."""

    paths: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    require: tuple[str, ...] = ()
    baseline: str = ""
    allow_unread: bool = False
    fail_on: Thresholds = STANDARD
    causes: dict[Cause, Thresholds] = {}
    limits: dict[str, dict[str, Any]] = {}
    context: dict[str, Any] = {}
    map: dict[str, str] = {}
    regression: dict[str, float] = {}
    suppress: tuple[Suppression, ...] = ()

    def thresholds(self, cause: Cause) -> Thresholds:
        """Return what a finding of this cause must reach to fail."""
        general = self.fail_on.over(STANDARD)
        return self.causes[cause].over(general) if cause in self.causes else general

    def selects(self, finding: Finding) -> bool:
        """Whether the gate looks at this finding."""
        return self.includes(finding.code, finding.cause)

    def includes(self, code: str, cause: Cause) -> bool:
        """Whether the gate looks at what a code finds of a cause."""
        chosen = not self.select or any(means(name, code, cause) for name in self.select)
        return chosen and not any(means(name, code, cause) for name in self.ignore)


def matches(name: str, finding: Finding) -> bool:
    """Whether a name means this finding: its code, the beginning of its code, or its cause.

    Examples
    --------
    >>> finding = Finding("OVF101", Cause.OVERFITTING, Severity.ERROR, 0.9, "rose")
    >>> [matches(name, finding) for name in ("OVF101", "OVF", "overfitting", "UNF")]
    [True, True, True, False]
    """
    return means(name, finding.code, finding.cause)


def means(name: str, code: str, cause: Cause) -> bool:
    """Whether a name is a code, the beginning of one, or its cause."""
    return name == cause.value or (bool(name) and code.startswith(name))


def check_policy(policy: Policy, codes: set[str], where: str) -> None:
    """Refuse names that mean nothing, thresholds out of range, and suppressions without a reason.

    Raises
    ------
    InputError
        The message says where it stands and which names are known.
    """
    for setting in ("select", "ignore", "require"):
        for name in getattr(policy, setting):
            if setting != "require" or name not in FIELDS:
                _check_name(name, codes, f"{where}: {setting}", FIELDS if setting == "require" else ())
    for suppression in policy.suppress:
        _check_name(suppression.code, codes, f"{where}: suppress: code")
        if not suppression.reason.strip():
            raise InputError(f'{where}: the suppression of {suppression.code} has no reason; give reason = "…"')
    _check_numbers(policy, where)


def _check_numbers(policy: Policy, where: str) -> None:
    for thresholds in (policy.fail_on, *policy.causes.values()):
        if thresholds.probability is not None and not 0 <= thresholds.probability <= 1:
            raise InputError(f"{where}: probability = {thresholds.probability:g}; expected a number from 0 to 1")
        if thresholds.level is not None and thresholds.level not in FAILING_LEVELS:
            raise InputError(f'{where}: level = "{thresholds.level.value}"; expected "likely" or "confirmed"')
    for name, drop in policy.regression.items():
        if not drop >= 0:
            raise InputError(f"{where}: regression: {name} = {drop:g}; expected the largest drop accepted, 0 or more")


def _check_name(name: str, codes: set[str], where: str, context: Iterable[str] = ()) -> None:
    causes = {cause.value for cause in Cause}
    if name in causes or (name and any(code.startswith(name) for code in codes)):
        return
    beginnings = sorted({code.rstrip("0123456789") for code in codes})
    close = difflib.get_close_matches(name, [*causes, *codes, *context, *beginnings], n=1)
    meant = f" (did you mean {close[0]!r}?)" if close else ""
    beside = f", or what is known beside the log ({', '.join(context)})" if context else ""
    raise InputError(
        f"{where}: {name!r} is no code and no cause{meant}; expected a code (OVF101), the beginning of one "
        f"({', '.join(beginnings)}) or a cause ({', '.join(sorted(causes))}){beside}. "
        "`diagnose explain` lists the codes"
    )


def with_limits(analyzers: tuple[Any, ...], limits: dict[str, dict[str, Any]], where: str) -> tuple[Any, ...]:
    """Return the analyzers with the limits that the user sets.

    Raises
    ------
    InputError
        A code or a limit is unknown, or a value is of the wrong kind; the message lists what there is.
    """
    known = {analyzer.code: analyzer for analyzer in analyzers}
    for code, given in limits.items():
        if code not in known:
            raise InputError(f"{where}: limits: there is no code {code!r}; `diagnose explain` lists the codes")
        known[code] = _limited(known[code], given, f"{where}: limits: {code}")
    return tuple(known[analyzer.code] for analyzer in analyzers)


def _limited(analyzer: Any, given: dict[str, Any], where: str) -> Any:
    fields = msgspec.structs.asdict(analyzer) if isinstance(analyzer, msgspec.Struct) else dict(vars(analyzer))
    converted = {}
    for name, value in given.items():
        if name not in fields:
            raise InputError(f"{where} has no limit {name!r}; it has {', '.join(sorted(fields)) or 'none'}")
        kind = float if type(fields[name]) is int and isinstance(value, float) else type(fields[name])
        try:
            converted[name] = msgspec.convert(value, kind, strict=False)
        except msgspec.ValidationError as error:
            raise InputError(f"{where}: {name} = {value!r}; expected a value such as {fields[name]!r}") from error
        if isinstance(converted[name], float) and not math.isfinite(converted[name]):
            # a comparison with it would be false for ever, and the check silent
            raise InputError(f"{where}: {name} = {value!r}; expected a value such as {fields[name]!r}")
    return replace(analyzer, **converted)

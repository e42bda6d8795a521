"""What becomes of each finding at the gate.

In this order: not selected, or ignored; below what fails; suppressed, or its suppression expired; in the reference and
not worse; new or worse, but a previous run's score held; else it fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from diagnose.finding import CONFIRMED, Cause, Diagnosis, Finding, Level, Severity
from diagnose.gated import Change, Judged, Ruling
from diagnose.policy import FAILING_LEVELS, SEVERITIES, Policy, Thresholds
from diagnose.reference import KnownFinding, Reference, identity, subject, worse
from diagnose.scores import Drop

PART = 0.5
"""Part of the limit of a drop by which the score must have fallen for a new finding to fail: the one with most power of
those by which about 5 % of reruns fail on the half that constants are chosen on (docs/gate-calibration.md)."""
ELSEWHERE = frozenset({
    Cause.LEAKAGE, Cause.EVALUATION, Cause.TRAINING_PROGRAM, Cause.LABEL_ERRORS, Cause.COVARIATE_SHIFT,
    Cause.LABEL_SHIFT, Cause.CONCEPT_SHIFT,
})  # fmt: skip
"""Causes whose harm the held-out score does not show: leakage raises it."""


class Pool:
    """The known findings of one run; each is spent by the finding that it explains, so that a second one is new."""

    def __init__(self, run: str, references: Sequence[Reference], *, alone: bool) -> None:
        self.compares = bool(references)
        self._known: list[tuple[str, KnownFinding]] = []
        for reference in references:
            name = reference.run_of(run, alone=alone)
            self._known += [(reference.name, k) for k in reference.findings.get(name or "", ())]

    def take(self, finding: Finding) -> tuple[str, KnownFinding] | None:
        """Return the mildest known finding that explains this one, else the gravest of its code and subject.

        The mildest, so that a graver one is left for a graver finding: what is known never makes another one fail.
        """
        same = [e for e in self._known if e[1].code == finding.code and e[1].subject == subject(finding)]
        if not same:
            return None
        enough = [e for e in same if not worse(finding, e[1])]
        chosen = min(enough, key=_gravity) if enough else max(same, key=_gravity)
        self._known.remove(chosen)
        return chosen


def _gravity(entry: tuple[str, KnownFinding]) -> tuple[int, float]:
    return SEVERITIES.index(entry[1].severity), entry[1].probability


def ruled(  # noqa: PLR0911, PLR0913, PLR0917 - the rules in their order, and what they look at
    finding: Finding, diagnosis: Diagnosis, policy: Policy, pool: Pool, drops: Sequence[Drop], today: date
) -> Judged:
    """Return what becomes of one finding, and why; ``drops`` are those of a previous run's score."""
    name = identity(diagnosis.run.name, finding)
    entry = pool.take(finding)
    reason = worse(finding, entry[1]) if entry else ""
    change = (
        None if not pool.compares else Change.NEW if entry is None else Change.WORSE if reason else Change.UNCHANGED
    )
    if not policy.selects(finding):
        return Judged(Ruling.IGNORED, "not selected, or ignored", name, change)
    below = _below(finding, diagnosis, policy.thresholds(finding.cause))
    if below:
        return Judged(Ruling.TOLERATED, below, name, change)
    covering = [s for s in policy.suppress if s.covers(finding, diagnosis.run.name)]
    current = next((s for s in covering if s.until >= today), None)
    if current is not None:
        return Judged(Ruling.SUPPRESSED, f"suppressed until {current.until}", name, change, current.reason)
    if covering:
        last = max(covering, key=lambda s: s.until)
        why = f"its suppression expired on {last.until}: repair it, or set a later date with a reason"
        return Judged(Ruling.FAILS, why, name, change, last.reason)
    if entry is not None and not reason:
        return Judged(Ruling.KNOWN, f"known from {entry[0]} and not worse", name, change)
    held = _held(finding, drops)
    if held:
        return Judged(Ruling.TOLERATED, f"{'new' if entry is None else f'worse ({reason})'}, but {held}", name, change)
    if entry is not None:
        return Judged(Ruling.FAILS, f"worse than in {entry[0]}: {reason}", name, change)
    if pool.compares:
        return Judged(Ruling.FAILS, "new: the reference does not hold it", name, change)
    least = policy.thresholds(finding.cause)
    itself = f"{finding.severity.value} of probability {min(finding.probability, 0.99):.0%}"
    limit = f"{least.severity.value if least.severity else ''} of {least.probability:.0%} or more"
    return Judged(Ruling.FAILS, f"{itself}; what fails is {limit}", name, change)


def _held(finding: Finding, drops: Sequence[Drop]) -> str:
    """Say that a previous run's score held, where it shows the finding's harm and that is not grave and confirmed.

    Between two seeds of one training, signs cross their limits while nothing is lost: of 159 repeated trainings 55 had
    a new or worse finding, and 11 have one that this rule leaves; of 26 runs that lost ten points of test accuracy 20
    fail with and without it (docs/gate-calibration.md).
    """
    grave = finding.severity is Severity.ERROR and finding.probability >= CONFIRMED
    if grave or finding.cause in ELSEWHERE:
        return ""
    held = next((found for found in drops if found.drop <= PART * found.limit), None)
    if held is None:
        return ""
    return f"{held.curve} held: {held.then:.4g} before, {held.now:.4g} now; another seed explains {held.limit:.2g}"


def _below(finding: Finding, diagnosis: Diagnosis, least: Thresholds) -> str:
    """Say which threshold a finding does not reach; empty where it reaches all."""
    severity, probability, level = least.severity, least.probability, least.level
    assert severity is not None
    assert probability is not None
    assert level is not None
    if SEVERITIES.index(finding.severity) < SEVERITIES.index(severity):
        return f"its severity is {finding.severity.value}; what fails is {severity.value}"
    if finding.probability < probability:
        return f"its probability is {finding.probability:.0%}; what fails is {probability:.0%}"
    verdict = diagnosis.verdicts.get(finding.cause.value)
    reached = verdict.level if verdict is not None else Level.NOT_EXAMINED
    if reached not in FAILING_LEVELS[FAILING_LEVELS.index(level) :]:
        return f"{finding.cause.words} is {reached.value.replace('_', ' ')}; what fails is {level.value}"
    return ""

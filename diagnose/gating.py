"""The gate: which findings of a diagnosis fail, and why.

For each finding, in this order: not selected or ignored; below what fails; suppressed; in the reference and not worse;
else it fails. Not called ``gate.py``: importing a module of that name would put it where the call `diagnose.gate`
stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from os import PathLike
from pathlib import Path
from typing import Any

import msgspec

from diagnose.analyzers import analyzers as registered_analyzers
from diagnose.errors import InputError
from diagnose.finding import CONFIRMED, Cause, Diagnosis, Finding, Level, Severity, Status
from diagnose.gated import Change, Gate, Judged, Problem, Ruling
from diagnose.policy import FAILING_LEVELS, SEVERITIES, Policy, Thresholds, check_policy
from diagnose.reference import KnownFinding, Reference, from_diagnoses, identity, read_reference, subject, worse
from diagnose.regressions import regressions, uncompared
from diagnose.scores import Drop, Score, fall, scores

PART = 0.5
"""Part of the limit of a drop by which the score must have fallen for a new finding to fail."""
ELSEWHERE = frozenset({
    Cause.LEAKAGE, Cause.EVALUATION, Cause.TRAINING_PROGRAM, Cause.LABEL_ERRORS, Cause.COVARIATE_SHIFT,
    Cause.LABEL_SHIFT, Cause.CONCEPT_SHIFT,
})  # fmt: skip
"""Causes whose harm the held-out score does not show: leakage raises it."""

Source = str | PathLike[str] | Reference | Diagnosis | Sequence[Diagnosis] | None


def gate(
    diagnosis: Diagnosis,
    policy: Policy | Mapping[str, Any] | None = None,
    *,
    baseline: Source = None,
    against: Source = None,
    today: date | None = None,
) -> Diagnosis:
    """Judge a diagnosis, and return it with the conclusion in its ``gate``.

    Parameters
    ----------
    diagnosis
        Of one run.
    policy
        What fails: a `Policy`, or a mapping with the keys of a configuration's ``[gate]``; the defaults when None.
    baseline
        Accepted findings: a baseline file, a diagnosis saved as JSON, or diagnoses. Only new or worse ones fail.
    against
        A previous run: the same, and worse scores fail too.
    today
        The day for which suppressions are judged; the clock's when None.

    Raises
    ------
    InputError
        The policy names what there is not, or a reference cannot be read.

    Examples
    --------
    >>> import diagnose
    >>> settled = {"loss": [0.3 + 0.6**n for n in range(30)], "val_loss": [0.32 + 0.6**n for n in range(30)]}
    >>> diagnose.gate(diagnose.audit(history=settled)).gate.passed
    True
    """
    rules = policy if isinstance(policy, Policy) else policy_from(policy or {})
    references = [r for r in (as_reference(baseline), as_reference(against)) if r is not None]
    return judge(diagnosis, rules, references, today=today or date.today(), alone=True)  # noqa: DTZ011 - a user's day


def policy_from(settings: Mapping[str, Any]) -> Policy:
    """Return the policy that settings by name describe, checked.

    Raises
    ------
    InputError
        A setting is unknown or of the wrong kind.
    """
    try:
        policy = msgspec.convert({key.replace("_", "-"): value for key, value in settings.items()}, Policy)
    except msgspec.ValidationError as error:
        raise InputError(f"policy: {error}") from error
    check_policy(policy, known_codes(), "policy")
    return policy


def known_codes() -> set[str]:
    """Return the codes of all registered analyzers."""
    return {analyzer.code for analyzer in registered_analyzers()}


def as_reference(source: Source) -> Reference | None:
    """Read what a user may give as a reference."""
    if source is None or isinstance(source, Reference):
        return source
    if isinstance(source, Diagnosis):
        return from_diagnoses([source], source.run.name)
    if isinstance(source, str | PathLike):
        return read_reference(Path(source))
    return from_diagnoses(source, "previous runs")


def judge(
    diagnosis: Diagnosis, policy: Policy, references: Sequence[Reference], *, today: date, alone: bool
) -> Diagnosis:
    """Judge one run; ``alone`` where it is the only one, so that it may have another name than in the reference."""
    pool = _Pool(diagnosis.run.name, references, alone=alone)
    own = scores(diagnosis)
    before = [
        r.scores[name] for r in references if (name := r.run_of(diagnosis.run.name, alone=alone)) and name in r.scores
    ]
    drops = [drop for earlier in before if (drop := fall(own, earlier)) is not None]
    judged = tuple(_judged(finding, diagnosis, policy, pool, drops, today) for finding in diagnosis.findings)
    worse_scores = [problem for earlier in before for problem in regressions(own, earlier, policy.regression)]
    problems = (*_missing(diagnosis, policy), *worse_scores)
    failing = [f for f, j in zip(diagnosis.findings, judged, strict=True) if j.ruling is Ruling.FAILS]
    passed = not failing and not problems
    found = Gate(
        passed, _sentence(failing, judged, problems), judged, problems,
        notes=tuple(_notes(diagnosis, policy, references, own, before, alone=alone)), policy=_settings(policy),
        reference=", ".join(reference.name for reference in references),
    )  # fmt: skip
    return replace(diagnosis, gate=found)


class _Pool:
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


def _judged(  # noqa: PLR0911, PLR0913, PLR0917 - the rules in their order, and what they look at
    finding: Finding, diagnosis: Diagnosis, policy: Policy, pool: _Pool, drops: Sequence[Drop], today: date
) -> Judged:
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
        return (
            f"{finding.cause.value.replace('_', ' ')} is {reached.value.replace('_', ' ')}; what fails is {level.value}"
        )
    return ""


def _missing(diagnosis: Diagnosis, policy: Policy) -> Iterator[Problem]:
    """Yield what is required and is not there; a run of which nothing was examined never passes."""
    judging = [outcome for outcome in diagnosis.outcomes if policy.includes(outcome.code, outcome.cause)]
    if all(verdict.level is Level.NOT_EXAMINED for verdict in diagnosis.verdicts.values()):
        wish = next(
            (w for v in diagnosis.verdicts.values() for w in v.would_settle), "give a log with validation values"
        )
        yield Problem("nothing_examined", "nothing could be examined", wish)
    elif diagnosis.outcomes and all(outcome.status in {Status.SKIPPED, Status.BROKEN} for outcome in judging):
        first = next(iter(judging), None)
        claim = f"nothing that is selected could be examined{f': {first.why}' if first else ''}"
        yield Problem("nothing_examined", claim, first.settle if first else "select what the gate shall judge")
    outcomes = {outcome.code: outcome for outcome in diagnosis.outcomes}
    causes = {cause.value for cause in Cause}
    for name in policy.require:
        if name in causes:
            verdict = diagnosis.verdicts.get(name)
            if verdict is None or verdict.level is Level.NOT_EXAMINED:
                wish = next(iter(verdict.would_settle), "") if verdict else ""
                yield Problem("required", f"{name.replace('_', ' ')} is required to be examined, and was not", wish)
        elif any(code.startswith(name) for code in outcomes):
            missing = [o for code, o in outcomes.items() if code.startswith(name) and not _looked(o.status)]
            yield from (
                Problem("required", f"{o.code} is required, and was not examined: {o.why}", o.settle) for o in missing
            )
        elif diagnosis.run.context.get(name) is None:
            yield Problem("required", f"{name} is required to be known, and is not", f"give --context {name}=…")


def _looked(status: Status) -> bool:
    return status in {Status.FINDINGS, Status.PASSED}


def _sentence(failing: Sequence[Finding], judged: Sequence[Judged], problems: Sequence[Problem]) -> str:
    claims = [f"{f.code} {f.claim}" for f in sorted(failing, key=_weight)] + [p.claim for p in problems]
    if claims:
        more = f", and {len(claims) - 1} more" if len(claims) > 1 else ""
        return f"Gate failed: {claims[0]}{more}"
    counts = [(ruling, sum(j.ruling is ruling for j in judged)) for ruling in Ruling]
    held = ", ".join(f"{count} {ruling.value}" for ruling, count in counts if count)
    return f"Gate passed: no finding fails ({held})" if held else "Gate passed: no findings"


def _weight(finding: Finding) -> tuple[int, float]:
    return (-SEVERITIES.index(Severity(finding.severity)), -finding.probability)


def _notes(  # noqa: PLR0913 - what it looks at
    diagnosis: Diagnosis, policy: Policy, references: Sequence[Reference], own: Sequence[Score],
    before: Sequence[Sequence[Score]], *, alone: bool,
) -> Iterator[str]:  # fmt: skip
    if diagnosis.main == "cannot_tell":
        yield "the evidence cannot decide this run, which alone does not fail: `require` names what must be known"
    for suppression in policy.suppress:
        if alone and suppression.speaks_of(diagnosis.run.name) and not suppression.holds(diagnosis):
            yield f"the suppression of {suppression.code} matches nothing: remove it"
    for reference in references:
        if reference.run_of(diagnosis.run.name, alone=alone) is None:
            yield f"{reference.name} does not hold this run: all its findings are new"
    for earlier in before:
        for name in uncompared(own, earlier, policy.regression):
            yield f"gate.regression: {name} is no held-out curve of both runs, so it was not compared"


def _settings(policy: Policy) -> tuple[tuple[str, str], ...]:
    """Return what decided, by name: thresholds, and every setting that is not at its default."""
    given = msgspec.to_builtins(policy)
    standard = msgspec.to_builtins(Policy())
    general = msgspec.to_builtins(policy.thresholds(Cause.OVERFITTING) if not policy.causes else policy.fail_on)
    shown = {f"fail-on {key}": value for key, value in general.items() if value is not None}
    shown |= {key: value for key, value in given.items() if key not in {"fail-on", "paths"} and value != standard[key]}
    return tuple(
        (key, value if isinstance(value, str) else msgspec.json.encode(value).decode()) for key, value in shown.items()
    )

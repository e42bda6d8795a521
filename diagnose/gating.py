"""The gate: whether a diagnosis passes, and why not. `diagnose.rulings` says what becomes of each finding.

Not called ``gate.py``: importing a module of that name would put it where the call `diagnose.gate`
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
from diagnose.finding import Cause, Diagnosis, Finding, Level, Severity, Status
from diagnose.gated import Gate, Judged, Problem, Ruling
from diagnose.policy import SEVERITIES, Policy, check_policy
from diagnose.reference import Reference, from_diagnoses, read_reference
from diagnose.regressions import regressions, uncompared
from diagnose.rulings import Pool, ruled
from diagnose.scores import Score, fall, scores

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
        A previous run, given in the same ways: worse scores fail too, and what is new or worse is tolerated where the
        score held, see `diagnose.rulings`.
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
    return judge(diagnosis, rules, given_references(baseline, against), today=today or date.today(), alone=True)  # noqa: DTZ011 - a user's day


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


def given_references(baseline: Source, against: Source) -> list[Reference]:
    """Read what a user may give: a baseline accepts findings only, a previous run is compared by its scores too."""
    accepted, previous = as_reference(baseline), as_reference(against)
    return [*([accepted.without_scores()] if accepted else ()), *([previous] if previous else ())]


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
    pool = Pool(diagnosis.run.name, references, alone=alone)
    own = scores(diagnosis)
    before = [
        r.scores[name] for r in references if (name := r.run_of(diagnosis.run.name, alone=alone)) and name in r.scores
    ]
    drops = [drop for earlier in before if (drop := fall(own, earlier)) is not None]
    judged = tuple(ruled(finding, diagnosis, policy, pool, drops, today) for finding in diagnosis.findings)
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
                yield Problem("required", f"{Cause(name).words} is required to be examined, and was not", wish)
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

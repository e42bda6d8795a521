"""The gate in a test: `assert_healthy` fails as an assertion does, with what a person needs in a failing test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from os import PathLike
from pathlib import Path
from typing import Any

from diagnose.analyzers import analyzers
from diagnose.auditing import diagnose_run, principal
from diagnose.config import Config, read_config
from diagnose.errors import InputError
from diagnose.finding import Diagnosis
from diagnose.gating import Source, given_references, judge, known_codes, policy_from
from diagnose.policy import Policy, check_policy, with_limits
from diagnose.readers import read_runs
from diagnose.readers.context import given_context, merged
from diagnose.reference import Reference
from diagnose.reports.assertion import failure

Rules = Policy | Mapping[str, Any] | str | PathLike[str] | None
Files = str | PathLike[str] | Sequence[str | PathLike[str]] | None

STANDARD = Config(Policy())


class Unhealthy(AssertionError):  # noqa: N818 - named after what is wrong, like the errors of diagnose
    """A run does not pass the gate, or an analyzer crashed on it; ``diagnosis`` holds everything that was found."""

    def __init__(self, message: str, diagnosis: Diagnosis) -> None:
        super().__init__(message)
        self.diagnosis = diagnosis

    def __reduce__(self) -> tuple[type[Unhealthy], tuple[str, Diagnosis]]:
        return type(self), (str(self), self.diagnosis)


def assert_healthy(  # noqa: PLR0913  one keyword per thing that a test can say
    run: Any,
    *,
    policy: Rules = None,
    context: Any = None,
    baseline: Source = None,
    against: Source = None,
    report: Files = None,
    column_map: Mapping[str, str] | None = None,
) -> Diagnosis:
    """Assert that a training run passes the gate.

    Parameters
    ----------
    run
        What `diagnose.audit` takes as ``history``, of one run; or a `Diagnosis`. One that was gated already is judged
        again only where ``policy``, ``baseline`` or ``against`` is given.
    policy
        What fails: a `Policy`, a mapping with the keys of a configuration's ``[gate]``, or the path of a
        configuration file; the defaults when None.
    context, column_map
        As for `diagnose.audit`; they win over those of the policy.
    baseline
        Accepted findings of this run, instead of the policy's baseline, in which a run is found by its name.
    against
        A previous run: new or worse findings and worse scores fail.
    report
        Where to write the diagnosis, pass or fail: a path whose suffix chooses the format, or several.
    column_map
        How to read columns whose names say too little.

    Returns
    -------
    Diagnosis
        With the conclusion in its ``gate``.

    Raises
    ------
    Unhealthy
        An `AssertionError`: something fails, or an analyzer crashed. Its message names each failure and its remedy.
    InputError
        The run, the policy or a reference cannot be used, or some of what was given could not be read.

    Examples
    --------
    >>> import diagnose
    >>> settled = {"loss": [0.3 + 0.6**n for n in range(30)], "val_loss": [0.32 + 0.6**n for n in range(30)]}
    >>> diagnose.assert_healthy(settled).main
    'healthy'
    """
    __tracebackhide__ = True  # pytest then shows the line of the test that asserts
    diagnosis = judged(run, policy=policy, context=context, baseline=baseline, against=against, column_map=column_map)
    insist(diagnosis, written(diagnosis, report))
    return diagnosis


def judged(  # noqa: PLR0913  as `assert_healthy`
    run: Any,
    *,
    policy: Rules = None,
    standing: Config = STANDARD,
    context: Any = None,
    baseline: Source = None,
    against: Source = None,
    column_map: Mapping[str, str] | None = None,
) -> Diagnosis:
    """Diagnose and judge a run; ``standing`` settings hold where no policy is given."""
    if isinstance(run, Diagnosis):
        _refuse_late_words(context=context, column_map=column_map)
        if run.gate is not None and policy is None and baseline is None and against is None:
            return run
    config = standing if policy is None else settings(policy)
    check_policy(config.policy, known_codes(), _place(config))
    diagnosis = _diagnosed(run, config, context, column_map)
    standing_baseline = config.beside(config.policy.baseline) if baseline is None and config.policy.baseline else None
    references = given_references(standing_baseline, None)
    references += [_of_this_run(given, diagnosis.run.name) for given in given_references(baseline, against)]
    # not alone: settings speak of all runs of a suite, and a fault that is accepted in one is not in another
    return judge(diagnosis, config.policy, references, today=date.today(), alone=False)  # noqa: DTZ011 - a user's day


def settings(policy: Rules) -> Config:
    """Return the settings that a user gives as a policy.

    Raises
    ------
    InputError
        The file cannot be read, or a setting is unknown or of the wrong kind.
    """
    if isinstance(policy, str | PathLike):
        return read_config(Path(policy))
    return Config(policy if isinstance(policy, Policy) else policy_from(policy or {}))


def _place(config: Config) -> str:
    return str(config.path) if config.path else "policy"


def _of_this_run(reference: Reference, name: str) -> Reference:
    """Let a reference that holds one run, and was given for this one, speak of it whatever its name."""
    if len(reference.findings) != 1:
        return reference
    (known,) = reference.findings.values()
    return replace(reference, findings={name: known}, scores=dict(zip([name], reference.scores.values(), strict=False)))


def _diagnosed(run: Any, config: Config, context: Any, column_map: Mapping[str, str] | None) -> Diagnosis:
    policy = config.policy
    chosen = with_limits(analyzers(), policy.limits, _place(config))
    if isinstance(run, Diagnosis):
        _refuse_late_limits(run, chosen, config)
        return run
    known = merged(given_context(policy.context), given_context(context))
    result = read_runs(run, context=known, column_map={**policy.map, **(column_map or {})} or None)
    if len({one.sources for one in result.runs}) > 1:
        names = ", ".join(one.name for one in result.runs[:3]) + (" …" if len(result.runs) > 3 else "")
        raise InputError(
            f"{len(result.runs)} runs were given, {names}, and one assertion speaks of one run. "
            "Assert each, with @pytest.mark.parametrize over their paths, or use `diagnose gate` for a folder"
        )
    if result.unread and not policy.allow_unread:
        first = result.unread[0]
        raise InputError(
            f"{len(result.unread)} of what was given could not be read: {first.where}: {first.why}. "
            "Repair it, or set allow-unread = true"
        )
    one = principal(result.runs)
    one = replace(one, unread=tuple(dict.fromkeys((*one.unread, *result.unread))))
    return diagnose_run(one, analyzers=chosen)


def _refuse_late_words(**said: Any) -> None:
    for name, value in said.items():
        if value is not None:
            raise InputError(
                f"{name}= cannot change a diagnosis that was made already; "
                f"give {name}= to diagnose.audit, or the log here"
            )


def _refuse_late_limits(diagnosis: Diagnosis, chosen: Sequence[Any], config: Config) -> None:
    """Refuse limits with which the diagnosis was not made."""
    for analyzer in chosen:
        used = diagnosis.limits.get(analyzer.code, {})
        for name in config.policy.limits.get(analyzer.code, {}):
            if used.get(name) != getattr(analyzer, name):
                raise InputError(
                    f"{_place(config)}: limits: {analyzer.code}: {name} = {getattr(analyzer, name)!r} cannot change a "
                    f"diagnosis that was made already, with {used.get(name)!r}; give the log itself"
                )


def written(diagnosis: Diagnosis, report: Files) -> list[Path]:
    """Write the reports that were asked for, and return their paths.

    Raises
    ------
    InputError
        A suffix is no format, or a file cannot be written.
    """
    files = [report] if isinstance(report, str | PathLike) else report or []
    return [diagnosis.save(file) for file in files]


def insist(diagnosis: Diagnosis, reports: Sequence[Path] = ()) -> None:
    """Raise `Unhealthy` unless the diagnosis is complete and passed the gate."""
    __tracebackhide__ = True
    if diagnosis.is_broken or diagnosis.gate is None or not diagnosis.gate.passed:
        raise Unhealthy(failure(diagnosis, reports), diagnosis)

"""Helpers for the tests of analyzers and readers, ours and those of plug-ins.

A rule's test is three lines:

>>> from diagnose import testing
>>> from diagnose.analyzers import analyzers
>>> rule = next(a for a in analyzers() if a.code == "OVF101")
>>> _ = testing.assert_quiet(rule, history={"loss": [1.0, 0.6, 0.4, 0.3, 0.25], "val_loss": [1.0, 0.7, 0.5, 0.4, 0.35]})
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple, cast

from diagnose import analyzer as protocol
from diagnose.analyzer import Analyzer
from diagnose.auditing import principal, with_data
from diagnose.data import SplitName
from diagnose.finding import Cause, Finding, Outcome, Status
from diagnose.measurements import Measure, Measurements
from diagnose.measures.from_profiles import measures_of
from diagnose.readers import read_runs
from diagnose.readers.context import given_context
from diagnose.readers.protocol import Log, RawLog, Reader
from diagnose.run import History, Run


class Examined(NamedTuple):
    """What one analyzer says of one run."""

    findings: list[Finding]
    outcome: Outcome


def run_of(history: Any, context: Any = None) -> Run:
    """Return the run that `diagnose.audit` would judge: of a path, a mapping, a data frame or a framework's object."""
    if isinstance(history, Run):
        return history
    return principal(read_runs(history, context=context).runs)


def run_of_data(*, history: Any = None, context: Any = None, data: Any = None, **splits: Any) -> Run:
    """Return the run of data: ``train=``, ``val=`` and ``test=`` as for `diagnose.audit`, or `Split`s."""
    run = Run("data", History(()), given_context(context)) if history is None else run_of(history, context)
    return with_data(run, cast("Mapping[SplitName, Any]", splits), data)


def examine(analyzer: Analyzer, *, history: Any, context: Any = None, measures: Iterable[Measure] = ()) -> Examined:
    """Run one analyzer on one history.

    Parameters
    ----------
    analyzer
        The analyzer under test.
    history, context
        As for `diagnose.audit`; a `Run` is taken as it is.
    measures
        Measures beside the registered ones; one of the same name takes its place.
    """
    run = run_of(history, context)
    measurements = Measurements(run, (*measures_of(run), *measures))
    return Examined(*protocol.examine(analyzer, measurements))


def assert_fires(
    analyzer: Analyzer,
    *,
    history: Any,
    context: Any = None,
    measures: Iterable[Measure] = (),
    cause: Cause | None = None,
) -> Finding:
    """Assert that an analyzer finds something, and return its first finding.

    Raises
    ------
    AssertionError
        It is quiet, or its finding breaks the rules that every finding keeps.
    """
    findings, outcome = examine(analyzer, history=history, context=context, measures=measures)
    assert findings, f"{analyzer.code} should fire and {outcome.status.value}: {outcome.why}"
    for finding in findings:
        assert finding.code == analyzer.code, f"{analyzer.code} signs a finding as {finding.code}"
        assert 0 <= finding.probability <= 1, (
            f"{analyzer.code}: probability {finding.probability} is not within 0 and 1"
        )
        assert finding.claim.strip(), f"{analyzer.code}: a finding without a claim"
    if cause is not None:
        assert findings[0].cause is cause, (
            f"{analyzer.code} speaks for {findings[0].cause.value}, expected {cause.value}"
        )
    return findings[0]


def assert_quiet(analyzer: Analyzer, *, history: Any, context: Any = None, measures: Iterable[Measure] = ()) -> Outcome:
    """Assert that an analyzer finds nothing, and says why: it passed, was skipped or does not apply.

    Raises
    ------
    AssertionError
        It fires, it crashes, or it is quiet without a reason.
    """
    findings, outcome = examine(analyzer, history=history, context=context, measures=measures)
    assert not findings, f"{analyzer.code} should be quiet and says: {findings[0].claim}"
    assert outcome.status is not Status.BROKEN, f"{analyzer.code} crashed: {outcome.why}"
    assert outcome.why.strip(), f"{analyzer.code} is quiet without a reason"
    return outcome


def assert_documented(analyzer: Analyzer) -> None:
    """Assert that an analyzer's docstring is a complete page.

    Raises
    ------
    AssertionError
        A section is missing or empty.
    """
    try:
        protocol.documentation(analyzer)
    except ValueError as error:
        raise AssertionError(str(error)) from error


def assert_reads(reader: Reader, path: str | PathLike[str]) -> list[RawLog]:
    """Assert that a reader recognises a file or folder, and return the runs that it reads there.

    Raises
    ------
    AssertionError
        It does not recognise it, finds no run, or returns columns of unequal length.
    """
    log = Log(Path(path))
    assert reader.recognises(log), f"{reader.format} does not recognise {path}"
    runs = reader.read(log)
    assert runs, f"{reader.format} reads no run from {path}"
    for run in runs:
        lengths = {len(cells) for cells in run.columns.values()}
        assert len(lengths) == 1, f"{reader.format}: columns of unequal lengths {sorted(lengths)} in {run.name}"
    return runs

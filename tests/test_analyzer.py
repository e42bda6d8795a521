"""An analyzer ends in an outcome whatever happens, and its page is read from its docstring."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from diagnose import testing
from diagnose.analyzer import SECTIONS, NotApplicable, Passed, documentation, examine, limits
from diagnose.auditing import audit
from diagnose.errors import NotEnoughEvidence
from diagnose.finding import Cause, Finding, Severity, Status
from diagnose.measurements import Measurements
from diagnose.measures import MEASURES
from simulated_runs import healthy

FOUND = Finding("TST101", Cause.LEAKAGE, Severity.WARNING, 0.7, "it leaks")
ALSO = Finding("TST101", Cause.LEAKAGE, Severity.INFO, 0.2, "a little")


@dataclass(frozen=True)
class Planted:
    """Says what it is told.

    ## What it detects

    Nothing.

    ## Why it matters

    It does not.

    ## The evidence

    None.

    ## What to do

    Nothing.

    ## References

    - None
    """

    results: tuple[Any, ...] = ()
    error: BaseException | None = None
    limit: float = 0.5

    code: ClassVar[str] = "TST101"
    cause: ClassVar[Cause] = Cause.LEAKAGE

    def check(self) -> Iterator[Any]:
        """Yield, then crash where told."""
        yield from self.results
        if self.error:
            raise self.error


def examined(analyzer: Any) -> testing.Examined:
    return testing.examine(analyzer, history=healthy(9))


def test_findings_are_an_outcome() -> None:
    findings, outcome = examined(Planted((FOUND, ALSO, Passed("unheard"))))
    assert findings == [FOUND, ALSO]
    assert outcome.status is Status.FINDINGS
    assert outcome.why == "it leaks; a little"


def test_passing_carries_its_probability() -> None:
    findings, outcome = examined(Planted((Passed("clean", 0.03, "look again"),)))
    assert not findings
    assert (outcome.status, outcome.why, outcome.probability, outcome.settle) == (
        Status.PASSED, "clean", 0.03, "look again",
    )  # fmt: skip


def test_not_applicable() -> None:
    assert examined(Planted((NotApplicable("no loss"),))).outcome.status is Status.NOT_APPLICABLE


def test_missing_evidence_is_skipped_with_what_would_settle_it() -> None:
    _, outcome = examined(Planted(error=NotEnoughEvidence("no scores", "log them")))
    assert (outcome.status, outcome.why, outcome.settle) == (Status.SKIPPED, "no scores", "log them")


def test_yielding_nothing_is_broken() -> None:
    findings, outcome = examined(Planted())
    assert not findings
    assert outcome.status is Status.BROKEN
    assert "yielded nothing" in outcome.why


@pytest.mark.parametrize("error", [ZeroDivisionError("planted"), KeyError("planted"), RecursionError("planted")])
def test_a_crash_is_broken_and_takes_its_findings_along(error: Exception) -> None:
    findings, outcome = examined(Planted((FOUND,), error))
    assert not findings
    assert outcome.status is Status.BROKEN
    assert type(error).__name__ in outcome.why
    assert "planted" in outcome.why
    assert "check" in outcome.why  # where


def test_a_wrong_measure_is_broken_too() -> None:
    @dataclass(frozen=True)
    class Misspelt(Planted):
        def check(self, val_los: float) -> Iterator[Any]:  # type: ignore[override]
            yield Passed("")

    assert examined(Misspelt()).outcome.status is Status.BROKEN


def test_the_user_can_still_interrupt() -> None:
    with pytest.raises(KeyboardInterrupt):
        examine(Planted(error=KeyboardInterrupt()), Measurements(testing.run_of(healthy(9)), MEASURES))


def test_a_crash_does_not_take_the_report_down() -> None:
    diagnosis = audit(history=healthy(9), analyzers=[Planted(error=ZeroDivisionError("planted")), Planted((FOUND,))])
    assert diagnosis.is_broken
    assert [o.status for o in diagnosis.outcomes] == [Status.BROKEN, Status.FINDINGS]
    assert diagnosis.main == "leakage"
    assert len(diagnosis.verdicts) == len(Cause)


def test_page_and_limits() -> None:
    page = documentation(Planted())
    assert (page.code, page.title, page.evidence) == ("TST101", "Says what it is told", "None.")
    assert [line[3:] for line in page.markdown.splitlines() if line.startswith("## ")] == list(SECTIONS)
    assert limits(Planted(limit=0.25))["limit"] == 0.25


def test_an_incomplete_page_is_refused() -> None:
    @dataclass(frozen=True)
    class Undocumented(Planted):
        """Says nothing.

        ## What it detects

        Nothing.
        """

    with pytest.raises(ValueError, match="TST101: its docstring lacks Why it matters, The evidence"):
        documentation(Undocumented())

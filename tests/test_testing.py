"""The test helper: it passes what keeps the rules and fails what does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from diagnose import testing
from diagnose.analyzer import Passed
from diagnose.finding import Cause, Finding, Severity, Status
from diagnose.readers.protocol import Log, RawLog
from diagnose.run import Context, History

FALLING = {"loss": [1.0, 0.5, 0.3], "val_loss": [1.0, 0.6, 0.4]}


@dataclass(frozen=True)
class Long:
    """The run is long.

    ## What it detects

    Length.
    """

    code: ClassVar[str] = "TST101"
    cause: ClassVar[Cause] = Cause.EVALUATION

    most: float = 3.0
    signed: str = "TST101"
    probability: float = 0.9
    why: str = "short"

    def check(self, history: History, context: Context) -> Iterator[Finding | Passed]:
        """Compare the length with the limit."""
        if context.patience == 13:
            raise ZeroDivisionError("planted")
        if history.last_step > self.most:
            yield Finding(self.signed, self.cause, Severity.INFO, self.probability, "it is long")
        else:
            yield Passed(self.why)


LONG = {"loss": [1.0] * 9}


def test_fires_and_returns_the_finding() -> None:
    assert testing.assert_fires(Long(), history=LONG, cause=Cause.EVALUATION).claim == "it is long"


def test_quiet_and_returns_the_outcome() -> None:
    assert testing.assert_quiet(Long(), history=FALLING).status is Status.PASSED


def test_a_run_is_taken_as_it_is() -> None:
    run = testing.run_of(FALLING)
    assert testing.run_of(run) is run
    assert testing.assert_quiet(Long(), history=run)


@pytest.mark.parametrize(
    ("analyzer", "history", "context", "message"),
    [
        (Long(), FALLING, None, "should fire and passed: short"),
        (Long(signed="OTH101"), LONG, None, "signs a finding as OTH101"),
        (Long(probability=1.5), LONG, None, "not within 0 and 1"),
    ],
)
def test_fires_refuses(analyzer: Long, history: object, context: object, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        testing.assert_fires(analyzer, history=history, context=context)


def test_fires_refuses_another_cause() -> None:
    with pytest.raises(AssertionError, match="speaks for evaluation"):
        testing.assert_fires(Long(), history=LONG, cause=Cause.OVERFITTING)


@pytest.mark.parametrize(
    ("analyzer", "history", "context", "message"),
    [
        (Long(), LONG, None, "should be quiet and says: it is long"),
        (Long(), FALLING, {"patience": 13}, "crashed: ZeroDivisionError"),
        (Long(why=""), FALLING, None, "without a reason"),
    ],
)
def test_quiet_refuses(analyzer: Long, history: object, context: object, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        testing.assert_quiet(analyzer, history=history, context=context)


def test_a_page_must_be_complete() -> None:
    with pytest.raises(AssertionError, match="Why it matters"):
        testing.assert_documented(Long())


def test_own_measures_can_be_asked_for() -> None:
    def answer(history: History) -> int:
        return len(history.curves)

    @dataclass(frozen=True)
    class Asking(Long):
        def check(self, answer: int) -> Iterator[Finding | Passed]:  # type: ignore[override]
            yield Passed(f"{answer} curves")

    assert testing.assert_quiet(Asking(), history=FALLING, measures=[answer]).why == "2 curves"


class Lines:
    """One number a line."""

    format: ClassVar[str] = "lines"

    def __init__(self, *, uneven: bool = False) -> None:
        self.uneven = uneven

    def recognises(self, log: Log) -> bool:
        return log.head.startswith(b"#lines")

    def read(self, log: Log) -> list[RawLog]:
        values = [float(line) for line in log.text.splitlines()[1:]]
        columns = {"loss": values, "epoch": list(range(len(values) + self.uneven))}
        return [RawLog("lines", self.format, str(log.path), columns)] if values else []


@pytest.mark.parametrize(
    ("text", "uneven", "message"),
    [("1\n", False, "does not recognise"), ("#lines\n", False, "reads no run"), ("#lines\n1\n", True, "unequal")],
)
def test_reads_refuses(tmp_path: Path, text: str, uneven: bool, message: str) -> None:
    log = tmp_path / "log"
    log.write_text(text)
    with pytest.raises(AssertionError, match=message):
        testing.assert_reads(Lines(uneven=uneven), log)


def test_reads_returns_the_runs(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("#lines\n1\n0.5\n")
    assert testing.assert_reads(Lines(), log)[0].columns["loss"] == [1.0, 0.5]

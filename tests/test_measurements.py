"""Measures are computed when asked for, once, and what is missing stays missing."""

from __future__ import annotations

from typing import Any

import pytest

from diagnose.errors import NotEnoughEvidence
from diagnose.measurements import Measurements, requests
from diagnose.run import Context, History, Run

RUN = Run("run", History(()), Context(n_train=7))


class Counted:
    """A measure that counts its calls."""

    def __init__(self, name: str) -> None:
        self.__name__ = name
        self.calls = 0

    def __call__(self, context: Context) -> int:
        self.calls += 1
        return context.n_train or 0


def doubled(samples: int) -> int:
    return 2 * samples


def missing(history: History) -> int:
    raise NotEnoughEvidence("no curve", "log one")


def needs_missing(missing: int) -> int:
    return missing


def can_do_without(missing: int | None = None, doubled: int | None = None) -> tuple[int | None, int | None]:
    return missing, doubled


def asks_for_the_unknown(nonsense: int) -> int:
    return nonsense


def test_evidence_is_there_by_name() -> None:
    measurements = Measurements(RUN, ())
    assert measurements.get("run") is RUN
    assert measurements.get("history") is RUN.history
    assert measurements.get("context") is RUN.context


def test_computed_when_asked_for_and_once() -> None:
    samples = Counted("samples")
    measurements = Measurements(RUN, (samples, doubled))
    assert samples.calls == 0
    assert [measurements.get("doubled"), measurements.get("doubled"), measurements.get("samples")] == [14, 14, 7]
    assert samples.calls == 1


def test_what_is_missing_says_why_each_time() -> None:
    measurements = Measurements(RUN, (missing, needs_missing))
    for _ in range(2):
        with pytest.raises(NotEnoughEvidence, match="no curve") as caught:
            measurements.get("needs_missing")
        assert caught.value.settle == "log one"


def test_a_failure_is_remembered() -> None:
    calls = []

    def broken(history: History) -> int:
        calls.append(1)
        raise NotEnoughEvidence("no")

    measurements = Measurements(RUN, (broken,))
    for _ in range(3):
        with pytest.raises(NotEnoughEvidence):
            measurements.get("broken")
    assert len(calls) == 1


def test_a_default_of_none_makes_a_request_optional() -> None:
    measurements = Measurements(RUN, (Counted("samples"), doubled, missing, can_do_without))
    assert measurements.get("can_do_without") == (None, 14)
    assert requests(can_do_without) == (("missing", True), ("doubled", True))
    assert requests(doubled) == (("samples", False),)


def test_an_unknown_name_is_a_programming_error() -> None:
    with pytest.raises(KeyError, match="nonsense"):
        Measurements(RUN, (asks_for_the_unknown,)).get("asks_for_the_unknown")


def test_runs_do_not_share_values() -> None:
    samples = Counted("samples")
    other = Run("other", History(()), Context(n_train=100))
    assert [Measurements(run, (samples, doubled)).get("doubled") for run in (RUN, other)] == [14, 200]


def test_arguments_of_a_method_leave_self_out() -> None:
    class Asking:
        def check(self, context: Context, missing: Any = None) -> None: ...

    assert Measurements(RUN, (missing,)).arguments(Asking.check) == {"context": RUN.context, "missing": None}

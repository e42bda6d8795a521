"""PRG910 counts steps on gradients of earlier ones."""

from __future__ import annotations

import pytest

from diagnose.analyzers.gradients_not_zeroed import GradientsNotZeroed
from diagnose.finding import Severity
from diagnose.recording import Recording
from programme_cards import card, fires, quiet, recorded, run

RULE = GradientsNotZeroed()
TORCH = card("ce", "linear", framework="torch")


def counted(old: int, steps: int, passes: int | None = None) -> Recording:
    counters = {"steps": steps, "backward_passes": passes or steps, "steps_on_old_gradients": old}
    return recorded(TORCH, counters=counters)


@pytest.mark.parametrize(("old", "steps"), [(99, 100), (100, 100), (60, 100), (2, 3)])
def test_fires(old: int, steps: int) -> None:
    found = fires(RULE, run(recording=counted(old, steps)), f"{old} of {steps} steps", severity=Severity.ERROR)
    assert found.probability > 0.95


def test_a_branch_that_forgets_it() -> None:
    fires(RULE, run(recording=counted(20, 100)), severity=Severity.WARNING)


@pytest.mark.parametrize(
    ("old", "steps", "passes"),
    [(0, 100, 100), (0, 100, 400), (1, 100, 100), (1, 2, 2), (0, 0, 0), (0, 3, 3), (19, 1000, 1000)],
)
def test_quiet(old: int, steps: int, passes: int) -> None:
    quiet(RULE, run(recording=counted(old, steps, passes)))


def test_quiet_where_nothing_was_counted() -> None:
    quiet(RULE, run(recording=recorded(TORCH)))
    quiet(RULE, run(TORCH))
    quiet(RULE, run())


def test_keras_zeroes_itself() -> None:
    quiet(RULE, run(recording=recorded(card(), counters={"steps": 10, "steps_on_old_gradients": 10})))

"""Phases: stated ones are taken, else the learning rate's jumps cut the run."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.measures.phases import JUMP, MOST_STEPS, phases
from diagnose.run import Curve, History, Phase

N = 30


def run(rates=None, n: int = N) -> History:
    steps = np.arange(1.0, n + 1)
    loss = Curve("loss", "train", "loss", "lower", steps, np.linspace(2, 1, n))
    rate = None if rates is None else Curve("lr", "train", "lr", "lower", steps, np.array(rates, dtype=float))
    return History((loss,), learning_rate=rate)


def test_stated_phases_are_taken_as_they_are() -> None:
    stated = (Phase(1, 5, "head only"), Phase(6, 30, "unfrozen"))
    assert phases(replace(run([0.1] * 15 + [0.001] * 15), phases=stated)) == stated


def test_one_phase_without_a_rate() -> None:
    assert phases(run()) == (Phase(1.0, N),)


def test_a_constant_rate_is_one_phase_that_knows_it() -> None:
    (only,) = phases(run([0.01] * N))
    assert (only.start, only.end, only.learning_rate) == (1, N, 0.01)


def test_steps_of_ten_cut() -> None:
    cut = phases(run([0.1] * 10 + [0.01] * 10 + [0.001] * 10))
    assert [(p.start, p.end, p.learning_rate) for p in cut] == [(1, 10, 0.1), (11, 20, 0.01), (21, 30, 0.001)]
    assert cut[0].because == ""
    assert cut[1].because == "learning rate 0.1 → 0.01"


def test_a_rise_cuts_as_a_fall_does() -> None:
    assert len(phases(run([0.001] * 15 + [0.1] * 15))) == 2


@pytest.mark.parametrize(
    "rates",
    [
        0.1 * 0.5 * (1 + np.cos(np.linspace(0, np.pi * 0.95, N))),
        0.1 * 0.9 ** np.arange(N),
        0.1 / JUMP ** np.linspace(0, 0.9, N),
        np.where(np.arange(N) % 2, 0.1, 0.001),
    ],
    ids=["cosine", "exponential", "slow", "cyclic"],
)
def test_smooth_and_cyclic_schedules_are_one_phase(rates) -> None:
    assert len(phases(run(rates))) == 1


def test_zeros_and_gaps_cut_nothing() -> None:
    rates = np.full(N, 0.1)
    rates[[0, 7, N - 1]] = [0.0, np.nan, 0.0]
    assert len(phases(run(rates))) == 1


def test_no_points_at_all() -> None:
    assert phases(History(())) == (Phase(0.0, 0.0),)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=40))
def test_phases_cover_the_run_in_order(rates: list[float]) -> None:
    cut = phases(run(rates, len(rates)))
    assert 1 <= len(cut) <= MOST_STEPS + 1
    assert cut[0].start == 1
    assert cut[-1].end == len(rates)
    for one, other in pairwise(cut):
        assert one.start <= one.end < other.start

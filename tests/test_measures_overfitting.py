"""The signs of overfitting: unitless, within 0 and 1, each of them necessary."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose import testing
from diagnose.measurements import Measurements
from diagnose.measures import MEASURES
from diagnose.measures.overfitting import OverfittingSigns, TurningPoint
from simulated_runs import QUIET, decay, healthy, history, moved, noise, overfit


def measured(run) -> tuple[TurningPoint, OverfittingSigns]:
    measurements = Measurements(testing.run_of(run), MEASURES)
    return measurements.get("turning_point"), measurements.get("overfitting_signs")


@pytest.mark.parametrize("turn", [12, 20, 40])
def test_the_turn_is_found_within_its_interval(turn: int) -> None:
    found, signs = measured(overfit(60, turn))
    assert found.low <= turn + 1 <= found.high  # a mapping's epochs begin at 1
    assert abs(found.step - turn - 1) <= 4
    assert found.p_value <= 0.001
    assert signs.has_turned


@pytest.mark.parametrize("name", QUIET)
def test_no_turn_and_little_probability_on_quiet_runs(name: str) -> None:
    _, signs = measured(QUIET[name])
    assert signs.probability < 0.5


def test_probability_follows_the_rise() -> None:
    found = [measured(overfit(rise=rise))[1].probability for rise in (0.0, 0.05, 0.2, 0.6, 1.2)]
    assert found == sorted(found)
    assert found[-1] >= 0.9
    assert found[0] < 0.9


def test_each_sign_is_necessary() -> None:
    """A rise that training shares, or one that is taken back, is no turn away from training."""
    t = np.arange(60)
    rising = list(1 + 0.02 * np.maximum(t - 30, 0) + 1.5 * np.exp(-t / 6) + noise(60, 0.005))
    _, together = measured(history(rising, rising))
    assert together.turn < 0.05
    _, apart = measured(history(decay(60), rising))
    assert apart.turn > 0.3


def test_giveback_and_setback_of_a_known_curve() -> None:
    down, up = [5.0, 4, 3, 2, 1], [2.0, 3.0, 3.0, 3.0]
    found, _ = measured(history(np.linspace(5, 0, 9), down + up))
    assert found.step == 5
    assert found.giveback > 0.5  # two of the usual gain of two, or of three noise deviations
    assert found.setback == pytest.approx(0.5)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(4, 60), st.integers(0, 10**6), st.floats(0, 1.5), st.floats(0.0005, 0.2), st.floats(0.01, 100),
    st.floats(-30, 30),
)  # fmt: skip
def test_signs_have_no_unit(n: int, seed: int, rise: float, size: float, scale: float, shift: float) -> None:
    run = overfit(n, max(1, n // 3), seed, rise, size)
    (turn, signs), (other_turn, other) = measured(run), measured(moved(run, scale, shift))
    for field in fields(OverfittingSigns):
        value = getattr(signs, field.name)
        assert 0 <= value <= 1
        assert getattr(other, field.name) == pytest.approx(value, abs=1e-6)
    assert 0 <= turn.setback <= 1
    assert turn.low <= turn.step <= turn.high
    assert (other_turn.low, other_turn.high) == (turn.low, turn.high)


def test_early_prefixes_grow_into_the_verdict() -> None:
    run = overfit(60, 20)
    found = [measured({k: v[:n] for k, v in run.items()})[1].probability for n in (15, 25, 40, 60)]
    assert found[0] < 0.5
    assert found[-1] > 0.9
    assert measured({k: v[:5] for k, v in healthy().items()})[1].probability < 0.5

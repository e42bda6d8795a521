"""Extrapolation: exact on the curves of its own two families, humble on others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.stats.extrapolate import EXPONENTS, RATES, SHORTFALL, extrapolate

N = 40
T = np.arange(1.0, N + 1)  # the first point is one interval old: ages 1, 2, …
AGE = (T - T[0]) / (T[-1] - T[0]) + 1 / N
LENGTH = T[-1] - T[0]
TWICE = 1 + 1 / N + 1.0
"""Age after as much training again."""


@pytest.mark.parametrize("exponent", EXPONENTS)
@pytest.mark.parametrize(("floor", "height"), [(0.2, 1.0), (-3.0, 0.01), (50.0, 400.0)])
def test_exact_on_power_laws(exponent: float, floor: float, height: float) -> None:
    seen = extrapolate(T, floor + height * AGE**-exponent, 0.0, T[-1] + LENGTH)
    assert seen.gain == pytest.approx(height * (AGE[-1] ** -exponent - TWICE**-exponent), rel=1e-4)
    assert seen.floor == pytest.approx(floor, abs=1e-6 * abs(height) * N**exponent)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(("floor", "height"), [(0.2, 1.0), (-3.0, 0.01), (50.0, 400.0)])
def test_exact_on_exponentials(rate: float, floor: float, height: float) -> None:
    seen = extrapolate(T, floor + height * np.exp(-rate * (AGE - 1 / N)), 0.0, T[-1] + LENGTH)
    assert seen.gain == pytest.approx(height * (np.exp(-rate) - np.exp(-2 * rate)), rel=1e-4, abs=1e-9 * height)
    assert seen.floor == pytest.approx(floor, abs=1e-6 * abs(height))


@pytest.mark.parametrize("exponent", [0.15, 0.45, 0.85, 1.1, 1.5, 2.1])
def test_near_where_the_exponent_lies_between_the_grid(exponent: float) -> None:
    cost = 0.3 + (N * AGE) ** -exponent
    truth = (N * AGE[-1]) ** -exponent - (N * TWICE) ** -exponent
    seen = extrapolate(T, cost, 1e-3, T[-1] + LENGTH)
    assert seen.gain == pytest.approx(truth, rel=1 / 3)
    assert seen.low <= truth <= seen.high


@given(st.lists(st.floats(-100, 100), min_size=4, max_size=60), st.floats(0, 10))
def test_never_negative_and_inside_its_interval(cost: list[float], sigma: float) -> None:
    steps = np.arange(float(len(cost)))
    seen = extrapolate(steps, np.array(cost), sigma, 2 * steps[-1])
    assert 0 <= seen.low <= seen.gain <= seen.high
    assert seen.low <= SHORTFALL * seen.gain + 1e-12


def test_nothing_is_gained_where_nothing_falls() -> None:
    for cost in (np.ones(20), np.linspace(1, 2, 20)):
        assert extrapolate(np.arange(20.0), cost, 0.0, 40.0).gain == 0.0


def test_more_noise_widens_the_interval() -> None:
    rng = np.random.default_rng(3)
    cost = 0.3 + np.exp(-3 * AGE)
    widths = []
    for sigma in (0.001, 0.01, 0.1):
        seen = extrapolate(T, cost + sigma * rng.normal(size=N), sigma, T[-1] + LENGTH)
        widths.append(seen.high - seen.low)
    assert widths == sorted(widths)


@given(st.integers(-10, 10), st.integers(-100, 100))
def test_gain_follows_the_scale_and_ignores_the_shift(power: int, shift: int) -> None:
    cost = np.round(1000 * (0.3 + np.exp(-3 * AGE)))  # whole numbers: shifts are exact
    one = extrapolate(T, cost, 2.0, 90.0)
    other = extrapolate(T, cost * 2.0**power + shift, 2.0 * 2.0**power, 90.0)
    assert other.gain == pytest.approx(one.gain * 2.0**power, rel=1e-6)
    assert other.high == pytest.approx(one.high * 2.0**power, rel=1e-6)

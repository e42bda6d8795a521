"""The noise estimate: right on white noise, blind to smooth trends, to spikes and to jumps."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.stats.noise import MAD_TO_SIGMA, jitter, lag_one

RNG = np.random.default_rng(20_261_124)
WHITE = RNG.normal(size=4000)
T = np.linspace(0, 1, 4000)


def test_constant_is_that_of_the_normal() -> None:
    assert pytest.approx(1 / NormalDist().inv_cdf(0.75), abs=1e-4) == MAD_TO_SIGMA


@pytest.mark.parametrize(
    "trend", [0 * T, 5 * T, 3 * np.exp(-5 * T), 10 * (T - 0.4) ** 2], ids=["flat", "line", "fall", "turn"]
)
def test_white_noise_on_a_smooth_trend(trend: np.ndarray) -> None:
    # the standard error of a scaled MAD of dependent differences is about 2 % at this length
    assert jitter(trend + 0.1 * WHITE) == pytest.approx(0.1, rel=0.08)


def test_spikes_and_jumps_stay_out() -> None:
    series = 0.1 * WHITE.copy()
    series[::40] += 50
    series[2000:] -= 30
    assert jitter(series) == pytest.approx(0.1, rel=0.15)


def test_quantised_scores_have_the_noise_of_their_steps() -> None:
    """Over half of the differences are zero: a median alone would say that there is no noise."""
    series = np.where(np.arange(300) % 10 == 0, 0.51, 0.50)
    assert 0 < jitter(series) < 0.01
    quiet = jitter(series)
    series[0] = 1e4  # one wild first value
    assert jitter(series) == pytest.approx(quiet, rel=0.1)


@pytest.mark.parametrize("series", [[], [1.0], [1.0, 2.0], [1.0, 2.0, 3.0], [7.0] * 20, list(range(30))])
def test_none_without_noise(series: list[float]) -> None:
    assert jitter(np.array(series, dtype=float)) == 0.0


@given(st.lists(st.integers(-1000, 1000), min_size=3, max_size=40), st.integers(-8, 8), st.integers(-1000, 1000))
def test_follows_scale_and_ignores_shift(series: list[int], power: int, shift: int) -> None:
    exact = np.array(series, dtype=float)
    assert jitter(exact * 2.0**power + shift) == pytest.approx(jitter(exact) * 2.0**power, rel=1e-12)


def test_lag_one_of_known_processes() -> None:
    walk = [0.0]
    for step in RNG.normal(size=5000):
        walk.append(0.7 * walk[-1] + step)
    assert lag_one(np.array(walk)) == pytest.approx(0.7, abs=0.04)
    assert lag_one(WHITE) == pytest.approx(0.0, abs=0.05)
    assert lag_one(np.array([2.0, 2.0, 2.0])) == 0.0


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30))
def test_lag_one_is_a_correlation(series: list[float]) -> None:
    assert -1 - 1e-9 <= lag_one(np.array(series)) <= 1 + 1e-9

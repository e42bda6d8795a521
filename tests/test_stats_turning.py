"""The turning-point test keeps its error rate, sees clear turns, and its interval covers the true turn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from diagnose.stats.monotone import unimodal_fit
from diagnose.stats.noise import jitter
from diagnose.stats.turning import turning_interval, turning_p_value

DRAWS = 1500
ALPHA = 0.05


def p_value(values: np.ndarray) -> float:
    return turning_p_value(values, unimodal_fit(values), jitter(values))


def rate(n: int, trend: np.ndarray | float, noise: float = 1.0, correlation: float = 0.0, draws: int = DRAWS) -> float:
    """Share of simulated curves that are called turned at 5 %."""
    rng = np.random.default_rng(n)
    found = 0
    for _ in range(draws):
        error = rng.normal(size=n)
        for i in range(1, n if correlation else 0):
            error[i] = correlation * error[i - 1] + np.sqrt(1 - correlation**2) * error[i]
        found += p_value(trend + noise * error) <= ALPHA
    return found / draws


@pytest.mark.parametrize("n", [5, 10, 30, 100])
def test_error_rate_on_flat_noise(n: int) -> None:
    """At most the nominal 5 %, but for the chance of the simulation, and not so cautious as to waste the test."""
    most = binom.ppf(0.9999, DRAWS, ALPHA) / DRAWS
    assert 0.02 <= rate(n, 0.0) <= most


@pytest.mark.parametrize("n", [10, 30, 100])
def test_error_rate_is_lower_where_the_curve_falls(n: int) -> None:
    """The flat curve is the least favourable one."""
    assert rate(n, np.linspace(3, 0, n), draws=500) <= ALPHA


@pytest.mark.parametrize("n", [30, 100])
def test_correlated_noise_does_not_break_it(n: int) -> None:
    """Documented: some three times the nominal rate at a lag-one correlation of 0.4, of which the fit hides a part."""
    assert rate(n, 0.0, correlation=0.4, draws=600) <= 0.2


@pytest.mark.parametrize(("n", "noise"), [(10, 0.05), (30, 0.1), (100, 0.2), (250, 0.2)])
def test_power_on_a_clear_turn(n: int, noise: float) -> None:
    t = np.linspace(0, 1, n)
    assert rate(n, np.abs(t - 0.4) / 0.4, noise, draws=200) >= 0.9


def test_p_values_are_ordered_by_the_rise() -> None:
    t = np.linspace(0, 1, 40)
    noise = 0.05 * np.random.default_rng(0).normal(size=40)
    found = [p_value(np.maximum(0.5 - t, 0) + rise * np.maximum(t - 0.5, 0) + noise) for rise in (0, 0.2, 0.5, 2)]
    assert found == sorted(found, reverse=True)
    assert found[0] > ALPHA
    assert found[-1] == pytest.approx(0.0005)


@pytest.mark.parametrize(
    "values", [np.ones(10), np.linspace(2, 1, 10), np.array([3.0, 2, 1, 1, 1, 1]), 1e-200 * np.array([1.0, 3, 2, 4, 1])]
)
def test_no_turn_without_a_rise(values: np.ndarray) -> None:
    assert p_value(values) == 1.0


def test_without_any_noise_a_turn_is_certain() -> None:
    values = np.array([3.0, 2, 1, 2, 3, 4, 5])
    assert turning_p_value(values, unimodal_fit(values), 0.0) == 0.0005
    assert p_value(values) < 0.005  # where the corner itself is taken for noise


def test_one_wild_first_epoch_hides_no_turn() -> None:
    t = np.linspace(0, 1, 60)
    values = np.abs(t - 0.4) + 0.02 * np.random.default_rng(1).normal(size=60)
    values[0] = 1e4
    assert p_value(values) <= 0.001


VALLEYS = {
    "sharp": lambda t: np.where(t < 0.4, (0.4 - t) / 0.4, 0.5 * (t - 0.4) / 0.6),
    "round": lambda t: ((t - 0.4) / 0.4) ** 2,
    "exponential": lambda t: np.exp(-6 * t) + 0.5 * t,
    "flat bottom": lambda t: np.where(t < 0.4, np.exp(-20 * t), 0.5 * (t - 0.4) / 0.6),
}


@pytest.mark.parametrize("valley", VALLEYS)
@pytest.mark.parametrize("n", [12, 40, 250])
@pytest.mark.parametrize("noise", [0.01, 0.1])
def test_the_interval_covers_the_true_turn(valley: str, n: int, noise: float) -> None:
    rng = np.random.default_rng(n)
    truth = VALLEYS[valley](np.linspace(0, 1, n))
    turn, draws, covered, lengths = int(np.argmin(truth)), 100, 0, []
    for _ in range(draws):
        values = truth + noise * rng.normal(size=n)
        shape = unimodal_fit(values)
        low, high = turning_interval(values, shape, jitter(values))
        assert 0 <= low <= shape.turn <= high < n
        covered += low <= turn <= high
        lengths.append((high - low) / n)
    assert covered / draws >= 0.9
    if noise == 0.01 and n >= 40:  # an interval that always covers by saying nothing would not do
        assert np.mean(lengths) < 0.4


def test_the_interval_covers_in_the_middle_of_a_flat_bottom() -> None:
    """The curve it is calibrated on; a limit of 3.84 covers half of these."""
    rng = np.random.default_rng(5)
    inside = 0
    for _ in range(300):
        values = rng.normal(size=60)
        low, high = turning_interval(values, unimodal_fit(values), jitter(values))
        inside += low <= 30 <= high
    assert inside / 300 >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / 300)


def test_without_noise_the_interval_is_the_turn() -> None:
    values = np.array([5.0, 3, 2, 1, 2, 4, 7, 9])
    low, high = turning_interval(values, unimodal_fit(values), 0.0)
    assert (low, high) in {(2, 4), (3, 3), (2, 3), (3, 4)}

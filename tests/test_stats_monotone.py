"""Monotone and unimodal fits against scipy's isotonic regression and against all splits tried one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import isotonic_regression

from diagnose.stats.monotone import falling_fit, falling_prefix_errors, unimodal_fit

values = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30).map(np.array)
few_levels = st.lists(st.integers(-2, 2).map(float), min_size=1, max_size=30).map(np.array)


def falling(series: np.ndarray) -> np.ndarray:
    return isotonic_regression(series, increasing=False).x if len(series) else series


def brute_force(series: np.ndarray) -> tuple[float, list[float]]:
    """Squared error of the best fall-then-rise fit, and of the best whose rise begins after each index."""
    by_turn = []
    for i in range(len(series)):
        fit = np.concatenate([falling(series[: i + 1]), falling(series[i + 1 :][::-1])[::-1]])
        by_turn.append(float(((series - fit) ** 2).sum()))
    return min(by_turn), by_turn


def close(size: np.ndarray) -> float:
    """Return what sums of squares may differ by from rounding."""
    return 1e-9 * float(1 + np.abs(size).max() ** 2 * len(size))


@given(values | few_levels)
def test_falling_fit_is_isotonic_regression(series: np.ndarray) -> None:
    np.testing.assert_allclose(falling_fit(series), falling(series), rtol=1e-9, atol=1e-9 * (1 + np.abs(series).max()))


@given(values | few_levels)
def test_prefix_errors_are_those_of_each_prefix_fitted_anew(series: np.ndarray) -> None:
    anew = [float(((series[: i + 1] - falling(series[: i + 1])) ** 2).sum()) for i in range(len(series))]
    np.testing.assert_allclose(falling_prefix_errors(series), anew, rtol=1e-7, atol=close(series))


@given(values | few_levels)
def test_unimodal_fit_is_the_best_of_all_splits(series: np.ndarray) -> None:
    fit = unimodal_fit(series)
    best, by_turn = brute_force(series)
    assert fit.error == pytest.approx(best, rel=1e-7, abs=close(series))
    np.testing.assert_allclose(fit.error_by_turn, by_turn, rtol=1e-7, atol=close(series))
    assert ((series - fit.fit) ** 2).sum() == pytest.approx(fit.error, rel=1e-7, abs=close(series))


@given(values | few_levels)
def test_unimodal_fit_falls_to_its_turn_and_rises(series: np.ndarray) -> None:
    fit = unimodal_fit(series)
    assert (np.diff(fit.fit[: fit.turn + 1]) <= 0).all()
    assert (np.diff(fit.fit[fit.turn :]) >= 0).all()
    assert fit.error <= fit.falling_error + close(series)


@given(values, st.integers(-10, 10))
def test_turn_and_shape_follow_scale(series: np.ndarray, power: int) -> None:
    scale = 2.0**power  # exact
    fit, scaled = unimodal_fit(series), unimodal_fit(series * scale)
    assert scaled.turn == fit.turn
    np.testing.assert_array_equal(scaled.fit, fit.fit * scale)


def test_known_fits() -> None:
    assert unimodal_fit(np.array([5.0, 4, 3, 2, 1])).turn == 4
    assert unimodal_fit(np.array([1.0, 2, 3])).turn == 0
    assert unimodal_fit(np.array([1.0, 1, 1])).error == 0
    assert unimodal_fit(np.array([3.0, 1, 2, 4])).fit.tolist() == [3, 1, 2, 4]
    assert unimodal_fit(np.array([4.0, 1, 2, 0, 3])).error == pytest.approx(0.5)  # 1 and 2 pooled to 1.5


def test_cost_is_linear() -> None:
    """Pooling merges each value at most once; a quadratic pass over half a million would take hours."""
    series = np.random.default_rng(0).normal(size=500_000)
    assert falling_prefix_errors(series)[-1] > 0

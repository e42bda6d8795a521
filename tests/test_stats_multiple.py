"""Many tests at once, against scipy and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from diagnose.stats.many import rank_correlation, sum_of_squares_p_value
from diagnose.stats.multiple import benjamini_hochberg, cauchy_combination

ODDS = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@given(ODDS)
def test_false_discovery_rates_are_those_of_scipy(p: list[float]) -> None:
    np.testing.assert_allclose(benjamini_hochberg(p), stats.false_discovery_control(p))


@given(ODDS, st.floats(1e-12, 0.5))
def test_combined_odds_grow_with_each(p: list[float], smaller: float) -> None:
    weights = np.ones(len(p))
    less = [p[0] * smaller, *p[1:]]
    assert 0 <= cauchy_combination(less, weights) <= cauchy_combination(p, weights) + 1e-12 <= 1 + 1e-12


@pytest.mark.parametrize("p", [1e-3, 1e-12, 1e-80])
def test_one_small_value_counts_as_with_bonferroni(p: float) -> None:
    assert cauchy_combination([p, 0.8, 0.9], [2, 1, 1]) == pytest.approx(2 * p, rel=0.02)


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.95])
def test_combination_keeps_its_rate_however_tests_depend(correlation: float) -> None:
    rng = np.random.default_rng(3)
    z = np.sqrt(correlation) * rng.normal(size=(8000, 1)) + np.sqrt(1 - correlation) * rng.normal(size=(8000, 4))
    p = 2 * stats.norm.sf(np.abs(z))
    combined = np.array([cauchy_combination(row, np.ones(4)) for row in p])
    assert np.mean(combined < 0.01) < 0.0134


def test_sum_of_squares_of_independent_ones_is_chi_squared() -> None:
    z = np.linspace(-2, 2.5, 30)
    assert sum_of_squares_p_value(z, np.eye(30)) == pytest.approx(stats.chi2.sf(z @ z, 30), rel=1e-9)


def test_sum_of_squares_keeps_its_rate_where_columns_depend() -> None:
    rng = np.random.default_rng(4)
    correlation = 0.6 * np.ones((15, 15)) + 0.4 * np.eye(15)
    z = rng.multivariate_normal(np.zeros(15), correlation, 4000)
    odds = np.array([sum_of_squares_p_value(row, correlation) for row in z])
    assert np.mean(odds < 0.05) == pytest.approx(0.05, abs=0.012)
    assert np.mean(odds < 0.01) == pytest.approx(0.01, abs=0.005)


def test_a_shift_is_no_correlation() -> None:
    rng = np.random.default_rng(5)
    first, second = rng.normal(size=(2000, 3)), rng.normal(size=(2000, 3)) + 3
    second[:10, 1] = np.nan
    found = rank_correlation(first, second)
    assert np.abs(found - np.eye(3)).max() < 0.08

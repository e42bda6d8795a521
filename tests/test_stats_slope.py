"""Theil-Sen against scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import linregress, theilslopes

from diagnose.stats.slope import MOST_POINTS, theil_sen

series = st.lists(st.tuples(st.integers(0, 1000), st.floats(-1e4, 1e4)), min_size=2, max_size=40)


@given(series)
def test_same_as_scipy(points: list[tuple[int, float]]) -> None:
    steps = np.array(sorted(step for step, _ in points), dtype=float)
    values = np.array([value for _, value in points])
    if steps[0] == steps[-1]:
        assert theil_sen(steps, values) == (0.0, 0.0)
        return
    with np.errstate(invalid="ignore"):  # scipy's interval of tied steps
        expected = theilslopes(values, steps).slope
    assert theil_sen(steps, values)[0] == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_standard_error_is_that_of_least_squares() -> None:
    rng = np.random.default_rng(0)
    steps = np.arange(60.0)
    slopes = [theil_sen(steps, rng.normal(size=60))[0] for _ in range(400)]
    spread = theil_sen(steps, np.zeros(60))[1]
    fitted = linregress(steps, noise := rng.normal(size=60))
    residual = np.sqrt(((noise - fitted.intercept - fitted.slope * steps) ** 2).sum() / 58)
    assert spread * residual == pytest.approx(fitted.stderr)
    assert np.std(slopes) == pytest.approx(spread / np.sqrt(0.91), rel=0.12)  # 91 % as efficient


def test_a_third_of_wild_points_do_not_move_it() -> None:
    steps = np.arange(30.0)
    values = 2 * steps
    values[::4] = 1e6
    assert theil_sen(steps, values)[0] == pytest.approx(2.0)


def test_many_points_are_sampled_evenly() -> None:
    steps = np.arange(50.0 * MOST_POINTS)
    slope, spread = theil_sen(steps, 3 * steps + 1)
    assert slope == pytest.approx(3.0)
    assert spread > 0


@pytest.mark.parametrize("steps", [[], [1.0], [2.0, 2.0, 2.0]])
def test_no_slope_without_two_steps(steps: list[float]) -> None:
    assert theil_sen(np.array(steps), np.zeros(len(steps))) == (0.0, 0.0)

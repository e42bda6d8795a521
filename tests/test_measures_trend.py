"""The trend of one curve: levels, noise, setback and late fall, on curves whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.measures.trend import Trend, trend_of
from diagnose.run import Curve
from diagnose.stats.thinning import MAX_BLOCKS

RNG = np.random.default_rng(0)


def trend(values, better: str = "lower", steps=None) -> Trend:
    values = np.asarray(values, dtype=float)
    steps = np.arange(len(values)) if steps is None else steps
    return trend_of(Curve("c", "val", "loss", better, steps, values))  # type: ignore[arg-type]


VALLEY = [5.0, 4, 3, 2, 1, 2, 3]


def test_levels_of_a_valley() -> None:
    found = trend(VALLEY)
    assert (found.start, found.best, found.end, found.turn) == (5, 1, 3, 4)
    assert (found.gain, found.rise) == (4, 2)
    assert found.usual_gain == 2  # from the median of 5, 4, 3, 2, 1
    assert found.setback == pytest.approx(2 / 4)  # the end is as good as step 2 of the 4 to the turn


def test_a_score_is_a_cost_turned_over() -> None:
    score, cost = trend([-v for v in VALLEY], better="higher"), trend(VALLEY)
    assert (score.best, score.end, score.turn, score.setback) == (cost.best, cost.end, cost.turn, cost.setback)


def test_a_falling_curve_loses_nothing() -> None:
    found = trend([4.0, 3, 2, 1])
    assert (found.rise, found.setback, found.turn) == (0, 0, 3)


def test_a_rise_from_the_start_undid_everything() -> None:
    found = trend([1.0, 2, 3, 4, 5])
    assert (found.gain, found.setback) == (0, 1)


def test_a_constant_has_no_scale() -> None:
    found = trend([2.0] * 9)
    assert (found.gain, found.rise, found.setback, found.scale, found.sigma, found.late_fall) == (0, 0, 0, 0, 0, 0)


def test_an_explosive_first_epoch_does_not_stretch_the_usual_gain() -> None:
    usual = trend(VALLEY).usual_gain
    assert trend([1e6, *VALLEY]).usual_gain == pytest.approx(usual, abs=0.6)
    assert trend([1e6, *VALLEY]).gain > 9e5


def test_scale_is_never_below_the_noise() -> None:
    found = trend(1 + 0.1 * RNG.normal(size=200))
    assert found.scale >= 3 * found.sigma > 0.2


def test_late_fall_is_that_of_the_last_third() -> None:
    line = trend(np.linspace(10, 1, 91))
    assert line.late_fall == pytest.approx(3.0, rel=0.02)
    assert trend(np.linspace(1, 10, 91)).late_fall == pytest.approx(-3.0, rel=0.02)
    settled = trend([*np.linspace(10, 1, 60), *[1.0] * 40])
    assert settled.late_fall == 0


def test_late_error_is_the_spread_of_late_falls() -> None:
    falls, errors = [], []
    for _ in range(200):
        found = trend(1 + 0.1 * RNG.normal(size=60))
        falls.append(found.late_fall)
        errors.append(found.late_error)
    # Theil-Sen is a little less efficient than the least-squares slope whose error this is
    assert np.std(falls) == pytest.approx(np.median(errors), rel=0.25)


@pytest.mark.parametrize("stretch", [1e-300, 1e-9, 1.0, 1e90])
def test_what_the_steps_count_does_not_matter(stretch: float) -> None:
    one, other = trend(VALLEY), trend(VALLEY, steps=stretch * np.arange(7))
    assert other.setback == pytest.approx(one.setback)
    assert other.late_fall == pytest.approx(one.late_fall)
    assert other.late_error == pytest.approx(one.late_error)


def test_all_points_at_one_step() -> None:
    found = trend(VALLEY, steps=np.ones(7))
    assert (found.late_fall, found.setback) == (0.0, 1.0 if found.rise > 3 * found.sigma else 0.0)


def test_long_curves_are_thinned_and_keep_their_levels() -> None:
    t = np.linspace(0, 1, 50_000)
    found = trend(np.abs(t - 0.4) + 0.1 * RNG.normal(size=len(t)), steps=t)
    assert found.n == MAX_BLOCKS
    assert found.turn == pytest.approx(0.4, abs=0.02)
    assert found.end == pytest.approx(0.58, abs=0.02)
    assert found.sigma == pytest.approx(0.1 / np.sqrt(50_000 / MAX_BLOCKS), rel=0.4)


exact = st.lists(st.integers(-1000, 1000), min_size=4, max_size=40)


@settings(max_examples=50)
@given(exact, st.integers(-6, 6), st.integers(-1000, 1000))
def test_shares_ignore_scale_and_shift(values: list[int], power: int, shift: int) -> None:
    one, other = trend(values), trend(np.array(values) * 2.0**power + shift)
    assert other.setback == pytest.approx(one.setback)
    for name in ("gain", "rise", "usual_gain", "scale", "sigma", "late_fall", "late_error"):
        assert getattr(other, name) == pytest.approx(getattr(one, name) * 2.0**power, rel=1e-6, abs=1e-6)


@settings(max_examples=50)
@given(exact)
def test_signs_and_shares_keep_their_ranges(values: list[int]) -> None:
    found = trend(values)
    assert 0 <= found.setback <= 1
    assert found.gain >= 0
    assert found.rise >= 0
    assert found.best <= found.end + 1e-9

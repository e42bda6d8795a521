"""Two samples of numbers: rates, power against scipy's test, bounds that cover, and what must not matter."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from diagnose.stats.cells import pooled_cells
from diagnose.stats.two_sample import NumberShift, compare_numbers, detectable, distance_of

LAWS = {
    "normal": lambda rng, n: rng.normal(size=n),
    "log-normal": lambda rng, n: rng.lognormal(size=n),
    "long tails": lambda rng, n: rng.standard_t(2, size=n),
    "counts": lambda rng, n: rng.poisson(2, size=n).astype(np.float64),
    "yes or no": lambda rng, n: (rng.random(n) < 0.1).astype(np.float64),
}


def compare(first: np.ndarray, second: np.ndarray) -> NumberShift:
    return compare_numbers(pooled_cells(first, second))


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize(("n", "m"), [(200, 200), (800, 100)])
def test_keeps_its_rate_where_nothing_changed(law: str, n: int, m: int) -> None:
    rng = np.random.default_rng([list(LAWS).index(law), n])
    p = np.array([compare(LAWS[law](rng, n), LAWS[law](rng, m)).p for _ in range(300)])
    assert np.mean(p < 0.05) < 0.05 + 3 * 0.0126
    assert np.mean(p < 0.005) < 0.005 + 3 * 0.0041


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("place", lambda x: x + 0.3),
        ("spread", lambda x: 1.25 * x),
        ("tail", lambda x: x * np.where(np.arange(len(x)) % 20 == 0, 5, 1)),
    ],
)
def test_finds_more_than_kolmogorov_smirnov(name: str, change: object) -> None:
    rng = np.random.default_rng(5)
    own = theirs = leading = 0
    for _ in range(40):
        first, second = rng.normal(size=1000), change(rng.normal(size=1000))  # type: ignore[operator]
        found = compare(first, second)
        own += found.p < 0.002
        theirs += stats.ks_2samp(first, second).pvalue < 0.002
        leading += found.leading == name
    assert own >= theirs
    assert own >= 15
    assert leading >= 20


def test_statistics_are_those_of_scipy() -> None:
    rng = np.random.default_rng(6)
    first, second = rng.normal(size=300), rng.normal(0.2, size=500)
    found = compare(first, second)
    scores = stats.norm.ppf((stats.rankdata(np.concatenate([first, second])) - 0.5) / 800)
    permuted = stats.permutation_test(
        (scores[:300], scores[300:]), lambda a, b: b.mean() - a.mean(), n_resamples=2000, rng=np.random.default_rng(0)
    )
    assert found.place == pytest.approx(permuted.pvalue, abs=0.02)
    assert found.shape == pytest.approx(stats.ks_2samp(first, second, method="asymp").pvalue, abs=1e-6)


@pytest.mark.parametrize("shift", [0.0, 0.1, 0.5, 2.0])
@pytest.mark.parametrize(("n", "m"), [(100, 100), (1000, 300)])
def test_bounds_of_the_distance_cover(shift: float, n: int, m: int) -> None:
    rng = np.random.default_rng([int(10 * shift), n])
    found = [compare(rng.normal(size=n), rng.normal(shift, size=m)) for _ in range(200)]
    truth = distance_of(shift)
    assert np.mean([f.low <= truth for f in found]) > 0.93
    assert np.mean([f.high >= truth for f in found]) > 0.93


@pytest.mark.parametrize("scale", [1.1, 1.5])
def test_lower_bound_covers_a_change_of_spread(scale: float) -> None:
    rng = np.random.default_rng(8)
    found = [compare(rng.normal(size=400), scale * rng.normal(size=400)) for _ in range(300)]
    x = math.sqrt(2 * math.log(scale) / (1 - scale**-2))  # where both densities cross
    truth = stats.norm.cdf(x) - stats.norm.cdf(x / scale)
    assert np.mean([f.low <= truth for f in found]) > 0.93


@pytest.mark.slow
def test_detectable_shift_is_found_as_often_as_said() -> None:
    rng = np.random.default_rng(9)
    n, m, alpha = 800, 400, 0.002
    least = detectable(n, m, alpha)
    found = [compare(rng.normal(size=n), rng.normal(least, size=m)).p <= alpha for _ in range(400)]
    assert np.mean(found) > 0.93


SAMPLES = arrays(np.float64, st.integers(20, 60), elements=st.integers(-20, 20).map(float))


@settings(max_examples=40, deadline=None)
@given(SAMPLES, SAMPLES)
def test_monotone_changes_order_and_sides_do_not_matter(first: np.ndarray, second: np.ndarray) -> None:
    one = compare(first, second)
    for other in (
        compare(np.exp(first / 3), np.exp(second / 3)),
        compare(first[::-1], np.sort(second)),
        compare(second, first),
    ):
        assert other.p == pytest.approx(one.p, rel=1e-6)
        assert other.distance == pytest.approx(one.distance)
        assert other.low == pytest.approx(one.low, abs=1e-9)
        assert other.moved == pytest.approx(one.moved, abs=1e-9) or other.moved == pytest.approx(-one.moved, abs=1e-9)


@given(SAMPLES)
def test_a_sample_does_not_differ_from_itself(sample: np.ndarray) -> None:
    found = compare(sample, sample)
    assert found.distance == 0
    assert found.low == 0
    assert found.p > 0.5

"""Fisher's exact test by Peizer's approximation, against the exact law."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from diagnose.stats.hypergeometric import difference_interval, split_p_value


def exact(drawn: int, among: int, size: int, total: int) -> float:
    lower, upper = stats.hypergeom.cdf(drawn, total, among, size), stats.hypergeom.sf(drawn - 1, total, among, size)
    return min(1.0, 2 * min(lower, upper))


def test_within_an_eighth_of_the_exact_law() -> None:
    rng = np.random.default_rng(0)
    errors = []
    for _ in range(500):
        total = int(10 ** rng.uniform(1.6, 5))
        size, among = int(total * rng.choice([0.5, 0.2, 0.05])) + 1, int(10 ** rng.uniform(0.3, np.log10(total) - 0.3))
        mean = among * size / total
        size = max(size, 20)
        drawn = int(np.clip(mean + rng.normal() * 3 * np.sqrt(mean), max(0, among + size - total), min(among, size)))
        expected = exact(drawn, among, size, total)
        if 1e-11 < expected < 0.5:
            errors.append(abs(np.log(split_p_value(drawn, among, size, total) / expected)))
    assert max(errors) < 0.12
    assert np.quantile(errors, 0.9) < 0.06


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 40), st.integers(0, 40))
def test_swapping_sides_changes_nothing(a: int, b: int, c: int, d: int) -> None:
    one = split_p_value(a, a + b, a + c, a + b + c + d)
    other = split_p_value(b, a + b, b + d, a + b + c + d)
    assert 0 <= one <= 1
    assert one == pytest.approx(float(other), rel=1e-9)


@pytest.mark.parametrize(
    ("first", "second", "n", "m"), [(0.0, 0.02, 500, 500), (0.1, 0.15, 2000, 200), (0.5, 0.5, 100, 50)]
)
def test_intervals_cover(first: float, second: float, n: int, m: int) -> None:
    rng = np.random.default_rng(1)
    low, high = difference_interval(rng.binomial(n, first, 2000), n, rng.binomial(m, second, 2000), m, 1.96)
    assert np.mean((low <= second - first) & (second - first <= high)) > 0.93

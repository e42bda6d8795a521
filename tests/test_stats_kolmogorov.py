"""P-values of the Kolmogorov-Smirnov distance, against scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from diagnose.stats.kolmogorov import BAND, ks_p_value


@pytest.mark.parametrize(("n", "m"), [(10, 10), (200, 200), (1000, 1000), (50, 120), (9, 700), (100, 99)])
@pytest.mark.parametrize("shift", [0.0, 0.2, 1.0])
def test_exact_where_scipy_is(n: int, m: int, shift: float) -> None:
    rng = np.random.default_rng([n, m, int(10 * shift)])
    found = stats.ks_2samp(rng.normal(size=n), rng.normal(shift, size=m), method="exact")
    assert ks_p_value(found.statistic, n, m) == pytest.approx(found.pvalue, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(("n", "m"), [(1000, 3000), (10_000, 9_999), (10**6, 10**5)])
@pytest.mark.parametrize("z", [0.4, 0.8, 1.358, 2.0, 3.0])
def test_large_samples_as_scipy_approximates_them(n: int, m: int, z: float) -> None:
    distance = z * np.sqrt(1 / n + 1 / m)
    expected = stats.distributions.kstwo.sf(distance, round(n * m / (n + m)))
    assert ks_p_value(distance, n, m) == pytest.approx(expected, abs=1e-6)


def test_far_tail_falls_as_the_law_does() -> None:
    odds = [ks_p_value(z * np.sqrt(2e-6 + 1e-9), 10**6, 10**6 - 1) for z in (4, 6, 8, 12)]
    assert odds == sorted(odds, reverse=True)
    assert odds[1] == pytest.approx(2 * np.exp(-2 * 36), rel=0.1)


def test_no_distance_is_no_surprise() -> None:
    assert ks_p_value(0.0, 50, 50) == 1
    assert ks_p_value(1.0, 50, 50) < 1e-20


def test_band_is_the_laws_95_percent_point() -> None:
    assert stats.kstwobign.sf(BAND) == pytest.approx(0.05, abs=1e-4)

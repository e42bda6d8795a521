"""Kernels and distances against plain loops; random features against the kernel that they approximate."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.stats.kernels import (
    energy_distance,
    fourier_features,
    fourier_weights,
    gaussian,
    median_square,
    mmd_square,
    squared_distances,
)


def rows(n: int, d: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def test_mmd_is_that_of_a_plain_loop() -> None:
    x, y = rows(7, 3, 0), rows(5, 3, 1) + 0.5

    def k(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.exp(-np.sum((a - b) ** 2) / 2.5))

    within_x = np.mean([k(x[i], x[j]) for i in range(7) for j in range(7) if i != j])
    within_y = np.mean([k(y[i], y[j]) for i in range(5) for j in range(5) if i != j])
    across = np.mean([k(a, b) for a in x for b in y])
    assert np.isclose(mmd_square(x, y, 2.5), within_x + within_y - 2 * across, atol=1e-5)


def test_energy_distance_is_that_of_a_plain_loop() -> None:
    x, y = rows(6, 2, 2), rows(8, 2, 3) * 2

    def mean(a: np.ndarray, b: np.ndarray, *, apart: bool) -> float:
        lengths = [np.linalg.norm(p - q) for i, p in enumerate(a) for j, q in enumerate(b) if apart or i != j]
        return float(np.mean(lengths))

    expected = 2 * mean(x, y, apart=True) - mean(x, x, apart=False) - mean(y, y, apart=False)
    assert np.isclose(energy_distance(x, y), expected, atol=1e-5)


def test_random_features_approach_the_kernel() -> None:
    x = rows(30, 6, 4)
    features = fourier_features(x, fourier_weights(6, 8192, 6.0, np.random.default_rng(0)))
    exact = gaussian(squared_distances(x), 6.0)
    approximate = features @ features.T
    np.fill_diagonal(approximate, 0)
    assert np.abs(approximate - exact).max() < 0.05


def test_bandwidth_of_equal_rows_is_one() -> None:
    assert median_square(np.ones((50, 3), np.float32), np.random.default_rng(0)) == 1.0


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 12), st.integers(2, 12), st.integers(1, 4), st.integers(0, 1000))
def test_symmetric_and_unchanged_by_moving_both(n: int, m: int, d: int, seed: int) -> None:
    x, y = rows(n, d, seed), rows(m, d, seed + 1)
    for measure in (lambda a, b: mmd_square(a, b, 2.0), energy_distance):
        assert np.isclose(measure(x, y), measure(y, x), atol=1e-5)
        assert np.isclose(measure(x, y), measure(x + 3, y + 3), atol=1e-3)
        assert np.isclose(measure(x, y), measure(x[::-1], y), atol=1e-5)

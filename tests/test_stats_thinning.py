"""Long series thinned: means are kept by blocks, spikes and gaps by extremes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnose.stats.thinning import MAX_BLOCKS, blocks, extremes

anything = st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=400).map(np.array)


@given(st.integers(1, 3000), st.integers(1, 300))
def test_blocks_are_means_of_equal_counts(n: int, most: int) -> None:
    values = np.random.default_rng(n).normal(size=n)
    thinned = blocks(np.arange(float(n)), values, most)
    assert len(thinned.values) == len(thinned.steps) == min(n, most)
    expected = values if n <= most else [values[a:b].mean() for a, b in _edges(n, most)]
    np.testing.assert_allclose(thinned.values, expected, atol=1e-9)
    assert (np.diff(thinned.steps) > 0).all()
    assert thinned.size == pytest.approx(max(n / most, 1))


def _edges(n: int, most: int) -> list[tuple[int, int]]:
    edges = np.linspace(0, n, most + 1).astype(int).tolist()
    return list(pairwise(edges))


def test_half_a_million_points_become_few() -> None:
    assert len(blocks(np.arange(5e5), np.zeros(500_000)).values) == MAX_BLOCKS


@given(anything, st.integers(3, 50))
def test_extremes_keep_ends_peaks_and_gaps(values: np.ndarray, most: int) -> None:
    kept = extremes(values, most)
    assert (np.diff(kept) > 0).all()
    assert len(kept) <= max(most, 5)  # ends, and three of at least one bucket
    assert kept[0] == 0
    assert kept[-1] == len(values) - 1
    finite = values[np.isfinite(values)]
    if len(finite):
        assert {finite.min(), finite.max()} <= set(values[kept])
    if not np.isfinite(values).all():
        assert not np.isfinite(values[kept]).all()


def test_one_spike_in_half_a_million_is_drawn() -> None:
    values = np.zeros(500_000)
    values[123_456] = 9.0
    values[321_098] = np.nan
    kept = extremes(values, 600)
    assert {123_456, 321_098} <= set(kept.tolist())
    assert len(kept) <= 600

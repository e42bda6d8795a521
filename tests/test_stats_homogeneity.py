"""Two samples of categories: rates with sparse levels, the χ² law's moments, bounds, and levels that one side lacks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from diagnose.stats.homogeneity import _homogeneity, compare_categories


def zipf(levels: int) -> np.ndarray:
    weights = 1 / np.arange(1, levels + 1)
    return weights / weights.sum()


@pytest.mark.parametrize(("n", "m"), [(200, 200), (2000, 150), (5000, 5000)])
@pytest.mark.parametrize("levels", [2, 6, 40, 1000])
def test_keeps_its_rate_where_nothing_changed(n: int, m: int, levels: int) -> None:
    rng = np.random.default_rng([n, levels])
    found = [compare_categories(rng.multinomial(n, zipf(levels)), rng.multinomial(m, zipf(levels))) for _ in range(250)]
    assert np.mean([f.p < 0.05 for f in found]) < 0.05 + 3 * 0.0138
    assert np.mean([f.p < 0.005 for f in found]) < 0.005 + 3 * 0.0063
    assert np.mean([f.new_p < 0.01 for f in found]) < 0.01 + 3 * 0.0063
    assert np.mean([f.gone_p < 0.01 for f in found]) < 0.01 + 3 * 0.0063


def test_large_tables_as_scipy() -> None:
    table = np.array([[500, 300, 200], [460, 340, 200]])
    expected = stats.chi2_contingency(table, correction=False).pvalue
    assert _homogeneity(*table) == pytest.approx(expected, rel=0.02)


def test_sparse_tables_as_all_splits_of_their_rows() -> None:
    rng = np.random.default_rng(1)
    rows = np.repeat(np.arange(5), [60, 20, 12, 10, 8])
    splits = [np.bincount(rng.permutation(rows)[:30], minlength=5) for _ in range(4000)]
    pooled = np.bincount(rows)
    odds = np.array([_homogeneity(pooled - split, split) for split in splits])
    # a p-value reaches its own rate over all splits of the same rows
    assert np.mean(odds < 0.05) == pytest.approx(0.05, abs=0.015)
    assert np.mean(odds < 0.005) == pytest.approx(0.005, abs=0.004)


@pytest.mark.parametrize("moved", [0.0, 0.05, 0.2])
@pytest.mark.parametrize("levels", [4, 30])
def test_bounds_of_total_variation_cover(moved: float, levels: int) -> None:
    rng = np.random.default_rng([levels, int(100 * moved)])
    before = zipf(levels)
    after = before + np.append([-moved, moved], np.zeros(levels - 2))
    found = [compare_categories(rng.multinomial(1000, before), rng.multinomial(600, after)) for _ in range(300)]
    assert np.mean([f.low <= moved for f in found]) > 0.93
    assert np.mean([f.high >= moved for f in found]) > 0.93


def test_a_new_level_among_many_is_found() -> None:
    rng = np.random.default_rng(3)
    first, second = rng.multinomial(2000, zipf(60)), rng.multinomial(1000, zipf(60))
    found = compare_categories(np.append(first, 0), np.append(second, 30))
    assert found.new_p < 1e-6
    assert found.new >= 0.029
    assert 0.01 < found.new_low < 0.03
    assert found.level == 60


def test_rare_levels_miss_a_side_by_chance() -> None:
    rng = np.random.default_rng(4)
    names = rng.integers(0, 5000, 4000)
    first, second = (np.bincount(side, minlength=5000) for side in (names[:3000], names[3000:]))
    found = compare_categories(first, second)
    assert found.new > 0.3
    assert found.new_p > 0.01
    assert found.p > 0.01


COUNTS = arrays(np.int64, 6, elements=st.integers(0, 50)).filter(lambda counts: counts.sum() > 0)


@given(COUNTS, COUNTS, st.permutations(range(6)))
def test_order_of_levels_and_sides_does_not_matter(first: np.ndarray, second: np.ndarray, order: list[int]) -> None:
    one = compare_categories(first, second)
    turned, shuffled = compare_categories(second, first), compare_categories(first[order], second[order])
    assert turned.p == pytest.approx(one.p, rel=1e-6)
    assert (turned.new_p, turned.gone_p) == pytest.approx((one.gone_p, one.new_p))
    assert 0 <= one.low <= one.high <= 1
    assert shuffled.new_p == pytest.approx(one.new_p)

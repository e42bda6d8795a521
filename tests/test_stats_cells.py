"""Cells count exactly, whatever the numbers look like, and give the exact distance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from diagnose.stats.cells import SMALL, pooled_cells

N = SMALL  # both sides together are beyond what is sorted outright


def awkward(rng: np.random.Generator, kind: str, n: int) -> np.ndarray:
    draws = {
        "normal": lambda: rng.normal(size=n),
        "float32": lambda: rng.normal(size=n).astype(np.float32),
        "log-normal": lambda: rng.lognormal(0, 3, n),
        "cauchy": lambda: rng.standard_cauchy(n).astype(np.float32),
        "counts": lambda: rng.poisson(30, n).astype(np.float64),
        "whole numbers far apart": lambda: rng.integers(0, 10**7, n).astype(np.float64),
        "rounded": lambda: np.round(rng.normal(size=n), 2),
        "half zeros": lambda: np.where(rng.random(n) < 0.5, 0.0, rng.normal(size=n)),
        "two scales": lambda: np.where(rng.random(n) < 0.5, 1e-7, 1.0) * rng.normal(size=n),
        "nearly constant": lambda: np.where(rng.random(n) < 1e-3, rng.normal(size=n), 0.25),
        "infinite": lambda: np.where(rng.random(n) < 0.01, np.inf, rng.normal(size=n)),
        "huge": lambda: rng.normal(size=n) * 1e300,
    }
    return draws[kind]()


KINDS = ("normal", "float32", "log-normal", "cauchy", "counts", "whole numbers far apart", "rounded", "half zeros",
         "two scales", "nearly constant", "infinite", "huge")  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("moved", [False, True])
def test_distance_is_that_of_scipy(kind: str, moved: bool) -> None:
    rng = np.random.default_rng(KINDS.index(kind))
    first, second = awkward(rng, kind, N), awkward(rng, kind, N // 2 + 7)
    if moved:
        second = second * second.dtype.type(1.25)
    cells = pooled_cells(first, second)
    assert cells.distance == pytest.approx(stats.ks_2samp(first, second, method="asymp").statistic, abs=1e-12)
    assert cells.sizes == (len(first), len(second))
    assert np.all(np.diff(cells.upper) >= 0)


@pytest.mark.parametrize("kind", KINDS)
def test_cells_follow_each_other(kind: str) -> None:
    rng = np.random.default_rng(99)
    first, second = awkward(rng, kind, N), awkward(rng, kind, N)
    cells = pooled_cells(first, second)
    # the count up to a cell is the count of values up to some value: the sorted values split where the cells do
    for side, counts in ((first, cells.first), (second, cells.second)):
        ordered = np.sort(side)
        ends = np.cumsum(counts)[:-1]
        inner = ends[(ends > 0) & (ends < len(side))]
        fine = ordered[inner] >= ordered[inner - 1]
        assert fine.all()
        # equal values never stand in two cells
        both = np.sort(np.concatenate([first, second]))
        pooled_ends = np.cumsum(cells.first + cells.second)[:-1]
        assert np.all(both[pooled_ends - 1] < both[pooled_ends])


def test_sizes_and_medians_survive_binning() -> None:
    rng = np.random.default_rng(1)
    cells = pooled_cells(rng.normal(34, 10, N), rng.normal(41, 10, N))
    assert cells.quantile(0.5) == pytest.approx((34, 41), abs=0.4)


def test_same_number_in_two_precisions_is_the_same() -> None:
    values = np.round(np.random.default_rng(2).normal(size=500), 1)
    assert pooled_cells(values.astype(np.float32), values).distance == 0


SAMPLES = arrays(np.float64, st.integers(1, 40), elements=st.floats(-5, 5).map(lambda x: round(x, 1)))


@given(SAMPLES, SAMPLES)
def test_small_samples_agree_with_the_definition(first: np.ndarray, second: np.ndarray) -> None:
    points = np.concatenate([first, second])
    apart = [abs(np.mean(first <= x) - np.mean(second <= x)) for x in points]
    assert pooled_cells(first, second).distance == pytest.approx(max(apart), abs=1e-12)


@given(SAMPLES, SAMPLES)
def test_order_of_rows_and_sides_does_not_matter(first: np.ndarray, second: np.ndarray) -> None:
    cells = pooled_cells(first, second)
    turned = pooled_cells(second[::-1], first[::-1])
    assert turned.distance == cells.distance
    np.testing.assert_array_equal(turned.first, cells.second)

"""Numbers in cells that halve: order, exact merging whatever the parts, and errors within what is stated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.stats.cells import pooled_cells
from diagnose.stats.dyadic import EMPTY, MOST, Dyadic, counted, merged, numbers, side_by_side, words
from diagnose.stats.dyadic_shift import compare_dyadic, hidden, spread_out
from diagnose.stats.two_sample import compare_numbers

VALUES = st.floats(allow_nan=False) | st.sampled_from([0.0, -0.0, 1.0, 1 + 2**-52, -1e-300, 5e-324, np.inf, -np.inf])
POPULATIONS = {
    "normal": lambda rng, n: rng.normal(size=n),
    "uniform": lambda rng, n: rng.random(n),
    "exponential": lambda rng, n: rng.exponential(size=n),
    "log-normal": lambda rng, n: np.exp(3 * rng.normal(size=n)),
    "Cauchy": lambda rng, n: rng.standard_cauchy(n),
    "times": lambda rng, n: 1.7e9 + 1e7 * rng.random(n),
    "prices": lambda rng, n: np.round(np.exp(4 + rng.normal(size=n)), 2),
    "counts": lambda rng, n: rng.poisson(40, n).astype(float),
    "half zero": lambda rng, n: rng.gamma(0.5, size=n) * (rng.random(n) < 0.5),
    "single": lambda rng, n: rng.normal(100, 3, n).astype(np.float32),
}


def of(values: Any, most: int = MOST) -> Dyadic:
    return counted(words(np.asarray(values)), most=most)


def same(one: Dyadic, other: Dyadic) -> bool:
    return (
        one.level == other.level
        and np.array_equal(one.cells, other.cells)
        and np.array_equal(one.counts, other.counts)
        and np.array_equal(one.marks, other.marks)
    )


@given(st.lists(VALUES, min_size=1, max_size=60))
def test_words_are_in_the_order_of_numbers_and_lead_back(values: list[float]) -> None:
    array = np.array(values)
    assert np.array_equal(numbers(words(array)), array)
    assert np.array_equal(np.sort(words(array)), words(np.sort(array)))


def test_zero_has_no_sign() -> None:
    assert of([0.0, -0.0]).counts.tolist() == [2]


@settings(max_examples=100)
@given(st.lists(VALUES, min_size=1, max_size=200), st.randoms(use_true_random=False), st.integers(2, 12))
def test_any_parts_in_any_order_merge_into_the_same(values: list[float], random: Any, most: int) -> None:
    whole = of(values, most)
    random.shuffle(values)
    cuts = sorted(random.sample(range(len(values) + 1), min(3, len(values))))
    parts = [of(values[a:b], most) for a, b in zip([0, *cuts], [*cuts, len(values)], strict=True)]
    while len(parts) > 1:
        random.shuffle(parts)
        parts = [*parts[2:], merged(parts[0], parts[1], most)]
    assert same(parts[0], whole)


@given(st.lists(VALUES, min_size=1, max_size=200), st.integers(2, 12))
def test_the_level_is_the_finest_that_is_allowed(values: list[float], most: int) -> None:
    found = of(values, most)
    distinct = np.unique(words(np.array(values)))
    assert len(found.cells) <= most
    assert found.n == len(values)
    if found.level:
        assert len(np.unique(distinct >> np.uint64(found.level - 1))) > most
    else:
        assert np.array_equal(found.cells, distinct)
    assert (found.lower <= found.upper).all()
    assert (found.upper[:-1] <= found.lower[1:]).all()


def test_nothing_merges_into_nothing() -> None:
    assert merged(EMPTY, EMPTY).n == 0
    one = of([1.0, 2.0])
    assert same(merged(one, EMPTY), one)
    assert same(merged(EMPTY, one), one)
    assert EMPTY.rank_error == 0


@pytest.mark.parametrize("name", POPULATIONS)
def test_ranks_are_known_to_the_stated_bound_and_it_is_small(name: str) -> None:
    values = POPULATIONS[name](np.random.default_rng(3), 60_000)
    found = of(values)
    ordered = np.sort(values)
    known = np.cumsum(found.counts) / len(values)
    true = np.searchsorted(ordered, found.upper, "right") / len(values)
    assert np.array_equal(known, true), "at the edges every count is exact"
    # within a cell a rank is off by what the cell holds at most
    assert found.rank_error <= 0.002
    for share in (0.01, 0.3, 0.5, 0.9):
        at = np.searchsorted(np.cumsum(found.counts), share * len(values))
        ranks = [np.searchsorted(ordered, found.lower[at]), np.searchsorted(ordered, found.upper[at], "right")]
        assert ranks[0] <= share * len(values) <= ranks[1]
        if found.rank_error and not found.marks[at]:
            assert (ranks[1] - ranks[0]) / len(values) <= found.rank_error


@pytest.mark.parametrize("name", POPULATIONS)
@pytest.mark.parametrize("moved", [0.0, 0.05])
def test_the_true_distance_lies_within_what_is_stated(name: str, moved: float) -> None:
    rng = np.random.default_rng(11)
    for n, m in ((30_000, 20_000), (9_000, 500)):
        first, second = (POPULATIONS[name](rng, k) for k in (n, m))
        second = (second * (1 + moved)).astype(second.dtype)
        exact = pooled_cells(first, second).distance
        one, other = of(first), of(second)
        cells, found = compare_dyadic(one, other)
        aligned = side_by_side(one, other)
        assert cells.distance <= exact + 1e-12
        assert exact <= cells.distance + hidden(*aligned) + 1e-12
        truth = compare_numbers(pooled_cells(first, second))
        assert found.high >= truth.high - 1e-9
        assert found.low <= truth.low + 1e-9


def test_small_samples_compare_as_from_their_values() -> None:
    rng = np.random.default_rng(0)
    for values in (
        [rng.normal(size=900), rng.normal(0.2, size=700)],
        [rng.poisson(3, 500) * 1.0, rng.poisson(3, 400) * 1.0],
    ):
        cells, found = compare_dyadic(of(values[0]), of(values[1]))
        exact = pooled_cells(*values)
        assert found == compare_numbers(exact)
        assert np.array_equal(cells.first, exact.first)
        assert cells.distance == exact.distance


def test_a_32_bit_side_rounds_the_other() -> None:
    values = np.random.default_rng(0).normal(size=800)
    single = values.astype(np.float32)
    assert compare_dyadic(of(values), of(single))[0].distance > 0
    assert compare_dyadic(of(values), of(single), is_single=True)[0].distance == 0


def test_two_atoms_in_one_cell_are_within_the_bound() -> None:
    """Everything moved inside one cell: nothing is seen, and the upper bound says that everything may have."""
    rng = np.random.default_rng(5)
    spread = 10.0 ** rng.uniform(-300, 300, 20_000)
    first = np.concatenate([spread, np.full(20_000, 1.0)])
    second = np.concatenate([spread, np.full(20_000, 1.0 + 1e-9)])
    _, found = compare_dyadic(of(first), of(second))
    assert found.distance == 0
    assert pooled_cells(first, second).distance == 0.5
    assert found.high >= 0.5


def test_values_that_stand_for_a_sample_have_its_quantiles() -> None:
    values = np.random.default_rng(0).gamma(2, 3, 50_000)
    stand = spread_out(of(values))
    for share in (0.1, 0.5, 0.9):
        assert np.quantile(stand, share) == pytest.approx(np.quantile(values, share), rel=0.01)

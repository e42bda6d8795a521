"""The exact test of many statistics: uniform where nothing differs, and it sees each kind of difference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.stats.many_dimensions import EXACT, compare_rows
from diagnose.stats.relabelling import labellings, largest_of, of_products, together
from shifted_samples import embeddings


def p_of(first: np.ndarray, second: np.ndarray, seed: int = 0) -> float:
    return compare_rows(first.astype(np.float32), second.astype(np.float32), np.random.default_rng(seed)).p


def test_p_values_are_uniform_where_nothing_differs() -> None:
    p = np.array([p_of(embeddings(60, 2 * r, 8), embeddings(80, 2 * r + 1, 8), r) for r in range(120)])
    for level in (0.05, 0.2, 0.5):
        # three binomial standard errors of 120 draws
        assert abs(np.mean(p <= level) - level) <= 3 * np.sqrt(level * (1 - level) / 120)


def test_p_values_are_uniform_where_rows_are_streamed_and_sorted() -> None:
    found = []
    for r in range(24):
        one, other = embeddings(1600, 500 + 2 * r, 6), embeddings(1600, 501 + 2 * r, 6)
        found.append(p_of(one[np.argsort(one[:, 0])], other[np.argsort(other[:, 0])], r))
    assert EXACT < 2 * 1600
    assert np.mean(np.array(found) <= 0.05) <= 0.17  # 5 or more of 24 happen once in two hundred
    assert 0.2 <= np.mean(np.array(found) <= 0.5) <= 0.8


@pytest.mark.parametrize("n", [700, 2000])
@pytest.mark.parametrize("kind", ["mean", "rotation", "group", "spread", "offset", "far out"])
def test_sees(kind: str, n: int) -> None:
    one, other = embeddings(n, 1), embeddings(n, 2)
    match kind:
        case "mean":
            other = other + 0.1 * one.std(0)
        case "rotation":
            a, b = other[:, 0::2].copy(), other[:, 1::2].copy()
            other[:, 0::2], other[:, 1::2] = 0.9 * a - 0.436 * b, 0.436 * a + 0.9 * b
        case "group":
            other[: n // 12] = other[0] + 0.3 * (other[: n // 12] - other[0])
        case "spread":
            other = one.mean(0) + 1.15 * (other - one.mean(0))
        case "offset":
            other = other + 0.06 * one.std(0)
        case "far out":
            other[: n // 20] += 4 * np.random.default_rng(3).normal(size=40).astype(np.float32) * one.std(0)
    said = compare_rows(one, other, np.random.default_rng(0))
    assert said.p <= 0.01
    assert said.low > 0.025


def test_a_small_difference_of_many_rows_is_called_small() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(2, 20_000, 4)).astype(np.float32)
    said = compare_rows(one, other + np.float32(0.02), rng)
    assert said.low < 0.05


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 50), st.sampled_from([0.125, 8.0, 1024.0]))
def test_unchanged_by_units(seed: int, unit: float) -> None:
    one, other = embeddings(80, seed, 6), embeddings(70, seed + 1, 6)
    assert p_of(one, other) == p_of(one * unit, other * unit)


def test_the_same_seed_gives_the_same_p_value() -> None:
    one, other = embeddings(100, 1), embeddings(100, 2)
    assert p_of(one, other, 3) == p_of(one, other, 3)


def test_survives_constant_and_equal_rows() -> None:
    assert p_of(np.ones((40, 5)), np.ones((40, 5))) == 1.0
    one = embeddings(60, 0, 6)
    one[:, 2] = 7
    assert p_of(one, one.copy()) > 0.5


def test_projects_very_many_dimensions() -> None:
    one, other = (np.random.default_rng(s).normal(size=(100, 900)) for s in (0, 1))
    assert p_of(one, other) > 0.01
    assert p_of(one, other + 0.2) < 0.01


def test_labels_keep_the_numbers_of_rows() -> None:
    labels = labellings(3, 5, 20, np.random.default_rng(0))
    assert labels.shape == (21, 8)
    assert labels[0].tolist() == [True] * 3 + [False] * 5
    assert set(labels.sum(1)) == {3}


def test_effect_is_that_of_one_shifted_feature() -> None:
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=400), rng.normal(size=400) + 0.5
    labels = labellings(400, 400, 200, rng)
    weights = np.where(labels, 1 / 400, -1 / 400)
    differences = weights @ np.concatenate([one, other])[:, None]
    found = of_products("one", differences @ differences.T, 400, 400)
    effect, low = found.effect
    assert abs(np.sqrt(effect) - 0.5) < 0.15
    assert 0.2 < np.sqrt(low) < np.sqrt(effect)
    assert together([found]).p < 0.005


def test_the_feature_that_differs_most_is_found_among_many_and_its_effect_is_its_own() -> None:
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(600, 300)) * 10.0 ** rng.integers(-2, 3, 300)
    rows[:300, 17] += 0.5 * rows[:, 17].std()
    labels = labellings(300, 300, 200, rng)
    differences = np.where(labels, 1 / 300, -1 / 300) @ rows
    found = largest_of("one", differences, 300, 300)
    assert found.p == pytest.approx(1 / 201)
    assert of_products("all", differences @ differences.T, 300, 300).p > 0.05
    effect, low = np.sqrt(found.effect)
    assert 0 < low < effect < 0.6
    still = largest_of("one", differences[1:], 300, 300)
    assert still.p > 0.02

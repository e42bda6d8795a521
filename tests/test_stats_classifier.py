"""Classifiers that tell two samples apart: right where nothing differs, and what they point at."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.stats.auc import auc
from diagnose.stats.classifier import carriers, tell_apart
from diagnose.stats.directions import along_directions
from diagnose.stats.domain import classify
from diagnose.stats.screening import most_different
from shifted_samples import embeddings

NUMBERS = np.zeros(4, bool)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=4, max_size=15), st.integers(0, 100))
def test_area_is_the_share_of_pairs_in_order(scores: list[int], seed: int) -> None:
    second = np.random.default_rng(seed).permutation(len(scores)) % 2 == 0
    values = np.array(scores, float)
    pairs = [(a > b) + 0.5 * (a == b) for a in values[second] for b in values[~second]]
    assert np.isclose(auc(values, second)[0], np.mean(pairs))
    assert np.isclose(auc(values, second)[0], 1 - auc(-values, second)[0])


def test_error_of_the_area_is_its_scatter() -> None:
    rng = np.random.default_rng(0)
    second = np.arange(300) < 120
    draws = [auc(rng.normal(size=300) + 0.8 * second, second) for _ in range(300)]
    areas, errors = np.array(draws).T
    assert abs(errors.mean() / areas.std() - 1) < 0.15


def test_trees_are_quiet_where_nothing_differs() -> None:
    p = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        p.append(tell_apart(rng.normal(size=(300, 4)), rng.normal(size=(250, 4)), NUMBERS, rng).p)
    assert np.mean(np.array(p) <= 0.05) <= 0.15  # 7 or more of 40 happen once in two hundred


def test_trees_see_a_corner_that_is_missing_and_where_it_is() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(2, 8000, 4))
    corner = (other[:, 1] > 1.1) & (other[:, 3] > 1.1)  # 1.8 % of the rows
    told = tell_apart(one, other[~corner], NUMBERS, rng)
    assert told.p < 0.001
    assert told.effect_low > 0.025
    lost = carriers(told, one, other[~corner], rng)
    assert set(np.argsort(-lost)[:2]) == {1, 3}


def test_of_many_columns_those_that_carry_most_are_found() -> None:
    rng = np.random.default_rng(2)
    one, other = rng.normal(size=(2, 1500, 150))
    other[:, [20, 77, 140]] += (0.8, -0.6, 0.5)
    told = tell_apart(one, other, np.zeros(150, bool), rng)
    lost = carriers(told, one, other, rng)
    assert set(np.argsort(-lost)[:3]) == {20, 77, 140}
    assert np.count_nonzero(lost > 0.05) == 3


def test_screened_trees_are_quiet_where_nothing_differs() -> None:
    p = []
    for seed in range(30):
        rng = np.random.default_rng([seed, 1])
        one, other = rng.normal(size=(2, 250, 40))
        both, second = np.concatenate([one, other]), np.arange(500) >= 250

        def choose(rows: np.ndarray, both: np.ndarray = both, second: np.ndarray = second) -> np.ndarray:
            return most_different(both[rows], second[rows], np.arange(40), 5)

        p.append(tell_apart(one, other, np.zeros(40, bool), rng, choose).p)
    assert np.mean(np.array(p) <= 0.05) <= 0.17  # six or more of thirty happen once in three hundred


def test_screening_sees_means_and_spreads_and_names_columns_once() -> None:
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(2000, 8))
    second = np.arange(2000) >= 1000
    rows[second, 2] += 0.5
    rows[second, 6] *= 1.5
    rows[:, 4] = 1.0
    assert most_different(rows, second, np.arange(8) // 2, 2).tolist() == [1, 3]


def test_trees_take_gaps_and_categories() -> None:
    rng = np.random.default_rng(1)
    one, other = rng.integers(0, 5, (2, 600, 2)).astype(float)
    other[rng.random(600) < 0.3, 1] = np.nan
    told = tell_apart(one, other, np.array([True, True]), rng)
    assert told.p < 0.001
    assert told.low <= told.area <= told.high


def test_the_domain_classifier_points_at_the_rows_that_moved() -> None:
    one, other = embeddings(1500, 1), embeddings(1500, 2)
    other[:100] += 3 * np.random.default_rng(0).normal(size=40).astype(np.float32)[None] * one.std(0)
    domain = classify(one, other, np.random.default_rng(0))
    assert np.mean(domain.rows[np.argsort(-domain.scores)[:50]] < 100) > 0.95
    assert sorted(domain.rows) == list(range(1500))


def test_the_domain_classifiers_interval_holds_where_nothing_differs() -> None:
    outside = 0
    for seed in range(40):
        domain = classify(embeddings(200, 2 * seed, 8), embeddings(200, 2 * seed + 1, 8), np.random.default_rng(seed))
        outside += not domain.low <= 0.5 <= domain.high
    assert outside <= 6


def test_directions_are_corrected_for_their_number() -> None:
    rng = np.random.default_rng(0)
    quiet = [along_directions(embeddings(150, s, 10), embeddings(150, s + 500, 10), rng).p for s in range(40)]
    assert np.mean(np.array(quiet) <= 0.05) <= 0.125
    assert along_directions(embeddings(400, 1), embeddings(400, 2) + 0.3, rng).p < 0.01

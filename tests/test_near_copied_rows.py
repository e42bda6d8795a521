"""LKG142 finds texts, images and numbers that were made from training rows, and invents none."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from diagnose import testing
from diagnose.analyzers.near_copied_rows import NearCopiedRows
from diagnose.finding import Cause
from diagnose.run import Run
from diagnose.stats.hamming import bits_apart, nearest_hash
from diagnose.stats.neighbours import dimension, nearest
from diagnose.stats.shingles import pieces, shared_part
from split_tables import BUNDLED, CLEAN, bundled, halves, in_another_order, run_of, split_run, table

RULE = NearCopiedRows()


def measured_again(name: str, count: int = 15, noise: float = 0.01, seed: int = 0) -> Run:
    """Replace the first validation rows by training rows with a little noise in every column."""
    x, y = bundled(name)
    train, val = halves(len(x), seed)
    held = x[val].astype(float)
    rng = np.random.default_rng(seed)
    held[:count] = x[rng.choice(train, count, replace=False)] + noise * x.std(axis=0) * rng.normal(
        size=(count, x.shape[1])
    )
    return run_of(table(x[train].astype(float), y[train]), table(held, y[val]))


def sentences(n: int, seed: int = 0, words: int = 12) -> np.ndarray:
    rng = np.random.default_rng(seed)
    known = np.array(["".join(rng.choice(list("abcdefghijklmnopqrstuvwxyz"), rng.integers(3, 9))) for _ in range(800)])
    return np.array([" ".join(rng.choice(known, words)) for _ in range(n)])


def texts(train: Any, val: Any) -> Run:
    return run_of({"text": train}, {"text": val}, kinds={"text": "text"})


@pytest.mark.parametrize("name", ["wine", "breast_cancer", "diabetes"])
def test_finds_rows_that_were_measured_again(name: str) -> None:
    finding = testing.assert_fires(RULE, history=measured_again(name))
    assert finding.cause is Cause.LEAKAGE
    assert finding.evidence[1].value >= 14
    assert set(finding.where[0].names) <= {str(row) for row in range(15)}


def test_finds_texts_in_another_case_and_spacing() -> None:
    train = sentences(400)
    changed = [f"  {text.upper().replace(' ', '   ')}!" for text in train[:20]]
    finding = testing.assert_fires(RULE, history=texts(train, [*sentences(180, 1), *changed]))
    assert finding.where[0].names == tuple(str(row) for row in range(180, 200))


def test_finds_texts_with_a_word_changed() -> None:
    train = sentences(400, words=25)
    changed = [" ".join(["other", *text.split()[1:]]) for text in train[:20]]
    finding = testing.assert_fires(RULE, history=texts(train, [*sentences(180, 1, 25), *changed]))
    assert finding.evidence[1].value >= 18


def hashes(train: np.ndarray, val: np.ndarray) -> Run:
    run = texts(sentences(len(train)), sentences(len(val), 1))
    sides = {"train": train, "val": val}
    splits = {
        name: replace(split, columns=(), digests=MappingProxyType({"exact": sides[name], "perceptual": sides[name]}))
        for name, split in run.splits.items()
    }
    return replace(run, splits=MappingProxyType(splits))


def words_of_bits(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2**64, n, dtype=np.uint64)


def test_finds_images_whose_hashes_differ_in_few_bits() -> None:
    train, val = words_of_bits(1000, 0), words_of_bits(300, 1)
    val[:10] = train[:10] ^ np.uint64(0b10011)
    finding = testing.assert_fires(RULE, history=hashes(train, val))
    assert set(finding.where[0].names) == {str(row) for row in range(10)}


def test_finds_embeddings_that_are_close() -> None:
    rng = np.random.default_rng(0)
    train, val = rng.normal(size=(500, 32)), rng.normal(size=(200, 32))
    val[:8] = train[:8] + 0.1 * rng.normal(size=(8, 32))
    run = run_of({"a": np.arange(500.0) % 7}, {"a": np.arange(200.0) % 7}, embedding={"train": train, "val": val})
    assert testing.assert_fires(RULE, history=run).evidence[1].value == 8


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", [*BUNDLED, "diabetes"])
def test_quiet_on_random_splits(name: str, seed: int) -> None:
    testing.assert_quiet(RULE, history=split_run(*bundled(name), seed=seed))


@pytest.mark.parametrize("name", [name for name in CLEAN if name not in BUNDLED])
def test_quiet_on_simulated_tables(name: str) -> None:
    testing.assert_quiet(RULE, history=split_run(*CLEAN[name]()))


RNG = np.random.default_rng(3)
UNEVEN = {
    "mostly zero": np.where(RNG.random((1500, 8)) < 0.6, 0, RNG.normal(size=(1500, 8))),
    "heavy tails": RNG.standard_cauchy(size=(1500, 6)),
    "two scales": np.vstack([0.01 * RNG.normal(size=(750, 8)), 3 * RNG.normal(size=(750, 8))]),
    "a curve": np.column_stack([f(np.linspace(0, 9, 1500)) for f in (np.sin, np.cos, np.sqrt, np.square)]),
    "whole numbers": RNG.integers(0, 10, (1500, 6)).astype(float),
    "walk": np.cumsum(RNG.normal(size=(1500, 6)), axis=0),
    "sizes that differ": RNG.normal(size=(1500, 10)) * np.exp(2 * RNG.normal(size=(1500, 1))),
}


@pytest.mark.parametrize("name", UNEVEN)
def test_quiet_where_rows_lie_unevenly(name: str) -> None:
    x = UNEVEN[name]
    testing.assert_quiet(RULE, history=split_run(x, (np.arange(len(x)) % 2).astype(int)))


def test_quiet_on_texts_of_one_language() -> None:
    testing.assert_quiet(RULE, history=texts(sentences(400), sentences(200, 1)))


def test_quiet_on_a_template_that_all_texts_share() -> None:
    start = "The patient was seen again today in the clinic for a routine examination and reports no complaints; score"
    train, val = ([f"{start} {code}" for code in rng] for rng in (range(1000, 1300), range(2000, 2100)))
    testing.assert_quiet(RULE, history=texts(train, val))


def families(n: int, seed: int = 0) -> list[str]:
    """Texts made from templates, three or so of each, with another word in each."""
    rng = np.random.default_rng(seed)
    templates = [text.split() for text in sentences(n // 3, seed, 18)]
    made = [list(templates[at]) for at in rng.integers(0, len(templates), n)]
    for words, at in zip(made, rng.integers(0, 18, n).tolist(), strict=True):
        words[at] = f"other{at}"
    return [" ".join(words) for words in made]


@pytest.mark.parametrize("seed", range(3))
def test_quiet_where_training_texts_are_as_near_to_each_other(seed: int) -> None:
    made = families(900, seed)
    testing.assert_quiet(RULE, history=texts(made[:600], made[600:]))


def test_quiet_on_lines_of_a_log() -> None:
    rng = np.random.default_rng(0)
    said = sentences(12, 4, 8)
    lines = [
        f"2024-05-{rng.integers(1, 29):02} {rng.integers(24):02}:{rng.integers(60):02} worker-{rng.integers(8)} "
        f"{said[rng.integers(12)]} id={rng.integers(10**6)}"
        for _ in range(900)
    ]
    testing.assert_quiet(RULE, history=texts(lines[:600], lines[600:]))


def test_finds_other_case_and_spacing_among_texts_of_templates() -> None:
    made = families(900)
    held = [text.upper().replace(" ", "  ") for text in made[:20]] + made[620:]
    finding = testing.assert_fires(RULE, history=texts(made[:600], held))
    assert finding.where[0].names == tuple(map(str, range(20)))
    assert finding.evidence[1].value == 20


def test_repeats_of_training_rows_make_no_copy_usual() -> None:
    """That training rows stand there twice, letter by letter, says nothing of held-out ones in another case."""
    train = sentences(400)
    train[300:] = train[:100]
    held = [*sentences(80, 1), *(text.title() for text in train[:20])]
    finding = testing.assert_fires(RULE, history=texts(train, held))
    assert finding.where[0].names == tuple(map(str, range(80, 100)))


def test_quiet_on_short_answers() -> None:
    rng = np.random.default_rng(0)
    train, val = (rng.choice(["yes please", "Yes, please", "no thanks", "maybe some other day"], n) for n in (300, 100))
    testing.assert_quiet(RULE, history=texts(train, val))


@pytest.mark.parametrize("seed", range(3))
def test_quiet_on_hashes_of_different_images(seed: int) -> None:
    testing.assert_quiet(RULE, history=hashes(words_of_bits(2000, seed), words_of_bits(1000, seed + 10)))


def test_quiet_on_hashes_of_images_of_few_kinds() -> None:
    """Images of one kind share most bits: each differs from its kind in a fifth."""
    rng = np.random.default_rng(0)
    kinds = rng.integers(0, 2, (8, 64))
    bits = (kinds[rng.integers(0, 8, 1500)] + (rng.random((1500, 64)) < 0.2)) % 2
    made = (bits.astype(np.uint64) << np.arange(64, dtype=np.uint64)).sum(axis=1, dtype=np.uint64)
    testing.assert_quiet(RULE, history=hashes(made[:1000], made[1000:]))


def test_skipped_for_two_columns() -> None:
    x = np.random.default_rng(0).normal(size=(600, 2))
    assert "--embedding" in testing.assert_quiet(RULE, history=split_run(x, np.arange(600) % 2)).settle


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 1000))
def test_the_order_of_rows_changes_no_count(seed: int) -> None:
    x, y = bundled("wine")
    rng = np.random.default_rng(0)
    held = np.vstack([x[130:], x[:9] + 0.001 * x.std(axis=0) * rng.normal(size=(9, x.shape[1]))])
    train, val = table(x[:130], y[:130]), table(held, np.append(y[130:], y[:9]))
    moved = run_of(in_another_order(train, seed), in_another_order(val, seed))
    one, other = (testing.assert_fires(RULE, history=run) for run in (run_of(train, val), moved))
    assert (one.claim, one.evidence) == (other.claim, other.evidence)


def test_neighbours_are_those_of_a_second_search() -> None:
    x = np.random.default_rng(0).normal(size=(500, 7)).astype(np.float32)
    found = nearest(x[:50], x, 5, np.arange(50))
    distances, rows = NearestNeighbors(n_neighbors=6).fit(x).kneighbors(x[:50])
    np.testing.assert_allclose(found.distances, distances[:, 1:], rtol=1e-5)
    np.testing.assert_array_equal(found.row, rows[:, 1])


@pytest.mark.parametrize("d", [2, 5, 10])
def test_dimension_of_a_normal_cloud_is_known(d: int) -> None:
    x = np.random.default_rng(d).normal(size=(3000, d)).astype(np.float32)
    assert 0.7 * d < dimension(nearest(x[:600], x, 20, np.arange(600)).distances) < 1.2 * d


def test_bits_apart_are_those_of_python() -> None:
    first, second = words_of_bits(20, 0), words_of_bits(30, 1)
    expected = [[(int(a) ^ int(b)).bit_count() for b in second] for a in first]
    assert bits_apart(first, second).tolist() == expected
    assert nearest_hash(first, second)[0].tolist() == [min(row) for row in expected]


def test_shared_pieces_are_those_of_sets() -> None:
    one, other = sentences(2)
    sets = [{text[i : i + 5] for i in range(len(text) - 4)} for text in (one, other)]
    assert shared_part(pieces(one), pieces(other)) == pytest.approx(len(sets[0] & sets[1]) / len(sets[0] | sets[1]))

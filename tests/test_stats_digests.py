"""Digests of rows: equal rows and no others, whatever the order, the file, the precision that a file keeps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from data_examples import FORMS, columns
from diagnose.data import Column, Kind, Split
from diagnose.errors import NotEnoughEvidence
from diagnose.hashing import integer_hashes, mixed, number_words, text_hash
from diagnose.measures.digests import exact_digests, row_digests
from diagnose.readers.data import read_split
from diagnose.readers.data.options import DataOptions

FEW = settings(max_examples=60, deadline=None)
tables = arrays(
    np.float64,
    st.tuples(st.integers(1, 40), st.integers(1, 5)),
    elements=st.sampled_from([0.0, 1.0, -0.0, 2.5, np.nan]),
)


def split_of(table: np.ndarray) -> Split:
    named = [Column(f"x{at}", Kind.NUMBER, table[:, at]) for at in range(table.shape[1])]
    return Split("train", len(table), tuple(named))


@FEW
@given(tables)
def test_rows_have_the_same_digest_where_they_are_equal_and_nowhere_else(table: np.ndarray) -> None:
    digests = row_digests(split_of(table))
    rows = [tuple("nan" if v != v else v + 0.0 for v in row) for row in table.tolist()]  # noqa: PLR0124
    for i, one in enumerate(rows):
        for j, other in enumerate(rows):
            assert (digests[i] == digests[j]) == (one == other)


@FEW
@given(tables, st.randoms())
def test_the_order_of_rows_and_columns_changes_no_digest(table: np.ndarray, random) -> None:
    split = split_of(table)
    rows = random.sample(range(len(table)), len(table))
    shuffled = Split("val", split.n, tuple(random.sample(split.columns, len(split.columns))))
    np.testing.assert_array_equal(row_digests(split), row_digests(shuffled))
    np.testing.assert_array_equal(row_digests(split_of(table[rows])), row_digests(split)[rows])


def test_columns_do_not_stand_for_one_another() -> None:
    swapped = split_of(np.array([[1.0, 2.0], [2.0, 1.0], [3.0, 0.0], [1.5, 1.5]]))
    assert len(set(row_digests(swapped).tolist())) == 4


def test_no_two_of_a_million_close_rows_collide() -> None:
    grid = np.stack(np.meshgrid(np.arange(1000.0), np.arange(1000.0)), axis=-1).reshape(-1, 2)
    assert len(np.unique(row_digests(split_of(grid)))) == 10**6
    # the bits are even: among a million words each bit is set in half, up to five standard errors
    bits = np.unpackbits(row_digests(split_of(grid)).view(np.uint8).reshape(-1, 8), axis=1).mean(axis=0)
    assert np.abs(bits - 0.5).max() < 5 * 0.5 / 1000


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_a_row_has_one_digest_in_every_file(form, tmp_path: Path) -> None:
    options = DataOptions(label="species")
    one = read_split(form(columns(), tmp_path), "train", options)
    np.testing.assert_array_equal(row_digests(one), row_digests(read_split(columns(), "train", options)))


def test_rows_of_two_precisions_are_found_equal(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
    frame = pd.DataFrame(values, columns=["a", "b", "c"])
    frame.to_csv(tmp_path / "t.csv", index=False)
    train, val = read_split(frame, "train"), read_split(tmp_path / "t.csv", "val")
    assert val.columns[0].values.dtype == np.float64
    assert not np.array_equal(row_digests(train), row_digests(val))
    found = exact_digests(train, val)
    np.testing.assert_array_equal(found["train"], found["val"])


def test_only_shared_inputs_count() -> None:
    options = DataOptions(identifier="row_id")
    train = read_split({"a": [1.5, 2.5], "row_id": [1, 2]}, "train", options)
    val = read_split({"a": [2.5, 1.5], "more": [1.5, 1.5], "row_id": [7, 8]}, "val", options, like=train)
    found = exact_digests(train, val)
    assert found["train"].tolist() == found["val"][::-1].tolist()


def test_digests_of_a_reader_are_taken() -> None:
    own = {"exact": np.array([1, 2], np.uint64)}
    train, val = Split("train", 2, digests=own), Split("val", 2, digests=own)
    assert exact_digests(train, val)["val"].tolist() == [1, 2]
    with pytest.raises(NotEnoughEvidence):
        exact_digests()
    with pytest.raises(NotEnoughEvidence, match="share no columns"):
        exact_digests(Split("train", 2), Split("val", 2))


@given(st.integers(-(2**53), 2**53))
def test_an_integer_hashes_as_its_text(value: int) -> None:
    assert text_hash(str(value)) == int(integer_hashes(np.array([value]))[0])


def test_other_texts_hash_as_texts() -> None:
    texts = ["017", "+17", "17.0", "17 ", "", "-", "--1", "١٧", "9" * 30]
    assert len({text_hash(text) for text in [*texts, "17"]}) == 10
    assert text_hash("\ud800")  # an unpaired surrogate of an undecodable file name


def test_hashing_is_a_bijection_and_canonical() -> None:
    words = np.arange(10**5, dtype=np.uint64)
    assert len(np.unique(mixed(words))) == 10**5
    assert (
        number_words(np.array([0.0, -0.0, np.nan, -np.nan])).tolist()[::2]
        == number_words(np.array([-0.0, 0.0, -np.nan, np.nan])).tolist()[::2]
    )
    # SplitMix64's published first output for the seed 1234567, whose state is one golden gamma further
    state = np.array([(1234567 + 0x9E3779B97F4A7C15) % 2**64], np.uint64)
    assert int(mixed(state)[0]) == 6457827717110365317

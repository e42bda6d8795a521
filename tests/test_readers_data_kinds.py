"""What columns are taken for: by rules that hold for any order of the rows, and never against what the user says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.data import Kind, Split
from diagnose.errors import InputError
from diagnose.hashing import text_hash
from diagnose.readers.data import data_options, read_split
from diagnose.readers.data.kinds import is_named_as_identifier

N = 400
RNG = np.random.default_rng(0)
WORDS = np.array(["late", "parcel", "arrived", "broken", "thanks", "again"])


def read(source: Any, name: Any = "train", like: Split | None = None, **said: Any) -> Split:
    return read_split(source, name, data_options(said), like=like)


def kind(values: Any, name: str = "v", **said: Any) -> Kind:
    column = read({name: values}, **said).columns[0]
    return column.kind


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("v", RNG.normal(size=N), Kind.NUMBER),
        ("v", RNG.integers(0, 7, N), Kind.NUMBER),  # counts keep their order
        ("v", RNG.integers(0, 7, N).astype(float), Kind.NUMBER),
        ("v", RNG.integers(0, 2, N), Kind.CATEGORY),
        ("v", RNG.integers(0, 2, N).astype(np.float32), Kind.CATEGORY),
        ("v", np.where(RNG.random(N) < 0.1, np.nan, RNG.integers(0, 2, N)), Kind.CATEGORY),
        ("v", RNG.random(N) < 0.5, Kind.CATEGORY),
        ("v", np.full(N, 3), Kind.NUMBER),
        ("v", np.full(N, np.nan), Kind.NUMBER),
        ("v", [None] * N, Kind.CATEGORY),
        ("v", RNG.choice(["a", "b", "c"], N).tolist(), Kind.CATEGORY),
        ("v", [f"street {at % 40}" for at in range(N)], Kind.CATEGORY),
        ("v", [" ".join(RNG.choice(WORDS, 8)) for _ in range(N)], Kind.TEXT),
        ("v", [f"A{at}" for at in range(N)], Kind.IDENTIFIER),
        ("v", np.arange(N), Kind.IDENTIFIER),
        ("v", RNG.permutation(N) + 5000, Kind.IDENTIFIER),
        ("v", np.arange(30), Kind.NUMBER),  # thirty rows may be numbered by chance: years
        ("patient_id", RNG.integers(0, 150, N), Kind.IDENTIFIER),
        ("shopId", RNG.integers(0, 4, N), Kind.CATEGORY),
        ("valid", RNG.integers(0, 90, N), Kind.NUMBER),
        ("v", [str(v) for v in RNG.normal(size=N)], Kind.NUMBER),
        ("v", ["01067", "80331", "20095", "50667"] * 100, Kind.CATEGORY),
        ("v", pd.date_range("2024-01-01", periods=N).to_numpy(), Kind.TIME),
        ("v", [f"2024-03-{1 + at % 28:02d} 10:00" for at in range(N)], Kind.TIME),
        ("v", pd.Series(RNG.integers(0, 9, N)).astype("category"), Kind.CATEGORY),
        ("v", ["yes", "no"], Kind.CATEGORY),
    ],
)  # fmt: skip
def test_a_column_is_what_it_looks_like(name: str, values: Any, expected: Kind) -> None:
    source = values.to_frame(name) if isinstance(values, pd.Series) else {name: values}
    column = read(source).columns[0]
    assert column.kind is expected, column.decided
    assert column.decided


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.none() | st.integers(-5, 5) | st.floats(allow_nan=True) | st.sampled_from(["a", "7", "", "2024-01-01"]),
        min_size=1,
    ),
    st.randoms(),
)
def test_the_order_of_the_rows_decides_nothing(values: list[Any], random) -> None:
    shuffled = random.sample(values, len(values))
    assert kind(values) is kind(shuffled)


def test_nine_in_ten_are_nine_in_ten_in_any_order() -> None:
    values = [0, 0, 0, 0, 0, 1, -1, 0, 1, "a"]
    assert {kind([values[at] for at in np.random.default_rng(seed).permutation(10)]) for seed in range(30)} == {
        Kind.NUMBER
    }


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats() | st.text(max_size=5) | st.dates(),
        min_size=1,
        max_size=30,
    ),
    st.sampled_from(list(Kind)),
)
def test_what_the_user_says_is_done_with_any_values(values: list[Any], said: Kind) -> None:
    column = read({"v": values}, kinds={"v": said}).columns[0]
    assert (column.kind, column.decided, len(column)) == (said, "given", len(values))
    assert len(column.missing) == len(values)
    if said is Kind.CATEGORY:
        assert set(column.values[~column.missing].tolist()) == set(range(len(column.levels)))
    if said in {Kind.NUMBER, Kind.TIME}:
        assert not np.isinf(column.values).any()


def test_names_of_identifiers() -> None:
    named = ["id", "ID", "patient_id", "patient-id", "userId", "user_ID", "uuid", "index", "Unnamed: 0", "row_id"]
    named.append("__index_level_0__")  # what pandas writes of an index without a name
    assert all(map(is_named_as_identifier, named))
    assert not any(
        map(is_named_as_identifier, ["valid", "grid", "acid", "hidden", "idea", "period", "indexed", "rapid"])
    )


def test_the_second_split_takes_the_kinds_of_the_first() -> None:
    train = read(
        {"flag": RNG.integers(0, 2, N), "city": RNG.choice(["Bonn", "Ulm"], N).tolist(), "v": RNG.normal(size=N)}
    )
    val = read({"flag": [0, 3, 3], "city": ["Köln"] * 3, "v": ["1.5", "x", "2"]}, "val", train)
    assert [c.kind for c in val.columns] == [Kind.CATEGORY, Kind.CATEGORY, Kind.NUMBER]
    assert val.columns[0].levels == ("0", "3")
    assert val.columns[1].levels == ("Köln",)
    np.testing.assert_array_equal(val.columns[2].values, [1.5, np.nan, 2])
    assert any("1 of 3 values in 'v' are no numbers ('x')" in note for note in val.notes)


def test_kinds_that_are_given_win_in_both_splits() -> None:
    train = read({"zip": [10115, 80331, 20095] * 20, "v": RNG.normal(size=60)}, kinds={"zip": "category"})
    val = read({"zip": [80331, 99999], "v": [1.5, 2.5]}, "val", train, kinds={"zip": "category"})
    assert (train.columns[0].levels, val.columns[0].levels) == (("10115", "20095", "80331"), ("80331", "99999"))


def test_levels_are_in_the_order_of_numbers_where_they_are_numbers() -> None:
    (column,) = read({"v": [10, 9, 2] * 5}, kinds={"v": "category"}).columns
    assert column.levels == ("2", "9", "10")
    assert column.values[:3].tolist() == [2, 1, 0]


def test_unused_levels_of_a_source_are_none() -> None:
    frame = pd.DataFrame({"v": pd.Categorical(["a", "b", None], categories=["z", "a", "b"])})
    (column,) = read(frame).columns
    assert column.levels == ("a", "b")
    assert column.values.tolist() == [0, 1, -1]


def test_mixed_columns_are_told_and_kept() -> None:
    mostly = read({"v": [1.5] * 95 + ["?"] * 3 + ["n.a."] * 2})
    assert mostly.columns[0].kind is Kind.NUMBER
    assert mostly.columns[0].missing.sum() == 5
    assert any("5 of 100 values in 'v' are no numbers ('?', 'n.a.')" in note for note in mostly.notes)
    mixed = read({"v": [1.5, 2.5] * 30 + ["low"] * 60})
    assert mixed.columns[0].kind is Kind.CATEGORY
    assert mixed.columns[0].levels == ("1.5", "2.5", "low")


def test_infinities_are_told_and_missing() -> None:
    split = read({"v": [1.5, np.inf, -np.inf, 2.5]})
    assert split.columns[0].missing.tolist() == [False, True, True, False]
    assert any("2 infinite values" in note for note in split.notes)


def test_words_for_missing_are_told() -> None:
    split = read({"country": ["NA", "DE", "FR", ""] * 10})
    assert split.columns[0].levels == ("DE", "FR")
    assert split.columns[0].missing.sum() == 20
    assert split.notes == ("'NA' counts as missing in 'country'",)


def test_identifiers_hash_alike_whatever_they_are_kept_as() -> None:
    kinds = {"k": "identifier"}
    (text,) = read({"k": ["17", "a", None, "0"]}, kinds=kinds).columns
    (whole,) = read({"k": [17, 0]}, kinds=kinds).columns
    (floats,) = read({"k": np.array([17.0, np.nan, 0.0])}, kinds=kinds).columns
    assert text.values[0] == whole.values[0] == floats.values[0] == text_hash("17")
    assert text.values[3] == whole.values[1] == floats.values[2] != 0
    assert text.missing.tolist() == [False, False, True, False]
    assert floats.missing.tolist() == [False, True, False]


def test_identifiers_beyond_the_precision_of_floats_stay_apart() -> None:
    big = 2**60
    frame = pd.DataFrame({"order_id": pd.array([big, big + 1, None, *range(100)], dtype="Int64")})
    (column,) = read(frame).columns
    assert column.kind is Kind.IDENTIFIER
    assert column.values[0] != column.values[1]
    assert column.missing.sum() == 1


# --- labels ---


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (RNG.integers(0, 10, N), Kind.CATEGORY),
        (RNG.integers(0, 60, N), Kind.CATEGORY),  # 0 … 59, six rows each
        (RNG.integers(18, 90, N), Kind.NUMBER),  # ages
        (RNG.integers(0, 2, N).astype(float), Kind.CATEGORY),
        (RNG.normal(size=N), Kind.NUMBER),
        (RNG.permutation(N), Kind.NUMBER),
        (["cat", "dog"] * (N // 2), Kind.CATEGORY),
        (RNG.random(N) < 0.3, Kind.CATEGORY),
        ([1, 2, 3, 4, 5] * (N // 5), Kind.CATEGORY),
    ],
)
def test_a_label_is_classes_or_numbers(values: Any, expected: Kind) -> None:
    label = read({"v": RNG.normal(size=N), "y": values}, label="y").label
    assert label is not None
    assert label.kind is expected, label.decided


def test_a_label_is_what_the_user_says() -> None:
    rating = {"v": RNG.normal(size=10), "y": [1, 2, 3, 4, 5] * 2}
    assert read(rating, label="y", kinds={"y": "number"}).label.kind is Kind.NUMBER
    with pytest.raises(InputError, match="a label is a category or a number"):
        read(rating, label="y", kinds={"y": "text"})

"""The same rows are the same split, in whatever they are kept, at once or in pieces."""

from __future__ import annotations

import importlib.util
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris

from data_examples import FILES, FORMS, as_csv, as_mapping, as_parquet, assert_same_split, columns, partitioned
from diagnose.data import Kind
from diagnose.readers.data import iter_pieces, read_split
from diagnose.readers.data.options import DataOptions
from diagnose.readers.data.texts import UNKNOWN

SPECIES = DataOptions(label="species")
EXPECTED = {
    "age": Kind.NUMBER, "score": Kind.NUMBER, "city": Kind.CATEGORY, "smoker": Kind.CATEGORY, "note": Kind.TEXT,
    "seen": Kind.TIME, "patient_id": Kind.IDENTIFIER, "flag": Kind.CATEGORY,
}  # fmt: skip


@pytest.fixture
def without(monkeypatch):
    """Make packages look as if they were not installed."""

    def hide(*names: str) -> None:
        found = importlib.util.find_spec
        monkeypatch.setattr(
            importlib.util, "find_spec", lambda name, *more: None if name in names else found(name, *more)
        )
        for name in names:
            monkeypatch.setitem(__import__("sys").modules, name, None)

    return hide


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_every_form_gives_the_same_split(form, tmp_path: Path) -> None:
    table = columns()
    split = read_split(form(table, tmp_path), "train", SPECIES)
    assert {column.name: column.kind for column in split.columns if not column.made_of} == EXPECTED
    assert split.label is not None
    assert split.label.levels == ("cat", "dog", "owl")
    assert_same_split(split, read_split(as_mapping(table, tmp_path), "train", SPECIES))


def test_values_are_what_was_written(tmp_path: Path) -> None:
    table = columns()
    split = read_split(as_csv(table, tmp_path), "train", SPECIES)
    by = {column.name: column for column in split.columns}
    np.testing.assert_array_equal(by["score"].values, np.array(table["score"], float))
    assert [None if code < 0 else by["city"].levels[code] for code in by["city"].values] == table["city"]
    assert [None if code < 0 else by["smoker"].levels[code] == "True" for code in by["smoker"].values] == table[
        "smoker"
    ]
    assert by["note"].values.tolist() == table["note"]
    assert by["seen"].values.astype("datetime64[s]").astype("datetime64[D]").astype(str).tolist() == table["seen"]
    assert len(set(by["patient_id"].values.tolist())) == 120
    assert not (by["patient_id"].values == 0).any()


@pytest.mark.parametrize("form", FILES, ids=lambda form: form.__name__)
@pytest.mark.parametrize("rows", [7, 50, 1000])
def test_pieces_are_the_rows_in_order(form, rows: int, tmp_path: Path) -> None:
    source = form(columns(), tmp_path)
    whole = read_split(source, "train", SPECIES)
    pieces = list(iter_pieces(source, "train", SPECIES, like=whole, rows=rows))
    assert sum(piece.n for piece in pieces) == whole.n
    assert max(piece.n for piece in pieces) <= rows
    for at, column in enumerate(column for column in whole.columns if not column.name.endswith(UNKNOWN)):
        if column.kind is Kind.CATEGORY:
            parts = [[p.columns[at].levels[c] if c >= 0 else "" for c in p.columns[at].values] for p in pieces]
            assert [name for part in parts for name in part] == [
                column.levels[c] if c >= 0 else "" for c in column.values
            ]
        else:
            joined = np.concatenate([piece.columns[at].values for piece in pieces])
            assert all(a == b or a != a for a, b in zip(joined.tolist(), column.values.tolist(), strict=True))  # noqa: PLR0124
    assert {piece.label.kind for piece in pieces if piece.label} == {Kind.CATEGORY}


def test_later_pieces_take_the_kinds_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "turning.csv"
    path.write_text("a,b\n" + "1.5,x\n" * 30 + "word,7\n" * 2, encoding="utf-8")
    first, *_, last = iter_pieces(path, "train", rows=10)
    assert [column.kind for column in first.columns] == [column.kind for column in last.columns]
    assert np.isnan(last.columns[0].values).all()
    assert any("'word'" in note and "missing" in note for note in last.notes)


def test_csv_without_pyarrow_is_the_same(tmp_path: Path, without) -> None:
    source = as_csv(columns(), tmp_path)
    by_arrow = read_split(source, "train", SPECIES)
    without("pyarrow", "polars")
    assert_same_split(read_split(source, "train", SPECIES), by_arrow)


FIELDS = (
    "1", "-2.5", "1e3", "", "NA", "nan", "?", "a,b", 'q"q', "x\ny", "é", "007", "true", "1_0", "inf", "2024-01-31",
    "9007199254740993", " 3 ",
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 3).flatmap(
        lambda width: st.lists(
            st.lists(
                st.sampled_from(FIELDS),
                min_size=width, max_size=width,
            ),
            min_size=1, max_size=12,
        )
    )
)  # fmt: skip
def test_both_ways_through_a_csv_agree(rows: list[list[str]]) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        path = Path(folder, "t.csv")
        names = [f"c{at}" for at in range(len(rows[0]))]
        # a row of one empty field is an empty line, which is no row
        kept = [row for row in rows if row != [""]] or [["1"] * len(names)]
        pd.DataFrame(kept, columns=names).to_csv(path, index=False)
        quick = read_split(path, "train")
        found = importlib.util.find_spec
        patch.setattr(
            importlib.util, "find_spec", lambda name, *more: None if name == "pyarrow" else found(name, *more)
        )
        slow = read_split(path, "train")
    assert quick.notes == slow.notes
    assert_same_split(quick, slow)


def test_parquet_by_polars_is_the_same(tmp_path: Path, without) -> None:
    source = as_parquet(columns(), tmp_path)
    by_arrow = read_split(source, "train", SPECIES)
    without("pyarrow")
    assert_same_split(read_split(source, "train", SPECIES), by_arrow)


def test_parquet_with_neither_says_what_to_install(tmp_path: Path, without) -> None:
    source = as_parquet(columns(), tmp_path)
    without("pyarrow", "polars")
    with pytest.raises(Exception, match=r"pip install 'diagnose-ml\[data\]'"):
        read_split(source, "train")


def test_a_partitioned_folder_has_its_folders_as_columns(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {"a": rng.normal(size=60), "year": rng.choice([2023, 2024], 60), "site": rng.choice(["x", "y"], 60)}
    )
    split = read_split(partitioned(frame, tmp_path, "site"), "train")
    assert [c.name for c in split.columns] == ["a", "year", "site"]
    ordered = frame.sort_values("site", kind="stable")
    np.testing.assert_array_equal(split.columns[0].values, ordered["a"])
    assert [split.columns[2].levels[code] for code in split.columns[2].values] == ordered["site"].tolist()


def test_pieces_of_a_folder_of_csv_and_lists_of_paths(tmp_path: Path) -> None:
    for part in range(3):
        pd.DataFrame({"a": np.arange(5) + 5 * part + 0.5}).to_csv(tmp_path / f"p{part}.csv", index=False)
    whole = read_split(tmp_path, "train")
    assert whole.columns[0].values.tolist() == [v + 0.5 for v in range(15)]
    assert_same_split(read_split([str(tmp_path / f"p{part}.csv") for part in range(3)], "train"), whole)
    assert [piece.n for piece in iter_pieces(tmp_path, "train", rows=4)] == [4, 1, 4, 1, 4, 1]


# --- arrays ---


def test_arrays_keep_their_precision_and_are_read_only_looked_at() -> None:
    table = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    before = table.copy()
    split = read_split(table, "train")
    assert [c.values.dtype for c in split.columns] == [np.float32] * 4
    assert [c.name for c in split.columns] == ["x0", "x1", "x2", "x3"]
    np.testing.assert_array_equal(np.column_stack([c.values for c in split.columns]), table)
    np.testing.assert_array_equal(table, before)


def test_a_frame_of_float32_is_not_copied() -> None:
    frame = pl.DataFrame({"a": np.arange(1000, dtype=np.float32) + 0.5})
    split = read_split(frame, "train")
    assert np.shares_memory(split.columns[0].values, frame["a"].to_numpy())


def test_pairs_and_triples() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 3)), rng.integers(0, 3, 60)
    p = rng.dirichlet([1, 1, 1], 60)
    split = read_split((x, y, p), "val")
    assert split.label is not None
    assert (split.label.kind, split.label.levels, split.classes) == (Kind.CATEGORY, ("0", "1", "2"), ("0", "1", "2"))
    np.testing.assert_array_equal(split.outputs, p)
    frame = read_split((pd.DataFrame(x, columns=["a", "b", "c"]), pd.Series(y, name="kind")), "val")
    assert (frame.label.name, [c.name for c in frame.columns]) == ("kind", ["a", "b", "c"])
    one_hot = read_split((x, np.eye(3)[y]), "val")
    assert one_hot.label.values.tolist() == y.tolist()
    assert any("greatest" in note for note in one_hot.notes)
    assert read_split([x, y], "val").label.values.tolist() == y.tolist()


def test_mappings_of_parts() -> None:
    rng = np.random.default_rng(0)
    parts = {
        "x": rng.normal(size=(40, 2)), "y": rng.normal(size=40), "embeddings": rng.normal(size=(40, 8)),
        "predictions": rng.normal(size=40), "losses": rng.random(40),
    }  # fmt: skip
    split = read_split(parts, "train")
    assert split.label.kind is Kind.NUMBER
    assert (split.embeddings.shape, split.embeddings.dtype, split.embedded_by) == ((40, 8), np.float32, "given")
    np.testing.assert_array_equal(split.outputs, parts["predictions"])
    np.testing.assert_array_equal(split.losses, parts["losses"])
    plain = read_split({"x": np.arange(40.0) + 0.5, "y": rng.normal(size=40)}, "train", DataOptions(label="y"))
    assert [c.name for c in plain.columns] == ["x"]


def test_npz_and_npy(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(50, 3)), np.array(["a", "b"])[rng.integers(0, 2, 50)]
    np.savez(tmp_path / "d.npz", x=x, y=y)
    assert_same_split(read_split(tmp_path / "d.npz", "train"), read_split((x, y), "train"))
    np.savez_compressed(tmp_path / "keras.npz", x_train=x, y_train=y, x_test=x[:10], y_test=y[:10])
    assert read_split(tmp_path / "keras.npz", "test").n == 10
    assert read_split(tmp_path / "keras.npz", "train").n == 50
    np.save(tmp_path / "d.npy", x)
    assert_same_split(read_split(str(tmp_path / "d.npy"), "train"), read_split(x, "train"))
    pieces = list(iter_pieces(tmp_path / "d.npy", "train", rows=20))
    assert [piece.n for piece in pieces] == [20, 20, 10]
    np.testing.assert_array_equal(np.concatenate([piece.columns[1].values for piece in pieces]), x[:, 1])


def test_structured_object_and_sparse_arrays() -> None:
    records = np.array([(1.5, "a"), (2.5, "b"), (3.5, "a")], dtype=[("v", "f4"), ("w", "U3")])
    split = read_split(records, "train")
    assert [(c.name, c.kind) for c in split.columns] == [("v", Kind.NUMBER), ("w", Kind.CATEGORY)]
    mixed = np.array([[1.5, "a"], [2.5, None], [None, "a"]], object)
    split = read_split(mixed, "train")
    assert [c.kind for c in split.columns] == [Kind.NUMBER, Kind.CATEGORY]
    assert [c.missing.tolist() for c in split.columns] == [[False, False, True], [False, True, False]]
    dense = np.array([[0, 1.5], [2.5, 0], [0, 0]])
    assert_same_split(read_split(scipy.sparse.csr_matrix(dense), "train"), read_split(dense, "train"))


def test_data_sets_of_scikit_learn() -> None:
    iris = read_split(load_iris(), "train")
    assert iris.label.levels == ("setosa", "versicolor", "virginica")
    assert iris.columns[0].name == "sepal length (cm)"
    framed = read_split(load_iris(as_frame=True), "train")
    assert framed.label.levels == iris.label.levels
    np.testing.assert_array_equal(framed.columns[2].values, iris.columns[2].values)
    assert read_split(load_diabetes(), "train").label.kind is Kind.NUMBER
    assert read_split(load_breast_cancer(return_X_y=True), "train").label.levels == ("0", "1")

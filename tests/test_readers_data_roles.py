"""Labels, predictions, groups and times: as said, guessed only where one column is named so, and refused in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from diagnose.data import Kind, Split
from diagnose.errors import InputError
from diagnose.readers.data import data_options, read_split

RNG = np.random.default_rng(0)
N = 60
CLASSES = np.array(["cat", "dog", "owl"])
Y = CLASSES[RNG.integers(0, 3, N)]
P = RNG.dirichlet([1, 1, 1], N)
V = RNG.normal(size=N)


def read(source: Any, name: Any = "train", like: Split | None = None, **said: Any) -> Split:
    return read_split(source, name, data_options(said), like=like)


@pytest.mark.parametrize("named", ["target", "label", "y", "Label"])
def test_a_label_is_guessed_by_its_name_and_said(named: str) -> None:
    split = read({"v": V, named: Y})
    assert split.label is not None
    assert split.label.name == named
    assert any(f"{named!r} is taken for the label" in note for note in split.notes)


def test_two_possible_labels_are_none() -> None:
    split = read({"v": V, "label": Y, "target": Y})
    assert split.label is None
    assert len(split.columns) == 3
    assert any("may each be the label" in note and "--label" in note for note in split.notes)


def test_the_label_of_the_first_split_is_that_of_the_others() -> None:
    train = read({"v": V, "kind": Y}, label="kind")
    val = read({"v": V, "kind": Y, "target": Y}, "val", train)
    assert val.label.name == "kind"
    with pytest.raises(InputError, match=r"validation data mapping in memory: no column 'kind' for --label"):
        read({"v": V}, "val", train)
    test = read({"v": V}, "test", train)
    assert test.label is None
    assert any("no labels" in note for note in test.notes)


def test_groups_times_and_names_of_rows() -> None:
    frame = pd.DataFrame({
        "v": V, "patient": RNG.integers(0, 9, N), "when": pd.date_range("2024-01-01", periods=N),
        "file": [f"scan {at}.png" for at in range(N)],
    })  # fmt: skip
    split = read(frame, group="patient", time="when", identifier="file")
    assert [c.name for c in split.columns] == ["v", "file"]
    assert (split.groups.kind, split.times.kind) == (Kind.IDENTIFIER, Kind.TIME)
    assert len(set(split.groups.values.tolist())) == 9
    assert np.diff(split.times.values).tolist() == [86400.0] * (N - 1)
    assert split.rows[3] == "scan 3.png"
    assert split.columns[1].kind is Kind.IDENTIFIER


def test_groups_and_times_are_guessed_by_their_names() -> None:
    split = read({"v": V, "group": RNG.integers(0, 9, N), "timestamp": ["2024-01-31"] * N})
    assert split.groups is not None
    assert split.times is not None
    assert len(split.notes) == 2
    # "time" that is a number may be a duration
    assert read({"v": V, "time": V}).times is None


def test_years_given_as_the_time_are_in_order() -> None:
    split = read({"v": V, "year": RNG.integers(1990, 2020, N)}, time="year")
    assert split.times.values.min() >= 1990


def test_ignored_columns_are_gone() -> None:
    assert [c.name for c in read({"v": V, "w": V}, ignore=["w"]).columns] == ["v"]
    with pytest.raises(InputError, match=r"no column 'ww' to ignore \(did you mean 'w'\?\)"):
        read({"v": V, "w": V}, ignore=["ww"])


# --- predictions ---


def test_probabilities_by_their_columns() -> None:
    table = {"v": V, "y": Y, "prob_owl": P[:, 2], "prob_cat": P[:, 0], "prob_dog": P[:, 1]}
    split = read(table, label="y", prediction="prob_*")
    assert split.classes == ("owl", "cat", "dog")
    np.testing.assert_array_equal(split.outputs, P[:, [2, 0, 1]])
    assert [c.name for c in split.columns] == ["v"]
    named = read({"v": V, "y": Y, "a": P[:, 0], "b": P[:, 1], "c": P[:, 2]}, label="y", prediction=["a", "b", "c"])
    assert named.classes == ("cat", "dog", "owl")
    assert any("a = cat, b = dog" in note for note in named.notes)


def test_labels_as_predictions() -> None:
    said = Y.copy()
    said[0] = "yak"
    split = read({"v": V, "y": Y, "y_pred": said}, label="y")
    assert split.classes == ("cat", "dog", "owl", "yak")
    assert [split.classes[at] for at in split.outputs.argmax(axis=1)] == said.tolist()
    assert any("'y_pred' is taken for the model's prediction" in note for note in split.notes)


def test_one_probability_of_two_classes() -> None:
    y = RNG.integers(0, 2, N)
    p = RNG.random(N)
    split = read((V[:, None], y), prediction=p)
    np.testing.assert_allclose(split.outputs, np.column_stack([1 - p, p]))
    assert any("probability of '1'" in note for note in split.notes)
    with pytest.raises(
        InputError, match=r"reach from -2.* to .*; expected one of the classes 0 and 1, or the probability"
    ):
        read((V[:, None], y), prediction=p * 3 - 3.0001)


def test_numbers_as_predictions() -> None:
    split = read((V[:, None], V, V + 0.1))
    np.testing.assert_array_equal(split.outputs, V + 0.1)
    assert split.classes == ()


def test_predictions_by_split_in_arrays_and_files(tmp_path: Path) -> None:
    by_split = {"train": P, "val": P[:10]}
    train = read((V[:, None], Y), prediction=by_split)
    val = read((V[:10, None], Y[:10]), "val", train, prediction=by_split)
    np.testing.assert_array_equal(val.outputs, P[:10])
    np.save(tmp_path / "out-val.npy", P[:10])
    read_from = read((V[:10, None], Y[:10]), "val", train, prediction=[str(tmp_path / "out-{split}.npy")])
    np.testing.assert_array_equal(read_from.outputs, P[:10])
    np.savetxt(tmp_path / "out.csv", P, delimiter=",")
    np.testing.assert_allclose(read((V[:, None], Y), prediction=str(tmp_path / "out.csv")).outputs, P)
    with pytest.raises(InputError, match=r"no-train\.npy: no such file; expected an \.npy .* stands for train"):
        read((V[:, None], Y), prediction=str(tmp_path / "no-{split}.npy"))


def test_a_split_without_a_file_of_predictions_goes_without(tmp_path: Path) -> None:
    np.save(tmp_path / "out-val.npy", P[:10])
    train = read((V[:, None], Y), prediction=str(tmp_path / "out-{split}.npy"))
    assert train.outputs is None
    assert "no predictions of the training data: there is no such file for them" in train.notes


def test_a_table_of_predicted_labels_or_probabilities(tmp_path: Path) -> None:
    (tmp_path / "said-train.csv").write_text("predicted\n" + "\n".join(Y) + "\n")
    said = read((V[:, None], Y), prediction=str(tmp_path / "said-{split}.csv"))
    assert said.outputs is not None
    np.testing.assert_array_equal(np.array(said.classes)[said.outputs.argmax(axis=1)], Y)
    columns = ["p_" + name for name in said.classes]
    rows = [",".join(columns[::-1]), *(",".join(map(repr, row[::-1])) for row in P.tolist())]
    (tmp_path / "p.csv").write_text("\n".join(rows))
    np.testing.assert_allclose(read((V[:, None], Y), prediction=str(tmp_path / "p.csv")).outputs[:, ::-1], P)


def test_a_file_of_predictions_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "out.npy").write_bytes(b"no array")
    with pytest.raises(InputError, match=r"out\.npy: no array of numbers .* expected an \.npy"):
        read((V[:, None], Y), prediction=str(tmp_path / "out.npy"))
    (tmp_path / "out.docx").write_bytes(b"PK")
    with pytest.raises(InputError, match=r"out\.docx: no file of a known format; expected an \.npy"):
        read((V[:, None], Y), prediction=str(tmp_path / "out.docx"))
    with pytest.raises(InputError, match=r"60 rows, but 50 predictions; .*write \{split\} for train, val or test"):
        read((V[:, None], Y), prediction=P[:50])


def test_classes_that_only_the_training_data_have() -> None:
    train = read((V[:, None], Y))
    only = np.flatnonzero(Y != "owl")
    val = read((V[only, None], Y[only], P[only]), "val", train)
    assert val.label.levels == ("cat", "dog")
    assert val.classes == ("cat", "dog", "owl")


@pytest.mark.parametrize(
    ("predictions", "message"),
    [
        (P[:, :2], r"predictions have 2 columns, the labels 3 classes \(cat, dog, owl\)"),
        (P[:5], r"60 rows, but 5 predictions"),
        (np.zeros((N, 2, 2)), r"predictions of shape \(60, 2, 2\)"),
    ],
)
def test_predictions_that_do_not_fit(predictions: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read((V[:, None], Y), prediction=predictions)


def test_embeddings(tmp_path: Path) -> None:
    e = RNG.normal(size=(N, 4))
    by_columns = read({"v": V, **{f"emb_{at}": e[:, at] for at in range(4)}}, embedding="emb_*")
    np.testing.assert_array_equal(by_columns.embeddings, e.astype(np.float32))
    assert [c.name for c in by_columns.columns] == ["v"]
    frame = pd.DataFrame({"v": V, "embedding": list(e)})
    np.testing.assert_array_equal(read(frame).embeddings, e.astype(np.float32))
    frame.to_parquet(tmp_path / "e.parquet")
    frame.to_json(tmp_path / "e.jsonl", orient="records", lines=True, double_precision=15)
    for file in ("e.parquet", "e.jsonl"):
        np.testing.assert_allclose(read(tmp_path / file).embeddings, e, rtol=1e-6)
    other = read(frame.rename(columns={"embedding": "vector"}))
    assert other.embeddings is None
    assert any("'vector'" in note and "embeddings" in note for note in other.notes)


# --- what cannot be read ---


@pytest.mark.parametrize(
    ("source", "said", "message"),
    [
        ("missing.csv", {}, r"--train missing\.csv: no such file or folder; expected a path \(CSV"),
        ({"v": V, "species": Y}, {"label": "speces"}, r"no column 'speces' for --label \(did you mean 'species'\?\)"),
        ({"v": V, "species": Y}, {"label": "speces"}, r"; its columns: 'v', 'species'$"),
        ({"v": V, "w": V[:-1]}, {}, r"columns of unequal lengths \('v' 60, 'w' 59\)"),
        ((V[:, None], Y[:-1]), {}, r"train: 60 rows of inputs, but 59 labels"),
        ({}, {}, r"empty; expected columns by name"),
        (pd.DataFrame({"a": []}), {}, r"no rows; expected at least one"),
        (np.empty((0, 3)), {}, r"no rows"),
        (object(), {}, r"--train object: no data of a known format; expected a path"),
        (3, {}, r"--train int: no data"),
        (np.array(3.0), {}, r"an array of one value"),
        ({"v": V}, {"kinds": {"w": "number"}}, r"no column 'w' for --kind"),
        ({"v": V}, {"group": "patient"}, r"no column 'patient' for --group; its columns: 'v'"),
        ({"v": 3}, {}, r"'v' is 3; expected a value for each row"),
        ({"x": np.zeros((5, 2)), "embeddings": np.zeros((4, 2))}, {}, r"5 rows, but embeddings of shape \(4, 2\)"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said(source: Any, said: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(source, **said)


def test_splits_without_shared_columns() -> None:
    train = read({"age": V, "city": Y})
    with pytest.raises(
        InputError, match=r"shares no column with the training data. It has 'x0'.*they have 'age', 'city'"
    ):
        read(np.zeros((5, 2)), "val", train)


def test_columns_of_one_split_only_are_told() -> None:
    train = read({"a": V, "b": V})
    val = read({"a": V, "c": V}, "val", train)
    assert any("'b' is in the other data and not in these" in note for note in val.notes)
    assert any("'c' is in these data only" in note for note in val.notes)


def test_unknown_settings_and_kinds() -> None:
    with pytest.raises(InputError, match=r"'labels' is no setting; known: label"):
        data_options({"labels": "y"})
    with pytest.raises(InputError, match=r"'float' is not a valid Kind; expected number, category"):
        data_options({"kinds": {"a": "float"}})

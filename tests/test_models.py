"""Models are asked: what they say is what they say without us, and losses are those of a second implementation."""

from __future__ import annotations

import json
import pickle
import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.special
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

import diagnose
from diagnose import cli
from diagnose.auditing import run_without_log, with_data
from diagnose.data import Split
from diagnose.errors import InputError
from diagnose.models import load_model, with_model
from diagnose.models.outputs import understood
from diagnose.readers.data import DataOptions, read_split

RNG = np.random.default_rng(0)
CANCER = load_breast_cancer()


def asked(model: Any, source: Any, **said: Any) -> Split:
    split = read_split(source, "train", DataOptions(**said), is_asked=True)
    return with_model({"train": split}, model)["train"]


def _nothing(rows: Any) -> Any:
    return np.zeros(len(rows))


def people(n: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 80, n),
            "city": rng.choice(["Ulm", "Bonn", "Kiel"], n),
            "on": rng.integers(0, 2, n),
            "code": np.arange(n) + 1000,
            "weight": rng.normal(size=n),
        }
    )
    frame["y"] = np.where(frame["age"] + 10 * (frame["city"] == "Ulm") + rng.normal(0, 10, n) > 50, "old", "young")
    return frame


@pytest.fixture(scope="module")
def pipeline() -> Any:
    steps = ColumnTransformer(
        [("n", StandardScaler(), ["weight", "age", "on"]), ("c", OneHotEncoder(), ["city"])],
        verbose_feature_names_out=False,
    )
    frame = people()
    return make_pipeline(steps, LogisticRegression()).fit(frame.drop(columns="y"), frame["y"])


@pytest.mark.parametrize("form", ["frame", "polars", "arrow", "csv", "parquet", "mapping", "pair"])
def test_a_pipeline_gets_the_columns_that_it_knows(form: str, pipeline, tmp_path: Path) -> None:
    frame = people()
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_parquet(tmp_path / "a.parquet")
    forms = {
        "frame": lambda: frame,
        "polars": lambda: pl.from_pandas(frame),
        "arrow": lambda: pa.Table.from_pandas(frame),
        "csv": lambda: tmp_path / "a.csv",
        "parquet": lambda: tmp_path / "a.parquet",
        "mapping": lambda: frame.to_dict("list"),
        "pair": lambda: (frame.drop(columns="y"), frame["y"]),
    }
    # scikit-learn does not choose columns of Arrow's tables
    model = (lambda rows: pipeline.predict_proba(rows.to_pandas())) if form == "arrow" else pipeline
    split = asked(model, forms[form](), **({} if form == "pair" else {"label": "y"}))
    expected = pipeline.predict_proba(frame.drop(columns="y"))
    assert split.outputs is not None
    np.testing.assert_allclose(split.outputs, expected, rtol=1e-9)
    assert split.classes == ("old", "young")
    assert split.losses.mean() == pytest.approx(log_loss(frame["y"], expected))


def test_a_missing_column_is_named(pipeline) -> None:
    with pytest.raises(InputError, match=r"takes 5 columns, and these data lack 'age'; they have 'city', 'on'"):
        asked(pipeline, people().drop(columns="age"), label="y")


def test_missing_values_reach_the_model_as_they_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b,c\n" + "1,x,2024-01-01\n,NA,\n3,y,2024-01-02\n" * 3, encoding="utf-8")
    seen = []
    split = read_split(tmp_path / "a.csv", "train", is_asked=True)
    with_model({"train": split}, lambda rows: (seen.append(rows), np.zeros(len(rows)))[1])
    pd.testing.assert_frame_equal(seen[0][["a", "b"]], pd.read_csv(tmp_path / "a.csv")[["a", "b"]], check_dtype=False)


def test_probabilities_and_features_of_a_network() -> None:
    digits = load_digits()
    with pytest.warns(ConvergenceWarning):
        network = MLPClassifier((20, 12), max_iter=20, random_state=0).fit(digits.data / 16, digits.target)
    before = pickle.dumps(network)
    split = asked(network, (digits.images / 16, digits.target))
    np.testing.assert_allclose(split.outputs, network.predict_proba(digits.data / 16), atol=1e-12)
    again = scipy.special.softmax(split.embeddings @ network.coefs_[-1] + network.intercepts_[-1], axis=1)
    np.testing.assert_allclose(again, split.outputs, atol=1e-5)
    assert split.embedded_by == "last hidden layer of the network"
    assert pickle.dumps(network) == before
    piped = asked(make_pipeline(StandardScaler().fit(digits.data), network), digits)
    theirs = network.predict_proba(StandardScaler().fit_transform(digits.data))
    np.testing.assert_allclose(piped.outputs, theirs, atol=1e-12)
    again = scipy.special.softmax(piped.embeddings @ network.coefs_[-1] + network.intercepts_[-1], axis=1)
    np.testing.assert_allclose(again, theirs, atol=1e-5)


def test_regression_has_squared_errors() -> None:
    data = load_diabetes()
    model = Ridge().fit(data.data, data.target)
    split = asked(model, data)
    np.testing.assert_allclose(split.outputs, model.predict(data.data))
    np.testing.assert_allclose(split.losses, (model.predict(data.data) - data.target) ** 2)
    assert split.classes == ()


def test_predicted_classes_lose_nothing_or_one() -> None:
    data = StandardScaler().fit_transform(CANCER.data)
    model = LinearSVC().fit(data, CANCER.target)
    split = asked(model, (data, CANCER.target))
    assert split.losses.mean() == pytest.approx(1 - model.score(data, CANCER.target))
    assert any("no probabilities" in note for note in split.notes)


def test_numbers_of_classes_find_their_names() -> None:
    iris = load_iris()
    model = LogisticRegression(max_iter=500).fit(iris.data, iris.target)
    for one in (model, model.predict_proba, model.decision_function, lambda x: np.log(model.predict_proba(x))):
        split = asked(one, iris)
        assert split.classes == ("setosa", "versicolor", "virginica")
        assert split.losses.mean() == pytest.approx(log_loss(iris.target, model.predict_proba(iris.data)), rel=1e-5)
    hard = asked(model.predict, iris)
    assert hard.classes == ("setosa", "versicolor", "virginica")
    assert hard.losses.mean() == pytest.approx(1 - model.score(iris.data, iris.target))


def test_log_odds_and_chances_of_two_classes() -> None:
    data = StandardScaler().fit_transform(CANCER.data)
    model = LogisticRegression().fit(data, CANCER.target)
    for one in (
        model.decision_function,
        lambda x: model.predict_proba(x)[:, 1],
        lambda x: model.predict_proba(x)[:, 1:],
    ):
        split = asked(one, (data, CANCER.target))
        np.testing.assert_allclose(split.outputs, model.predict_proba(data), atol=1e-12)


def column(values: list[Any]) -> Any:
    return read_split((np.zeros((len(values), 1)), np.array(values)), "train").label


def test_how_outputs_are_read_is_decided_over_all_splits() -> None:
    one, other = np.array([[0.2, 0.8], [0.9, 0.1]]), np.array([[3.0, -1.0], [0.5, 0.5]])
    labels = {"train": column([0, 1]), "val": column([1, 0])}
    said = understood({"train": one, "val": other}, labels, (), "m")
    np.testing.assert_allclose(said["train"].outputs, scipy.special.softmax(one, axis=1))
    np.testing.assert_allclose(said["val"].losses, [4.01815, np.log(2)], rtol=1e-4)
    alone = understood({"train": one}, {"train": labels["train"]}, (), "m")
    np.testing.assert_array_equal(alone["train"].outputs, one)


def test_more_classes_than_the_model_has() -> None:
    model = LogisticRegression().fit(np.eye(4), ["a", "b", "a", "b"])
    splits = {
        "train": read_split((np.eye(4), np.array(["a", "b", "a", "b"])), "train"),
        "val": read_split((np.eye(4)[:3], np.array(["a", "new", "b"])), "val"),
    }
    found = with_model(splits, model)["val"]
    assert found.classes == ("a", "b")
    assert np.isnan(found.losses).tolist() == [False, True, False]
    assert any("does not know the classes 'new'" in note for note in found.notes)
    by_number = with_model(splits, model.predict_proba)["val"]
    np.testing.assert_array_equal(by_number.losses, found.losses)
    with pytest.raises(InputError, match="gives 5 numbers a row, and the labels are 3 classes"):
        with_model(splits, lambda rows: np.ones((len(rows), 5)))


def test_sigmoids_are_divided_by_their_sum() -> None:
    said = understood({"train": np.array([[0.5, 1.0], [0.2, 0.2]])}, {"train": None}, (), "m")["train"]
    np.testing.assert_allclose(said.outputs, [[1 / 3, 2 / 3], [0.5, 0.5]])
    assert "divided by their sum" in said.notes[0]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (3, "model=int: expected a Keras model"),
        (lambda rows: rows @ np.ones(5), r"does not take these rows \(ndarray of shape \(569, 30\)\): ValueError"),
        (lambda rows: {}[len(rows)], "KeyError: 569"),
        (lambda rows: rows[:3, 0], "gives 3 answers to 569 rows"),
        (lambda rows: 0.5, "gives one value for all rows"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said(model: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        asked(model, (CANCER.data, CANCER.target))


def test_what_was_given_counts() -> None:
    source = {
        "x": CANCER.data,
        "y": CANCER.target,
        "predictions": np.full((569, 2), 0.5),
        "embeddings": np.ones((569, 3)),
    }
    split = asked(lambda rows: np.ones((len(rows), 2)), source)
    assert (split.outputs == 0.5).all()
    assert split.embedded_by == "given"
    assert any("given count" in note for note in split.notes)


def test_a_split_without_its_rows() -> None:
    split = Split("val", 3)
    with pytest.raises(InputError, match="val: the rows themselves were not kept"):
        with_model({"val": split}, lambda rows: rows)


def test_the_audit_asks_the_model() -> None:
    data = {"train": (CANCER.data[:300], CANCER.target[:300]), "val": (CANCER.data[300:], CANCER.target[300:])}
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(*data["train"])
    run = with_data(run_without_log({}), data, None, model=model)
    assert [split.outputs.shape for split in run.splits.values()] == [(300, 2), (269, 2)]
    assert run.splits["val"].losses.mean() == pytest.approx(log_loss(CANCER.target[300:], run.splits["val"].outputs))


def test_a_model_that_is_given_a_profile(tmp_path: Path) -> None:
    train, val = write(tmp_path)
    run = with_data(run_without_log({}), {"train": diagnose.profile(train, "train"), "val": val}, None, model=_nothing)
    assert any("profile holds no rows" in item.why for item in run.unread)


# files and the command line


def write(tmp_path: Path) -> tuple[str, str]:
    frame = people()
    frame[:120].to_csv(tmp_path / "train.csv", index=False)
    frame[120:].to_csv(tmp_path / "val.csv", index=False)
    return str(tmp_path / "train.csv"), str(tmp_path / "val.csv")


def test_a_pickle_needs_trust(tmp_path: Path, pipeline, capsys) -> None:
    train, val = write(tmp_path)
    joblib.dump(pipeline, tmp_path / "m.joblib")
    words = [
        "audit",
        "--train",
        train,
        "--val",
        val,
        "--label",
        "y",
        "--model",
        str(tmp_path / "m.joblib"),
        "--format",
        "json",
    ]
    assert cli.main(words) == 2
    assert "runs whatever code it holds" in capsys.readouterr().err
    assert cli.main([*words, "--trust-pickle"]) == 0  # what --allow-pickle was called
    found = json.loads(capsys.readouterr().out)
    assert next(o for o in found["outcomes"] if o["code"] == "COV117")["status"] != "not_examined"


def test_a_model_of_the_users_own_code(tmp_path: Path, monkeypatch, capsys) -> None:
    train, val = write(tmp_path)
    (tmp_path / "my_own_model.py").write_text(
        "import numpy as np\n\n\ndef build():\n    return lambda rows: (rows['age'] > 50).to_numpy().astype(float)\n"
        "\n\nchance = build()\n",
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in ("my_own_model:build", "my_own_model:chance"):
        assert (
            cli.main(["audit", "--train", train, "--val", val, "--label", "y", "--model", name, "--format", "json"])
            == 0
        )
        capsys.readouterr()
    assert cli.main(["audit", "--train", train, "--val", val, "--model", "my_own_model:nothing"]) == 2
    assert "has no attribute 'nothing'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("m.h5", b"x", "save it again"),
        ("m.bin", b"x", "no model of a known kind"),
        ("m.pkl", b"x", "--allow-pickle"),
        ("none.keras", None, "no such file"),
        ("nothing_there:model", None, "cannot be imported"),
        ("model", None, "no such file"),
    ],
)
def test_what_cannot_be_loaded(name: str, content: bytes | None, message: str, tmp_path: Path) -> None:
    place = name if content is None else str(tmp_path / name)
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        load_model(place)


def test_a_damaged_pickle_is_an_error_of_the_input(tmp_path: Path) -> None:
    (tmp_path / "m.joblib").write_bytes(b"garbage")
    with pytest.raises(InputError, match="cannot be loaded"):
        load_model(str(tmp_path / "m.joblib"), trust_pickle=True)


def test_a_model_needs_data(capsys) -> None:
    assert cli.main(["audit", "--model", "a:b"]) == 2
    assert "--model is asked about data" in capsys.readouterr().err


@pytest.mark.framework
def test_a_file_of_skops(tmp_path: Path) -> None:
    skops = pytest.importorskip("skops.io", reason="needs skops: pip install skops")
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(np.eye(4), [0, 1, 0, 1])
    skops.dump(model, tmp_path / "m.skops")
    found = load_model(str(tmp_path / "m.skops"))
    np.testing.assert_array_equal(found.predict_proba(np.eye(4)), model.predict_proba(np.eye(4)))
    own = type("Own", (StandardScaler,), {"__module__": "own_code"})
    skops.dump(own().fit(np.eye(4)), tmp_path / "own.skops")
    with pytest.raises(InputError, match=r"not known to be safe \(own_code.Own\)"):
        load_model(str(tmp_path / "own.skops"))

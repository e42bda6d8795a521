"""Data on the command line: alone, beside a log, at the gate, and what every report says of them."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest

import diagnose
from diagnose import cli
from diagnose.finding import Cause, Level
from diagnose.reports import render
from diagnose.reports.json_schema import committed_schema
from simulated_runs import overfit


def frame(n: int, seed: int, shift: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame({
        "age": rng.normal(34 + shift, 8, n), "zip": rng.choice([10115, 80331, 20095], n),
        "city": rng.choice(["Bonn", "Köln"], n), "patient": rng.integers(0, 10**6, n),
        "species": rng.choice(["cat", "dog"], n),
    })  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    frame(600, 1).to_csv(tmp_path / "train.csv", index=False)
    frame(300, 2).to_parquet(tmp_path / "val.parquet")
    frame(300, 3, shift=16).to_csv(tmp_path / "moved.csv", index=False)
    pd.DataFrame(overfit()).to_csv(tmp_path / "log.csv", index=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


SPLITS = ["--train", "train.csv", "--val", "val.parquet", "--label", "species"]


def test_data_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["audit", *SPLITS, "--kind", "zip=category", "patient=identifier", "-o", "r.json"]) == cli.FINE
    shown = " ".join(capsys.readouterr().out.split())
    assert "Training: 600 rows of train.csv Validation: 300 rows of val.parquet" in shown
    assert "1 number: age 2 categories: zip, city 1 identifier: patient label: species (category" in shown
    diagnosis = diagnose.load(folder / "r.json")
    assert [(split.name, split.n) for split in diagnosis.run.data] == [("train", 600), ("val", 300)]
    decided = {column.name: column.decided for column in diagnosis.run.data[0].columns}
    assert decided["zip"] == "given"
    jsonschema.validate(json.loads((folder / "r.json").read_text("utf-8")), committed_schema())


def test_data_and_a_log_are_one_diagnosis(folder: Path) -> None:
    assert cli.main(["audit", "log.csv", *SPLITS, "-q", "-o", "r.json"]) == cli.FINE
    both = diagnose.load(folder / "r.json")
    alone = diagnose.audit(history=str(folder / "log.csv"))
    assert both.run.curves == alone.run.curves
    assert len(both.run.data) == 2
    assert both.verdicts[Cause.OVERFITTING].level is Level.CONFIRMED
    examined = {cause for cause, verdict in both.verdicts.items() if verdict.level is not Level.NOT_EXAMINED}
    assert examined >= {c for c, verdict in alone.verdicts.items() if verdict.level is not Level.NOT_EXAMINED}


def test_the_call_and_the_command_agree(folder: Path) -> None:
    cli.main(["audit", "log.csv", *SPLITS, "-q", "-o", "r.json"])
    called = diagnose.audit(history="log.csv", train="train.csv", val="val.parquet", data={"label": "species"})
    assert diagnose.load(folder / "r.json") == called


def test_several_logs_share_the_data(folder: Path) -> None:
    (folder / "other.csv").write_text((folder / "log.csv").read_text("utf-8"), "utf-8")
    assert cli.main(["audit", "log.csv", "other.csv", *SPLITS, "-q", "-o", "r.json"]) == cli.FINE
    many = json.loads((folder / "r.json").read_text("utf-8"))["diagnoses"]
    assert [len(one["run"]["data"]) for one in many] == [2, 2]


@pytest.mark.parametrize("form", ["html", "markdown", "text"])
def test_every_report_lists_the_columns(folder: Path, form: str) -> None:
    data = {"label": "species", "kinds": {"zip": "category"}}
    made = diagnose.audit(train="train.csv", val="val.parquet", data=data)
    page = render(made, form)
    for word in ("train.csv", "val.parquet", "age", "zip", "city", "species", "600", "300"):
        assert word in page, word
    if form == "html":
        assert "diagnose audit --train train.csv --val val.parquet --label species --kind zip=category" in page


def test_objects_are_reproduced_by_a_call() -> None:
    made = diagnose.audit(train=frame(60, 1), val=frame(60, 2), data={"label": "species"})
    assert "diagnose.audit(train=…, val=…, data={&#39;label&#39;: &#39;species&#39;})" in render(made, "html")


def test_hostile_names_of_columns_reach_no_report_alive() -> None:
    name = '<script>alert(1)</script>\x1b[31m\u202e"'
    table = {name: [0.5, 1.5, 2.5] * 20, "b": [1.5, 2.5, 3.5] * 20}
    made = diagnose.audit(train=table, val=table)
    for form in ("html", "markdown", "text"):
        page = render(made, form)
        assert "\x1b" not in page
        assert "\u202e" not in page
        assert "<script>" not in page or form == "text"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--train", "train.csv", "--label", "speces"], "did you mean 'species'?"),
        (["--train", "trian.csv"], "--train trian.csv: no such file or folder"),
        (["--label", "species"], "--label speaks of data, and none are given"),
        (["log.csv", "--kind", "a=number"], "--kind speaks of data"),
        (["--train", "train.csv", "--kind", "zip"], "--kind 'zip': expected KEY=VALUE"),
        (["--train", "train.csv", "--kind", "zip=code"], "'code' is not a valid Kind; expected number, category"),
        (["--train", "train.csv", "--val", "log.csv"], "shares no column with the training data"),
        (["--train", "train.csv", "--ignore-column", "zop"], "no column 'zop' to ignore (did you mean 'zip'?)"),
        ([], "nothing to audit; give a log: diagnose audit training.csv, or data: --train DATA --val DATA"),
    ],
)
def test_mistakes_end_with_2_and_say_what_to_type(
    arguments: list[str], message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["audit", *arguments]) == cli.USER_MISTAKE
    assert message in capsys.readouterr().err


def test_training_data_alone_ask_for_the_others(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["audit", "--train", "train.csv"]) == cli.FINE
    shown = " ".join(capsys.readouterr().out.split())
    assert "Cannot tell from these data: " in shown
    assert "--val DATA" in shown


def test_the_gate_judges_data(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["gate", *SPLITS, "-q", "-o", "r.json"]) == cli.FINE
    judged = diagnose.load(folder / "r.json")
    assert judged.gate is not None
    assert [split.name for split in judged.run.data] == ["train", "val"]
    assert cli.main(["gate"]) == cli.USER_MISTAKE
    assert "no runs to judge" in capsys.readouterr().err


def test_a_saved_diagnosis_takes_no_data(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["audit", "log.csv", "-q", "-o", "r.json"])
    assert cli.main(["gate", "r.json", *SPLITS]) == cli.USER_MISTAKE
    assert "to which no data can be added" in capsys.readouterr().err


def test_a_shift_is_found_in_files_of_two_formats(folder: Path) -> None:
    moved = diagnose.audit(train="train.csv", val="moved.csv", data={"label": "species"})
    assert moved.main == Cause.COVARIATE_SHIFT
    assert moved.run.name == "train.csv, moved.csv"
    assert "age" in moved.sentence
    same = diagnose.audit(train="train.csv", val="val.parquet", data={"label": "species"})
    assert same.main == "healthy"
    assert same.sentence.startswith("No fault found in these data; ")


def test_context_is_known_beside_data_alone(folder: Path) -> None:
    assert cli.main(["audit", *SPLITS, "-c", "n_classes=2", "-q", "-o", "r.json"]) == cli.FINE
    assert diagnose.load(folder / "r.json").run.context["n_classes"] == 2


@pytest.mark.parametrize("arguments", [["--train", "train.csv", "--val", "val.parquet"], ["log.csv", *SPLITS]])
def test_the_same_data_give_the_same_bytes(arguments: list[str], folder: Path) -> None:
    written = []
    for name in ("one.json", "two.json"):
        cli.main(["audit", *arguments, "-q", "-o", name])
        written.append((folder / name).read_bytes())
    assert written[0] == written[1]

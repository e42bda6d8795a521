"""``diagnose profile``, and profiles where a command takes data."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from diagnose import cli
from diagnose.profiles.file_format import to_bytes
from diagnose.profiling import read_profile


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Lay training and validation data, the latter of another age."""
    rng = np.random.default_rng(0)
    for name, n, shift in (("train", 600, 0), ("val", 400, 0), ("moved", 400, 15)):
        rows = (
            f"{rng.normal(40 + shift, 10):.1f},{rng.choice(['Bern', 'Genf'])},{rng.choice(['no', 'yes'])}"
            for _ in range(n)
        )
        (tmp_path / f"{name}.csv").write_text("\n".join(("age,city,outcome", *rows)), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> int:
    return cli.main(arguments)


def test_it_writes_a_profile_and_says_what_is_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("profile", "train.csv", "--label", "outcome", "-o", "train.profile") == 0
    shown = capsys.readouterr()
    assert "600 rows of train.csv" in shown.out
    assert "age (number): " in shown.out
    assert "label outcome (category): 2 categories, most often " in shown.out
    assert shown.err.startswith("train.profile: ")
    assert run("profile", "train.csv", "--label", "outcome", "-o", "again.profile", "--quiet") == 0
    assert capsys.readouterr() == ("", "")
    assert Path("train.profile").read_bytes() == Path("again.profile").read_bytes()


def test_an_audit_takes_it_in_place_of_data(capsys: pytest.CaptureFixture[str]) -> None:
    run("profile", "train.csv", "--label", "outcome", "-o", "train.profile", "-q")
    assert run("audit", "--train", "train.profile", "--val", "moved.csv", "-o", "r.json") == 0
    assert "median age" in capsys.readouterr().out
    found = json.loads(Path("r.json").read_text(encoding="utf-8"))
    assert found["verdicts"]["covariate_shift"]["level"] == "confirmed"
    run("audit", "--train", "train.profile", "--val", "val.csv")
    assert "Covariate shift" not in capsys.readouterr().out.split("Cause")[0]


def test_a_gate_takes_it(capsys: pytest.CaptureFixture[str]) -> None:
    run("profile", "train.csv", "--label", "outcome", "-o", "train.profile", "-q")
    assert run("gate", "--train", "train.profile", "--val", "moved.csv", "--quiet") == 1
    assert run("gate", "--train", "train.profile", "--val", "val.csv", "--quiet") == 0
    capsys.readouterr()


def test_parts_of_one_data_set_are_merged() -> None:
    lines = Path("train.csv").read_text(encoding="utf-8").splitlines()
    Path("a.csv").write_text("\n".join(lines[:200]), encoding="utf-8")
    Path("b.csv").write_text("\n".join([lines[0], *lines[200:]]), encoding="utf-8")
    run("profile", "train.csv", "--label", "outcome", "-o", "whole.profile", "-q")
    run("profile", "b.csv", "--label", "outcome", "-o", "b.profile", "-q")
    assert run("profile", "b.profile", "a.csv", "--label", "outcome", "-o", "both.profile", "-q") == 0
    whole, both = read_profile("whole.profile"), read_profile("both.profile")
    assert [c.known for c in both.columns] == [c.known for c in whole.columns]
    for one, other in zip(both.columns, whole.columns, strict=True):
        assert np.array_equal(one.cells.counts, other.cells.counts)
    assert both.rows is not None
    assert whole.rows is not None
    assert np.array_equal(both.rows.digests, whole.rows.digests)


def test_kinds_are_taken_from_another_profile() -> None:
    run("profile", "train.csv", "--label", "outcome", "--kind", "age=category", "-o", "train.profile", "-q")
    run("profile", "val.csv", "--label", "outcome", "--like", "train.profile", "-o", "val.profile", "-q")
    assert [c.kind.value for c in read_profile("val.profile").columns] == ["category", "category"]


def test_streaming_profiles_what_would_fit(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("audit", "--train", "train.csv", "--val", "moved.csv", "--label", "outcome", "--stream") == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "a profile of 600 rows, without the rows" in shown
    assert "median age" in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing.csv", "-o", "x.profile"], "diagnose: nothing.csv: no such file or folder"),
        (["train.csv", "-o", "x.json"], "-o x.json: a profile's name ends in .profile, such as x.profile"),
        (["train.csv", "-o", "x.profile", "--label", "outcom"], "(did you mean 'outcome'?)"),
        (["train.csv", "-o", "x.profile", "--like", "val.csv"], "val.csv: no profile; expected a file that"),
        (["train.csv"], "Missing option '-o'"),
    ],
)
def test_mistakes_are_told(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("profile", *arguments) == 2
    assert said in capsys.readouterr().err
    assert not Path("x.profile").exists()


def test_a_damaged_profile_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    run("profile", "train.csv", "-o", "train.profile", "-q")
    content = Path("train.profile").read_bytes()
    Path("train.profile").write_bytes(content[:-30])
    assert run("audit", "--train", "train.profile", "--val", "val.csv") == 2
    assert "train.profile: a damaged profile" in capsys.readouterr().err


def test_the_label_is_asked_for_once() -> None:
    run("profile", "train.csv", "--label", "outcome", "-o", "train.profile", "-q")
    assert run("audit", "--train", "train.profile", "--val", "val.csv", "-q", "-o", "r.json") == 0
    data = json.loads(Path("r.json").read_text(encoding="utf-8"))["run"]["data"]
    assert ["outcome" in [c["name"] for c in split["columns"] if c["role"] == "label"] for split in data] == [
        True,
        True,
    ]
    assert to_bytes(read_profile("train.profile"))

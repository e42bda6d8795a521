"""The tutorial on transfer learning shows what the product says about the logs that its script wrote."""

from __future__ import annotations

import csv
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from diagnose import cli, testing

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "transfer_learning"
PAGE = ROOT / "docs" / "transfer-learning.md"
pytestmark = pytest.mark.skipif(not PAGE.is_file(), reason="the docs are not beside the tests")


def text() -> str:
    return PAGE.read_text(encoding="utf-8")


def blocks() -> list[tuple[str, str]]:
    """Return language and content of each code block, those that train under the name "training"."""
    found = re.findall(r"(<!-- training -->\n)?^```(\w+)\n(.*?)^```", text(), re.DOTALL | re.MULTILINE)
    return [("training" if mark else language, content) for mark, language, content in found]


def training_commands() -> list[list[str]]:
    lines = [line for kind, content in blocks() if kind == "training" for line in content.splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith("python ")]


def one_line(said: str) -> str:
    return " ".join(said.split())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a copy of the example to work in, in a terminal as wide as the page's."""
    copy = tmp_path / "transfer_learning"
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("__pycache__", "*.h5"))
    monkeypatch.chdir(copy)
    monkeypatch.setenv("COLUMNS", "100")
    return copy


def run(line: str, capsys: pytest.CaptureFixture[str]) -> str:
    command, _, remark = line.partition("#")
    expected = re.search(r"exit code (\d)", remark)
    status = cli.main(shlex.split(command)[1:])
    said = capsys.readouterr()
    assert status == int(expected[1] if expected else 0), f"{line}\n{said.err}"
    return one_line(said.out)


def test_every_command_runs_and_every_quoted_output_is_the_products(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said, commands, quotes = "", 0, 0
    for kind, content in blocks():
        if kind == "sh":
            for line in content.splitlines():
                said, commands = run(line, capsys), commands + 1
        elif kind == "text":
            for quote in content.split("…\n"):
                assert one_line(quote) in said
                quotes += 1
    assert commands == 3
    assert quotes >= 8
    assert (folder / "curves.svg").read_text(encoding="utf-8").startswith("<?xml")


def test_codes_that_are_named_are_in_the_diagnosis_or_explained(capsys: pytest.CaptureFixture[str]) -> None:
    for code in sorted(set(re.findall(r"\b[A-Z]{3}\d{3}\b", text()))):
        assert cli.main(["explain", code]) == 0
        assert code in capsys.readouterr().out


def test_what_the_text_says_of_the_curves_is_in_the_log() -> None:
    log = testing.run_of(EXAMPLE / "training.csv").history
    accuracy, loss = log.find("val", "accuracy"), log.find("val", "loss")
    assert accuracy is not None
    assert loss is not None
    assert round(accuracy.values[14], 2) == 0.75
    assert round(min(accuracy.values[15:18]), 2) == 0.65
    assert loss.values[-1] > 3 * loss.values[21]
    assert abs(accuracy.values[-1] - accuracy.values[21]) < 0.03


def test_the_same_script_with_another_seed_is_one_run_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its first training loss after the recompile lies above all before; what was learnt is there all the same."""
    said = run("diagnose audit seed_0.csv", capsys)
    assert "counted through as one run" in said
    assert "Overfitting is likely" in said


def test_the_context_beside_the_log_is_what_the_text_says() -> None:
    beside = (EXAMPLE / "training.yaml").read_text(encoding="utf-8")
    for line in ("n_train: 40", "n_val: 300", "trainable_parameters: 1310597", "augmentation: false"):
        assert line in beside.splitlines()


def test_the_table_of_seeds_is_what_was_measured() -> None:
    measured: dict[str, list[str]] = {}
    with (EXAMPLE / "seeds.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            measured.setdefault(row["options"], []).append(row["test_accuracy"])
    table = text().partition("<!-- seeds -->\n")[2].partition("\n\n")[0].splitlines()[2:]
    shown = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    assert {("" if name.startswith("none") else name.strip("`")): values for name, *values in shown} == measured


def test_the_logs_are_those_of_the_table() -> None:
    with (EXAMPLE / "seeds.csv").open(encoding="utf-8") as lines:
        measured = {(row["options"], row["seed"]): row["test_accuracy"] for row in csv.DictReader(lines)}
    for command in training_commands():
        log, seed, options = _settings(command)
        beside = (EXAMPLE / log).with_suffix(".yaml").read_text(encoding="utf-8")
        assert f"# test accuracy {measured[options, seed]} " in beside


def _settings(command: list[str]) -> tuple[str, str, str]:
    """Return the log, the seed and the other options of a line that trains."""
    said = " ".join(command)
    return (
        re.findall(r"--log (\S+)", said)[0],
        re.findall(r"--seed (\d)", said)[0],
        one_line(re.sub(r"train.py|--backbone small|--seed \d|--log \S+", "", said)),
    )


def test_the_page_stays_short_and_its_picture_light() -> None:
    assert len(text().split()) < 1500, "ten minutes"
    assert (ROOT / "docs" / "transfer-learning.svg").stat().st_size <= 80_000


@pytest.mark.slow
@pytest.mark.skipif(
    not os.environ.get("KERAS_PYTHON") and importlib.util.find_spec("keras") is None,
    reason="needs keras: install it here, or set KERAS_PYTHON to an interpreter that has it",
)
def test_the_training_shows_what_the_tutorial_tells(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    python = os.environ.get("KERAS_PYTHON", sys.executable)
    for log in folder.glob("*.csv"):
        log.unlink()
    for command in training_commands():
        subprocess.run([python, *command], check=True, capture_output=True, timeout=900)
    # other machines round otherwise: what is told must come out, not each figure
    run("diagnose audit training.csv --context-file training.yaml -o before.json", capsys)
    run("diagnose gate training.csv --context-file training.yaml  # exit code 1", capsys)
    said = run("diagnose gate repaired.csv --context-file repaired.yaml --against before.json", capsys)
    assert "Gate passed" in said
    accuracy = {
        beside.stem: float(re.findall(r"test accuracy (\S+)", beside.read_text(encoding="utf-8"))[0])
        for beside in folder.glob("*.yaml")
    }
    assert accuracy["repaired"] > accuracy["training"] + 0.03

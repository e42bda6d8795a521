"""``diagnose try``: from a saved report and a function to a report with measured effects."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from diagnose.cli import main
from trial_worlds import diagnosed

pytest.importorskip("optuna")

TRAIN = """
def train(config):
    return 0.5 + 0.01 * config["seed"] + 0.1 * (config.get("dropout", 0.0) > 0) + 0.001 * (config["seed"] % 2)

def broken(config):
    raise ValueError("no data")

nothing = 3
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "own_training.py").write_text(TRAIN)
    diagnosed({"dropout": 0.3}, {"weight_decay": 0.1}).save(tmp_path / "report.json")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_a_report_gets_measured_effects(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code = main(["try", "own_training:train", "--from", "report.json", "--place", "kept", "-o", "tried.json"])
    assert code == 0
    remedies = json.loads((folder / "tried.json").read_text())["remedies"]
    assert remedies[0]["basis"] == "measured"
    said = capfd.readouterr()
    assert "helps most" in said.out
    assert "paired seeds" in said.err
    assert main(["try", "own_training:train", "--from", "report.json", "--place", "kept", "-q"]) == 0
    assert not capfd.readouterr().out


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("own_training", "MODULE:FUNCTION"),
        ("no_such_module:train", "cannot be imported"),
        ("own_training:nothing", "no function"),
        ("own_training:broken", "no data"),
    ],
)
def test_what_cannot_be_used_says_so(folder: Path, capfd: pytest.CaptureFixture[str], name: str, said: str) -> None:
    assert main(["try", name, "--from", "report.json", "-q"]) == 2
    assert said in capfd.readouterr().err


def test_the_help_teaches(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["try", "--help"]) == 0
    said = capfd.readouterr().out
    assert "def train(config, report=None):" in said
    assert "--place" in said

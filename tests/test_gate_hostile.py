"""The gate against what a hostile or a careless hand gives it: nothing passes unseen, and names stay names."""

from __future__ import annotations

from pathlib import Path

import pytest

import diagnose
from diagnose import cli

STEPS = range(30)
CALM = {"loss": [0.3 + 0.6**n for n in STEPS], "val_loss": [0.32 + 0.6**n for n in STEPS]}
OVERFIT = {"loss": [0.8**n for n in STEPS], "val_loss": [0.4 + 0.8**n + max(0, n - 10) * 0.03 for n in STEPS]}


def write(path: Path, history: dict[str, list[float]]) -> Path:
    rows = zip(STEPS, history["loss"], history["val_loss"], strict=True)
    path.write_text("epoch,loss,val_loss\n" + "".join(f"{n},{a:.6f},{b:.6f}\n" for n, a, b in rows))
    return path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "runs").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    "late", [["-c", "n_val=5"], ["--context-file", "c.yaml"], ["-m", "val_loss=x"], ["--every-run"]]
)
def test_what_cannot_change_a_saved_diagnosis_is_refused_and_not_passed_over(
    folder: Path, capsys: pytest.CaptureFixture[str], late: list[str]
) -> None:
    (folder / "c.yaml").write_text("n_val: 5\n")
    diagnose.audit(history=CALM).save(folder / "saved.json")
    assert cli.main(["gate", "saved.json", "-q"]) == cli.FINE
    assert cli.main(["gate", "saved.json", "-q", *late]) == cli.USER_MISTAKE
    assert "saved diagnosis" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["u\n::error::x.csv", "::stop-commands::x.csv", "u\r::add-mask::x.csv"])
@pytest.mark.parametrize("others", [0, 2])
def test_a_name_in_a_message_is_no_command_of_the_server(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, others: int
) -> None:
    try:
        (folder / name).write_text("epoch,loss,val_loss\n")
    except OSError:
        pytest.skip("this system has no such names")
    for number in range(others):
        write(folder / f"{number}.csv", CALM)
    assert cli.main(["gate", ".", "--format", "github"]) == cli.USER_MISTAKE
    said = capsys.readouterr()
    assert "x.csv" in said.err
    assert not [line for line in (said.out + said.err).splitlines() if line.strip().startswith("::")]


def test_a_path_in_a_message_is_no_command_of_the_server(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "x.csv", CALM)
    assert cli.main(["gate", "x.csv", "--baseline", "b\n::error::c.json"]) == cli.USER_MISTAKE
    err = capsys.readouterr().err
    assert "::error::c.json" in err
    assert not [line for line in err.splitlines() if line.strip().startswith("::")]


def test_runs_of_the_reference_that_are_gone_are_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in "abc":
        write(folder / "runs" / f"{name}.csv", CALM)
    assert cli.main(["audit", "runs/", "-q", "-o", "main.json"]) == cli.FINE
    assert cli.main(["gate", "runs/", "-q", "--against", "main.json"]) == cli.FINE
    assert "not judged" not in capsys.readouterr().err
    (folder / "runs" / "c.csv").unlink()
    assert cli.main(["gate", "runs/", "-q", "--against", "main.json"]) == cli.FINE
    assert "1 of the runs that main.json holds were not judged: runs/c.csv" in capsys.readouterr().err

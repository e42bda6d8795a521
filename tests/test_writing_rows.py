from __future__ import annotations

import csv
from pathlib import Path

import pytest

import diagnose
from diagnose.analyzers import ANALYZERS
from diagnose.cli import main
from diagnose.errors import InputError
from diagnose.remedies.row_files import RowFile
from diagnose.writing_rows import README, write_row_files
from remedy_worlds import alike, copied, written

PLAIN = RowFile("rows.csv", "Some rows.", ("row", "name"), lambda: [(0, "a"), (1, 'b"\n,c')])


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    assert write_row_files([PLAIN], tmp_path / "new" / "rows") == [
        tmp_path / "new" / "rows" / "rows.csv",
        tmp_path / "new" / "rows" / README,
    ]
    with (tmp_path / "new" / "rows" / "rows.csv").open(newline="") as stream:
        assert list(csv.reader(stream)) == [["row", "name"], ["0", "a"], ["1", 'b"\n,c']]
    assert "Some rows." in (tmp_path / "new" / "rows" / README).read_text()


@pytest.mark.parametrize("text", ["=cmd()", "+1+1", "@x", "-2+3", "\tx"])
def test_no_name_becomes_a_formula(text: str) -> None:
    assert RowFile("a", "", ("name",), lambda: [(text,)]).text().split("\n", 1)[1].strip('"\n') == f"'{text}"


@pytest.mark.parametrize("text", ["-1", "+2.5", "plain", "a=b"])
def test_numbers_and_plain_names_stay(text: str) -> None:
    assert RowFile("a", "", ("name",), lambda: [(text,)]).text() == f"name\n{text}\n"


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rows").write_text("mine")
    with pytest.raises(InputError, match="give a folder"):
        write_row_files([PLAIN], tmp_path / "rows")
    assert (tmp_path / "rows").read_text() == "mine"


def test_without_files_the_folder_says_so(tmp_path: Path) -> None:
    write_row_files([PLAIN], tmp_path)
    write_row_files([], tmp_path)
    assert "No remedy" in (tmp_path / README).read_text()


def only_copies() -> list[object]:
    return [a for a in ANALYZERS if a.code == "LKG141"]


def test_an_audit_writes_them_and_names_them(tmp_path: Path) -> None:
    paths = written(copied(), tmp_path)
    folder = tmp_path / "rows"
    found = diagnose.audit(**paths, data={"label": "target"}, analyzers=only_copies(), remedy_files=folder)
    assert (folder / "drop_val_rows.csv").read_text().startswith("row,why,train_row\n")
    assert repr(f"{folder}/drop_val_rows.csv") in found.remedies[0].code
    before = (folder / "drop_val_rows.csv").read_bytes()
    diagnose.audit(**paths, data={"label": "target"}, analyzers=only_copies(), remedy_files=folder)
    assert (folder / "drop_val_rows.csv").read_bytes() == before


def test_without_the_option_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = diagnose.audit(**copied(), data={"label": "target"}, analyzers=only_copies())
    assert not list(tmp_path.iterdir())
    assert "--remedy-files remedies/" in found.remedies[0].code


def test_files_go_with_data(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("epoch,loss\n1,1.0\n2,0.5\n")
    assert main(["audit", str(tmp_path / "log.csv"), "--remedy-files", str(tmp_path / "r")]) == 2
    assert not (tmp_path / "r").exists()


def test_files_go_with_one_run(tmp_path: Path) -> None:
    logs = []
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text("epoch,loss\n1,1.0\n2,0.5\n3,0.4\n")
        logs.append(str(tmp_path / f"{name}.csv"))
    paths = written(alike(), tmp_path)
    command = ["audit", *logs, "--train", paths["train"], "--val", paths["val"], "--remedy-files", str(tmp_path / "r")]
    assert main(command) == 2
    assert not (tmp_path / "r").exists()

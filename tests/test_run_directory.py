"""A run directory under attack: what an audit, a gate and a folder of runs make of it."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import pytest

import diagnose
from diagnose.cli import main
from diagnose.errors import UnreadableInput
from diagnose.hooks.options import Options
from diagnose.hooks.session import Session
from diagnose.journal import Journal
from diagnose.journal.records import Began, Epoch, Record, encoded
from diagnose.readers import read_runs
from diagnose.readers.discover import find_logs
from diagnose.readers.run_directory import FORMAT

HOSTILE = ["val_loss", "\x1b[31mred\x1b[0m", "<script>alert(1)</script>", "\u202etxt.exe", "a\nb", "", "::error::x"]


def overfit(epochs: int = 40) -> list[Record]:
    losses = ((e, {"loss": 1 / e, "val_loss": 1 / min(e, 10) + 0.03 * max(e - 10, 0)}) for e in range(1, epochs + 1))
    return [Began(framework="torch", name="overfit"), *(Epoch(e, e, values) for e, values in losses)]


def directory(place: Path, records: list[Record]) -> Path:
    journal = Journal(place)
    for record in records:
        journal.write(record)
    journal.close()
    return place


def test_an_audit_reads_it(tmp_path: Path) -> None:
    diagnosis = diagnose.audit(history=directory(tmp_path / "run", overfit()))
    assert diagnosis.main == "overfitting"
    assert diagnosis.run.name == "overfit"


def test_one_journal_is_read_too(tmp_path: Path) -> None:
    place = directory(tmp_path / "run", overfit())
    assert read_runs(place / "journal-0001.jsonl").runs[0].sources[0].format == FORMAT


def test_saved_reports_in_it_are_no_logs(tmp_path: Path) -> None:
    session = Session(tmp_path / "run", "torch")
    for e in range(1, 12):
        session.epoch_ended(e, e, {"loss": 1 / e, "val_loss": 1 / e})
    session.finish()
    assert {path.name for path in (tmp_path / "run").iterdir()} == {
        "journal-0001.jsonl",
        "report.html",
        "diagnosis.json",
    }
    assert [found.reader.format for found in find_logs(tmp_path)] == [FORMAT]
    result = read_runs(tmp_path)
    assert len(result.runs) == 1
    assert not result.unread


def test_a_folder_of_run_directories(tmp_path: Path) -> None:
    for name in ("a", "b", "deep/c"):
        directory(tmp_path / name, overfit())
    assert len(read_runs(tmp_path).runs) == 3
    assert main(["audit", str(tmp_path), "-q", "-o", f"{tmp_path / 'reports'}/"]) == 0
    assert len(list((tmp_path / "reports").glob("*.html"))) >= 3


def test_the_gate_reads_it(tmp_path: Path) -> None:
    healthy = [Began(), *(Epoch(e, e, {"loss": 0.3 + 0.6**e, "val_loss": 0.32 + 0.6**e}) for e in range(1, 31))]
    assert main(["gate", str(directory(tmp_path / "bad", overfit()))]) == 1
    assert main(["gate", str(directory(tmp_path / "good", healthy))]) == 0


def test_a_cut_journal_is_audited_and_says_so(tmp_path: Path) -> None:
    place = directory(tmp_path, overfit())
    path = place / "journal-0001.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    run = read_runs(place).runs[0]
    assert len(run.history.curves[0]) == 39
    assert [unread.why.split(":")[0] for unread in run.unread] == ["line 41 is cut"]


@pytest.mark.parametrize("raw", [b"", b'{"record":"began"', encoded(Began())[:-1]])
def test_a_journal_without_a_whole_line_is_told(tmp_path: Path, raw: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "journal-0001.jsonl").write_bytes(raw)
    with pytest.raises(UnreadableInput, match="no whole line"):
        read_runs(tmp_path)
    assert main(["audit", str(tmp_path)]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_run_without_an_epoch_has_no_curves(tmp_path: Path) -> None:
    run = read_runs(directory(tmp_path, [Began(name="empty")])).runs[0]
    assert run.history.curves == ()
    assert main(["audit", str(tmp_path), "-q"]) == 0


def test_a_second_training_into_it_is_another_run(tmp_path: Path) -> None:
    directory(tmp_path, overfit())
    directory(tmp_path, overfit(20))
    runs = read_runs(tmp_path).runs
    assert [run.name for run in runs] == ["overfit (journal-0001)", "overfit (journal-0002)"]
    assert [len(run.history.curves[0]) for run in runs] == [40, 20]


def test_what_resumes_is_one_run(tmp_path: Path) -> None:
    directory(tmp_path, overfit(20))
    directory(tmp_path, [Began(resumes=True), *(record for record in overfit(30)[21:])])
    (run,) = read_runs(tmp_path).runs
    assert list(run.history.curves[0].steps) == list(range(1, 31))


def test_hostile_names_and_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = [1.0, math.nan, math.inf, -math.inf, 1e308, 5e-324]
    records: list[Record] = [Began(name="\x1b[31m<b>\u202e", settings={"<i>": "\x1b]0;x\x07"})]
    records += [Epoch(e, e, {name: values[(e + i) % 6] for i, name in enumerate(HOSTILE)}) for e in range(1, 20)]
    place = directory(tmp_path / "run", records)
    assert main(["audit", str(place), "-o", str(tmp_path / "r.html"), "-o", str(tmp_path / "r.json")]) == 0
    shown = capsys.readouterr()
    assert "\x1b]0" not in shown.out
    assert "\x1b[31mred" not in shown.out
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "\u202e" not in page
    json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))


def test_ten_thousand_names(tmp_path: Path) -> None:
    records: list[Record] = [Began()]
    records += [Epoch(e, e, {"loss": 1 / e, **{f"metric {i}": 1.0 for i in range(10_000)}}) for e in range(1, 4)]
    assert diagnose.audit(history=directory(tmp_path, records)).run.name == tmp_path.name


def test_a_directory_that_cannot_be_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("no folder")
    session = Session(tmp_path / "file" / "run", "torch", Options(share=1.0))
    for e in range(1, 15):
        session.epoch_ended(e, e, {"loss": 1 / e, "val_loss": 1 / e})
    assert session.finish() is not None
    told = [record.getMessage() for record in caplog.records if "could not" in record.getMessage()]
    assert len([line for line in told if "could not write to" in line]) == 1
    assert len([line for line in told if "could not report" in line]) == 1
    assert len(told) == 2


def test_a_directory_deleted_while_training(tmp_path: Path) -> None:
    place = tmp_path / "run"
    session = Session(place, "torch")
    for e in range(1, 11):
        if e == 6:
            shutil.rmtree(place)
        session.epoch_ended(e, e, {"loss": 1 / e, "val_loss": 1 / e})
    session.finish()
    (run,) = read_runs(place).runs
    assert list(run.history.curves[0].steps) == list(range(1, 11))
    assert (place / "report.html").exists()

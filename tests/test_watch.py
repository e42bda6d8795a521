"""`diagnose watch`: what it shows of a run while it trains, and that it reads only what was appended."""

from __future__ import annotations

import io
import math
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from rich.console import Console

from diagnose.cli import main
from diagnose.commands import watch
from diagnose.commands.watch_frame import Moment, frame, sparkline
from diagnose.commands.watched_run import WatchedRun
from diagnose.hooks.options import Options
from diagnose.hooks.session import Session
from diagnose.journal import Journal
from diagnose.journal.following import Follower
from diagnose.journal.records import Began, Ended, Epoch, Found, Happened, Layers, Record
from diagnose.recording import Happening

LAYERS = Layers(20, 2, ("conv1", "fc"), {"gradient": [1e-7, 2.0], "dead_share": [0.5, 0.0]})
FINDING = Found(20, 2, "OVF101", "overfitting", "warning", 0.93, "validation loss turned at epoch 1")


def epochs(n: int) -> list[Record]:
    return [epoch(e) for e in range(1, n + 1)]


def epoch(e: int) -> Epoch:
    return Epoch(e, 10 * e, {"loss": 1 / e, "val_loss": 1 + 0.1 * abs(e - 2), "accuracy": 1 - 1 / e})


def shown(records: list[Record], *, silent: float = 0.0, width: int = 100, plain: bool = False) -> str:
    run = WatchedRun()
    run.add((Path("j"), record) for record in records)
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(frame(run, Moment(Path("runs/1"), 1000.0, 1000.0 + silent), width=width, plain=plain))
    return console.export_text()


def journal(place: Path, records: list[Record]) -> Journal:
    writer = Journal(place)
    for record in records:
        writer.write(record)
    return writer


def test_a_frame_shows_curves_layers_and_findings() -> None:
    text = shown([Began(framework="torch", name="demo"), *epochs(5), LAYERS, FINDING])
    assert "demo (torch)" in text
    assert "running" in text
    assert "epoch 5, step 50" in text
    assert "best 1 @ 2" in text
    assert "best 0.8 @ 5" in text
    assert "smallest 1e-7 in conv1, largest 2 in fc" in text
    assert "OVF101 after epoch 2, 93% sure" in text
    assert "Validation loss turned" in text


def test_losses_come_first() -> None:
    text = shown([Began(), Epoch(1, 1, {"accuracy": 0.5, "val_loss": 1.0})])
    assert text.index("val_loss") < text.index("accuracy")


def test_many_values_are_counted() -> None:
    assert "and 12 more values" in shown([Began(), Epoch(1, 1, {f"loss {i}": 1.0 for i in range(20)})])


@pytest.mark.parametrize(
    ("records", "silent", "expected"),
    [
        ([Began()], 0, "running"),
        ([Began()], 0, "No epoch has ended yet"),
        ([Began(), *epochs(2)], 45, "silent for 45 s"),
        ([Began(), Epoch(1, 1, {"loss": 1.0}, None, 60.0)], 45, "running"),
        ([Began(), Epoch(1, 1, {"loss": 1.0}, None, 60.0)], 500, "silent for 8 min"),
        ([Began(), *epochs(2), Ended("finished")], 500, "ended: finished"),
        ([Began(), *epochs(2), Ended("failed: KeyboardInterrupt")], 0, "ended: failed: KeyboardInterrupt"),
        ([Began(), Ended("finished"), *epochs(2)], 0, "running"),
        ([], 0, "Waiting for a run in runs/1"),
    ],
)
def test_the_status(records: list[Record], silent: float, expected: str) -> None:
    assert expected in shown(records, silent=silent)


def test_what_happened_is_noted() -> None:
    assert "epoch 2: recompiled" in shown([Began(), Happened(Happening(20, 2, "stage", "recompiled"))])


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_it_fits_any_width(width: int) -> None:
    assert all(len(line) <= width for line in shown([Began(), *epochs(300), LAYERS, FINDING], width=width).splitlines())


def test_hostile_names_are_shown_not_acted_on() -> None:
    named, broken = Began(name="\x1b[31m[red]"), Epoch(1, 1, {"\x1b[2Jloss": math.nan})
    text = shown([named, broken, Found(1, 1, "X", "c", "error", 1, "\x1b]0;x\x07")])
    assert "\x1b" not in text
    assert "[red]" in text


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], ""),
        ([math.nan], ""),
        ([1, 1], "▁▁"),
        ([1, math.inf, 2], "▁ █"),
        ([-1e308, 1e308], "▁█"),
        ([5, 4, 3], "█▄▁"),
    ],
)
def test_sparklines(values: list[float], expected: str) -> None:
    assert sparkline(values, 10) == expected


def test_a_long_curve_is_thinned_to_its_last_values() -> None:
    assert len(sparkline(list(range(1000)), 30)) == 30


def test_without_symbols() -> None:
    assert shown([Began(), *epochs(30), FINDING], plain=True).isascii()


def test_only_what_was_appended_is_read(tmp_path: Path) -> None:
    follower = Follower(tmp_path / "run")
    assert follower.poll() == []
    writer = journal(tmp_path / "run", [Began(), *epochs(2)])
    assert len(follower.poll()) == 3
    assert follower.poll() == []
    writer.write(Epoch(3, 3, {"loss": 1.0}))
    assert [record for _, record in follower.poll()] == [Epoch(3, 3, {"loss": 1.0})]


def test_half_a_line_is_waited_for(tmp_path: Path) -> None:
    writer = journal(tmp_path, [Began()])
    assert writer.path is not None
    follower = Follower(tmp_path)
    follower.poll()
    with writer.path.open("ab") as stream:
        stream.write(b'{"record":"ended",')
        stream.flush()
        assert follower.poll() == []
        stream.write(b'"how":"finished"}\nrubbish\n')
    assert [record for _, record in follower.poll()] == [Ended("finished")]
    assert follower.unreadable == 1


def test_a_replaced_journal_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "journal-0001.jsonl"
    journal(tmp_path, [Began(), *epochs(9)])
    follower = Follower(tmp_path)
    follower.poll()
    path.unlink()
    assert follower.poll() == []
    journal(tmp_path, [Began()])
    assert len(follower.poll()) == 1


def test_the_last_run_is_shown_and_a_resumed_one_goes_on() -> None:
    run = WatchedRun()
    run.add([(Path("1"), Began(name="a")), (Path("1"), Epoch(1, 1, {})), (Path("2"), Began(name="b"))])
    assert (run.name, len(run.epochs), run.n_runs) == ("b", 0, 2)
    run.add([(Path("2"), Epoch(1, 1, {})), (Path("3"), Began(resumes=True)), (Path("3"), Epoch(2, 2, {}))])
    assert (run.name, len(run.epochs), run.n_runs) == ("b", 2, 2)


def test_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    session = Session(tmp_path, "torch", Options(share=0))
    for e in range(1, 41):
        session.epoch_ended(e, e, {"loss": 1 / e, "val_loss": 1 / min(e, 10) + 0.03 * max(e - 10, 0)})
    session.finish()
    assert main(["watch", str(tmp_path), "--once"]) == 0
    text = capsys.readouterr().out
    assert "ended: finished" in text
    assert "Overfitting is" in text
    assert "First: " in text


def test_once_where_there_is_nothing_yet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", str(tmp_path / "soon"), "--once"]) == 0
    assert "Waiting" in capsys.readouterr().out


def test_a_log_is_no_run_directory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "log.csv").write_text("epoch,loss\n1,2\n", encoding="utf-8")
    assert main(["watch", str(tmp_path / "log.csv")]) == 2
    assert "diagnose audit" in capsys.readouterr().err


def test_a_pipe_gets_a_line_an_epoch_until_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(watch, "GRACE", 0.1)

    def train() -> None:
        time.sleep(0.1)
        journal(tmp_path / "run", [Began(), *epochs(3), FINDING, Ended("finished")])

    thread = threading.Thread(target=train)
    thread.start()
    assert main(["watch", str(tmp_path / "run"), "--interval", "0.05"]) == 0
    thread.join()
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("epoch 1: loss 1, val_loss 1.1")
    assert lines[4].startswith("OVF101 (93% sure)")
    assert lines[5] == "ended: finished"


def test_an_interrupt_is_quiet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", interrupted)
    assert main(["watch", str(tmp_path)]) == 0


def test_the_help_needs_no_engine() -> None:
    code = "import sys, diagnose.cli as c; c.main(['--help']); print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("False")
    assert "watch" in done.stdout

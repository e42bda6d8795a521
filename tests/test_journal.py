"""The journal: whatever happens to the process, the disk or the file, what was written before is read."""

from __future__ import annotations

import errno
import json
import math
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.journal import Journal, read_directory, recorded
from diagnose.journal.reading import MOST_TROUBLES, last_run, read_journal, runs_of
from diagnose.journal.records import (
    FIRST_KEY,
    Began,
    Counts,
    Ended,
    Epoch,
    Happened,
    Layers,
    Losses,
    Record,
    decoded,
    encoded,
)
from diagnose.readers import read_runs
from diagnose.recording import Happening

WRITER = """
import sys
from diagnose.journal import Journal
from diagnose.journal.records import Began, Epoch, Layers
journal = Journal(sys.argv[1])
journal.write(Began(framework="torch"))
print("begun", flush=True)
step = 0
while True:
    step += 1
    journal.write(Epoch(step, step, {"loss": 1 / step, "val_loss": 1 / step}))
    journal.write(Layers(step, step, ("a", "b"), {"gradient": [0.1, 0.2], "weight": [1.0, float("inf")]}))
"""
NAMES = ["val_loss", "\x1b[31mred", "<script>alert(1)</script>", "ü\u202eñ", "", "epoch", "record", "a\nb", "\ud800"]


def lines(n: int = 12) -> list[Record]:
    records: list[Record] = [Began(framework="torch", name="run")]
    for epoch in range(1, n + 1):
        records.append(Epoch(epoch, 10 * epoch, {"loss": 1 / epoch, "val_loss": 1 / epoch + 0.1}))
        records.append(Layers(10 * epoch, epoch, ("fc",), {"gradient": [1.0 / epoch]}))
    return [*records, Ended("finished")]


def written(directory: Path, records: list[Record]) -> Path:
    journal = Journal(directory)
    for record in records:
        journal.write(record)
    journal.close()
    assert journal.path is not None
    return journal.path


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_cut_at_any_byte_all_whole_lines_are_read(data: st.DataObject) -> None:
    records = lines()
    raw = b"".join(encoded(record) for record in records)
    cut = data.draw(st.integers(0, len(raw)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal-0001.jsonl"
        path.write_bytes(raw[:cut])
        found = read_journal(path)
    whole = raw[:cut].count(b"\n")
    assert list(found.records) == records[:whole]
    assert len(found.broken) == (0 if cut == 0 or raw[cut - 1 : cut] == b"\n" else 1)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 10_000))
def test_rubbish_within_costs_only_its_own_lines(rubbish: bytes, where: int) -> None:
    raw = [encoded(record) for record in lines()]
    at = where % len(raw)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal-0001.jsonl"
        path.write_bytes(b"".join([*raw[:at], rubbish + b"\n", *raw[at:]]))
        found = read_journal(path)
    kept = [record for record in found.records if record in lines()]
    assert len(kept) == len(raw)


def test_killed_at_random_moments(tmp_path: Path) -> None:
    """Six times here; `benchmarks/journal_torture.py` does it a hundred times."""
    rng = random.Random(0)
    for attempt in range(6):
        place = tmp_path / str(attempt)
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(place)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(rng.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        (segment,) = read_directory(place)
        raw = segment.path.read_bytes()
        assert len(segment.records) == raw.count(b"\n")
        assert [epoch.epoch for epoch in segment.of(Epoch)] == list(range(1, len(segment.of(Epoch)) + 1))


def test_a_write_that_fails_half_way_costs_its_own_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path)
    journal.write(Began())
    real = os.write
    calls = iter([7, None])

    def short(file: int, line: bytes) -> int:
        part = next(calls, 0)
        if part is None:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(file, line[:part] if part else line)

    monkeypatch.setattr(os, "write", short)
    with pytest.raises(OSError, match="No space"):
        journal.write(Epoch(1, 1, {"loss": 1.0}))
    monkeypatch.setattr(os, "write", real)
    journal.write(Epoch(2, 2, {"loss": 0.5}))
    (segment,) = read_directory(tmp_path)
    assert [epoch.epoch for epoch in segment.of(Epoch)] == [2]
    assert len(segment.broken) == 1


def test_short_writes_are_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda file, line: real(file, line[:5]))
    written(tmp_path, lines(2))
    (segment,) = read_directory(tmp_path)
    assert list(segment.records) == lines(2)


def test_a_full_disk(tmp_path: Path) -> None:
    """A limit on the file's size stands for it: the process goes on, what was written before is read."""
    code = (
        "import resource, signal, sys\n"
        "from diagnose.hooks.session import Session\n"
        "from diagnose.hooks.options import Options\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "session = Session(sys.argv[1], 'torch', Options(report=False))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))\n"
        "for e in range(1, 200):\n"
        "    session.epoch_ended(e, e, {'loss': 1 / e, 'val_loss': 1 / e})\n"
        "print(len(session.guard.failures), session.epochs_done, session.guard.failures[0])\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1 199")
    assert "File too large" in done.stdout
    (segment,) = read_directory(tmp_path)
    assert len(segment.of(Epoch)) > 5
    assert [e.epoch for e in segment.of(Epoch)] == list(range(1, len(segment.of(Epoch)) + 1))
    assert done.stderr.count("could not write to") == 1


def test_a_directory_deleted_while_training_is_written_anew(tmp_path: Path) -> None:
    place = tmp_path / "run"
    journal = Journal(place)
    journal.write(Began())
    assert not journal.is_lost()
    shutil.rmtree(place)
    assert journal.is_lost()
    journal.close()
    journal.write(Began())
    assert [type(record) for record in read_directory(place)[0].records] == [Began]


def test_two_processes_have_a_journal_each(tmp_path: Path) -> None:
    code = WRITER.replace("while True", "while step < 200")
    both = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE) for _ in range(2)]
    for process in both:
        process.communicate()
    segments = read_directory(tmp_path)
    assert [len(segment.of(Epoch)) for segment in segments] == [200, 200]
    assert not any(segment.broken for segment in segments)
    assert len(read_runs(tmp_path).runs) == 2


def test_a_newer_version_is_read_as_far_as_it_is_known(tmp_path: Path) -> None:
    raw = [encoded(record) for record in lines(2)]
    raw[0] = raw[0].replace(b'"schema":1', b'"schema":2,"mood":"good"')
    weather = b'{"record":"weather","temperature":21}\n'
    (tmp_path / "journal-0001.jsonl").write_bytes(raw[0] + weather + b"".join(raw[1:]) + weather)
    (segment,) = read_directory(tmp_path)
    assert len(segment.records) == len(raw)
    assert segment.broken == (
        "line 1 has a field 'mood' that this version does not know",
        "line 2 holds a record 'weather' that this version does not know (and 1 more such lines)",
    )
    run = read_runs(tmp_path).runs[0]
    assert {unread.why for unread in run.unread} == set(segment.broken)


def test_many_kinds_of_broken_lines_are_counted(tmp_path: Path) -> None:
    raw = encoded(Began()) + b"".join(b'{"record":"kind %d"}\n' % n for n in range(MOST_TROUBLES + 5))
    (tmp_path / "journal-0001.jsonl").write_bytes(raw)
    (segment,) = read_directory(tmp_path)
    assert len(segment.broken) == MOST_TROUBLES + 1
    assert segment.broken[-1].startswith("5 more kinds")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e308, -0.0, 5e-324])
def test_every_number_comes_back(value: float) -> None:
    found = decoded(encoded(Epoch(1, 1, {"loss": value})).strip())
    assert isinstance(found, Epoch)
    assert repr(found.values["loss"]) == repr(value)


@pytest.mark.parametrize("name", NAMES)
def test_every_name_stays_on_its_line(name: str) -> None:
    line = encoded(Epoch(1, 1, {name: 1.0}))
    assert line.count(b"\n") == 1
    assert isinstance(decoded(line.strip()), Epoch)


@pytest.mark.parametrize("value", [10**30, -(10**400), np.float32(0.5), np.int64(3), Path("x")])
def test_every_setting_is_written(value: Any) -> None:
    found = decoded(encoded(Began(settings={"setting": value})).strip())
    assert isinstance(found, Began)
    assert str(found.settings["setting"]) == str(float(value) if isinstance(value, np.integer) else value)


def test_the_first_line_is_known_by_its_beginning() -> None:
    assert encoded(Began()).startswith(FIRST_KEY)


def test_a_journal_that_resumes_joins_the_one_before(tmp_path: Path) -> None:
    written(tmp_path, lines(2))
    written(tmp_path, [Began(resumes=True), Epoch(3, 30, {"loss": 0.1})])
    written(tmp_path, [Began(), Epoch(1, 10, {"loss": 0.1})])
    assert [len(run) for run in runs_of(read_directory(tmp_path))] == [2, 1]
    assert len(last_run(tmp_path)) == 2
    assert last_run(tmp_path / "nowhere") == []


def test_a_run_that_went_on_after_its_end_is_not_finished() -> None:
    assert recorded([Began(), Epoch(1, 1, {}), Ended("finished")]).is_finished
    assert not recorded([Began(), Epoch(1, 1, {}), Ended("finished"), Epoch(2, 2, {})]).is_finished
    assert not recorded([Began()]).is_finished


def test_pieces_that_do_not_fit_are_left_out() -> None:
    found = recorded([
        Began(),
        Layers(1, 1, ("a", "b"), {"gradient": [1.0], "weight": [1.0, 2.0]}),
        Losses([1, 2], [0.1, 0.2], [1.0]),
        Counts({"steps": 1}),
        Counts({"steps": 2}),
        Happened(Happening(1, 1, "kind", "text")),
    ])  # fmt: skip
    assert found.layers is not None
    assert list(found.layers.values["weight"][0]) == [1.0, 2.0]
    assert all(math.isnan(value) for value in found.layers.values["gradient"][0])
    assert found.batch_losses is None
    assert found.counters["steps"] == 2


def test_a_journal_is_json_lines(tmp_path: Path) -> None:
    path = written(tmp_path, lines(2))
    assert all(isinstance(json.loads(line), dict) for line in path.read_text(encoding="utf-8").splitlines())

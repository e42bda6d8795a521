"""Folders, many paths, pieces of one run."""

from __future__ import annotations

import errno
import os
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from diagnose.errors import InputError, UnreadableInput
from diagnose.readers import find_logs, iter_runs, read_runs
from diagnose.run import Run, Unread

LOG = "epoch,loss,val_loss\n" + "".join(f"{i},{1 / (i + 1)},{2 / (i + 1)}\n" for i in range(5))


def write(path: Path, text: str = LOG) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def names(tmp_path: Path) -> list[str]:
    return [run.name for run in read_runs(tmp_path).runs]


def test_a_folder_is_searched_in_natural_order(tmp_path: Path) -> None:
    for number in (10, 2, 1):
        write(tmp_path / f"run{number}" / "log.csv")
    assert names(tmp_path) == ["run1/log.csv", "run2/log.csv", "run10/log.csv"]


def test_what_is_no_log_is_not_a_run(tmp_path: Path) -> None:
    write(tmp_path / "log.csv")
    write(tmp_path / "data.csv", "age,income\n1,2\n3,4\n")
    write(tmp_path / "package.json", '{"name": "x", "scripts": {"loss": "y"}}')
    write(tmp_path / "train.py", LOG)
    write(tmp_path / ".hidden" / "log.csv")
    write(tmp_path / "__pycache__" / "log.csv")
    (tmp_path / "model.bin").write_bytes(b"\x00" * 100)
    assert len(read_runs(tmp_path).runs) == 1


def test_a_broken_log_in_a_folder_is_told(tmp_path: Path) -> None:
    write(tmp_path / "a" / "log.csv")
    write(tmp_path / "b" / "log.csv", "epoch,loss,val_loss\n")
    result = read_runs(tmp_path)
    assert (len(result.runs), len(result.unread)) == (1, 1)
    assert "no complete row" in result.unread[0].why


def test_an_empty_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="no training log was found"):
        read_runs(tmp_path)


def test_pieces_named_by_their_split_are_joined(tmp_path: Path) -> None:
    paths = [
        write(tmp_path / "train_log.csv", "epoch,loss\n1,.9\n2,.8\n"),
        write(tmp_path / "val_log.csv", "epoch,loss\n1,1\n2,.9\n"),
    ]
    for history in (tmp_path, paths, [str(p) for p in paths]):
        (run,) = read_runs(history).runs
        assert [(c.split, c.values.tolist()) for c in run.history.curves] == [
            ("train", [0.9, 0.8]),
            ("val", [1.0, 0.9]),
        ]


def test_complete_logs_named_like_splits_are_not_joined(tmp_path: Path) -> None:
    write(tmp_path / "train_a.csv")
    write(tmp_path / "val_a.csv")
    assert len(read_runs(tmp_path).runs) == 2


def test_console_output_beside_the_log_is_the_same_run(tmp_path: Path) -> None:
    write(tmp_path / "log.csv")
    write(tmp_path / "out.txt", "".join(f"Epoch {i}/5 - loss: {1 / i} - val_loss: {2 / i}\n" for i in range(1, 6)))
    (run,) = read_runs(tmp_path).runs
    assert any("out.txt" in note for note in run.notes)


def test_finding_reads_no_more_than_heads(tmp_path: Path) -> None:
    write(tmp_path / "x" / "log.csv")
    (found,) = find_logs(tmp_path)
    assert found.paths == (tmp_path / "x" / "log.csv",)


def test_many_paths_one_after_the_other(tmp_path: Path) -> None:
    good, bad = write(tmp_path / "a.csv"), write(tmp_path / "b.csv", "nothing here")
    items = list(iter_runs([good, bad], context={"n_val": 3}))
    assert {type(item) for item in items} == {Run, Unread}
    assert next(item for item in items if isinstance(item, Run)).context.n_val == 3


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    items = list(iter_runs([tmp_path / "nowhere.csv", write(tmp_path / "a.csv")]))
    assert [type(item) for item in items] == [Unread, Run]
    assert "no such file" in next(item.why for item in items if isinstance(item, Unread))
    with pytest.raises(InputError, match=r"nowhere\.csv: no such file"):
        read_runs(tmp_path / "nowhere.csv")


def refuse(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Refuse to open one path, as for a user without the right to: the superuser may open everything."""
    scandir, opened = os.scandir, Path.open

    def refusing(path: Path) -> None:
        if Path(path).name == name:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    def scanned(path: Path) -> object:
        refusing(path)
        return scandir(path)

    def open_it(path: Path, *args: object, **more: object) -> object:
        refusing(path)
        return opened(path, *args, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(os, "scandir", scanned)
    monkeypatch.setattr(Path, "open", open_it)


def test_a_folder_that_may_not_be_opened_is_told_and_passed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "locked", "z"):
        write(tmp_path / name / "log.csv")
    refuse(monkeypatch, "locked")
    result = read_runs(tmp_path)
    assert [run.name for run in result.runs] == ["a/log.csv", "z/log.csv"]
    assert [(Path(u.where).name, u.why) for u in result.unread] == [("locked", "cannot be searched: Permission denied")]
    with pytest.raises(UnreadableInput, match="Permission denied"):
        read_runs(tmp_path / "locked")


@pytest.mark.parametrize("name", ["secret.csv", "events.out.tfevents.1.host", "run-1.wandb"])
def test_a_file_that_may_not_be_opened_is_told_and_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    write(tmp_path / "log.csv")
    write(tmp_path / name)
    refuse(monkeypatch, name)
    result = read_runs(tmp_path)
    assert len(result.runs) == 1
    assert [(Path(u.where).name, u.why) for u in result.unread] == [(name, "cannot be opened: Permission denied")]


def test_a_table_by_epoch_without_a_known_metric_is_told(tmp_path: Path) -> None:
    write(tmp_path / "a" / "log.csv")
    write(tmp_path / "b" / "log.csv", "epoch,los\n1,0.5\n2,0.4\n")
    result = read_runs(tmp_path)
    assert len(result.runs) == 1
    (unread,) = result.unread
    assert "epoch, los" in unread.why
    assert "--map" in unread.why
    (run,) = read_runs(tmp_path, column_map={"loss": "los"}).runs
    assert run.name == "b/log.csv"


def test_a_map_that_one_of_several_logs_cannot_follow(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "epoch,loss,dev\n1,.5,.6\n2,.4,.7\n")
    other = write(tmp_path / "b.csv")
    run, unread = iter_runs(tmp_path, column_map={"val_loss": "dev"})
    assert isinstance(run, Run)
    assert isinstance(unread, Unread)
    assert unread.where == str(other)
    assert "no column 'dev'" in unread.why
    with pytest.raises(InputError, match="no column 'dev'"):
        list(iter_runs(other, column_map={"val_loss": "dev"}))


@pytest.mark.parametrize("column_map", ["x", 3, ["val_loss"], {"val_loss": 3}, {"nonsense": "loss"}])
def test_a_map_that_is_none_is_refused_before_anything_is_read(tmp_path: Path, column_map: Any) -> None:
    for history in ({"loss": [1.0, 0.5]}, tmp_path):
        with pytest.raises(InputError, match="val_loss"):
            read_runs(history, column_map=column_map)


def test_memory_is_flat_in_the_number_of_runs(tmp_path: Path) -> None:
    for number in range(60):
        write(tmp_path / f"run{number}" / "log.csv", LOG + "".join(f"{i},0.1,0.1\n" for i in range(5, 300)))
    tracemalloc.start()
    peaks = []
    for number, _ in enumerate(iter_runs(tmp_path)):
        if number in {10, 59}:
            peaks.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5 + 100_000

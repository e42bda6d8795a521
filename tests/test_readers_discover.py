"""Folders, many paths, pieces of one run."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

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
    with pytest.raises(InputError, match="no such file"):
        list(iter_runs([tmp_path / "nowhere.csv"]))


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

"""Pipes: read once, then like any file."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from diagnose.errors import UnreadableInput
from diagnose.readers import find_logs, read_runs
from diagnose.readers import stream as module

CSV = "epoch,loss,val_loss\n" + "".join(f"{i},{1 / i},{2 / i}\n" for i in range(1, 9))
TEXT = "starting\n" * 9000 + "".join(f"Epoch {i}/9 loss: {1 / i} val_loss: {2 / i}\n" for i in range(1, 9))


@pytest.fixture
def piped() -> Iterator[Callable[[bytes], str]]:
    """Give content as the path of a pipe that a thread fills, as ``<(cat log)`` does."""
    ends: list[int] = []
    threads: list[threading.Thread] = []

    def fill(write: int, content: bytes) -> None:
        with os.fdopen(write, "wb") as stream:
            stream.write(content)

    def pipe(content: bytes) -> str:
        read, write = os.pipe()
        ends.append(read)
        threads.append(threading.Thread(target=fill, args=(write, content)))
        threads[-1].start()
        return f"/dev/fd/{read}"

    yield pipe
    for thread in threads:
        thread.join()
    for end in ends:
        os.close(end)


pytestmark = pytest.mark.skipif(not Path("/dev/fd").exists(), reason="this system has no /dev/fd")


@pytest.mark.parametrize("content", [CSV, TEXT, '{"loss": [1, 0.5], "val_loss": [2, 1]}'])
def test_a_pipe_is_read_like_a_file(piped: Callable[[bytes], str], content: str) -> None:
    path = piped(content.encode())
    assert len(find_logs(path)) == 1  # finding takes nothing out of it
    (run,) = read_runs(path).runs
    held = run.history.find("val", "loss")
    assert held is not None
    assert held.values[0] == 2.0
    assert run.sources[0].where == path
    assert run.sources[0].format != "pipe"


def test_a_pipe_with_a_column_map(piped: Callable[[bytes], str]) -> None:
    (run,) = read_runs(piped(b"epoch,los\n1,0.5\n2,0.4\n"), column_map={"loss": "los"}).runs
    assert [c.name for c in run.history.curves] == ["los"]


@pytest.mark.parametrize("content", ["", "hello\n"])
def test_a_pipe_without_a_log_says_so(
    piped: Callable[[bytes], str], monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.1)
    with pytest.raises(UnreadableInput, match=r"nothing was written|no known log format"):
        read_runs(piped(content.encode()))


def test_a_named_pipe_without_a_writer_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.1)
    os.mkfifo(tmp_path / "log")
    with pytest.raises(UnreadableInput, match="nothing was written to this pipe"):
        read_runs(tmp_path / "log")

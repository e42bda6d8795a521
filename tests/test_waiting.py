"""A bar shows on a terminal only, after a while, and never where it is not wanted."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import redirect_stderr
from typing import Any

import pytest

from diagnose import waiting
from diagnose.waiting import silence, watched


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def impatient(monkeypatch) -> None:
    monkeypatch.setattr(waiting, "PATIENCE", 0.0)
    monkeypatch.setenv("TERM", "xterm")


def shown(items: Iterable[Any]) -> str:
    """What a terminal shows while the items come."""
    with redirect_stderr(Terminal()) as screen:
        list(items)
    return screen.getvalue()


def test_every_item_comes_and_a_bar_shows() -> None:
    seen = []
    assert "reading things" in shown(seen.append(item) for item in watched(iter("abc"), "reading things", 3))
    assert seen == ["a", "b", "c"]


def test_silence() -> None:
    with silence(), silence(wanted=False):
        assert not shown(watched("ab", "reading"))
    assert shown(watched("ab", "reading"))


def test_quick_work_shows_nothing(monkeypatch) -> None:
    monkeypatch.setattr(waiting, "PATIENCE", 60.0)
    assert "reading" not in shown(watched(range(100), "reading", 100))


def test_no_terminal_no_bar(capsys) -> None:
    assert list(watched(range(3), "reading")) == [0, 1, 2]
    assert not capsys.readouterr().err


def test_work_that_is_left_ends_the_bar() -> None:
    def left() -> Iterator[int]:
        items = watched(range(10), "reading", 10)
        yield from (next(items), next(items))
        items.close()
        yield from watched(range(2), "again", 2)

    assert "again" in shown(left())

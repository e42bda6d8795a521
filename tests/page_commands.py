"""The commands of a page of the documentation, in order, with what the page says of them; and a place to run them."""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import yaml

from diagnose import cli

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
NAMED = re.compile(r"# ([\w./-]+\.\w+)\n")
"""A block whose first line is a comment with a file's name is that file."""
HARMLESS = (["diagnose"], ["cd"], ["mkdir"], ["cp"], ["git", "apply"], ["python"])
"""Beginnings of what may run; all else must be excused, and so must these modules of Python, which install."""
INSTALLERS = {"pip", "venv", "ensurepip"}
OPERATORS = re.compile(r"[|&;<>()]+")


@dataclass(frozen=True)
class Step:
    """One thing that a reader of the page does or sees: a command, a block of Python, a file to write, an output."""

    kind: str
    text: str
    code: int = 0
    """Exit code that the page states; 0 where it states none."""
    name: str = ""

    @property
    def key(self) -> str:
        """What names it in a table of exceptions: the first line."""
        return self.text.strip().splitlines()[0]


def pages() -> list[Path]:
    """Every page that people read, but those of the codes, which are docstrings."""
    return [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *sorted((ROOT / "docs").glob("*.md")),
        *sorted((ROOT / "examples").glob("*/README.md")),
    ]


def name_of(page: Path) -> str:
    """Name a page as people do."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, language: str) -> list[str]:
    """Return the fenced blocks of one language."""
    return [text for found, text in BLOCK.findall(page.read_text(encoding="utf-8")) if found == language]


def steps(page: Path) -> list[Step]:
    """Read a page from top to bottom."""
    return [step for language, text in BLOCK.findall(page.read_text(encoding="utf-8")) for step in _of(language, text)]


def options(name: str) -> set[str]:
    """Return the options of a command of ``diagnose``."""
    found = cli.LazyCommands().get_command(click.Context(cli.cli), name)
    assert found
    shown = (p for p in found.params if not getattr(p, "hidden", False))
    return {"--help", "-h", *(option for p in shown for option in (*p.opts, *p.secondary_opts))}


def _of(language: str, text: str) -> Iterator[Step]:
    named = NAMED.match(text)
    if named and language != "sh":
        yield Step("file", text, name=named[1])
    if language in {"sh", "bash", "shell"}:
        yield from map(command, _lines(text))
    elif language == "console":
        for line in _lines(text):
            yield command(line[2:]) if line.startswith("$ ") else Step("text", line)
    elif language == "yaml":
        yield from (command(line) for line in scripts(yaml.safe_load(text)))
    elif language in {"python", "text"} and not named:
        yield Step(language, text)
    elif language not in {"toml", "cfg", "python", "text"}:
        raise AssertionError(f"a block in {language or 'no language'}: say what it is, so that it is tested")


def _lines(text: str) -> list[str]:
    whole = text.replace("\\\n", " ")
    return [line for line in whole.splitlines() if line.strip() and not line.startswith("#")]


def command(line: str) -> Step:
    """Read a line of a shell, and the exit code that its comment states."""
    said, _, remark = line.partition(" #")
    stated = re.search(r"exit code (\d)", remark)
    return Step("command", said.strip(), int(stated[1]) if stated else 0)


def scripts(node: Any) -> Iterator[str]:
    """Yield the lines that a CI configuration runs."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node if isinstance(node, list) else ()):
        if key in {"run", "script", "before_script"}:
            for text in [value] if isinstance(value, str) else value:
                yield from _lines(text)
        else:
            yield from scripts(value)


def simple_commands(line: str) -> list[list[str]]:
    """Split a line of a shell at its pipes and other operators.

    Examples
    --------
    >>> simple_commands('cp a b && python -c "x; y" | diagnose audit -')
    [['cp', 'a', 'b'], ['python', '-c', 'x; y'], ['diagnose', 'audit', '-']]
    """
    words = shlex.shlex(line, posix=True, punctuation_chars=True)
    words.whitespace_split = True
    words.commenters = ""
    found: list[list[str]] = [[]]
    for word in words:
        if OPERATORS.fullmatch(word):
            found.append([])
        else:
            found[-1].append(word)
    return found


def is_harmless(words: list[str]) -> bool:
    """Whether a command stays within the sandbox and installs nothing."""
    return any(words[: len(start)] == start for start in HARMLESS) and not INSTALLERS & set(words)


@dataclass
class Sandbox:
    """A folder in which the commands of one page run one after the other, as a reader types them.

    ``diagnose`` runs in this process by the function that the console script calls, so that a page costs no start of
    an interpreter a line; what needs a shell or Python gets a process of its own.
    """

    folder: Path
    output: str = ""
    """All that the last command said."""
    names: dict[str, Any] = field(default_factory=dict)
    """Of the Python blocks."""

    def __post_init__(self) -> None:
        bin_folder = self.folder / ".bin"
        bin_folder.mkdir()
        for name, start in (("python", ""), ("diagnose", " -m diagnose")):
            script = bin_folder / name
            script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)}{start} "$@"\n')
            script.chmod(0o755)
        ours = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "COV_"))}
        self._environment = {**ours, "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}", "PYTHONUTF8": "1"}

    def run(self, line: str) -> int:
        """Run one line and return its exit code."""
        parts = simple_commands(line)
        if not all(map(is_harmless, parts)):
            raise AssertionError(f"{line!r} is neither run nor excused in ELSEWHERE")
        if len(parts) == 1 and parts[0][0] == "cd":
            os.chdir(parts[0][1])
            return 0
        if len(parts) == 1 and parts[0][0] == "diagnose":
            return self._inside(parts[0][1:])
        done = subprocess.run(
            ["sh", "-c", line], capture_output=True, encoding="utf-8", check=False, env=self._environment, timeout=120
        )
        self.output = done.stdout + done.stderr
        return done.returncode

    def _inside(self, arguments: list[str]) -> int:
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
        with redirect_stdout(out), redirect_stderr(err):
            code = cli.main(arguments)
        self.output = "".join(stream.buffer.getvalue().decode() for stream in (out, err))
        return code

    def execute(self, block: str) -> None:
        """Run a block of Python; those of a page share their names."""
        with redirect_stdout(io.StringIO()):
            exec(block, self.names)

    def write(self, name: str, text: str) -> None:
        """Write a file that the page shows, with what is in it."""
        target = Path(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def lay(self, source: str, *targets: str) -> None:
        """Put copies of an example where a page has a log."""
        for name in targets:
            target = self.folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / "examples" / source, target)

"""What the documentation takes from the code is up to date, and what it shows runs."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from diagnose import cli, testing

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.skipif(
    not (ROOT / "docs" / "generate.py").is_file(), reason="the docs are not beside the tests"
)


def script(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def test_generated_parts_are_up_to_date() -> None:
    generated = script(ROOT / "docs" / "generate.py").generated()
    stale = [
        str(path.relative_to(ROOT))
        for path, text in generated.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    stale += [str(path.relative_to(ROOT)) for path in (ROOT / "docs" / "codes").glob("*.md") if path not in generated]
    assert not stale, "run: python docs/generate.py"


def test_the_example_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shown: dict[str, Any] = {}
    exec(blocks(ROOT / "README.md", "python")[0], shown)
    assert (tmp_path / "report.html").is_file()
    assert shown["diagnosis"].verdicts["overfitting"].level in {"likely", "confirmed"}


def test_the_analyzer_of_the_documentation_keeps_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    analyzer, its_test, *_ = blocks(ROOT / "docs" / "extend.md", "python")
    assert analyzer == (ROOT / "examples" / "own_analyzer.py").read_text(encoding="utf-8")
    exec(its_test, {})


def test_the_reader_of_the_documentation_keeps_the_rules(tmp_path: Path) -> None:
    names: dict[str, Any] = {}
    exec(blocks(ROOT / "docs" / "extend.md", "python")[2], names)
    log = tmp_path / "run.acme"
    log.write_text("#acme\n0;1.0;1.1\n1;0.5;0.7\n")
    assert testing.assert_reads(names["AcmeReader"](), log)[0].columns["val_loss"] == [1.1, 0.7]


def test_the_example_log_is_what_its_script_writes() -> None:
    example = script(ROOT / "examples" / "fine_tuning.py")
    expected = "\n".join((example.HEADER, *example.rows(), ""))
    assert (ROOT / "examples" / "fine_tuning.csv").read_text(encoding="utf-8") == expected


def test_the_example_log_is_read_as_two_phases() -> None:
    run = testing.run_of(ROOT / "examples" / "fine_tuning.csv")
    val = run.history.find("val", "loss")
    assert val is not None
    assert len(val) == 40, "both phases are one run"


@pytest.mark.parametrize(
    "line",
    [line for block in blocks(ROOT / "README.md", "sh") for line in block.splitlines() if line.startswith("diagnose ")],
)
def test_the_commands_of_the_readme_parse(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = line.partition("#")[0].split()[1:]
    cli.main([*words[:1], "--help"])
    offered = capsys.readouterr().out
    assert all(word in offered for word in words if word.startswith("-"))


def test_ci_runs_the_command_of_the_readme() -> None:
    command = re.search(r"<!-- test command -->\n```sh\n(.+)\n```", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert command
    assert command[1] in (ROOT / ".ci" / "run").read_text(encoding="utf-8")

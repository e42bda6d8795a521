"""The repository with the gate in it: what passes, what fails, and what each server is told."""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import junitparser
import pytest

import diagnose
from diagnose import cli, testing

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "gate"
LOG = "runs/digits/log.csv"
RUN = "digits/log.csv"
TODAY = date.today()  # noqa: DTZ011 - a user's day
DAY = re.compile(r"until = \d{4}-\d\d-\d\d")
pytestmark = pytest.mark.skipif(not EXAMPLE.is_dir(), reason="the examples are not beside the tests")


def copied(place: Path) -> Path:
    """Copy the example as a repository of its own, whose suppression has not expired whenever this runs."""
    shutil.copytree(EXAMPLE, place, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"))
    (place / ".git").mkdir()
    until(place, TODAY + timedelta(days=30))
    return place


def until(repository: Path, day: date) -> None:
    replaced(repository / "diagnose.toml", DAY, f"until = {day}")


def replaced(file: Path, old: str | re.Pattern[str], new: str) -> None:
    text, number = re.subn(old, new, file.read_text(encoding="utf-8"), count=1)
    assert number == 1, f"{file} holds no {old}"
    file.write_text(text, encoding="utf-8")


def trained(repository: Path, *names: str) -> None:
    """Train with the settings that the copy has now."""
    spec = importlib.util.spec_from_file_location("training_of_the_example", repository / "train.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in names:
        module.train(name)


def patch(repository: Path, name: str) -> None:
    """Apply a patch whose hunk is one stretch of lines."""
    lines = (repository / name).read_text(encoding="utf-8").splitlines()[3:]
    before = "\n".join(line[1:] for line in lines if not line.startswith("+"))
    after = "\n".join(line[1:] for line in lines if not line.startswith("-"))
    replaced(repository / "settings.toml", re.escape(before), after)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = copied(tmp_path / "repository")
    monkeypatch.chdir(place)
    return place


@pytest.fixture(scope="module")
def merged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a copy in which the worse settings were merged and trained."""
    place = copied(tmp_path_factory.mktemp("merged") / "repository")
    patch(place, "worse.patch")
    trained(place, "digits")
    return place


@pytest.fixture
def worse(merged: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(merged)
    return merged


def table(log: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(log.read_text(encoding="utf-8").splitlines()))


def rulings(report: Path) -> dict[tuple[str, str], str]:
    """Return run and code of each finding that a JSON report holds, with its ruling."""
    return {
        (found.run.name, finding.code): judged.ruling.value
        for found in diagnose.reports.load_many(report)
        for finding, judged in zip(found.findings, found.gate.judged, strict=True)
    }


def gate(*arguments: str, expected: int) -> dict[tuple[str, str], str]:
    assert cli.main(["gate", *arguments, "-q", "-o", "gate.json"]) == expected
    return rulings(Path("gate.json"))


def test_as_committed_it_passes(repository: Path):
    found = gate("--against", "reference.json", expected=0)
    assert "fails" not in found.values()
    assert found["quick/log.csv", "UTR401"] == "suppressed"
    assert found["small/log.csv", "OVF101"] == "known"


def test_a_merge_that_makes_a_run_worse_fails_and_says_what_and_what_to_do(worse: Path, capsysbinary):
    assert cli.main(["gate", "--format", "markdown"]) == 1
    said = capsysbinary.readouterr().out.decode()
    (line,) = (line for line in said.splitlines() if "OVF101" in line)
    assert "Validation loss turned at epoch" in line
    assert re.search(r"\*What to do:\* Stop at epoch \d+ and keep its weights", line)
    assert RUN in said
    rows = table(worse / LOG)
    assert len(rows) == 80
    assert float(rows[-1]["val_loss"]) > 1.15 * min(float(row["val_loss"]) for row in rows)


@pytest.mark.parametrize("paths", [(), ("runs",), ("runs/digits",)])
def test_the_worse_run_fails_and_no_other_with_which_runs_ever_it_is_judged(worse: Path, paths: tuple[str, ...]):
    """Alone, it is not taken for the run whose findings the baseline holds."""
    found = gate(*paths, expected=1)
    assert {run for (run, _), ruling in found.items() if ruling == "fails"} == {RUN}


def test_the_old_finding_fails_only_without_the_baseline(repository: Path):
    replaced(repository / "diagnose.toml", r"baseline = .*\n", "")
    found = gate(expected=1)
    assert {run for (run, _), ruling in found.items() if ruling == "fails"} == {"small/log.csv"}


def test_the_old_finding_fails_where_it_got_worse(repository: Path):
    """Rates of 0.02 and epochs in plenty: the loss gives back far more than when it was accepted."""
    replaced(repository / "settings.toml", "epochs = 60", "epochs = 150")
    trained(repository, "small")
    found = gate(expected=1)
    assert found["small/log.csv", "OVF101"] == "fails"
    assert found["quick/log.csv", "UTR401"] == "suppressed"


@pytest.mark.parametrize(("days", "expected"), [(-1, 1), (2, 0)])
def test_a_suppression_holds_until_it_expires(repository: Path, days: int, expected: int, capsysbinary):
    until(repository, TODAY + timedelta(days=days))
    assert cli.main(["gate", "--format", "github"]) == expected
    said = capsysbinary.readouterr().out.decode()
    assert ("its suppression expired on" in said) == bool(expected)
    assert ("::error file=runs/quick/log.csv" in said) == bool(expected)


def test_an_expired_suppression_fails_whatever_the_baseline_holds(repository: Path, capsys):
    replaced(repository / "diagnose.toml", r"\[\[gate.suppress\]\](.|\n)*", "")
    assert cli.main(["gate", "-q", "--write-baseline"]) == 0
    assert gate(expected=0)["quick/log.csv", "UTR401"] == "known"
    shutil.copy(EXAMPLE / "diagnose.toml", "diagnose.toml")
    until(repository, date(2026, 1, 31))
    assert gate(expected=1)["quick/log.csv", "UTR401"] == "fails"


def test_a_score_that_falls_fails_against_the_reference_only(repository: Path, capsysbinary):
    patch(repository, "fewer.patch")
    trained(repository, "digits")
    assert "fails" not in gate(expected=0).values()
    assert cli.main(["gate", "--against", "reference.json", "--format", "github"]) == 1
    said = capsysbinary.readouterr().out.decode()
    assert re.search(rf"::error file={LOG},.*val_accuracy went from 0\.9\d* to 0\.\d+", said)
    replaced(repository / "diagnose.toml", "accuracy = 0.02", "accuracy = 0.2")
    gate("--against", "reference.json", expected=0)


def sarif(*arguments: str) -> dict[str, Any]:
    assert cli.main(["gate", "-q", "-o", "gate.sarif", *arguments]) == 1
    written = json.loads(Path("gate.sarif").read_text(encoding="utf-8"))
    schema = json.loads((ROOT / "tests" / "sarif-2.1.0-schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(schema).validate(written)
    return written["runs"][0]


def places(results: list[dict[str, Any]]) -> set[str]:
    return {place["physicalLocation"]["artifactLocation"]["uri"] for r in results for place in r["locations"]}


def test_sarif_is_valid_and_points_at_the_log_that_is_worse(worse: Path):
    run = sarif()
    failing = [result for result in run["results"] if result["properties"]["fails"]]
    assert places(failing) == {LOG}
    assert {result["baselineState"] for result in failing} == {"new"}
    assert "OVF101" in {result["ruleId"] for result in failing}
    assert all("What to do: " in result["message"]["text"] for result in failing)
    old = [result for result in run["results"] if "small" in str(places([result]))]
    assert {r["baselineState"] for r in old if r["properties"]["ruling"] == "known"} == {"unchanged"}
    (suppressed,) = (result for result in run["results"] if result["suppressions"])
    assert places([suppressed]) == {"runs/quick/log.csv"}
    assert "not meant to learn" in suppressed["suppressions"][0]["justification"]


def test_places_are_relative_to_the_repository_wherever_the_command_runs(merged: Path, tmp_path: Path, monkeypatch):
    """The project is a folder of a larger repository, and one stands in a folder of the project."""
    (tmp_path / ".git").mkdir()
    shutil.copytree(merged, tmp_path / "models" / "digit reader", ignore=shutil.ignore_patterns(".git"))
    monkeypatch.chdir(tmp_path / "models" / "digit reader" / "runs")
    failing = [result for result in sarif()["results"] if result["properties"]["fails"]]
    assert places(failing) == {f"models/digit%20reader/{LOG}"}


def test_junit_is_read_by_stock_parsers(worse: Path):
    assert cli.main(["gate", "-q", "-o", "junit.xml"]) == 1
    suites = list(junitparser.JUnitXml.fromfile("junit.xml"))
    assert {suite.name for suite in suites} == {RUN, "small/log.csv", "quick/log.csv"}
    assert {suite.name for suite in suites if suite.failures} == {RUN}
    assert not any(suite.errors for suite in suites)
    root = ET.parse("junit.xml").getroot()
    failed = [case for case in root.iter("testcase") if case.find("failure") is not None]
    assert len(failed) == int(root.get("failures", 0)) == sum(suite.failures for suite in suites)
    text = next(case.findtext("failure") for case in failed if case.get("name", "").startswith("OVF101"))
    assert text is not None
    assert "What to do: Stop at epoch" in text


def test_junit_is_read_by_a_parser_that_refuses_entities(worse: Path):
    parser = pytest.importorskip("defusedxml.ElementTree")
    assert cli.main(["gate", "-q", "-o", "junit.xml"]) == 1
    assert parser.parse("junit.xml", forbid_dtd=True).getroot().tag == "testsuites"


def test_annotations_stand_at_the_file(worse: Path, capsysbinary):
    assert cli.main(["gate", "--format", "github"]) == 1
    lines = capsysbinary.readouterr().out.decode().splitlines()
    errors = [line for line in lines if line.startswith("::error")]
    assert errors
    assert all(line.startswith(f"::error file={LOG},line=1,title=") for line in errors)
    assert any("OVF101" in line and "%0AWhat to do: Stop at epoch" in line for line in errors)
    notices = [line for line in lines if line.startswith("::notice")]
    assert {re.search(r"file=([^,]+)", line)[1] for line in notices} == {"runs/small/log.csv", "runs/quick/log.csv"}


def test_the_committed_logs_are_what_training_gives(repository: Path):
    """Not to the last digit: other processors and versions of BLAS round otherwise."""
    names = ("digits", "small", "quick")
    trained(repository, *names)
    for name in names:
        now, then = (testing.run_of(base / "runs" / name / "log.csv") for base in (repository, EXAMPLE))
        loss, before = (run.history.find("val", "loss") for run in (now, then))
        assert len(loss.values) == len(before.values)
        assert abs(loss.values[-1] - before.values[-1]) < 0.05 * before.values[-1]
        config = f"runs/{name}/config.yaml"
        assert (repository / config).read_text() == (EXAMPLE / config).read_text()


def test_reference_and_baseline_are_of_the_committed_logs(repository: Path, capsys):
    (reference,) = diagnose.reports.load_many(EXAMPLE / "reference.json")
    rows = table(EXAMPLE / LOG)
    assert reference.run.name == RUN
    assert reference.run.final["val_accuracy"] == float(rows[-1]["val_accuracy"])
    assert {source["where"] for source in reference.run.sources} == {LOG}
    assert cli.main(["gate", "-q", "--write-baseline"]) == 0
    now, then = (json.loads((base / "diagnose-baseline.json").read_text())["runs"] for base in (repository, EXAMPLE))
    claims = [{run: [(f["code"], f["claim"]) for f in found] for run, found in runs.items()} for runs in (now, then)]
    assert claims[0] == claims[1]


def blocks() -> list[tuple[str, str]]:
    return re.findall(r"^```(\w+)\n(.*?)^```", (EXAMPLE / "README.md").read_text("utf-8"), re.DOTALL | re.MULTILINE)


def run(line: str, capsysbinary) -> str:
    """Run one command of the README; return what it said."""
    command, _, remark = line.partition("  #")
    program, *arguments = shlex.split(command)
    expected = re.search(r"exit code (\d)", remark)
    if program == "diagnose":
        code = cli.main(arguments)
        said = capsysbinary.readouterr()
    else:
        program = {"python": sys.executable}.get(program, program)
        done = subprocess.run([program, *arguments], capture_output=True, check=False, timeout=120)
        code, said = done.returncode, None
    assert code == int(expected[1] if expected else 0), f"{line}\n{said}"
    return said.out.decode() if said else ""


@pytest.mark.skipif(shutil.which("git") is None, reason="git applies the patch")
def test_the_commands_of_the_readme_do_what_it_says(repository: Path, capsysbinary):
    (repository / ".git").rmdir()
    subprocess.run(["git", "init", "-q"], check=True, capture_output=True)
    said, commands, quotes = "", 0, 0
    for language, content in blocks():
        if language == "sh":
            for line in content.splitlines():
                said, commands = run(line, capsysbinary) or said, commands + 1
        elif language == "text":
            for quote in content.split("…\n"):
                assert quote.strip() in said
                quotes += 1
    assert commands == 10
    assert quotes == 4


def test_the_readme_names_every_file():
    text = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    names = {path.relative_to(EXAMPLE).as_posix() for path in EXAMPLE.rglob("*") if path.is_file()}
    names = {name for name in names if not name.startswith("runs/") and "cache" not in name}
    assert {name for name in names - {"README.md"} if f"`{name}`" not in text} == set()


@pytest.mark.slow
def test_its_own_tests_pass_as_committed_and_fail_after_the_merge(repository: Path, merged: Path):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "diagnose.pytest_plugin", "tests"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # what else is installed here is none of theirs

    def tested(place: Path, *chosen: str) -> tuple[int, str]:
        done = subprocess.run(
            [*command, *chosen], cwd=place, env=environment, capture_output=True, text=True, check=False, timeout=120
        )
        return done.returncode, done.stdout

    code, said = tested(repository)
    assert code == 0, said
    code, said = tested(merged, "-k", "model_in_use")
    assert code == 1
    assert "OVF101" in said

"""The pytest plugin, in suites of its own: each runs in a process in which nothing was imported before."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from importlib.metadata import entry_points, requires
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

import pytest

import diagnose
from diagnose import healthy, pytest_plugin
from diagnose.reference import write_baseline

SHARED = """
N = range(30)
CALM = {"loss": [0.3 + 0.6**n for n in N], "val_loss": [0.32 + 0.6**n for n in N]}
OVERFIT = {"loss": [0.8**n for n in N], "val_loss": [0.4 + 0.8**n + max(0, n - 10) * 0.03 for n in N]}
"""
SUITE = (
    SHARED
    + """
import pathlib
import pytest
import diagnose

HERE = pathlib.Path(__file__).parent

def log(name):
    rows = zip(N, OVERFIT["loss"], OVERFIT["val_loss"])
    path = HERE / "runs" / f"{name}.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text("epoch,loss,val_loss\\n" + "".join(f"{n},{a:.6f},{b:.6f}\\n" for n, a, b in rows))
    return path

def test_overfitted(assert_healthy):
    run = OVERFIT
    assert_healthy(run)

def test_settled(assert_healthy):
    assert assert_healthy(CALM).run.context["n_val"] == 200

def test_accepted(assert_healthy):
    assert_healthy(log("old"))

def test_same_fault_elsewhere(assert_healthy):
    assert_healthy(log("new"))

def test_suppressed(assert_healthy):
    assert_healthy(log("legacy"))

def test_expired(assert_healthy):
    assert_healthy(log("expired"))

def test_own_policy(assert_healthy):
    assert_healthy(OVERFIT, policy={"ignore": ["overfitting"]})

def test_own_context(assert_healthy):
    assert assert_healthy(CALM, context={"n_val": 300}).run.context["n_val"] == 300

def test_unreadable(assert_healthy):
    assert_healthy("gone.csv")

@pytest.mark.parametrize("name", ["a/../../b", "a-..-..-b"])
def test_many(assert_healthy, name, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AssertionError):
        assert_healthy(OVERFIT, report=HERE / "own" / "report.json")
    assert_healthy(CALM)
"""
)
SETTINGS = """
[tool.pytest.ini_options]
filterwarnings = ["error"]

[tool.diagnose.gate]
baseline = "accepted.json"
require = ["n_val"]

[tool.diagnose.gate.context]
n_val = 200

[[tool.diagnose.gate.suppress]]
code = "OVF"
run = "runs/legacy*"
reason = "retired soon"
until = 9999-12-31

[[tool.diagnose.gate.suppress]]
code = "OVF"
run = "runs/expired*"
reason = "was to be retrained"
until = 2020-01-01
"""
FAILING = {"test_overfitted", "test_same_fault_elsewhere", "test_expired", "test_unreadable"}
PROBE = """
import sys
def pytest_unconfigure():
    print("loaded:", *sorted(sys.modules))
"""


class Ran(NamedTuple):
    """How a suite ended."""

    code: int
    output: str
    folder: Path

    def failures(self) -> dict[str, str]:
        """Message of each failure by the name of its test, as a report of JUnit holds it."""
        tree = ET.parse(self.folder / "junit.xml")
        return {
            case.attrib["name"]: (case.findtext("failure") or "")
            for case in tree.iter("testcase")
            if case.find("failure") is not None
        }


def run(folder: Path, *options: str) -> Ran:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV_"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options],
        cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    return Ran(done.returncode, done.stdout + done.stderr, folder)


def files(folder: Path, **texts: str) -> Path:
    """Write files, whose last underscore is the dot of their suffix, into a repository."""
    (folder / ".git").mkdir(exist_ok=True)
    for name, text in texts.items():
        stem, _, suffix = name.rpartition("_")
        (folder / f"{stem}.{suffix}").write_text(text)
    return folder


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Run the suite once, in two processes, with reports."""
    folder = files(tmp_path_factory.mktemp("project"), test_runs_py=SUITE, pyproject_toml=SETTINGS)
    names: dict[str, dict[str, list[float]]] = {}
    exec(SHARED, names)
    failing = diagnose.gate(diagnose.audit(history=names["OVERFIT"])).failing
    write_baseline(folder / "accepted.json", [("runs/old.csv", failing)])
    return run(folder, "-n", "2", "--junitxml=junit.xml", "--diagnose-report=out")


def test_what_fails_is_what_the_project_does_not_accept(suite: Ran) -> None:
    assert suite.code == pytest.ExitCode.TESTS_FAILED, suite.output
    assert set(suite.failures()) == FAILING, suite.output


def test_the_message_names_finding_remedy_and_report_and_shows_the_test_alone(suite: Ran) -> None:
    text = suite.failures()["test_overfitted"]
    assert "Unhealthy: Gate failed: OVF101 validation loss turned" in text
    assert re.search(r"^E +OVF101 \(error, \d\d%\): Validation loss turned", text, re.MULTILINE)
    assert re.search(r"^E +What to do: Stop at epoch \d+ and keep its weights", text, re.MULTILINE)
    assert re.search(r"^E +Report: .*test_runs-test_overfitted-run-[0-9a-f]{8}\.html$", text, re.MULTILINE)
    assert ">       assert_healthy(run)" in text
    assert "pytest_plugin" not in text
    assert "healthy.py" not in text
    assert len(text.splitlines()) < 25


def test_baseline_and_suppressions_of_the_configuration_hold(suite: Ran) -> None:
    assert "new: the reference does not hold it" in suite.failures()["test_same_fault_elsewhere"]
    assert "expired on 2020-01-01" in suite.failures()["test_expired"]
    assert "was to be retrained" in suite.failures()["test_expired"]


def test_what_cannot_be_read_is_told_without_the_way_through_the_readers(suite: Ran) -> None:
    text = suite.failures()["test_unreadable"]
    assert "gone.csv" in text
    assert "InputError" in text or "UnreadableInput" in text
    assert "readers" not in text


def test_every_asserted_run_gets_a_report_of_its_own(suite: Ran) -> None:
    names = sorted(path.name for path in (suite.folder / "out").rglob("*"))
    asserted = 8 + 2 * 2  # each test that reads a run, and two runs in each of two
    assert len(names) == asserted, names
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]{1,200}\.html", name) for name in names)
    assert sum(name.startswith("test_runs-test_many-a") for name in names) == 4, "ids that differ in signs only"
    assert sum(name.endswith("-2.html") for name in names) == 2
    assert "OVF101" in next((suite.folder / "out").glob("*test_overfitted*")).read_text(encoding="utf-8")
    assert diagnose.load(suite.folder / "own" / "report.json").failing


def test_a_configuration_of_its_own_is_taken_and_a_broken_one_told(tmp_path: Path) -> None:
    test = (
        SHARED
        + "def test_it(assert_healthy):\n    assert_healthy({'loss': CALM['loss'], 'dev': OVERFIT['val_loss']})\n"
    )
    test += "def test_no_run():\n    pass\n"
    other = '[gate.map]\nval_loss = "dev"\n[gate.fail-on]\nprobability = 1.0\n'
    files(tmp_path, test_own_py=test, diagnose_toml='[gate]\nignores = ["OVF"]\n', other_toml=other)
    good = run(tmp_path, "--diagnose-config=other.toml")
    assert good.code == pytest.ExitCode.OK, good.output
    broken = run(tmp_path, "--junitxml=junit.xml")
    assert "1 failed, 1 passed" in broken.output
    (text,) = broken.failures().values()
    assert "diagnose.toml: gate.ignores is no setting (did you mean 'ignore'?)" in text
    assert "config.py" not in text


def test_the_settings_nearest_to_the_test_hold_then_those_of_the_root(tmp_path: Path) -> None:
    test = SHARED + "def test_it(assert_healthy):\n    assert_healthy(OVERFIT)\n"
    lenient = '[gate]\nignore = ["overfitting"]\n'
    files(tmp_path, pytest_ini="[pytest]\naddopts = --import-mode=importlib\n", diagnose_toml=lenient)
    for name, settings in {"inner": "[gate]\n", "outer": ""}.items():
        (tmp_path / name / "tests").mkdir(parents=True)
        (tmp_path / name / "tests" / "test_it.py").write_text(test)
        if settings:
            (tmp_path / name / "diagnose.toml").write_text(settings)
    (tmp_path / "outer" / ".git").mkdir()  # a repository of its own, from which no way leads up to the settings
    done = run(tmp_path, "-rA")
    assert "PASSED outer/tests/test_it.py::test_it" in done.output, done.output
    assert "FAILED inner/tests/test_it.py::test_it" in done.output, done.output


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--diagnose-config=none.toml", r"--diagnose-config .*none\.toml: there is no such file"),
        ("--diagnose-report=test_a.py", r"--diagnose-report .*test_a\.py is a file; give a folder"),
    ],
)
def test_options_that_cannot_be_meant_are_refused_before_any_test(tmp_path: Path, option: str, message: str) -> None:
    done = run(files(tmp_path, test_a_py="def test_a(): pass\n"), option)
    assert done.code == pytest.ExitCode.USAGE_ERROR
    assert re.search(message, done.output)
    assert "Traceback" not in done.output


def loaded(done: Ran) -> set[str]:
    return set(done.output.partition("loaded:")[2].split())


def test_a_suite_that_does_not_use_it_loads_the_plugin_and_nothing_else(tmp_path: Path) -> None:
    own = "import pytest\n@pytest.fixture\ndef assert_healthy():\n    return 'mine'\n"
    own += "def test_own(assert_healthy):\n    assert assert_healthy == 'mine'\n"
    files(tmp_path, conftest_py=PROBE, test_own_py=own)
    with_it, without = run(tmp_path), run(tmp_path, "-p", "no:diagnose")
    assert with_it.code == without.code == pytest.ExitCode.OK, with_it.output
    assert loaded(with_it) - loaded(without) == {"diagnose", "diagnose.pytest_plugin"}
    heading = [done.output.partition("loaded:")[0] for done in (with_it, without)]
    assert [re.sub(r"[\d.]+s", "", text) for text in heading[:1]] == [re.sub(r"[\d.]+s", "", heading[1])]


def test_the_plugin_is_an_entry_point_and_pytest_no_dependency() -> None:
    (ours,) = (entry for entry in entry_points(group="pytest11") if entry.value.startswith("diagnose."))
    assert ours.load() is pytest_plugin
    needed = [text for text in requires("diagnose-ml") or [] if "extra ==" not in text]
    assert needed
    assert not [text for text in needed if text.startswith("pytest")]


def test_nothing_but_the_plugin_imports_pytest() -> None:
    found = {
        path.name
        for path in Path(healthy.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Import) and any(alias.name.split(".")[0] == "pytest" for alias in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "pytest")
    }
    assert found == {"pytest_plugin.py"}


def test_names_of_reports_are_safe_whatever_the_test_and_the_run_are_called() -> None:
    name = pytest_plugin._report_name
    for hostile in ("../../etc/passwd", "\x1b[31m\n", "x" * 5000, "訓練", "", ".", "\udcff", "CON"):
        made = name(f"tests/test_a.py::test_b[{hostile}]", hostile, {})
        assert re.fullmatch(r"tests-test_a-test_b[A-Za-z0-9_.-]*\.html|x{80}[A-Za-z0-9_.-]*\.html", made), made
        assert len(made) < 255
    assert name("t.py::a[訓]", "r", {}) != name("t.py::a[練]", "r", {})
    assert name("t.py::a", "r", {}) == name("t.py::a", "r", {})

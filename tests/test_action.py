"""The GitHub Action, the GitLab job and the hook of pre-commit: valid, safe, and what they do when they run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema
import junitparser
import pytest
import yaml

from diagnose.reports import load_many

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "gate"
WORKFLOW = ".github/workflows/diagnose.yml"
BASH = shutil.which("bash")
pytestmark = pytest.mark.skipif(not (ROOT / "action.yml").is_file(), reason="the action is not beside the tests")
needs_bash = pytest.mark.skipif(BASH is None or os.name == "nt", reason="the scripts are bash")

CALM = "epoch,loss,val_loss\n" + "".join(f"{n},{0.3 + 0.6**n:.5f},{0.32 + 0.6**n:.5f}\n" for n in range(30))
OVERFIT = "epoch,loss,val_loss\n" + "".join(
    f"{n},{0.8**n:.5f},{0.4 + 0.8**n + max(0, n - 10) * 0.03:.5f}\n" for n in range(30)
)


def loaded(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


ACTION = loaded(ROOT / "action.yml") if (ROOT / "action.yml").is_file() else {"runs": {"steps": []}}
INSTALL, GATE, END = ACTION["runs"]["steps"] or (None, None, None)


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("github-actions", ROOT / "action.yml"),
        ("github-workflows", EXAMPLE / WORKFLOW),
        ("gitlab-ci", EXAMPLE / ".gitlab-ci.yml"),
    ],
)
def test_files_follow_the_schemas_of_the_servers(schema: str, file: Path, tmp_path: Path):
    """Offline: a proxy that is not there would fail any request."""
    environment = {**os.environ, "https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}"]

    def check(path: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*command, str(path)], env=environment, capture_output=True, text=True, check=False)

    done = check(file)
    assert done.returncode == 0, done.stdout
    broken = tmp_path / file.name
    broken.write_text(file.read_text(encoding="utf-8") + "\nruns: 7\njobs: 7\n", encoding="utf-8")
    assert check(broken).returncode == 1


def test_files_of_the_hook_are_valid():
    clientlib = pytest.importorskip("pre_commit.clientlib")
    (hook,) = clientlib.load_manifest(ROOT / ".pre-commit-hooks.yaml")
    config = clientlib.load_config(EXAMPLE / ".pre-commit-config.yaml")
    assert [used["id"] for repo in config["repos"] for used in repo["hooks"]] == [hook["id"]] == ["diagnose-gate"]
    assert hook["pass_filenames"] is False


@pytest.mark.parametrize(
    ("name", "matches"),
    [
        ("runs/digits/log.csv", True),
        ("logs/events.out.tfevents.1700000000.host.1.0.v2", True),
        ("wandb/run-1/run-1.wandb", True),
        ("diagnose.toml", True),
        ("sub/setup.cfg", True),
        ("train.py", False),
        ("README.md", False),
        ("not-setup.cfg.bak", False),
    ],
)
def test_the_hook_waits_for_logs_and_settings(name: str, matches: bool):
    (hook,) = loaded(ROOT / ".pre-commit-hooks.yaml")
    assert bool(re.search(hook["files"], name)) == matches


def test_no_input_is_part_of_a_script():
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step["run"]
    for job in loaded(EXAMPLE / WORKFLOW)["jobs"].values():
        assert not any("${{" in step.get("run", "") for step in job["steps"])


def test_every_input_is_used_and_every_output_is_written():
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    used = set(re.findall(r"\$\{\{ inputs\.([\w-]+) \}\}", text))
    assert used == set(ACTION["inputs"])
    assert all(given.get("default") is not None for given in ACTION["inputs"].values())
    written = set(re.findall(r"(\w+)=\$", GATE["run"].partition("code=0")[2]))
    assert set(ACTION["outputs"]) <= written


def test_the_workflow_uses_what_the_action_has():
    steps = loaded(EXAMPLE / WORKFLOW)["jobs"]["gate"]["steps"]
    (uses,) = (step for step in steps if "OWNER/diagnose@" in step.get("uses", ""))
    assert set(uses["with"]) <= set(ACTION["inputs"])
    later = steps[steps.index(uses) + 1 :]
    assert len(later) == 2
    for step in later:
        assert "always()" in step["if"]
        assert set(re.findall(r"steps\.diagnose\.outputs\.(\w+)", str(step))) <= set(ACTION["outputs"])


@dataclass
class Runner:
    """What GitHub's runner gives a composite action, as far as its scripts see it."""

    home: Path
    workspace: Path
    environment: dict[str, str] = field(default_factory=dict)

    def file(self, name: str) -> Path:
        path = self.home / name
        path.touch()
        return path

    def step(self, step: dict[str, Any], given: dict[str, str]) -> subprocess.CompletedProcess[str]:
        """Run one step's script as the runner does: `bash --noprofile --norc -eo pipefail FILE`."""
        script = self.home / "script.sh"
        script.write_text(step["run"], encoding="utf-8")
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.home), "CI": "true", "GITHUB_ACTIONS": "true",
            "LC_ALL": "C.UTF-8", "RUNNER_TEMP": str(self.home), "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_OUTPUT": str(self.file("output")), "GITHUB_STEP_SUMMARY": str(self.file("summary.md")),
            **self.environment, **{name: given.get(name, "") for name in step["env"]},
        }  # fmt: skip
        command = [str(BASH), "--noprofile", "--norc", "-eo", "pipefail", str(script)]
        return subprocess.run(
            command, cwd=self.workspace, env=environment, capture_output=True, text=True, check=False, timeout=300
        )

    @property
    def outputs(self) -> dict[str, str]:
        lines = (self.home / "output").read_text(encoding="utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines)

    @property
    def summary(self) -> str:
        return (self.home / "summary.md").read_text(encoding="utf-8")

    def program(self, script: str) -> str:
        path = self.home / "diagnose"
        path.write_text(f"#!{BASH}\n{script}\n", encoding="utf-8")
        path.chmod(0o755)
        return str(path)

    def gate(self, script: str = f'exec "{sys.executable}" -m diagnose "$@"', **inputs: str) -> tuple[int, str]:
        """Run the two last steps with an installed diagnose; return the exit code and what the log shows."""
        (self.home / "output").unlink(missing_ok=True)
        given = {f"DIAGNOSE_{name.upper()}": value for name, value in inputs.items()}
        done = self.step(GATE, {"DIAGNOSE": self.program(script), **given})
        if done.returncode:
            return done.returncode, done.stdout + done.stderr
        ended = self.step(END, {"DIAGNOSE_CODE": self.outputs["code"]})
        return ended.returncode, done.stdout + done.stderr

    def arguments(self, **inputs: str) -> list[str]:
        """Return the arguments that diagnose is called with; none where the step refuses its inputs."""
        heard = self.home / "arguments"
        heard.unlink(missing_ok=True)
        self.gate(f"printf '%s\\0' \"$@\" > '{heard}'", **inputs)
        return heard.read_text(encoding="utf-8").split("\0")[:-1] if heard.exists() else []


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    home, workspace = tmp_path / "runner home", tmp_path / "work space"
    home.mkdir()
    (workspace / "runs").mkdir(parents=True)
    (workspace / ".git").mkdir()
    (workspace / "runs" / "calm.csv").write_text(CALM, encoding="utf-8")
    return Runner(home, workspace)


@needs_bash
def test_a_run_that_passes(runner: Runner):
    code, said = runner.gate(paths="runs/calm.csv\n", context="n_val=200\nn_train=800")
    assert code == 0, said
    assert "Gate passed" in said
    assert "::error" not in said
    outputs = runner.outputs
    assert outputs["passed"] == "true"
    report = Path(outputs["report"])
    assert report.parent == runner.home
    assert {path.name for path in report.iterdir()} == {
        "diagnose.json", "diagnose.md", "diagnose.sarif", "junit.xml", "runs-calm.html", "stderr.txt",
    }  # fmt: skip
    (found,) = load_many(report / "diagnose.json")
    assert found.run.context["n_train"] == 800
    assert runner.summary.startswith("### Gate passed")
    assert {path.name for path in runner.workspace.iterdir()} == {".git", "runs"}


@needs_bash
def test_a_run_that_fails(runner: Runner):
    (runner.workspace / "runs" / "worse run.csv").write_text(OVERFIT, encoding="utf-8")
    code, said = runner.gate(paths="runs/calm.csv\nruns/worse run.csv")
    assert code == 1
    assert re.search(r"^::error file=runs/worse run.csv,line=1,title=OVF101", said, re.MULTILINE)
    outputs = runner.outputs
    assert outputs["passed"] == "false"
    assert "OVF101" in runner.summary
    assert "What to do:" in runner.summary
    sarif = yaml.safe_load(Path(outputs["sarif"]).read_text(encoding="utf-8"))
    schema = yaml.safe_load((ROOT / "tests" / "sarif-2.1.0-schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(schema).validate(sarif)
    failing = [result for result in sarif["runs"][0]["results"] if result["properties"]["fails"]]
    (place,) = {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in failing}
    assert place == "runs/worse%20run.csv"
    suites = junitparser.JUnitXml.fromfile(outputs["junit"])
    assert [bool(suite.failures) for suite in suites].count(True) == 1
    assert (Path(outputs["report"]) / "index.html").is_file()


@needs_bash
def test_settings_and_a_reference_reach_the_gate(runner: Runner):
    (runner.workspace / "runs" / "worse.csv").write_text(OVERFIT, encoding="utf-8")
    (runner.workspace / "a b.toml").write_text('[gate]\npaths = ["runs/worse.csv"]\n', encoding="utf-8")
    assert runner.gate(config="a b.toml")[0] == 1
    shutil.copy(Path(runner.outputs["report"], "diagnose.json"), runner.workspace / "before it.json")
    assert runner.gate(config="a b.toml", against="before it.json")[0] == 0


@needs_bash
def test_one_call_makes_all_outputs_and_each_line_is_one_argument(runner: Runner):
    heard = runner.arguments(
        paths="runs/\n a b.csv \r\n\n-\n",
        config="c d.toml",
        baseline="b.json",
        against="a.json",
        context="n_val=200\nnote=x y",
        args="--ignore=REG,OVF\n\n  --fail-level=confirmed  ",
        report="out put",
    )
    out = f"--output={runner.workspace}/out put/"
    assert heard == [
        *("gate", "--ignore=REG,OVF", "--fail-level=confirmed"),
        *("--config=c d.toml", "--baseline=b.json", "--against=a.json", "--context=n_val=200", "--context=note=x y"),
        *(
            "--format=github",
            out,
            f"{out}diagnose.md",
            f"{out}diagnose.json",
            f"{out}diagnose.sarif",
            f"{out}junit.xml",
        ),
        *("--", "runs/", "a b.csv", "-"),
    ]
    assert runner.arguments()[-1] == "--"


@needs_bash
def test_what_cannot_be_judged_says_so_and_leaves_no_stale_report(runner: Runner):
    assert runner.gate(paths="runs", report="out")[0] == 0
    code, said = runner.gate(paths="runs/no such.csv", report="out")
    assert code == 2
    assert "::error title=diagnose gate could not judge everything::" in said
    assert "no such" in said
    assert runner.outputs["passed"] == "false"
    assert "sarif" not in runner.outputs
    assert "could judge nothing (exit code 2)" in runner.summary


HOSTILE = (
    "$(touch pwned)",
    "`touch pwned`",
    "; touch pwned; #",
    "' && touch pwned && '",
    '" ; touch pwned ; "',
    "x\n$(touch pwned)",
    "--output=pwned",
    "*",
)


@needs_bash
@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("name", ["paths", "config", "baseline", "against", "context", "args", "report"])
def test_hostile_inputs_are_arguments_and_no_more(runner: Runner, name: str, value: str):
    heard = runner.arguments(**{name: value})
    assert not list(runner.workspace.parent.rglob("pwned*"))
    if not heard:
        assert name == "report"
        assert "\n" in value
    elif name == "report":
        assert f"--output={runner.workspace}/{value}/" in heard
    else:
        option = "" if name in {"paths", "args"} else f"--{name}="
        assert all(f"{option}{line}" in heard for line in value.splitlines())
        assert set(runner.outputs) == {"code", "passed", "report"}


@needs_bash
def test_hostile_inputs_do_nothing_in_the_gate_itself(runner: Runner):
    names = ("paths", "config", "baseline", "against", "context")
    code, said = runner.gate(**dict.fromkeys(names, "\n".join(HOSTILE)))
    assert code == 2, said
    assert not list(runner.workspace.parent.rglob("pwned*"))


@needs_bash
def test_what_the_gate_says_of_a_file_is_no_workflow_command(runner: Runner):
    code, said = runner.gate("printf 'not read: x\\n::error::spoofed\\n' >&2; exit 2")
    assert code == 2
    assert "spoofed" in said
    assert not re.search(r"^\s*::error::spoofed", said, re.MULTILINE)


@needs_bash
@pytest.mark.parametrize("code", [0, 1, 2, 3])
def test_the_exit_code_is_passed_on(runner: Runner, code: int):
    assert runner.gate(f"exit {code}")[0] == code
    assert runner.outputs["passed"] == ("true" if code == 0 else "false")


@needs_bash
@pytest.mark.parametrize(
    "version", ["$(touch pwned)", "1 --index-url=http://x", "1;os_name=='x'", "-r x", "@file:///x"]
)
def test_a_version_is_a_version(runner: Runner, version: str):
    done = runner.step(INSTALL, {"DIAGNOSE_VERSION": version})
    assert done.returncode == 2
    assert "version: expected" in done.stdout


@needs_bash
def test_a_python_that_is_missing_or_too_old_is_refused(runner: Runner):
    old = runner.home / "old python"
    old.write_text(f"#!{BASH}\nexit 1\n", encoding="utf-8")
    old.chmod(0o755)
    for python in (str(old), "no-such-python", "$(touch pwned)"):
        runner.environment["GITHUB_ACTION_PATH"] = str(ROOT)
        done = runner.step(INSTALL, {"DIAGNOSE_PYTHON": python})
        assert done.returncode == 2
        assert "put actions/setup-python before this action" in done.stdout
    assert not list(runner.workspace.glob("pwned*"))


def offline(home: Path) -> dict[str, str]:
    """Give pip what is installed here instead of an index: the environment is new, its dependencies are ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PIP_", "PYTEST_"))}
    return {
        **kept,
        "PYTHONPATH": sysconfig.get_paths()["purelib"],
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # pip reads it as "no isolation"
        "PRE_COMMIT_HOME": str(home / "pre-commit"),
    }


@pytest.fixture
def head(tmp_path: Path) -> Path:
    """Clone the repository as a server hands it out: what is committed, and no more."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("git, or the repository, is not here")
    clone = tmp_path / "clone"
    done = subprocess.run([git, "clone", "-q", "--no-local", str(ROOT), str(clone)], capture_output=True, check=False)
    if done.returncode:  # git refuses a repository that belongs to another user
        pytest.skip(f"the repository cannot be cloned: {done.stderr.decode()}")
    return clone


@needs_bash
@pytest.mark.slow
def test_the_action_installs_itself_in_an_environment_of_its_own(runner: Runner, head: Path):
    runner.environment |= {**offline(runner.home), "GITHUB_ACTION_PATH": str(head)}
    done = runner.step(INSTALL, {"DIAGNOSE_PYTHON": sys.executable})
    assert done.returncode == 0, done.stderr
    program = Path(runner.outputs["diagnose"])
    assert program.is_relative_to(runner.home)
    (runner.workspace / "runs" / "worse.csv").write_text(OVERFIT, encoding="utf-8")
    (runner.home / "output").unlink()
    done = runner.step(GATE, {"DIAGNOSE": str(program), "DIAGNOSE_PATHS": "runs/"})
    assert done.returncode == 0, done.stderr
    assert runner.outputs["code"] == "1"
    assert "OVF101" in runner.summary


@pytest.mark.slow
def test_the_hook_runs_where_a_log_is_committed(tmp_path: Path, head: Path):
    """With the example's own configuration, whose address is that of a clone."""
    pytest.importorskip("pre_commit")
    repository = tmp_path / "repository"
    shutil.copytree(EXAMPLE, repository, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"))
    environment = offline(tmp_path)

    def run(*command: str) -> tuple[int, str]:
        done = subprocess.run(
            command, cwd=repository, env=environment, capture_output=True, text=True, check=False, timeout=600
        )
        return done.returncode, done.stdout + done.stderr

    def hook(*files: str) -> tuple[int, str]:
        return run(sys.executable, "-m", "pre_commit", "run", "--files", *files)

    version = run("git", "-C", str(head), "rev-parse", "HEAD")[1].strip()
    config = repository / ".pre-commit-config.yaml"
    text = config.read_text(encoding="utf-8").replace("https://github.com/OWNER/diagnose", head.as_uri())
    config.write_text(re.sub(r"rev: \S+", f"rev: {version}", text), encoding="utf-8")
    # it must not fail on the day on which the example's suppression expires
    settings = repository / "diagnose.toml"
    settings.write_text(re.sub(r"until = \S+", "until = 9999-12-31", settings.read_text("utf-8")), encoding="utf-8")
    assert run("git", "init", "-q")[0] == run("git", "add", "-A")[0] == 0

    code, said = hook("runs/digits/log.csv")
    assert code == 0, said
    assert "Passed" in said
    # the log of the model that overfits, where that of the model in use should lie
    shutil.copy(repository / "runs" / "small" / "log.csv", repository / "runs" / "digits" / "log.csv")
    run("git", "add", "-A")
    code, said = hook("README.md", "train.py")
    assert code == 0
    assert "Skipped" in said
    code, said = hook("runs/digits/log.csv", "README.md")
    assert code == 1
    assert "OVF101" in said

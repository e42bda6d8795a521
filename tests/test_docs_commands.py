"""Every command of the documentation runs, ends with the exit code that its page states, and prints what is quoted.

What cannot run here stands in `ELSEWHERE`, with the reason and the test that runs it instead.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Self

import pytest

from diagnose import cli
from page_commands import ROOT, Sandbox, Step, name_of, options, pages, simple_commands, steps

pytestmark = pytest.mark.skipif(
    not (ROOT / "docs" / "gate.md").is_file(), reason="the documentation is not beside the tests"
)
AUDIT = "docs/audit-a-log.md"
LOG = "transfer_learning/training.csv"

INSTALLS, TRAINS, OURS = "it makes an environment", "it needs keras and minutes", "it is a tool of this repository"
TESTS, SMALL = ".venv-test/bin/python -m pytest -n 2", "python train.py --backbone small --seed 2 --log"
TRAINED = "test_tutorial.py::test_the_training_shows_what_the_tutorial_tells"
EXCUSED: dict[str, list[tuple[str, str, str]]] = {
    "README.md": [
        (
            "python3 -m venv .venv && .venv/bin/pip install -q . && .venv/bin/diagnose demo",
            INSTALLS,
            "test_packaging.py::test_the_wheel_works_elsewhere",
        ),
        (". .venv/bin/activate", INSTALLS, "test_packaging.py::test_the_editable_install_works_elsewhere"),
        (
            f"python3 -m venv .venv-test && .venv-test/bin/pip install -q -e '.[test]' && {TESTS}",
            "it is what runs this test",
            "test_docs.py::test_ci_runs_the_command_of_the_readme",
        ),
        ("diagnose watch runs/first", "it waits for a run", "test_watch.py::test_once"),
        (
            "from diagnose.hooks.keras import DiagnoseCallback",
            "the model is the reader's",
            "test_hooks_keras.py::test_what_a_run_holds",
        ),
        (
            "from diagnose.hooks.torch import DiagnoseMonitor",
            "the loop is the reader's",
            "test_hooks_torch.py::test_the_example_of_the_module_runs",
        ),
    ],
    "CONTRIBUTING.md": [
        (".venv-test/bin/python docs/generate.py", OURS, "test_docs.py::test_generated_parts_are_up_to_date"),
        (".venv-test/bin/ruff check . && .venv-test/bin/mypy", OURS, ""),
        (TESTS, "it is what runs this test", ""),
    ],
    "docs/gate.md": [
        (
            "pip install --quiet diagnose-ml",
            "it needs the package index",
            "test_packaging.py::test_the_wheel_works_elsewhere",
        ),
    ],
    AUDIT: [
        (
            'model.fit(..., callbacks=[keras.callbacks.CSVLogger("training.csv")])',
            "it needs keras; the demonstration writes such a log",
            "test_demo.py::test_all_of_a_log_is_read",
        ),
        (
            "history = model.fit(...)",
            "it needs keras",
            "test_readers_objects.py::test_the_same_history_in_every_object",
        ),
    ],
    "docs/audit-images.md": [
        (
            "diagnosis = diagnose.audit(train=train_loader, val=val_loader, model=net)",
            "it needs PyTorch",
            "test_models_torch.py::test_a_loader_and_a_module_go_together",
        ),
    ],
    "docs/hooks.md": [
        (
            'model.fit(x, y, epochs=20, validation_split=0.2, callbacks=[DiagnoseCallback("runs/first")])',
            "the model is the reader's",
            "test_hooks_keras.py::test_what_a_run_holds",
        ),
        (
            (
                'lightning.Trainer(callbacks=[DiagnoseCallback("runs/a")]).fit(module, train, val)'
                "  # diagnose.hooks.lightning"
            ),
            "models and data are the reader's",
            "test_hooks_lightning.py::test_the_documented_example",
        ),
    ],
    "docs/try-remedies.md": [
        (
            "diagnose audit runs/1 -o report.json",
            "the run is the reader's",
            "test_trials_command.py::test_a_report_gets_measured_effects",
        ),
        (
            "diagnose try train:train --from report.json --budget 10m -o tried.html",
            "the training is the reader's",
            "test_trials_command.py::test_a_report_gets_measured_effects",
        ),
        (
            "def train(config, report=None):",
            "the training is the reader's",
            "test_trials.py::test_what_helps_comes_first_and_what_does_not_last",
        ),
        (
            "import diagnose",
            "the training is the reader's",
            "test_trials.py::test_what_helps_comes_first_and_what_does_not_last",
        ),
        (
            "from diagnose.trials import of_estimator, of_keras, of_lightning, of_torch, of_trainer",
            "models and data are the reader's",
            "test_trials_adapters.py::test_estimators_carry_out_what_they_say",
        ),
    ],
    "docs/extend.md": [
        (
            '"""A rule of your own: validation ends worse than it began."""',
            "it is examples/own_analyzer.py",
            "test_docs.py::test_the_analyzer_of_the_documentation_keeps_the_rules",
        ),
        (
            "from diagnose import testing",
            "it imports that example",
            "test_docs.py::test_the_analyzer_of_the_documentation_keeps_the_rules",
        ),
        (
            "from typing import ClassVar",
            "a reader shows in use whether it works",
            "test_docs.py::test_the_reader_of_the_documentation_keeps_the_rules",
        ),
    ],
    "docs/transfer-learning.md": [
        (
            'base = keras.applications.VGG16(weights="imagenet", include_top=False, input_shape=(32, 32, 3))',
            TRAINS,
            TRAINED,
        ),
        (f"{SMALL} training.csv", TRAINS, TRAINED),
        (f"{SMALL} cautious.csv --tune-rate 3e-4 --patience 4", TRAINS, TRAINED),
        (f"{SMALL} repaired.csv --tune-rate 3e-4 --patience 8 --epochs 60 --augment --per-class 16", TRAINS, TRAINED),
    ],
}
"""By page: the first line, why it does not run here, and where it is tested; nowhere if every commit does it."""
ELSEWHERE = {(page, line): (why, test) for page, rows in EXCUSED.items() for line, why, test in rows}


def readme(place: Sandbox) -> None:
    place.lay(LOG, "training.csv", "log.csv", "runs/one.csv")
    place.lay("transfer_learning/repaired.csv", "runs/two.csv")
    for split in ("train", "val"):
        place.write(f"{split}.csv", "\n".join(("x,y", *(f"{n / 7:.3f},{n % 2}" for n in range(60)))))


def audit_a_log(place: Sandbox) -> None:
    place.lay(LOG, "training.csv", "runs/one.csv", "runs/two.csv")
    place.lay("transfer_learning/training.yaml", "context.yaml")
    epochs = [(n, 0.8**n, 0.8**n + 0.02 * n) for n in range(30)]
    rows = [f"{n},{loss:.4f},{val:.4f}" for n, loss, val in epochs]
    place.write("log.csv", "\n".join(("epoch,train_nll,dev_nll", *rows)))
    place.write("folds.csv", "\n".join(("fold,epoch,loss,val_loss", *(f"{k},{row}" for k in (1, 2) for row in rows))))
    sparse = [f"{n},{99 + 100 * n},{loss:.4f},{val:.4f}" for n, loss, val in epochs]
    place.write("lightning_logs/version_0/metrics.csv", "\n".join(("epoch,step,train_loss,val_loss", *sparse)))
    place.write("lightning_logs/version_0/hparams.yaml", "lr: 0.001\nbatch_size: 32\n")
    history = [{"epoch": n, "step": 50 * n, "loss": loss} for n, loss, _ in epochs]
    history += [{"epoch": n, "step": 50 * n, "eval_loss": val} for n, _, val in epochs]
    state = {"global_step": 1500, "max_steps": 1500, "num_train_epochs": 30, "log_history": history}
    place.write("output/checkpoint-1500/trainer_state.json", json.dumps(state))
    place.names |= {"json": json, "epoch": 1, "train_loss": 0.5, "val_loss": 0.6, "val_acc": 0.8, "lr": 1e-3}


def audit_data(place: Sandbox) -> None:
    place.lay(LOG, "training.csv")


HOLDS: dict[str, Callable[[Sandbox], None]] = {
    "README.md": readme, AUDIT: audit_a_log, "docs/audit-data.md": audit_data,
}  # fmt: skip
"""What a page's reader has beside the examples of the repository, which lie in every sandbox."""


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    page: Path = request.param
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("__pycache__", "*.h5"))
    monkeypatch.chdir(tmp_path / page.parent.relative_to(ROOT) if page.parent.name != "docs" else tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    sandbox = Sandbox(tmp_path)
    HOLDS.get(name_of(page), lambda _: None)(sandbox)
    return sandbox


class Day(date):
    """A day on which the suppressions of the pages hold that should, and have expired that should."""

    @classmethod
    def today(cls) -> Self:
        return cls(2026, 12, 1)


@pytest.mark.parametrize(
    ("place", "page"), [(page, page) for page in pages()], indirect=["place"], ids=[name_of(p) for p in pages()]
)
def test_every_command_does_what_its_page_says(place: Sandbox, page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diagnose.commands.gate.date", Day)
    for step in steps(page):
        if (name_of(page), step.key) not in ELSEWHERE:
            follow(step, place)


def follow(step: Step, place: Sandbox) -> None:
    if step.kind == "file":
        place.write(step.name, step.text)
    elif step.kind == "python":
        place.execute(step.text)
    elif step.kind == "text":
        for quote in step.text.split("…\n"):
            assert one_line(quote) in one_line(place.output), f"not printed:\n{quote}\nbut:\n{place.output}"
    else:
        code = place.run(step.text)
        assert code == step.code, f"{step.text}\n{place.output}"
        assert "Traceback" not in place.output, step.text
        assert "internal error" not in place.output, step.text


def one_line(text: str) -> str:
    return " ".join(text.split())


def test_what_is_excused_is_still_there_and_tested_elsewhere() -> None:
    there = {(name_of(page), step.key) for page in pages() for step in steps(page)}
    assert not set(ELSEWHERE) - there, "remove it from ELSEWHERE"
    for reason, test in ELSEWHERE.values():
        assert reason
        file, _, function = test.partition("::")
        assert not test or f"def {function}(" in (ROOT / "tests" / file).read_text(encoding="utf-8"), test


@pytest.mark.parametrize(
    "line",
    [
        "curl https://example.org",
        "diagnose explain && pip install x",
        "python -m pip install x",
        "git push",
        "cp a b | sh",
        "python3 -m venv .venv",
    ],
)
def test_what_is_not_known_to_be_harmless_is_not_run(line: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="neither run nor excused"):
        Sandbox(tmp_path).run(line)
    assert simple_commands('cp a b && python -c "x; y" | diagnose audit -') == [
        ["cp", "a", "b"],
        ["python", "-c", "x; y"],
        ["diagnose", "audit", "-"],
    ]


@pytest.mark.parametrize(
    ("step", "complaint"),
    [
        (Step("command", "diagnose gate log.csv"), "Gate failed"),
        (Step("command", "diagnose audit nothing.csv"), "no such file"),
        (Step("command", "diagnose audit log.csv -q -o x.json --no-such-option", 0), "No such option"),
        (Step("text", "No fault found"), "not printed"),
        (Step("python", "import diagnose; diagnose.assert_healthy('log.csv')"), "Gate failed"),
    ],
)
def test_a_page_that_says_otherwise_fails(
    step: Step, complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    place = Sandbox(tmp_path)
    place.lay(LOG, "log.csv")
    with pytest.raises(AssertionError, match=complaint):
        follow(step, place)


def test_a_pipe_runs_in_a_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    place = Sandbox(tmp_path)
    place.lay(LOG, "log.csv")
    line = "python -c \"print(open('log.csv').read())\" | diagnose audit - --format json"
    assert place.run(line) == 0
    assert json.loads(place.output.partition("\nTo keep")[0])["run"]["name"] == "standard input"


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_options_and_commands_in_running_text_exist(page: Path) -> None:
    prose = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    for span in re.findall(r"`(diagnose [a-z][^`]*)`", prose):
        name, *words = span.split()[1:]
        assert name in cli.COMMANDS, span
        assert {word.partition("=")[0] for word in words if word.startswith("-") and word != "-"} <= options(name), span

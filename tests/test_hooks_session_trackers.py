"""What MLflow, Weights & Biases and TensorBoard get of a run, through their real clients; nothing where none is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from diagnose.hooks.options import Options
from diagnose.hooks.session import Session
from diagnose.readers import read_runs

OVERFIT = [{"loss": 1 / e, "val_loss": 1 / min(e, 10) + 0.03 * max(e - 10, 0)} for e in range(1, 41)]


@pytest.fixture(autouse=True)
def _none_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("mlflow", "wandb", "tensorboard"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def trained(directory: Path, **said: Any) -> Session:
    session = Session(directory, "torch", Options(**said))
    for e, values in enumerate(OVERFIT, 1):
        session.epoch_ended(e, 10 * e, values)
    session.finish()
    return session


def test_where_no_tracker_is_used_nothing_is_loaded(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom diagnose.hooks.session import Session\n"
        "s = Session(sys.argv[1], 'torch')\ns.epoch_ended(1, 1, {'loss': 1.0})\ns.finish()\n"
        "print(sorted({'mlflow', 'wandb', 'tensorboard'} & set(sys.modules)), s.guard.failures)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] []"


def test_mlflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow = pytest.importorskip("mlflow")
    mlflow.set_tracking_uri((tmp_path / "mlruns").as_uri())
    mlflow.set_experiment("e")
    with mlflow.start_run() as run:
        session = trained(tmp_path / "run")
    assert not session.guard.failures
    tags = mlflow.get_run(run.info.run_id).data.tags
    assert tags["diagnose.main"] == "overfitting"
    assert "validation loss turned" in tags["diagnose.OVF101"]
    assert list((tmp_path / "mlruns").rglob("diagnose/report.html"))


def test_mlflow_without_an_active_run_gets_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", SimpleNamespace(active_run=lambda: None))
    assert not trained(tmp_path).guard.failures


def test_tags_of_mlflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same without its client: what it is told."""
    tags: dict[str, str] = {}
    artifacts: list[str] = []
    client = SimpleNamespace(
        set_tag=lambda run, key, value: tags.update({key: value}),
        log_artifact=lambda run, path, artifact_path: artifacts.append(Path(path).name),
    )
    active = SimpleNamespace(info=SimpleNamespace(run_id="1"))
    loaded = SimpleNamespace(active_run=lambda: active, MlflowClient=lambda: client)
    monkeypatch.setitem(sys.modules, "mlflow", loaded)
    assert not trained(tmp_path).guard.failures
    assert tags["diagnose.main"] == "overfitting"
    assert "diagnose.OVF101" in tags
    assert all(len(value) <= 500 for value in tags.values())
    assert artifacts == ["report.html"]


def test_wandb_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb")
    for name, value in (("WANDB_MODE", "offline"), ("WANDB_SILENT", "true"), ("WANDB_DIR", str(tmp_path))):
        monkeypatch.setenv(name, value)
    code = (
        "import sys, wandb\n"
        "from diagnose.hooks.session import Session\n"
        "run = wandb.init(project='p', dir=sys.argv[1])\n"
        "s = Session(sys.argv[1] + '/run', 'torch')\n"
        "for e in range(1, 41):\n"
        "    run.log({'loss': 1 / e})\n"
        "    s.epoch_ended(e, e, {'loss': 1 / e, 'val_loss': 1 / min(e, 10) + 0.03 * max(e - 10, 0)})\n"
        "s.finish()\n"
        "print(run.summary['diagnose/main'], run.step, s.guard.failures, 'diagnose/OVF101' in dict(run.summary))\n"
        "run.finish()\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1] == "overfitting 40 [] True"
    assert list(tmp_path.rglob("*.html"))


def test_tensorboard(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard.summary.writer.event_file_writer")  # as a program that writes has it
    session = trained(tmp_path)
    assert not session.guard.failures
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    events = accumulator.EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    (event,) = events.Tensors("diagnose/main/text_summary")
    assert event.tensor_proto.string_val[0] == b"overfitting"
    assert event.step == 400
    assert "diagnose/OVF101/text_summary" in events.Tags()["tensors"]
    assert len(read_runs(tmp_path).runs) == 1  # its own files are no second run


def test_a_tracker_that_fails_is_told_once_and_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def fails() -> None:
        calls.append(1)
        raise ConnectionError("no server")

    monkeypatch.setitem(sys.modules, "mlflow", SimpleNamespace(active_run=fails))
    session = trained(tmp_path)
    session.finish()
    assert len(calls) == 1
    assert [failure for failure in session.guard.failures if "MLflow: ConnectionError" in failure]


def test_none_is_told_where_that_is_not_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", SimpleNamespace(active_run=lambda: 1 / 0))
    assert not trained(tmp_path, trackers=False).guard.failures

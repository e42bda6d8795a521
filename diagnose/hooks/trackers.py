"""Findings and the verdict go to the trackers that a program uses already: MLflow, Weights & Biases, TensorBoard.

A tracker is recognised by what the program has loaded (`sys.modules`) and started; none is required, started or ended.
"""

from __future__ import annotations

import importlib
import sys
import time
from pathlib import Path
from typing import Any

from diagnose.finding import Diagnosis, Finding, Severity
from diagnose.hooks.guard import Guard
from diagnose.hooks.telling import REPORT
from diagnose.reports.wording import clean

WRITER = "tensorboard.summary.writer.event_file_writer"
"""What a program that writes for TensorBoard has loaded; readers of its files have not."""
MOST_TAG = 480
"""Characters of a tag's value: MLflow before 2.8 takes 500."""


class Trackers:
    """The trackers of one run; one that fails is told once and left alone from then on.

    Parameters
    ----------
    directory
        The run directory, in which TensorBoard's texts go to ``tensorboard/``.
    guard
        Keeps what a tracker raises away from the training.
    """

    def __init__(self, directory: Path, guard: Guard) -> None:
        self.directory, self._guard = directory, guard
        self._writer: Any = None

    def found(self, finding: Finding, line: str, step: float) -> None:
        """Tell of a finding when it is made."""
        said = {finding.code: f"{finding.probability:.0%} sure: {clean(finding.claim)}"}
        title = f"diagnose: {finding.code}"
        level = "ERROR" if finding.severity is Severity.ERROR else "WARN"
        self._each("tell MLflow", _tagged, said)
        self._each("tell Weights & Biases", _summarised, said, (title, clean(line), level))
        self._each("tell TensorBoard", self._written, said, step)

    def concluded(self, diagnosis: Diagnosis, step: float) -> None:
        """Tell the verdict, every finding, and where there is one the report."""
        said = {"main": diagnosis.main, "sentence": clean(diagnosis.sentence)}
        for f in diagnosis.findings:
            if f.severity is not Severity.INFO:
                said[f.code] = f"{f.probability:.0%} sure: {clean(f.claim)}"
        report = self.directory / REPORT
        self._each("tell MLflow", _tagged, said, report)
        self._each("tell Weights & Biases", _summarised, said, None, report)
        self._each("tell TensorBoard", self._written, said, step)
        self._each("tell TensorBoard", self._closed)

    def _each(self, part: str, tell: Any, *arguments: Any) -> None:
        if not self._guard.has_failed(part):
            with self._guard(part):
                tell(*arguments)

    def _written(self, said: dict[str, str], step: float) -> None:
        if WRITER not in sys.modules:
            return
        if self._writer is None:
            self._writer = sys.modules[WRITER].EventFileWriter(str(self.directory / "tensorboard"))
        for name, text in said.items():
            self._writer.add_event(_text_event(f"diagnose/{name}", text, step))
        self._writer.flush()

    def _closed(self) -> None:
        """End the writer's thread; what is told later begins another file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def _tagged(said: dict[str, str], report: Path | None = None) -> None:
    mlflow: Any = sys.modules.get("mlflow")
    active = mlflow.active_run() if hasattr(mlflow, "active_run") else None
    if active is None:
        return
    client = mlflow.MlflowClient()
    for name, text in said.items():
        client.set_tag(active.info.run_id, f"diagnose.{name}", text[:MOST_TAG])
    if report is not None and report.is_file():
        client.log_artifact(active.info.run_id, str(report), artifact_path="diagnose")


def _summarised(said: dict[str, str], alert: tuple[str, str, str] | None, report: Path | None = None) -> None:
    wandb: Any = sys.modules.get("wandb")
    run = getattr(wandb, "run", None)
    if run is None:
        return
    for name, text in said.items():
        run.summary[f"diagnose/{name}"] = text
    if alert is not None:
        title, text, level = alert
        run.alert(title=title, text=text, level=level)
    if report is not None and report.is_file():  # with the step that comes next: the program's own steps stay
        run.log({"diagnose/report": wandb.Html(report.read_text(encoding="utf-8"), inject=False)}, commit=False)


def _text_event(tag: str, text: str, step: float) -> Any:
    """Return TensorBoard's record of a text, as its text plug-in reads it; texts are Markdown there."""
    events = importlib.import_module("tensorboard.compat.proto.event_pb2")
    summaries = importlib.import_module("tensorboard.compat.proto.summary_pb2")
    tensors = importlib.import_module("tensorboard.compat.proto.tensor_pb2")
    shapes = importlib.import_module("tensorboard.compat.proto.tensor_shape_pb2")
    shape = shapes.TensorShapeProto(dim=[shapes.TensorShapeProto.Dim(size=1)])
    tensor = tensors.TensorProto(dtype="DT_STRING", string_val=[text.encode()], tensor_shape=shape)
    plugin = summaries.SummaryMetadata.PluginData(plugin_name="text")
    value = summaries.Summary.Value(
        tag=f"{tag}/text_summary", metadata=summaries.SummaryMetadata(plugin_data=plugin), tensor=tensor
    )
    return events.Event(wall_time=time.time(), step=int(step), summary=summaries.Summary(value=[value]))

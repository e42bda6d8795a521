"""MLflow: the file store (``mlruns/``), the SQLite store, and a live tracking server."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote, unquote, urlsplit

import yaml

from diagnose.errors import UnreadableInput
from diagnose.extras import require
from diagnose.readers.protocol import Cell, Log, RawLog
from diagnose.run import Unread

_SQLITE_MAGIC = b"SQLite format 3\x00"
_TABLES = {"experiments", "runs", "metrics", "params", "tags"}
_LARGEST = 1.7976931348623157e308
"""The SQLite store writes infinities as the largest doubles."""
_NOT_RUNS = frozenset({"models", "traces"})

Point = tuple[int, int, float]
"""Timestamp in ms, step, value."""


@dataclass
class _StoredRun:
    """One MLflow run as any of the stores holds it."""

    name: str
    where: str
    metrics: dict[str, list[Point]] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    unread: list[Unread] = field(default_factory=list)


def _literal(text: str) -> Any:
    """Return a parameter, which MLflow keeps as text, as the number or truth value it spells."""
    if text in {"True", "False", "None"}:
        return {"True": True, "False": False, "None": None}[text]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _curve(points: Sequence[Point]) -> tuple[list[tuple[int, float]], bool]:
    """Return ``(step, value)`` in order and whether a closing value without a step was dropped.

    ``log_metric`` without a step writes step 0: a last point that falls back to 0 is a summary, and three or more
    points that are all at 0 are a curve whose steps were never given.
    """
    ordered = sorted(points, key=lambda point: point[0])
    if len(ordered) > 2 and all(step == 0 for _, step, _ in ordered):
        return [(row, value) for row, (_, _, value) in enumerate(ordered)], False
    kept = list(ordered)
    while len(kept) > 2 and kept[-1][1] == 0 and any(step > 0 for _, step, _ in kept[:-1]):
        kept.pop()
    return list({step: value for _, step, value in kept}.items()), len(kept) < len(ordered)


def _raw(run: _StoredRun) -> RawLog:
    curves, notes = {}, []
    closing_values = []
    for name, points in run.metrics.items():
        if name.startswith("system/"):
            continue
        curves[name], dropped = _curve(points)
        if dropped:
            closing_values.append(name)
    if closing_values:
        notes.append(f"logged again at the end without a step, not a point: {', '.join(closing_values)}")
    last_step = max((step for curve in curves.values() for step, _ in curve), default=0)
    lone = [name for name, curve in curves.items() if last_step > 0 and len(curve) == 1 and curve[0][0] == 0]
    ended = max((p[0] for name, points in run.metrics.items() if len(points) > 1 for p in points), default=0)
    final = [name for name in lone if run.metrics[name][-1][0] >= ended]
    for name in final:
        curves[name] = [(last_step, curves[name][0][1])]
    if final:
        notes.append(f"logged once after training, read as its last step: {', '.join(final)}")
    system = sum(name.startswith("system/") for name in run.metrics)
    unread = [*run.unread, *([Unread(run.where, f"{system} system metrics, no curves of training")] if system else [])]
    return RawLog(
        name=run.name,
        format=MlflowReader.format,
        where=run.where,
        columns=_columns(curves),
        hyperparameters={name: _literal(value) for name, value in run.params.items()},
        origins=dict.fromkeys(run.params, "MLflow parameters"),
        unread=tuple(unread),
        notes=tuple(notes),
    )


def _columns(curves: Mapping[str, Sequence[tuple[int, float]]]) -> dict[str, list[Cell]]:
    steps = sorted({step for curve in curves.values() for step, _ in curve})
    row_of = {step: row for row, step in enumerate(steps)}
    columns: dict[str, list[Cell]] = {"step": [float(step) for step in steps]}
    for name, curve in curves.items():
        cells: list[Cell] = [None] * len(steps)
        for step, value in curve:
            cells[row_of[step]] = value
        columns[name] = cells
    return columns


def _is_run(folder: Path) -> bool:
    return (folder / "metrics").is_dir() and ((folder / "meta.yaml").is_file() or (folder / "params").is_dir())


def _run_folders(folder: Path) -> Iterator[Path]:
    """Run folders of a run, an experiment or a whole store; deleted experiments are in ``.trash``."""
    if _is_run(folder):
        yield folder
        return
    for child in sorted(path for path in folder.iterdir() if path.is_dir()):
        if child.name.startswith(".") or child.name in _NOT_RUNS:
            continue
        if _is_run(child):
            yield child
        elif (child / "meta.yaml").is_file():
            yield from (run for run in sorted(child.iterdir()) if run.name not in _NOT_RUNS and _is_run(run))


def _metadata(folder: Path) -> Mapping[str, Any]:
    try:
        found = yaml.safe_load((folder / "meta.yaml").read_text(encoding="utf-8", errors="replace"))
    except (OSError, yaml.YAMLError):
        return {}
    return found if isinstance(found, dict) else {}


def _metric_file(path: Path, name: str, run: _StoredRun) -> None:
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        fields = line.split()
        try:
            timestamp, value, step = int(fields[0]), float(fields[1]), int(fields[2]) if len(fields) > 2 else 0
        except (ValueError, IndexError):
            run.unread.append(Unread(f"{path}, line {number}", "expected 'timestamp value step'"))
            continue
        run.metrics.setdefault(name, []).append((timestamp, step, value))


def _from_folder(folder: Path) -> _StoredRun | None:
    meta = _metadata(folder)
    if meta.get("lifecycle_stage") == "deleted":
        return None
    tag = folder / "tags" / "mlflow.runName"
    named = tag.read_text(encoding="utf-8", errors="replace").strip() if tag.is_file() else ""
    run = _StoredRun(str(meta.get("run_name") or named or folder.name), str(folder))
    for path in sorted((folder / "metrics").rglob("*")):
        if path.is_file():
            _metric_file(path, path.relative_to(folder / "metrics").as_posix(), run)
    params = folder / "params"
    for path in sorted(params.rglob("*")) if params.is_dir() else ():
        if path.is_file():
            key = path.relative_to(params).as_posix()
            run.params[key] = path.read_text(encoding="utf-8", errors="replace").strip()
    return run


def _open_read_only(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True)
    # views and triggers of a stranger's database must not call functions
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _is_database(path: Path) -> bool:
    try:
        with closing(_open_read_only(path)) as connection:
            rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    except sqlite3.Error:
        return False
    return {str(name) for (name,) in rows}.issuperset(_TABLES)


def _number(value: Any, is_nan: Any) -> float:
    number = float("nan") if is_nan else float(value)
    return float("inf") * (1 if number > 0 else -1) if abs(number) >= _LARGEST else number


def _from_database(path: Path) -> list[_StoredRun]:
    with closing(_open_read_only(path)) as connection:
        runs = {
            key: _StoredRun(str(name or key), f"{path}, run {key}")
            for key, name in connection.execute(
                "SELECT r.run_uuid, r.name FROM runs r JOIN experiments e ON e.experiment_id = r.experiment_id "
                "WHERE r.lifecycle_stage = 'active' AND e.lifecycle_stage = 'active' ORDER BY r.start_time, r.run_uuid"
            )
        }
        for key, name, value, timestamp, step, is_nan in connection.execute(
            "SELECT run_uuid, key, value, timestamp, step, is_nan FROM metrics ORDER BY timestamp, step"
        ):
            if key in runs:
                runs[key].metrics.setdefault(str(name), []).append((int(timestamp), int(step), _number(value, is_nan)))
        for key, name, value in connection.execute("SELECT run_uuid, key, value FROM params"):
            if key in runs:
                runs[key].params[str(name)] = str(value)
    return list(runs.values())


class MlflowReader:
    """A run, experiment or store folder, or the SQLite file of a store."""

    format: ClassVar[str] = "MLflow"

    def recognises(self, log: Log) -> bool:
        """Whether a folder holds MLflow runs, or a database has MLflow's tables."""
        if log.path.is_dir():
            try:
                return any(True for _ in _run_folders(log.path))
            except OSError:
                return False
        return log.head.startswith(_SQLITE_MAGIC) and _is_database(log.path)

    def read(self, log: Log) -> list[RawLog]:
        """Every run that is not deleted and logged a metric."""
        if log.path.is_dir():
            found = [_from_folder(folder) for folder in _run_folders(log.path)]
            runs = [run for run in found if run is not None]
        else:
            try:
                runs = _from_database(log.path)
            except (sqlite3.Error, TypeError, ValueError) as error:
                raise UnreadableInput(
                    f"{log.path}: this MLflow database cannot be read ({error}); expected the tables that "
                    "'mlflow db upgrade' makes"
                ) from error
        return _with_metrics(runs, str(log.path))


def _with_metrics(runs: Sequence[_StoredRun], where: str) -> list[RawLog]:
    logged = [_raw(run) for run in runs if run.metrics]
    if not logged:
        raise UnreadableInput(
            f"{where}: no run with metrics in this MLflow store; expected log_metric(..., step=epoch)"
        )
    return logged


def is_tracking_uri(text: str) -> bool:
    """Whether a string names an MLflow store rather than a path: ``http(s)://``, ``sqlite:///``, ``databricks``."""
    return text == "databricks" or urlsplit(text).scheme in {"http", "https", "sqlite", "databricks"}


def read_tracking_uri(uri: str) -> list[RawLog]:
    """Read every active run of a tracking store.

    Parameters
    ----------
    uri
        ``"http://host:5000"``, ``"https://…"``, ``"databricks"``, ``"sqlite:///mlflow.db"`` or ``"file:///…/mlruns"``.

    Raises
    ------
    UnreadableInput
        The store does not answer, or holds no run with metrics.
    MissingExtra
        A server was named and ``mlflow-skinny`` is not installed; SQLite and file stores need no package.
    """
    parts = urlsplit(uri)
    if parts.scheme in {"sqlite", "file"}:
        # sqlite:///relative.db and sqlite:////absolute.db, as SQLAlchemy reads them
        path = Path(unquote(parts.path[1:] if parts.scheme == "sqlite" else parts.path))
        log = Log(path)
        if not path.exists() or not MlflowReader().recognises(log):
            raise UnreadableInput(f"{uri}: no MLflow store at {path}; expected e.g. sqlite:///mlflow.db")
        return MlflowReader().read(log)
    mlflow = require("mlflow", extra="mlflow", what="reading a live MLflow tracking server")
    try:
        return _with_metrics(list(_from_server(mlflow.MlflowClient(tracking_uri=uri), uri)), uri)
    except mlflow.exceptions.MlflowException as error:
        raise UnreadableInput(f"{uri}: the MLflow server did not answer as expected: {error}") from error


def _from_server(client: Any, uri: str) -> Iterator[_StoredRun]:
    experiments = [experiment.experiment_id for experiment in _pages(client.search_experiments)]
    for stored in _pages(client.search_runs, experiment_ids=experiments) if experiments else ():
        run = _StoredRun(stored.info.run_name or stored.info.run_id, f"{uri}, run {stored.info.run_id}")
        run.params = dict(stored.data.params)
        for name in stored.data.metrics:
            history = client.get_metric_history(stored.info.run_id, name)
            run.metrics[name] = [(int(point.timestamp), int(point.step), float(point.value)) for point in history]
        yield run


def _pages(search: Any, **arguments: Any) -> Iterator[Any]:
    token = None
    while True:
        page = search(page_token=token, **arguments)
        yield from page
        token = page.token
        if not token:
            return

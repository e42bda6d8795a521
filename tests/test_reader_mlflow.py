"""MLflow stores: folders and databases made here in MLflow's layout, and a stand-in for its server."""

import contextlib
import json
import math
import sqlite3
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diagnose.errors import InputError, MissingExtra, UnreadableInput
from diagnose.readers import mlflow as module
from diagnose.readers.mlflow import MlflowReader, is_tracking_uri, read_tracking_uri
from diagnose.readers.protocol import Log


def curve(values, *, first_step=0, start=1_000):
    return [(start + i, value, first_step + i) for i, value in enumerate(values)]


def make_run(folder, metrics, *, params=None, name="good run", stage="active"):
    """Write one run as the file store lays it out."""
    (folder / "metrics").mkdir(parents=True)
    (folder / "params").mkdir()
    (folder / "meta.yaml").write_text(f"lifecycle_stage: {stage}\nrun_name: {name}\nrun_id: {folder.name}\n")
    for metric, points in metrics.items():
        path = folder / "metrics" / metric
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{t} {v} {s}\n" for t, v, s in points))
    for key, value in (params or {}).items():
        (folder / "params" / key).write_text(value)
    return folder


def make_database(path, metrics, *, params=None, stage="active"):
    """Write one run as the SQLite store lays it out."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.executescript(
            "CREATE TABLE experiments (experiment_id INTEGER, name TEXT, lifecycle_stage TEXT);"
            "CREATE TABLE runs (run_uuid TEXT, name TEXT, start_time INT, lifecycle_stage TEXT, experiment_id INT);"
            "CREATE TABLE metrics (key TEXT, value FLOAT, timestamp INT, run_uuid TEXT, step INT, is_nan BOOLEAN);"
            "CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT);"
            "CREATE TABLE tags (key TEXT, value TEXT, run_uuid TEXT);"
        )
        db.execute("INSERT INTO experiments VALUES (0, 'Default', 'active')")
        db.execute("INSERT INTO runs VALUES ('abc', 'sql run', 1, ?, 0)", (stage,))
        for metric, points in metrics.items():
            rows = [(metric, 0 if math.isnan(v) else v, t, "abc", s, math.isnan(v)) for t, v, s in points]
            db.executemany("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?)", rows)
        db.executemany("INSERT INTO params VALUES (?, ?, 'abc')", list((params or {}).items()))
        db.commit()
    return path


def read(path):
    assert MlflowReader().recognises(Log(path))
    return MlflowReader().read(Log(path))


def test_a_run_folder(tmp_path):
    metrics = {"train_loss": curve([1.0, 0.5, 0.25]), "val/loss": curve([1.5, 0.75])}
    (raw,) = read(make_run(tmp_path / "abc", metrics, params={"lr": "0.01", "optimizer": "adam", "shuffle": "True"}))
    assert raw.name == "good run"
    assert raw.columns == {
        "step": [0.0, 1.0, 2.0],
        "train_loss": [1.0, 0.5, 0.25],
        "val/loss": [1.5, 0.75, None],
    }
    assert raw.hyperparameters == {"lr": 0.01, "optimizer": "adam", "shuffle": True}


def test_a_store_with_experiments_gives_every_run(tmp_path):
    for experiment in ("0", "1"):
        (tmp_path / experiment).mkdir()
        (tmp_path / experiment / "meta.yaml").write_text("name: x\n")
        make_run(tmp_path / experiment / f"run{experiment}", {"loss": curve([1.0, 0.5])}, name=f"r{experiment}")
    make_run(tmp_path / "1" / "gone", {"loss": curve([1.0])}, stage="deleted")
    make_run(tmp_path / ".trash" / "old", {"loss": curve([1.0])})
    assert [raw.name for raw in read(tmp_path)] == ["r0", "r1"]
    assert [raw.name for raw in read(tmp_path / "1")] == ["r1"]


@pytest.mark.parametrize("first_step", [0, 1])
def test_a_closing_value_at_step_0_is_no_point(tmp_path, first_step):
    points = [*curve([1.0, 0.5, 0.25], first_step=first_step), (9_000, 0.2, 0), (9_001, 0.2, 0)]
    (raw,) = read(make_run(tmp_path / "abc", {"val_loss": points}))
    assert raw.columns["val_loss"] == [1.0, 0.5, 0.25]
    assert "val_loss" in raw.notes[0]


def test_a_test_score_logged_once_at_the_end_stands_at_the_last_step(tmp_path):
    metrics = {"loss": curve([1.0, 0.5, 0.25]), "test_acc": [(9_000, 0.9, 0)], "n_rows": [(1, 500.0, 0)]}
    (raw,) = read(make_run(tmp_path / "abc", metrics))
    assert raw.columns["test_acc"] == [None, None, 0.9]
    assert raw.columns["n_rows"] == [500.0, None, None]


def test_steps_that_were_never_given_are_counted(tmp_path):
    (raw,) = read(make_run(tmp_path / "abc", {"loss": [(t, 1.0 / t, 0) for t in (1, 2, 4)]}))
    assert raw.columns == {"step": [0.0, 1.0, 2.0], "loss": [1.0, 0.5, 0.25]}


def test_nan_and_broken_lines(tmp_path):
    folder = make_run(tmp_path / "abc", {"loss": [(1, "nan", 0), (2, "inf", 1), (3, 0.5, 2)]})
    with (folder / "metrics" / "loss").open("a") as stream:
        stream.write("4 zero\n5")
    (raw,) = read(folder)
    assert math.isnan(raw.columns["loss"][0])
    assert raw.columns["loss"][1:] == [math.inf, 0.5]
    assert len(raw.unread) == 2


def test_system_metrics_are_told_and_left_out(tmp_path):
    (raw,) = read(make_run(tmp_path / "abc", {"loss": curve([1.0, 0.5]), "system/cpu": curve([3.0] * 40)}))
    assert set(raw.columns) == {"step", "loss"}
    assert "1 system metrics" in raw.unread[0].why


def test_a_database(tmp_path):
    metrics = {"loss": curve([1.0, float("nan"), 1.7976931348623157e308]), "val_loss": curve([1.5, 0.75])}
    (raw,) = read(make_database(tmp_path / "my mlflow?.db", metrics, params={"batch_size": "32"}))
    assert raw.name == "sql run"
    assert math.isnan(raw.columns["loss"][1])
    assert raw.columns["loss"][2] == math.inf
    assert raw.columns["val_loss"] == [1.5, 0.75, None]
    assert raw.hyperparameters == {"batch_size": 32}


def test_reading_a_database_does_not_change_it(tmp_path):
    path = make_database(tmp_path / "mlflow.db", {"loss": curve([1.0, 0.5])})
    before = path.read_bytes()
    read(path)
    assert path.read_bytes() == before
    assert [child.name for child in tmp_path.iterdir()] == ["mlflow.db"]


def test_a_store_without_metrics_says_so(tmp_path):
    path = make_database(tmp_path / "mlflow.db", {"loss": curve([1.0])}, stage="deleted")
    with pytest.raises(UnreadableInput, match="log_metric"):
        MlflowReader().read(Log(path))


def test_other_content_is_not_recognised(tmp_path):
    other = tmp_path / "other.db"
    with contextlib.closing(sqlite3.connect(other)) as db:
        db.execute("CREATE TABLE metrics (x)")
        db.commit()
    assert not MlflowReader().recognises(Log(other))
    (tmp_path / "fake.db").write_bytes(b"SQLite format 3\x00" + b"\x07" * 200)
    assert not MlflowReader().recognises(Log(tmp_path / "fake.db"))
    (tmp_path / "run" / "metrics").mkdir(parents=True)
    assert not MlflowReader().recognises(Log(tmp_path / "run"))
    assert not MlflowReader().recognises(Log(tmp_path))


def test_uris_of_local_stores_need_no_package(tmp_path, monkeypatch):
    make_database(tmp_path / "mlflow.db", {"loss": curve([1.0, 0.5])})
    make_run(tmp_path / "mlruns" / "abc", {"loss": curve([1.0, 0.5, 0.2])})
    assert len(read_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")[0].columns["loss"]) == 2
    assert len(read_tracking_uri((tmp_path / "mlruns").as_uri())[0].columns["loss"]) == 3
    monkeypatch.chdir(tmp_path)
    assert read_tracking_uri("sqlite:///mlflow.db")[0].name == "sql run"
    with pytest.raises(UnreadableInput, match="no MLflow store"):
        read_tracking_uri("sqlite:///missing.db")


@pytest.mark.parametrize(
    ("text", "is_uri"),
    [
        ("http://localhost:5000", True),
        ("sqlite:///x.db", True),
        ("databricks", True),
        ("mlruns", False),
        ("/data/mlruns", False),
        ("C:\\runs\\mlruns", False),
        ("file.csv", False),
    ],
)
def test_uris_are_told_from_paths(text, is_uri):
    assert is_tracking_uri(text) is is_uri


def test_a_server_needs_the_extra(monkeypatch):
    def refuse(name, *, extra, what):
        raise MissingExtra(what, name, extra)

    monkeypatch.setattr(module, "require", refuse)
    with pytest.raises(MissingExtra, match=r"diagnose-ml\[mlflow\]"):
        read_tracking_uri("http://localhost:5000")


class StandInServer(BaseHTTPRequestHandler):
    """The three calls of MLflow's REST API that reading needs; runs come in two pages."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("experiments/search"):
            return self.answer({"experiments": [{"experiment_id": "0", "name": "Default"}]})
        page = 1 if body.get("page_token") else 0
        info = {
            "run_id": f"r{page}",
            "run_uuid": f"r{page}",
            "run_name": f"run {page}",
            "experiment_id": "0",
            "status": "FINISHED",
        }
        data = {
            "metrics": [{"key": "loss", "value": 0.5, "timestamp": 2, "step": 1}],
            "params": [{"key": "lr", "value": "0.1"}],
        }
        return self.answer({"runs": [{"info": info, "data": data}], **({} if page else {"next_page_token": "more"})})

    def do_GET(self):
        key = parse_qs(urlsplit(self.path).query)["metric_key"][0]
        points = [{"key": key, "value": 1.0 / (1 + s), "timestamp": s, "step": s} for s in range(2)]
        self.answer({"metrics": points})

    def answer(self, content):
        payload = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *args):
        """Stay quiet."""


@pytest.mark.filterwarnings("ignore")
def test_a_live_server(monkeypatch):
    pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    server = HTTPServer(("127.0.0.1", 0), StandInServer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        logs = read_tracking_uri(f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert [raw.name for raw in logs] == ["run 0", "run 1"]
    assert logs[0].columns == {"step": [0.0, 1.0], "loss": [1.0, 0.5]}
    assert logs[0].hyperparameters == {"lr": 0.1}
    with pytest.raises(UnreadableInput, match="did not answer"):
        read_tracking_uri(f"http://127.0.0.1:{server.server_port}")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_databases_raise_nothing_but_input_errors(tmp_path_factory, data):
    path = make_database(tmp_path_factory.mktemp("db") / "mlflow.db", {"loss": curve([1.0, 0.5])})
    raw = bytearray(path.read_bytes())
    raw = raw[: data.draw(st.integers(0, len(raw)))]
    if raw:
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(0, 255))
    path.write_bytes(raw)
    if MlflowReader().recognises(Log(path)):
        with contextlib.suppress(InputError):
            MlflowReader().read(Log(path))

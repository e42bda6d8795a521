"""W&B run files: one written by wandb itself offline, the others framed here from its own messages."""

import contextlib
import json
import math
import struct
import time
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("wandb")
from wandb.proto import wandb_internal_pb2 as messages

from diagnose.errors import InputError, MissingExtra, UnreadableInput
from diagnose.readers import wandb as module
from diagnose.readers.protocol import Log
from diagnose.readers.wandb import WandbReader

BLOCK = 32_768


def chunk(kind, data):
    return struct.pack("<IHB", zlib.crc32(data, zlib.crc32(bytes([kind]))), len(data), kind) + data


def frame(records):
    """Frame records as LevelDB's log format does, the file's own 7-byte header in the first block."""
    out = bytearray(b":W&B\xe1\xbe\x00")
    for record in records:
        data, first = record.SerializeToString(), True
        while first or data:
            room = BLOCK - len(out) % BLOCK
            if room < 7:
                out += b"\x00" * room
                continue
            part, data = data[: room - 7], data[room - 7 :]
            kind = (1 if first else 4) if not data else (2 if first else 3)
            out += chunk(kind, part)
            first = False
    return bytes(out)


def run_record(**config):
    record = messages.Record()
    record.run.run_id, record.run.display_name = "abc123", "nice run"
    for key, value in config.items():
        record.run.config.update.add(key=key, value_json=json.dumps(value))
    return record


def history(at, /, **values):
    record = messages.Record()
    for key, value in {"_step": at, "_runtime": 0.1, **values}.items():
        item = record.history.item.add(value_json=json.dumps(value))
        item.nested_key.append(key.replace("__", "/"))
    return record


def write(folder, records, *, name="run-abc123.wandb"):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(frame(records))
    return path


def read(path):
    assert WandbReader().recognises(Log(path))
    return WandbReader().read(Log(path))


LOSSES = [history(s, train__loss=1.0 / (1 + s), epoch=s) for s in range(4)]


def test_history_and_config(tmp_path):
    (raw,) = read(write(tmp_path, [run_record(lr=0.01, model={"depth": 3}, _wandb={"x": 1}), *LOSSES]))
    assert raw.name == "nice run"
    assert raw.columns == {
        "step": [0.0, 1.0, 2.0, 3.0],
        "train/loss": [1.0, 0.5, 1.0 / 3, 0.25],
        "epoch": [0.0, 1.0, 2.0, 3.0],
    }
    assert raw.hyperparameters == {"lr": 0.01, "model": {"depth": 3}}


def test_sparse_rows_nan_and_media(tmp_path):
    media = {"_type": "image-file", "path": "x.png"}
    records = [*LOSSES, history(4, val__loss=float("nan")), history(5, val__loss="Infinity", sample=media)]
    (raw,) = read(write(tmp_path, records))
    assert raw.columns["val/loss"][:4] == [None] * 4
    assert math.isnan(raw.columns["val/loss"][4])
    assert raw.columns["val/loss"][5] == math.inf
    assert "sample" not in raw.columns
    assert "sample" in raw.unread[0].why


def test_a_step_of_the_program_keeps_its_name(tmp_path):
    (raw,) = read(write(tmp_path, [history(s, step=10 * s, loss=1.0) for s in range(3)]))
    assert raw.columns["step"] == [0.0, 10.0, 20.0]
    assert raw.columns["_step"] == [0.0, 1.0, 2.0]


def test_two_records_of_one_step_are_one_row(tmp_path):
    (raw,) = read(write(tmp_path, [history(0, loss=1.0), history(0, val_loss=2.0), history(1, loss=0.5)]))
    assert raw.columns["val_loss"] == [2.0, None]


def test_records_across_blocks(tmp_path):
    long = run_record(note="x" * 100_000)
    (raw,) = read(write(tmp_path, [long, *[history(s, loss=float(s), text="y" * 900) for s in range(200)]]))
    assert raw.columns["loss"] == [float(s) for s in range(200)]
    assert len(raw.hyperparameters["note"]) == 100_000
    assert not any("cut" in unread.why for unread in raw.unread)


def test_config_yaml_beside_the_run(tmp_path):
    path = write(tmp_path / "offline-run-1", LOSSES)
    (path.parent / "files").mkdir()
    (path.parent / "files" / "config.yaml").write_text("wandb_version: 1\nlr:\n  desc: null\n  value: 0.5\n")
    (raw,) = read(path)
    assert raw.hyperparameters == {"lr": 0.5}
    assert raw.origins == {"lr": "config.yaml"}


def test_a_wandb_folder_gives_every_run_once(tmp_path):
    for name in ("offline-run-1-a", "run-2-b"):
        write(tmp_path / "wandb" / name, LOSSES, name=f"{name}.wandb")
    (tmp_path / "wandb" / "latest-run").symlink_to(tmp_path / "wandb" / "run-2-b")
    assert len(read(tmp_path / "wandb")) == 2
    assert len(read(tmp_path / "wandb" / "run-2-b")) == 1


def test_a_run_without_its_file_is_left_to_the_text_reader(tmp_path):
    (tmp_path / "run-1" / "files").mkdir(parents=True)
    (tmp_path / "run-1" / "files" / "output.log").write_text("Epoch 1 loss: 0.5\n")
    assert not WandbReader().recognises(Log(tmp_path))
    assert not WandbReader().recognises(Log(tmp_path / "run-1"))
    assert not WandbReader().recognises(Log(tmp_path / "run-1" / "files" / "output.log"))


def test_a_cut_file_is_read_as_far_as_it_is_whole(tmp_path):
    path = write(tmp_path, LOSSES)
    path.write_bytes(path.read_bytes()[:-3])
    (raw,) = read(path)
    assert len(raw.columns["step"]) == 3
    assert "cut" in raw.unread[0].why


def test_no_history_says_what_was_expected(tmp_path):
    with pytest.raises(UnreadableInput, match="no logged history"):
        read(write(tmp_path, [run_record(lr=0.1)]))


def test_a_missing_package_names_the_extra(tmp_path, monkeypatch):
    def refuse(name, *, extra, what):
        raise MissingExtra(what, name.partition(".")[0], extra)

    path = write(tmp_path, LOSSES)
    monkeypatch.setattr(module, "require", refuse)
    assert WandbReader().recognises(Log(path))
    with pytest.raises(MissingExtra, match=r"diagnose-ml\[wandb\]"):
        WandbReader().read(Log(path))


@pytest.mark.parametrize("answer", [TypeError("Descriptors cannot be created directly"), None])
def test_another_generation_of_the_package_is_said(tmp_path, monkeypatch, answer):
    def another(name, *, extra, what):
        if answer is not None:
            raise answer
        return json if name.startswith("wandb") else __import__("google.protobuf.message", fromlist=["x"])

    path = write(tmp_path, LOSSES)
    monkeypatch.setattr(module, "require", another)
    with pytest.raises(UnreadableInput, match="internal format"):
        WandbReader().read(Log(path))


@pytest.mark.filterwarnings("ignore")
def test_a_real_offline_run(tmp_path, monkeypatch):
    import wandb  # noqa: PLC0415 - takes a third of a second, for this test only

    monkeypatch.setenv("WANDB_SILENT", "true")
    try:
        run = wandb.init(project="p", name="real", mode="offline", dir=tmp_path, config={"lr": 0.01, "m": {"depth": 3}})
        for epoch in range(3):
            run.log({"train/loss": 1.0 / (1 + epoch), "epoch": epoch})
            run.log({"val/loss": 2.0 / (1 + epoch), "epoch": epoch})
        run.finish()
    except wandb.errors.Error as error:
        pytest.skip(f"wandb's service does not start here: {error}")
    (path,) = (tmp_path / "wandb").glob("offline-run-*/*.wandb")
    deadline = time.monotonic() + 30
    while path.stat().st_size < 100 and time.monotonic() < deadline:
        time.sleep(0.05)  # the service may write the file a moment after finish() returns
    (raw,) = read(tmp_path / "wandb")
    assert raw.columns["train/loss"] == [1.0, None, 0.5, None, 1.0 / 3, None]
    assert raw.columns["epoch"] == [0.0, 0.0, 1.0, 1.0, 2.0, 2.0]
    assert raw.hyperparameters == {"lr": 0.01, "m": {"depth": 3}}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_truncation_and_damage_raise_nothing_but_input_errors(tmp_path, data):
    raw = bytearray(frame([run_record(lr=0.1), *LOSSES]))
    raw = raw[: data.draw(st.integers(0, len(raw)))]
    if raw:
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(0, 255))
    path = tmp_path / "run-x.wandb"
    path.write_bytes(raw)
    if WandbReader().recognises(Log(path)):
        with contextlib.suppress(InputError):
            WandbReader().read(Log(path))

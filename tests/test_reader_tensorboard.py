"""TensorBoard event files, written by tensorboard's own record writer."""

import contextlib
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("tensorboard")
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
from tensorboard.summary.writer.record_writer import RecordWriter

from diagnose.errors import InputError, MissingExtra, UnreadableInput
from diagnose.readers import tensorboard_events as module
from diagnose.readers.protocol import Log
from diagnose.readers.tensorboard import TensorBoardReader
from diagnose.readers.tensorboard_events import is_event_file, records


def scalar(tag, value):
    return Summary.Value(tag=tag, simple_value=value)


def tensor(tag, value):
    content = TensorProto(dtype=1, tensor_content=np.float32(value).tobytes())
    plugin = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="scalars"))
    return Summary.Value(tag=tag, tensor=content, metadata=plugin)


def event_bytes(points, *, started=1000.0):
    """Return an event file's bytes from ``(step, Summary.Value)`` points."""
    stream = io.BytesIO()
    writer = RecordWriter(stream)
    writer.write(Event(wall_time=started, file_version="brain.Event:2").SerializeToString())
    for count, (step, value) in enumerate(points):
        event = Event(wall_time=started + count, step=step, summary=Summary(value=[value]))
        writer.write(event.SerializeToString())
    return stream.getvalue()


def write(folder: Path, points, *, name="events.out.tfevents.1.host.1.0", started=1000.0):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(event_bytes(points, started=started))
    return path


def read(path):
    log = Log(path)
    reader = TensorBoardReader()
    assert reader.recognises(log)
    return reader.read(log)


def losses(n, tag="train/loss", start=0, every=1):
    return [(start + every * i, scalar(tag, 1.0 / (1 + i))) for i in range(n)]


def test_reads_pytorch_scalars_joined_on_their_steps(tmp_path):
    path = write(tmp_path / "run", [*losses(4), (1, scalar("val/loss", 0.5)), (3, scalar("val/loss", 0.25))])
    (raw,) = read(path)
    assert raw.name.endswith("/run")
    assert raw.columns["step"] == [0.0, 1.0, 2.0, 3.0]
    assert raw.columns["train/loss"] == [1.0, 0.5, pytest.approx(1 / 3), 0.25]
    assert raw.columns["val/loss"] == [None, 0.5, None, 0.25]
    assert not raw.splits


def test_nan_and_infinity_are_values_not_gaps(tmp_path):
    (raw,) = read(
        write(
            tmp_path, [(0, scalar("loss", 1.0)), (1, scalar("loss", float("nan"))), (2, scalar("loss", float("inf")))]
        )
    )
    assert np.isnan(raw.columns["loss"][1])
    assert raw.columns["loss"][2] == float("inf")


def test_keras_folders_give_splits_and_epochs(tmp_path):
    for folder, offset in (("train", 0.0), ("validation", 0.5)):
        points = [(epoch, tensor("epoch_loss", 2.0 - epoch + offset)) for epoch in range(3)]
        write(tmp_path / folder, [*points, (469, tensor("evaluation_loss_vs_iterations", 9.0))])
    (raw,) = read(tmp_path)
    assert raw.columns["epoch"] == [0.0, 1.0, 2.0]
    assert raw.columns["validation/epoch_loss"] == [2.5, 1.5, 0.5]
    assert raw.splits == {"train/epoch_loss": "train", "validation/epoch_loss": "val"}
    assert "evaluation_loss_vs_iterations" in raw.notes[0]


def test_two_runs_in_one_folder_are_kept_apart(tmp_path):
    write(tmp_path, losses(10), name="events.out.tfevents.1.a", started=1000.0)
    write(tmp_path, losses(3), name="events.out.tfevents.2.a", started=9000.0)
    first, second = read(tmp_path)
    assert (len(first.columns["step"]), len(second.columns["step"])) == (10, 3)
    assert first.name != second.name


def test_steps_that_restart_in_one_file_are_two_runs(tmp_path):
    assert len(read(write(tmp_path, [*losses(5), *losses(5)]))) == 2


def test_a_resumed_run_is_one_run_and_its_lost_points_are_replaced(tmp_path):
    write(tmp_path, losses(10), name="events.out.tfevents.1.a", started=1000.0)
    write(
        tmp_path,
        [(step, scalar("train/loss", 7.0)) for step in range(8, 12)],
        name="events.out.tfevents.2.a",
        started=9000.0,
    )
    (raw,) = read(tmp_path)
    assert raw.columns["step"] == [float(step) for step in range(12)]
    assert raw.columns["train/loss"][8:] == [7.0] * 4
    assert "2 points" in raw.notes[0]


def test_files_with_other_tags_belong_to_the_same_run(tmp_path):
    write(tmp_path, losses(3), name="events.out.tfevents.1.a")
    write(tmp_path, losses(3, "eval/loss"), name="events.out.tfevents.2.a", started=5000.0)
    (raw,) = read(tmp_path)
    assert set(raw.columns) == {"step", "train/loss", "eval/loss"}


def test_a_folder_of_runs_is_not_one_run(tmp_path):
    write(tmp_path / "lr_0.1", losses(3))
    assert not TensorBoardReader().recognises(Log(tmp_path))


def test_images_are_listed_as_unread(tmp_path):
    image = Summary.Value(tag="attention", image=Summary.Image(height=1, width=1, encoded_image_string=b"x"))
    (raw,) = read(write(tmp_path, [*losses(3), (1, image)]))
    assert "attention" not in raw.columns
    assert "1 images" in raw.unread[0].why


def test_hparams_are_hyperparameters(tmp_path):
    data = HParamsPluginData()
    data.session_start_info.hparams["learning_rate"].number_value = 0.01
    data.session_start_info.hparams["optimizer"].string_value = "adam"
    plugin = SummaryMetadata.PluginData(plugin_name="hparams", content=data.SerializeToString())
    value = Summary.Value(tag="_hparams_/session_start_info", metadata=SummaryMetadata(plugin_data=plugin))
    (raw,) = read(write(tmp_path, [(0, value), *losses(3)]))
    assert raw.hyperparameters == {"learning_rate": 0.01, "optimizer": "adam"}
    assert set(raw.origins) == {"learning_rate", "optimizer"}


def test_a_cut_file_is_read_as_far_as_it_is_whole(tmp_path):
    path = write(tmp_path, losses(10))
    path.write_bytes(path.read_bytes()[:-5])
    (raw,) = read(path)
    assert len(raw.columns["step"]) == 9
    assert "cut" in raw.unread[0].why


def test_a_flipped_length_stops_reading_there(tmp_path):
    raw = bytearray(event_bytes(losses(10)))
    offsets = [offset for offset, _ in records(bytes(raw))]
    raw[offsets[5]] ^= 0xFF
    path = tmp_path / "events.out.tfevents.x"
    path.write_bytes(raw)
    (log,) = read(path)
    assert len(log.columns["step"]) == 4
    assert log.unread


def test_no_scalars_says_what_was_expected(tmp_path):
    path = write(tmp_path, [])
    with pytest.raises(UnreadableInput, match="no scalars"):
        TensorBoardReader().read(Log(path))


@pytest.mark.parametrize("content", [b"", b"epoch,loss\n0,1\n", b"\x00" * 100, b"brain.Event:2 in a text file" * 3])
def test_other_content_is_not_recognised(tmp_path, content):
    path = tmp_path / "events.out.tfevents.fake"
    path.write_bytes(content)
    assert not TensorBoardReader().recognises(Log(path))
    assert not TensorBoardReader().recognises(Log(tmp_path))


def test_a_missing_package_names_the_extra(tmp_path, monkeypatch):
    path = write(tmp_path, losses(2))

    def refuse(name, *, extra, what):
        raise MissingExtra(what, name.partition(".")[0], extra)

    monkeypatch.setattr(module, "require", refuse)
    assert TensorBoardReader().recognises(Log(path))
    with pytest.raises(MissingExtra, match=r"diagnose-ml\[tensorboard\]"):
        TensorBoardReader().read(Log(path))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_truncation_and_damage_never_raise_anything_but_input_errors(tmp_path, data):
    whole = bytearray(event_bytes([*losses(6), (2, tensor("epoch_loss", 1.0))]))
    damaged = whole[: data.draw(st.integers(0, len(whole)))]
    if damaged:
        damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= data.draw(st.integers(0, 255))
    path = tmp_path / "events.out.tfevents.x"
    path.write_bytes(damaged)
    if is_event_file(bytes(damaged)):
        with contextlib.suppress(InputError):
            TensorBoardReader().read(Log(path))

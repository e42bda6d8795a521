"""Delimited logs in every state that people leave them in."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from diagnose.errors import UnreadableInput
from diagnose.readers import read_runs
from diagnose.readers.protocol import Log
from diagnose.readers.table import TableReader
from diagnose.run import Run

PLAIN = "epoch,loss,val_loss\n1,0.9,1.0\n2,0.8,0.95\n3,0.7,0.9\n"


def read(tmp_path: Path, text: str | bytes, name: str = "log.csv") -> Run:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    (run,) = read_runs(path).runs
    return run


def values(run: Run, split: str = "val", quantity: str = "loss") -> list[float]:
    curve = run.history.find(split, quantity)  # type: ignore[arg-type]
    assert curve is not None
    return curve.values.tolist()


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace(",", "\t"),
        PLAIN.replace(",", ",\t"),
        PLAIN.replace(",", ", "),
        PLAIN.replace(",", "  ,      "),
        PLAIN.replace(",", ";"),
        PLAIN.replace(",", ";").replace(".", ","),
        PLAIN.replace(",", "\t").replace(".", ","),
        PLAIN.replace(",", "|"),
        PLAIN.replace(",", "   "),
        PLAIN.rstrip("\n"),
        "\ufeff" + PLAIN,
        "# " + PLAIN,
        "\n\n" + PLAIN,
        PLAIN.replace("\n", ",\n"),
        "some words of the programme\n" + PLAIN,
        '"epoch","loss","val_loss"\n"1","0.9","1.0"\n"2","0.8","0.95"\n"3","0.7","0.9"\n',
        "epoch,loss,val_loss\n0,1,0.9,1.0\n1,2,0.8,0.95\n2,3,0.7,0.9\n",
    ],
)
def test_every_way_of_writing_the_same_table(tmp_path: Path, text: str) -> None:
    run = read(tmp_path, text)
    assert values(run) == [1.0, 0.95, 0.9]
    assert values(run, "train") == [0.9, 0.8, 0.7]
    assert run.history.find("val", "loss").steps.tolist() == [1, 2, 3]  # type: ignore[union-attr]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    assert values(read(tmp_path, PLAIN.encode(encoding))) == [1.0, 0.95, 0.9]


def test_the_extension_says_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, PLAIN, "training.log").sources[0].format == "CSV"


KERAS = (
    "epoch,accuracy,loss,val_accuracy,val_loss\n"
    "0,0.3125,1.0986123085021973,0.30000001192092896,1.2039728164672852\n"
    "1,0.4375,0.9162907600402832,0.4000000059604645,1.0498221158981323\n"
)


def test_the_logger_of_keras_is_told_by_its_digits(tmp_path: Path) -> None:
    run = read(tmp_path, KERAS)
    assert (run.sources[0].format, run.context.framework) == ("Keras CSVLogger", "keras")


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        "epoch,loss,val_loss\n0,0.9,1.0\n1,0.8,0.95\n",
        KERAS.replace("\n1,", "\n2,").replace("\n0,", "\n1,"),
        KERAS.replace("accuracy,loss,val_accuracy,val_loss", "loss,accuracy,val_loss,val_accuracy"),
        KERAS.replace("val_accuracy", "val_f1"),
        KERAS.replace("1.0986123085021973", "1.0986").replace("0.9162907600402832", "0.9163"),
    ],
)
def test_a_table_by_hand_is_of_no_known_framework(tmp_path: Path, text: str) -> None:
    run = read(tmp_path, text)
    assert (run.sources[0].format, run.context.framework) == ("CSV", None)


def test_broken_rows_are_left_out_and_named(tmp_path: Path) -> None:
    run = read(tmp_path, "epoch,loss,val_loss\n1,0.9,1.0\n2,0.8\n3,0.7,0.9,7\n4,abc,0.8\n5,0.6,0.7\n6,0.5")
    assert values(run) == [1.0, 0.8, 0.7]
    assert values(run, "train") == [0.9, 0.6]
    told = " ".join(f"{u.where} {u.why}" for u in run.unread)
    for piece in ("line 3", "line 4", "line 7", "cut off", "'abc' in row 2"):
        assert piece in told


def test_nan_and_infinities_are_kept_and_empty_is_not_logged(tmp_path: Path) -> None:
    run = read(tmp_path, "epoch,loss,val_loss\n1,nan,\n2,-Infinity,0.5\n3,1e309,None\n4,0.5,0.4\n")
    train = values(run, "train")
    assert math.isnan(train[0])
    assert train[1:] == [-math.inf, math.inf, 0.5]
    assert values(run) == [0.5, 0.4]


def test_a_repeated_header_is_no_row(tmp_path: Path) -> None:
    run = read(tmp_path, PLAIN + "epoch,loss,val_loss\n4,0.6,0.8\n")
    assert values(run) == [1.0, 0.95, 0.9, 0.8]
    assert any("header repeated at line 5" in note for note in run.notes)


def test_a_late_column_begins_where_its_header_does(tmp_path: Path) -> None:
    run = read(tmp_path, PLAIN + "epoch,loss,val_loss,val_acc\n4,0.6,0.8,0.5\n5,0.5,0.7,0.6\n")
    assert run.history.find("val", "accuracy").steps.tolist() == [4, 5]  # type: ignore[union-attr]


def test_percent_cells(tmp_path: Path) -> None:
    assert values(read(tmp_path, "epoch,val_acc\n1,12%\n2,60 %\n"), "val", "accuracy") == [0.12, 0.6]


def test_duplicated_names_stay_apart(tmp_path: Path) -> None:
    run = read(tmp_path, "epoch,loss,loss,val_loss\n1,.5,.7,.6\n2,.4,.6,.5\n")
    assert values(run, "train") == [0.5, 0.4]
    assert len({c.quantity for c in run.history.of("train")}) == 2


def test_every_column_is_accounted_for(tmp_path: Path) -> None:
    run = read(tmp_path, "epoch,model,loss,lr,time,best_val_loss,odd,empty\n1,a,.5,.1,3,.4,7,\n2,a,.4,.1,3,.4,9,\n")
    roles = {c.name: c.role for c in run.columns}
    assert roles == {
        "epoch": "step",
        "model": "ignored",
        "loss": "curve",
        "lr": "learning rate",
        "time": "ignored",
        "best_val_loss": "ignored",
        "odd": "extra",
        "empty": "ignored",
    }
    assert all(c.meaning for c in run.columns)


def test_a_yaml_beside_it_gives_hyperparameters_and_runs_nothing(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    (tmp_path / "args.yaml").write_text(f"batch_size: 64\nobj: !!python/object/apply:os.mkdir [{marker}]\nlr: 1e-3\n")
    run = read(tmp_path, PLAIN)
    assert (run.context.batch_size, run.context.learning_rate) == (64, 1e-3)
    assert not marker.exists()
    assert any("could run code" in u.why for u in run.unread)


@pytest.mark.parametrize(
    "text",
    [
        "name,age,price\nx,3,4\ny,4,5\n",
        "        precision  recall  f1-score  support\n\n  cat  0.79 0.90 0.84 30\n  dog  0.7 0.6 0.7 30\n",
        "Epoch 1, Loss: 0.5, Accuracy: 0.4\nEpoch 2, Loss: 0.4, Accuracy: 0.5\n",
        '{"loss": [1, 2], "val_loss": [1, 2]}',
        "",
        "0.5,0.4\n0.3,0.2\n",
    ],
)
def test_what_is_no_training_table_is_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text)
    assert not TableReader().recognises(Log(path))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"epoch,loss,val_loss\n", "no complete row"),
        (b"a,b,c\n1,2,3\n", "--map val_loss=COLUMN"),
        (bytes(range(256)) * 9, "binary file"),
        (b"just a few words", "no known log format"),
    ],
)
def test_errors_name_the_file_and_what_was_expected(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "odd.csv"
    path.write_bytes(content)
    with pytest.raises(UnreadableInput, match=message) as caught:
        read_runs(path)
    assert "odd.csv" in str(caught.value)
    assert "expected" in str(caught.value)

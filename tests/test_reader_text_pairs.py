"""Values with slashes between: training and validation, or a name for each."""

import doctest

import pytest

from diagnose.readers import text_pairs
from diagnose.readers.protocol import Log
from diagnose.readers.text_line import parse_line
from diagnose.readers.text_log import TextLogReader


def test_the_examples_in_the_docstrings_print_what_they_say():
    assert doctest.testmod(text_pairs).failed == 0


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("loss 0.5/0.6 acc 0.8/0.7 lr: 0.1",
         {"train_loss": 0.5, "val_loss": 0.6, "train_acc": 0.8, "val_acc": 0.7, "lr": 0.1}),
        ("loss: 0.5 / 0.6 | acc: 80.1% / 79.2%",
         {"train_loss": 0.5, "val_loss": 0.6, "train_acc": 80.1, "val_acc": 79.2}),
        ("loss=0.5/0.6/0.7", {"train_loss": 0.5, "val_loss": 0.6, "test_loss": 0.7}),
        ("loss (train/val): 0.5/0.6", {"train_loss": 0.5, "val_loss": 0.6}),
        ("train/test loss: 0.5/0.6", {"train_loss": 0.5, "test_loss": 0.6}),
        ("train loss/acc: 0.5/0.8 val loss/acc: 0.6/0.7",
         {"train_loss": 0.5, "train_acc": 0.8, "val_loss": 0.6, "val_acc": 0.7}),
        ("val loss: 0.5/0.4", {"val_loss": 0.5}),
    ],
)  # fmt: skip
def test_pairs(text, pairs):
    assert parse_line(f"Epoch 3: {text}").pairs == pairs


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("mem 3.2/8.0 loss 0.5", {"loss": 0.5}),
        ("best acc 0.8/0.7 loss: 0.2", {"loss": 0.2}),
        ("loss 0.5 10/20", {"loss": 0.5}),
        ("Accuracy: 9800/10000 loss 0.5", {"accuracy": 0.98, "loss": 0.5}),
        ("loss 0.5 2024/01/02", {"loss": 0.5}),
    ],
)
def test_other_slashes_are_no_pairs(text, pairs):
    line = parse_line(f"Epoch 3: {text}")
    assert (line.pairs, line.notes) == (pairs, [])


def test_percent_is_kept_in_mind():
    assert parse_line("acc: 80.1% / 79.2%").percent == {"train_acc", "val_acc"}


def test_a_log_says_once_what_was_assumed(tmp_path):
    log = tmp_path / "train.log"
    log.write_text("".join(f"Epoch {e}: loss {1 / e:.3f}/{2 / e:.3f} val acc 0.{e}0/0.{e}1\n" for e in range(1, 6)))
    (raw,) = TextLogReader().read(Log(log))
    assert raw.columns["train_loss"] == [1.0, 0.5, 0.333, 0.25, 0.2]
    assert raw.columns["val_loss"] == [2.0, 1.0, 0.667, 0.5, 0.4]
    assert raw.columns["val_acc"] == [0.1, 0.2, 0.3, 0.4, 0.5]
    assert len(raw.notes) == 2
    assert "taken as training and validation" in raw.notes[0]
    assert "only the first was read" in raw.notes[1]

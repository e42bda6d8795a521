"""Tables in console output."""

import pytest

from diagnose.readers.text_table import header_of, row_of, ultralytics_val


@pytest.mark.parametrize(
    ("line", "header"),
    [
        ("epoch     train_loss  valid_loss  accuracy  time", ("epoch", "train_loss", "val_loss", "accuracy", "time")),
        ("| Epoch | Training Loss | Validation Loss |", ("epoch", "train_loss", "val_loss")),
        ("Epoch\tTraining Loss\tValidation Loss\tAccuracy", ("epoch", "train_loss", "val_loss", "accuracy")),
        ("epoch train_loss val_loss", ("epoch", "train_loss", "val_loss")),
    ],
)
def test_headers(line, header):
    assert header_of(line) == header


@pytest.mark.parametrize(
    "line",
    ["Epoch 1/50", "Epoch: loss", "epoch", "Epochs are passes over the data", "step by step guide", "name  loss", ""],
)
def test_other_lines_are_no_headers(line):
    assert header_of(line) is None


def test_rows():
    header = ("epoch", "train_loss", "val_acc", "time")
    assert row_of("3    0.5   81.5%   00:12", header) == (3.0, None, {"train_loss": 0.5, "val_acc": 81.5}, {"val_acc"})
    assert row_of("| 3 | nan | 0.5 | - |", header)[0] == 3.0
    assert row_of("3    0.5", header) is None
    assert row_of("-----  ----  ----  ----", header) is None
    assert row_of("total  0.5  0.5  00:12", header) is None
    assert row_of("", header) is None


def test_ultralytics_scores():
    line = "                   all        100        200      0.5      0.4      0.3      0.2"
    assert ultralytics_val(line) == {"val_precision": 0.5, "val_recall": 0.4, "val_map50": 0.3, "val_map50-95": 0.2}
    assert ultralytics_val("all in all 3 of 4") is None
    assert ultralytics_val("   all  100  200  0.5.5  0.4  0.3  0.2") is None

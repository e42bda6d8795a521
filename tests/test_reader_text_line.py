"""Single lines: positions, names, splits and values; and the lines that state none."""

import math

import pytest

from diagnose.readers.text_line import iter_lines, parse_line, strip_prefix


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("Epoch 5 - train loss: 0.5, acc 0.8; val loss: 0.6, acc 0.7",
         {"train_loss": 0.5, "train_acc": 0.8, "val_loss": 0.6, "val_acc": 0.7}),
        ("loss: 0.3 - val_loss: 0.4 - lr: 1.0000e-03", {"loss": 0.3, "val_loss": 0.4, "lr": 0.001}),
        ("Test set: Average loss: 0.0512, Accuracy: 9800/10000 (98%)", {"test_loss": 0.0512, "test_accuracy": 0.98}),
        ("mAP@0.5=0.3 mAP50-95=0.2 top-1 acc: 70.5", {"map@0.5": 0.3, "map50_95": 0.2, "top_1_acc": 70.5}),
        ("loss:-0.3 nll=+1.5e2", {"loss": -0.3, "nll": 150.0}),
        ("Loss (val): 0.4", {"val_loss": 0.4}),
        ("val_loss: 0.3 (best: 0.2)", {"val_loss": 0.3}),
        ("iter 250: loss 2.4321, time 12.30ms, mfu 3.4%", {"loss": 2.4321}),
        ("val 1-acc: 0.3, loss: 0.2", {"val_error": 0.3, "val_loss": 0.2}),
        ("Epoch 1-acc: 0.3", {"acc": 0.3}),
        ("Train — Loss: 0.5 | Val — Loss: 0.4", {"train_loss": 0.5, "val_loss": 0.4}),
    ],
)  # fmt: skip
def test_values(text, pairs):
    assert parse_line(text).pairs == pairs


@pytest.mark.parametrize(
    "text",
    [
        "New best model saved with accuracy 92.84%",
        "Validation loss decreased (0.43 --> 0.41). Saving model ...",
        "Epoch 1: val_loss improved from inf to 0.34567, saving model to best.h5",
        "    accuracy                           0.61       210",
        "confusion_matrix_train=tensor([[  500,    54,   546],",
        "            Conv2d-1           [-1, 32, 32, 32]             864",
        "Best validation loss: 0.3",
        "ETA: 0:03:21  time: 12.5  memory: 1024",
        "Downloading 3.2 MB of 10 at 1.5 MB/s",
        "EarlyStopping counter: 3 out of 5",
        "",
    ],
)
def test_lines_without_values(text):
    assert not parse_line(text).pairs


@pytest.mark.parametrize(
    ("text", "epoch", "epochs", "step", "steps"),
    [
        ("Epoch [3/60], Loss: 1", 3, 60, None, None),
        ("Epoch [1/10], Step [100/600], Loss: 0.3", 1, 10, 100, 600),
        ("Epoch: [0][10/391] Loss 6.9", 0, None, 10, 391),
        ("Train Epoch: 1 [640/60000 (1%)]\tLoss: 0.5", 1, None, 640, 60000),
        ("Epoch(val) [2][79/79] acc: 76.0", 2, None, 79, 79),
        ("[4,  2000] loss: 2.185", 4, None, 2000, None),
        ("step 250: train loss 2.4", None, None, 250, None),
        ("epochs: 30, batch size: 32", None, None, None, None),
        ("Training for 20 epochs started!", None, None, None, None),
        ("2023.01.18 17:14:14 loss: 0.5", None, None, None, None),
    ],
)
def test_positions(text, epoch, epochs, step, steps):
    line = parse_line(text)
    assert (line.epoch, line.epochs, line.step, line.steps) == (epoch, epochs, step, steps)


@pytest.mark.parametrize(
    "prefix",
    [
        "2022-03-04 11:22:33,456 - INFO - ",
        "2024-01-01T12:00:00.123456Z ",
        "[18/01/2023 11:01:08] ",
        "INFO:root:",
        "[INFO] ",
        "2024-01-01 12:00:00.123 | INFO     | __main__:train:42 - ",
        "I0118 11:01:08.123456 12345 train.py:88] ",
        "WARNING 2024-01-01 12:00:00 - ",
    ],
)
def test_logging_prefixes_are_dropped(prefix):
    assert strip_prefix(f"{prefix}Epoch 1 loss: 0.5") == "Epoch 1 loss: 0.5"


def test_prose_is_no_prefix():
    assert strip_prefix("Epoch 1 loss: 0.5") == "Epoch 1 loss: 0.5"
    assert strip_prefix("information: 0.5") == "information: 0.5"


def test_nan_inf_and_percent():
    line = parse_line("loss: NaN, val_loss: -inf, acc: 48.69%")
    assert math.isnan(line.pairs["loss"])
    assert line.pairs["val_loss"] == -math.inf
    assert line.percent == {"acc"}


def test_redraws_are_lines_and_colours_are_dropped():
    assert list(iter_lines("\x1b[1ma\x1b[0m\rb\b\b\bc\r\n\n  \nd\x1b]0;title\x07")) == ["a", "b", "c", "d"]

"""The demonstration's logs, in five of the forms in which people have them."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Epochs:
    """What a training loop knows after each epoch."""

    loss: list[float]
    accuracy: list[float]
    val_loss: list[float]
    val_accuracy: list[float]

    def __len__(self) -> int:
        return len(self.loss)


def keras_csv(epochs: Epochs) -> str:
    """As Keras's CSVLogger writes it: epochs from zero, columns in alphabetical order."""
    rows = zip(epochs.accuracy, epochs.loss, epochs.val_accuracy, epochs.val_loss, strict=True)
    lines = (",".join(map(str, (epoch, *row))) for epoch, row in enumerate(rows))
    return "\n".join(("epoch,accuracy,loss,val_accuracy,val_loss", *lines, ""))


def loop_csv(epochs: Epochs) -> str:
    """As a hand-written PyTorch loop writes it: epochs from one, scores in percent."""
    rows = zip(epochs.loss, epochs.accuracy, epochs.val_loss, epochs.val_accuracy, strict=True)
    lines = (
        f"{n},{loss:.5f},{100 * acc:.2f},{val:.5f},{100 * val_acc:.2f}"
        for n, (loss, acc, val, val_acc) in enumerate(rows, 1)
    )
    return "\n".join(("epoch,train_loss,train_acc,val_loss,val_acc", *lines, ""))


def loop_jsonl(epochs: Epochs) -> str:
    """One JSON object a line, one line an epoch."""
    rows = zip(epochs.loss, epochs.accuracy, epochs.val_loss, epochs.val_accuracy, strict=True)
    names = ("train_loss", "train_acc", "val_loss", "val_acc")
    lines = (json.dumps({"epoch": n, **dict(zip(names, row, strict=True))}) for n, row in enumerate(rows, 1))
    return "\n".join((*lines, ""))


def saved_history(epochs: Epochs) -> str:
    """``json.dump(history.history, file)`` after a Keras training."""
    return json.dumps(
        {
            "accuracy": epochs.accuracy,
            "loss": epochs.loss,
            "val_accuracy": epochs.val_accuracy,
            "val_loss": epochs.val_loss,
        }
    )


def keras_console(epochs: Epochs) -> str:
    """As Keras prints while it trains, caught with ``tee``."""
    rows = zip(epochs.accuracy, epochs.loss, epochs.val_accuracy, epochs.val_loss, strict=True)
    lines = []
    for n, (accuracy, loss, val_accuracy, val_loss) in enumerate(rows, 1):
        train = f"accuracy: {accuracy:.4f} - loss: {loss:.4f}"
        val = f"val_accuracy: {val_accuracy:.4f} - val_loss: {val_loss:.4f}"
        lines += [f"Epoch {n}/{len(epochs)}", f"38/38 - 0s - 3ms/step - {train} - {val}"]
    return "\n".join((*lines, ""))

"""Train small networks on scikit-learn's digits and log them: one run for each table of settings.toml.

::

    python train.py                   every model, into runs/NAME/
    python train.py digits            one
"""

from __future__ import annotations

import csv
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

HERE = Path(__file__).resolve().parent
N_VAL = 400
BATCH = 32


def settings() -> dict[str, dict[str, Any]]:
    """Read the settings of every model."""
    return tomllib.loads((HERE / "settings.toml").read_text(encoding="utf-8"))


def train(name: str, runs: Path = HERE / "runs") -> Path:
    """Train the model of that name; return its log, in a folder of its own beside the settings it was trained with."""
    given = settings()[name]
    pixels, digits = load_digits(return_X_y=True)
    train_x, val_x, train_y, val_y = train_test_split(
        pixels / 16, digits, train_size=given["images"], test_size=N_VAL, random_state=0, stratify=digits
    )
    model = MLPClassifier(
        (given["hidden"],),
        learning_rate_init=given["learning_rate"],
        alpha=given["weight_decay"],
        batch_size=BATCH,
        random_state=0,
    )
    rows = []
    for epoch in range(1, given["epochs"] + 1):
        model.partial_fit(train_x, train_y, classes=np.arange(10))
        measured = [f"{value:.4f}" for x, y in ((train_x, train_y), (val_x, val_y)) for value in score(model, x, y)]
        rows.append([epoch, *measured])
    folder = runs / name
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "log.csv"
    with log.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerows([["epoch", "loss", "accuracy", "val_loss", "val_accuracy"], *rows])
    used = {
        "n_train": given["images"],
        "batch_size": BATCH,
        "learning_rate": given["learning_rate"],
        "weight_decay": given["weight_decay"],
        "trainable_parameters": sum(part.size for part in (*model.coefs_, *model.intercepts_)),
    }
    (folder / "config.yaml").write_text("".join(f"{key}: {value}\n" for key, value in used.items()), encoding="utf-8")
    return log


def score(model: MLPClassifier, x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Return the mean cross-entropy and the share that is right."""
    probabilities = model.predict_proba(x)
    return log_loss(y, probabilities), float(np.mean(probabilities.argmax(axis=1) == y))


if __name__ == "__main__":
    for chosen in sys.argv[1:] or settings():
        print(train(chosen))

"""Train many small networks whose true generalisation is known, as calibration runs that anyone can regenerate.

Each run draws a task, a training set, a network and an optimizer at random, logs training and validation loss and
accuracy every epoch as a user would see them, and keeps what the user does not see: the loss on a large test set. The
label is what that test loss did after the best validation epoch.

    python calibration/trained.py runs.jsonl.gz --count 600
"""

from __future__ import annotations

import argparse
import gzip
import json
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, make_classification
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier


@dataclass(frozen=True)
class Drawn:
    """What is trained: data, its split, settings of the network; everything but the seed of the training itself.

    ``parts`` holds the row numbers of training, validation and test; ``labels`` are those that training, validation and
    test all see, of which some may be wrong.
    """

    task: str
    x: np.ndarray
    labels: np.ndarray
    classes: np.ndarray
    parts: tuple[np.ndarray, np.ndarray, np.ndarray]
    settings: dict[str, Any]
    epochs: int


def draw_task(rng: np.random.Generator) -> tuple[str, np.ndarray, np.ndarray]:
    """Return a data set of at least 1,500 rows where it is simulated, else what scikit-learn ships."""
    kind = rng.choice(["digits", "cancer", "blobs", "wide"])
    if kind == "digits":
        x, y = load_digits(return_X_y=True)
        return str(kind), x / 16.0, y
    if kind == "cancer":
        x, y = load_breast_cancer(return_X_y=True)
        return str(kind), (x - x.mean(0)) / x.std(0), y
    features = int(rng.integers(10, 40)) if kind == "blobs" else int(rng.integers(60, 200))
    x, y = make_classification(
        4000,
        features,
        n_informative=min(features - 2, int(rng.integers(4, 12))),
        n_classes=int(rng.integers(2, 5)),
        flip_y=float(rng.choice([0.0, 0.05, 0.2])),
        class_sep=float(rng.uniform(0.6, 1.6)),
        random_state=int(rng.integers(1 << 30)),
    )
    return str(kind), x, y


def draw(seed: int) -> Drawn:
    """Draw data and settings; the order of the draws decides what a seed means and must stay."""
    rng = np.random.default_rng(seed)
    task, x, y = draw_task(rng)
    order = rng.permutation(len(y))
    x, y = x[order], y[order]
    n_train = int(np.exp(rng.uniform(np.log(40), np.log(min(1200, len(y) // 2)))))
    n_val = int(np.exp(rng.uniform(np.log(40), np.log(len(y) // 5))))
    train, val, test = np.split(np.arange(len(y)), [n_train, n_train + n_val])
    labels = y.copy()
    if rng.random() < 0.25:
        wrong = rng.random(len(y)) < rng.uniform(0.05, 0.3)
        labels[wrong] = rng.permutation(y)[wrong]
    settings = {
        "hidden_layer_sizes": tuple([int(rng.choice([8, 32, 128, 256]))] * int(rng.integers(1, 3))),
        "solver": str(rng.choice(["adam", "sgd"])),
        "alpha": float(10 ** rng.uniform(-6, 0.5)),
        "batch_size": int(min(rng.choice([16, 32, 64, 128]), n_train)),
    }
    settings["learning_rate_init"] = float(10 ** rng.uniform(-3.7, -1.3) * (10 if settings["solver"] == "sgd" else 1))
    epochs = int(np.exp(rng.uniform(np.log(8), np.log(150))))
    return Drawn(task, x, labels, np.unique(y), (train, val, test), settings, epochs)


def fit(drawn: Drawn, random_state: int | np.random.RandomState) -> dict[str, list[float]]:
    """Train, and log losses and accuracies of all three parts every epoch.

    With a whole number scikit-learn starts its random numbers anew in every `partial_fit`: the weights and the batches
    depend on it, but from the second epoch on all epochs have the same batches. With a `RandomState` each has its own.
    """
    network = MLPClassifier(**drawn.settings, random_state=random_state, momentum=0.9)
    history: dict[str, list[float]] = {
        f"{prefix}{quantity}": [] for quantity in ("loss", "accuracy") for prefix in ("", "val_", "test_")
    }
    x, labels, classes = drawn.x, drawn.labels, drawn.classes
    for _ in range(drawn.epochs):
        try:
            network.partial_fit(x[drawn.parts[0]], labels[drawn.parts[0]], classes=classes)
        except ValueError:  # scikit-learn stops a diverged network; so does the log
            break
        for prefix, part in zip(("", "val_", "test_"), drawn.parts, strict=True):
            chance = np.nan_to_num(network.predict_proba(x[part]), nan=1 / len(classes))
            history[f"{prefix}loss"].append(round(float(log_loss(labels[part], chance, labels=classes)), 6))
            right = classes[chance.argmax(1)] == labels[part]
            history[f"{prefix}accuracy"].append(round(float(right.mean()), 5))
    return history


def train_one(seed: int) -> dict[str, Any]:
    """Train one network and log it."""
    drawn = draw(seed)
    history = fit(drawn, seed)
    known = {
        "n_train": len(drawn.parts[0]), "n_val": len(drawn.parts[1]), "n_classes": len(drawn.classes),
        "epochs": drawn.epochs, **drawn.settings,
    }  # fmt: skip
    kept = {key: history[key] for key in ("loss", "val_loss", "accuracy", "val_accuracy", "test_loss")}
    return {"id": f"trained-{seed}", "task": f"{drawn.task}-{seed % 40}", "settings": known, "history": kept}


def main() -> None:
    """Train ``--count`` networks and write one JSON object a line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target")
    parser.add_argument("--count", type=int, default=600)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    with gzip.open(arguments.target, "wt") as stream:
        for seed in range(arguments.count):
            row = train_one(seed)
            if len(row["history"]["loss"]) >= 5:
                stream.write(json.dumps(row) + "\n")
            if seed % 50 == 49:  # a sign of life
                print(seed + 1, "trained", flush=True)


if __name__ == "__main__":
    main()

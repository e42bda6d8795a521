"""Fourteen small trainings with a known fault, or with none: what is planted, and which remedies lie to hand.

Every one is the handwritten digits of scikit-learn and a network that trains in some tenths of a second. The remedies
of a problem are those of its own diagnosis, and a menu of usual ones of which most are no help: those have to be told
apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

import diagnose
from diagnose.finding import Basis, Cause, Diagnosis, Remedy
from diagnose.trials import of_torch

MOST = 6
"""Remedies of a problem: as many as a report shows."""


@dataclass(frozen=True)
class Problem:
    """A training with a fault.

    Attributes
    ----------
    name
        Of the problem.
    planted
        What is wrong, in words; empty where nothing is.
    make
        Makes the training.
    menu
        Actions that are offered beside those of the diagnosis.
    is_held_out
        Whether it was left alone while the method was made.
    """

    name: str
    planted: str
    make: Callable[[], Any]
    menu: tuple[dict[str, Any], ...]
    is_held_out: bool


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Return images, ``(1797, 1, 8, 8)`` in 0 to 1, and labels, in a fixed order of their own."""
    from sklearn.datasets import load_digits  # noqa: PLC0415

    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(7).permutation(len(x))
    return (x[order] / 16).astype(np.float32).reshape(-1, 1, 8, 8), y[order]


X, Y = digits()
VAL = slice(1197, 1797)
"""Six hundred rows."""


def rows(n: int, x: np.ndarray = X, y: np.ndarray = Y) -> tuple[Any, Any]:
    """Return the first n training rows."""
    return x[:n], y[:n]


def network(width: int = 64, dropout: float = 0.0) -> Callable[[], Any]:
    """Return what makes a network of one hidden layer."""

    def make() -> Any:
        parts = [torch.nn.Flatten(), torch.nn.Linear(64, width), torch.nn.ReLU()]
        parts += [torch.nn.Dropout(dropout)] if dropout else []
        return torch.nn.Sequential(*parts, torch.nn.Linear(width, 10))

    return make


def convolutional() -> Any:
    """Make a small convolutional network."""
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 8, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(8, 16, 3, padding=1), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(256, 10),
    )  # fmt: skip


def pretrained() -> Any:
    """Make a network that has learnt 800 other rows of the same task, with a new last layer."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = network(64)()
        optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
        x, y = torch.as_tensor(X[300:1100]), torch.as_tensor(Y[300:1100])
        for _ in range(25):
            for batch in torch.randperm(len(x)).split(32):
                loss = torch.nn.functional.cross_entropy(model(x[batch]), y[batch])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        model[-1] = torch.nn.Linear(64, 10)
    return model


def training(model: Any, train: Any, val: Any = (X[VAL], Y[VAL]), **settings: Any) -> Any:
    """Return the training function of a problem."""
    usual = {"learning_rate": 3e-3, "batch_size": 32, "epochs": 15, "dropout": 0.0, "weight_decay": 0.0}
    return of_torch(model, train, val, **{**usual, **settings})


def shifted(x: np.ndarray) -> np.ndarray:
    """Return images that are each moved by one pixel."""
    rng = np.random.default_rng(1)
    return np.stack([np.roll(one, rng.choice([-1, 1], 2), (1, 2)) for one in x])


def noisy_labels(n: int, share: float) -> tuple[tuple[Any, Any], list[int]]:
    """Return training rows of which a share has another label, and which those are."""
    rng = np.random.default_rng(2)
    y = Y[:n].copy()
    wrong = np.sort(rng.choice(n, int(share * n), replace=False))
    y[wrong] = (y[wrong] + rng.integers(1, 10, len(wrong))) % 10
    return (X[:n], y), wrong.tolist()


def skewed(n: int) -> tuple[Any, Any]:
    """Return training rows in which five classes are a tenth as frequent."""
    rng = np.random.default_rng(3)
    kept = [row for row in range(1197) if Y[row] < 5 or rng.random() < 0.06]
    return X[kept[:n]], Y[kept[:n]]


NOISY, WRONG = noisy_labels(300, 0.3)
RARE = {str(label): (1.0 if label < 5 else 8.0) for label in range(10)}
LESS, MORE = {"learning_rate_factor": 0.1}, {"learning_rate_factor": 10.0}
DECAY, DROP, SMOOTH = {"weight_decay": 0.1}, {"dropout": 0.5}, {"label_smoothing": 0.1}
LONGER, BATCH, COSINE = {"epochs": 45}, {"batch_size": 8}, {"learning_rate_schedule": "cosine"}
FREEZE, VARY = {"freeze": "backbone"}, {"augmentation": True}
FREE = {"dropout": 0.0, "weight_decay": 0.0}
REPAIR = {"drop_rows": {"split": "train", "rows": WRONG}}

PROBLEMS = (
    Problem("overfit network", "256 units on 60 rows", lambda: training(network(256), rows(60), epochs=40),
            (DROP, DECAY, SMOOTH, VARY, LESS), is_held_out=False),
    Problem("rate x 100", "learning rate 0.3", lambda: training(network(), rows(300), learning_rate=0.3),
            (LESS, DROP, DECAY, LONGER), is_held_out=False),
    Problem("over-regularised", "dropout 0.9", lambda: training(network(64, 0.9), rows(300), dropout=0.9),
            (FREE, LESS, SMOOTH, COSINE), is_held_out=False),
    Problem("shifted validation", "validation images are moved by a pixel",
            lambda: training(convolutional, rows(300), (shifted(X[VAL]), Y[VAL])),
            (VARY, DROP, DECAY, LESS), is_held_out=False),
    Problem("unfrozen backbone", "a pretrained layer is trained at 0.1 on 60 rows",
            lambda: training(pretrained(), rows(60), learning_rate=0.1, epochs=15),
            (FREEZE, DECAY, DROP, SMOOTH), is_held_out=False),
    Problem("class imbalance", "five classes are a tenth as frequent",
            lambda: training(network(), skewed(300), epochs=10),
            ({"class_weights": RARE}, DROP, DECAY, SMOOTH), is_held_out=False),
    Problem("nothing wrong, network", "", lambda: training(network(), rows(800), epochs=25),
            (DROP, DECAY, SMOOTH, {"learning_rate": 2e-3}, FREEZE), is_held_out=False),
    Problem("overfit convolutional network", "40 epochs on 60 rows",
            lambda: training(convolutional, rows(60), epochs=40),
            (VARY, DROP, DECAY, SMOOTH), is_held_out=True),
    Problem("rate / 100", "learning rate 0.00003", lambda: training(network(), rows(300), learning_rate=3e-5),
            (MORE, DROP, DECAY, SMOOTH), is_held_out=True),
    Problem("over-regularised by decay", "weight decay of 30",
            lambda: training(network(), rows(300), weight_decay=30.0),
            (FREE, LESS, DROP, SMOOTH), is_held_out=True),
    Problem("too few epochs", "two epochs", lambda: training(network(), rows(300), epochs=2),
            ({"epochs": 10}, DROP, DECAY, SMOOTH), is_held_out=True),
    Problem("label noise", "30 % of the labels are wrong", lambda: training(network(), NOISY, epochs=25),
            (REPAIR, SMOOTH, DROP, COSINE), is_held_out=True),
    Problem("batch too large", "one step an epoch", lambda: training(network(), rows(300), batch_size=300, epochs=10),
            (BATCH, DROP, DECAY, SMOOTH), is_held_out=True),
    Problem("nothing wrong, convolutional network", "", lambda: training(convolutional, rows(800), epochs=12),
            (DECAY, DROP, SMOOTH, {"learning_rate": 2e-3}, FREEZE), is_held_out=True),
)  # fmt: skip


def diagnosed(problem: Problem, train: Any, seed: int = 99) -> Diagnosis:
    """Train once, audit the log, and add the menu to the remedies of the diagnosis."""
    history = train({**train.settings, "seed": seed})
    known = {key: value for key, value in train.settings.items() if key != "epochs"}
    context = {**known, "n_val": 600, "n_classes": 10, "framework": "torch", "epochs_planned": train.settings["epochs"]}
    diagnosis = diagnose.audit(history=history, context=context)
    there = [set(remedy.action) for remedy in diagnosis.remedies]
    added = [
        Remedy(dict(action), " and ".join(f"{key} {_short(value)}" for key, value in action.items()), "a usual one",
               (Cause.OVERFITTING,), Basis.RULE_OF_THUMB)
        for action in problem.menu
        if set(action) not in there
    ]  # fmt: skip
    tryable = [remedy for remedy in diagnosis.remedies if not set(remedy.action) & {"n_val", "collect"}]
    return replace(diagnosis, remedies=(*tryable[:MOST], *added))


def _short(value: Any) -> str:
    return str(value) if not isinstance(value, dict) else "as planted"

"""The demonstration: small models, trained here and now with a known fault each, and what logs and data give away.

The faults are planted in the training, never in the diagnosis; what it makes of the logs is reported as it is.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from scipy.ndimage import rotate
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

from diagnose.auditing import audit
from diagnose.demo_logs import Epochs, keras_console, keras_csv, loop_csv, loop_jsonl, saved_history
from diagnose.finding import Cause, Diagnosis, Level
from diagnose.reports.files import write_atomically
from diagnose.run import FloatArray

N_CLASSES = 10
TRAIN_ROWS = 1200
"""Of the 1797 digits; the rest validates."""


@dataclass(frozen=True)
class Sample:
    """Digits as rows of 64 grey values in [0, 1], and their labels."""

    x: FloatArray
    y: np.typing.NDArray[np.int64]


@dataclass(frozen=True)
class Planted:
    """One training run with a known fault.

    Attributes
    ----------
    name
        Of the run and of its files.
    fault
        What is wrong with it, in words.
    expected
        What an honest diagnosis of its log says, in words.
    agrees
        Whether a diagnosis says that.
    data
        From all digits and a random generator to the training and the validation sample.
    settings
        Of scikit-learn's `MLPClassifier`.
    epochs
        How long it is trained.
    file
        Name of its log.
    write
        How its log is written.
    gives_data
        Whether the data, and what the model says of each row, are audited beside the log.
    """

    name: str
    fault: str
    expected: str
    agrees: Callable[[Diagnosis], bool]
    data: Callable[[Sample, np.random.Generator], tuple[Sample, Sample]]
    settings: Mapping[str, Any]
    epochs: int
    file: str
    write: Callable[[Epochs], str]
    gives_data: bool = False


@dataclass(frozen=True)
class Trained:
    """A planted run after training: where its log is, its data where they are given, and what its trainer knows."""

    planted: Planted
    log: Path
    data: dict[str, Path]
    context: dict[str, Any]

    def diagnose(self, *, seed: int = 0) -> Diagnosis:
        """Audit the files through the public call, as anyone would."""
        return audit(history=self.log, context=self.context, seed=seed,
                     train=self.data.get("train"), val=self.data.get("val"))  # fmt: skip


def _halves(digits: Sample, rng: np.random.Generator) -> tuple[Sample, Sample]:
    del rng
    return Sample(digits.x[:TRAIN_ROWS], digits.y[:TRAIN_ROWS]), Sample(digits.x[TRAIN_ROWS:], digits.y[TRAIN_ROWS:])


def _few_and_noisy(digits: Sample, rng: np.random.Generator) -> tuple[Sample, Sample]:
    noisy = Sample(np.clip(digits.x + rng.normal(0, 0.5, digits.x.shape), 0, None), digits.y)
    train, val = _halves(noisy, rng)
    return Sample(train.x[:200], train.y[:200]), val


def _turned_validation(digits: Sample, rng: np.random.Generator) -> tuple[Sample, Sample]:
    train, val = _halves(digits, rng)
    turned = [rotate(image.reshape(8, 8), 25, reshape=False, order=1).ravel() for image in val.x]
    return train, Sample(np.clip(np.stack(turned), 0, 1), val.y)


def _says(*causes: str) -> Callable[[Diagnosis], bool]:
    return lambda diagnosis: diagnosis.main in causes


def _leaves_shift_open(diagnosis: Diagnosis) -> bool:
    """Curves cannot prove a shift: the right answer neither denies it nor is sure of overfitting, and asks for data."""
    shift = diagnosis.verdicts[Cause.COVARIATE_SHIFT]
    asked = bool(shift.would_settle) and shift.level is not Level.RULED_OUT
    return asked and diagnosis.main != "healthy" and diagnosis.verdicts[Cause.OVERFITTING].level is not Level.CONFIRMED


def _network(units: int, *, l2: float, rate: float, **more: Any) -> dict[str, Any]:
    return {"hidden_layer_sizes": (units,), "alpha": l2, "learning_rate_init": rate, "batch_size": 32, **more}


SHIFTED = Planted(
    name="shifted",
    fault="validation digits are turned by 25°",
    expected="a gap that curves cannot explain (overfitting or shift), and the wish for the data to settle it",
    agrees=_leaves_shift_open,
    data=_turned_validation,
    settings=_network(64, l2=1.0, rate=1e-3),
    epochs=60,
    file="history.json",
    write=saved_history,
)
PLANTED: tuple[Planted, ...] = (
    Planted(
        name="overfit",
        fault="256 units learn 200 noisy digits by heart",
        expected="overfitting",
        agrees=_says(Cause.OVERFITTING),
        data=_few_and_noisy,
        settings=_network(256, l2=0.0, rate=3e-3),
        epochs=80,
        file="training.csv",
        write=keras_csv,
    ),
    Planted(
        name="underfit",
        fault="one hidden unit for ten classes",
        expected="underfitting",
        agrees=_says(Cause.UNDERFITTING),
        data=_halves,
        settings=_network(1, l2=1.0, rate=1e-2, activation="tanh"),
        epochs=80,
        file="metrics.jsonl",
        write=loop_jsonl,
    ),
    SHIFTED,
    replace(
        SHIFTED,
        name="shifted-with-data",
        fault="the same, and its data are given",
        expected="covariate shift",
        agrees=_says(Cause.COVARIATE_SHIFT),
        gives_data=True,
    ),
    Planted(
        name="healthy",
        fault="none",
        expected="healthy",
        agrees=_says("healthy"),
        data=_halves,
        settings=_network(64, l2=0.5, rate=1e-3),
        epochs=80,
        file="log.csv",
        write=loop_csv,
    ),
    Planted(
        name="learning-rate-too-high",
        fault="momentum SGD at a learning rate of 0.5",
        expected="learning rate, or the instability it causes",
        agrees=_says(Cause.LEARNING_RATE, Cause.INSTABILITY),
        data=_halves,
        settings=_network(64, l2=1e-4, rate=0.5, solver="sgd", momentum=0.9),
        epochs=60,
        file="train.log",
        write=keras_console,
    ),
)
"""The runs, in the order of the demonstration."""


def train(planted: Planted, folder: Path, *, seed: int = 0) -> Trained:
    """Train one planted run and leave its log in ``folder/<name>/``, beside what its trainer knows.

    Parameters
    ----------
    planted
        Which run.
    folder
        Where logs go, and data.
    seed
        Of the data split, the noise and the network; the same seed gives the same log on one machine.
    """
    rng = np.random.default_rng(seed)
    sample, held_out = planted.data(_digits(rng), rng)
    network, epochs = _fit(planted, sample, held_out, seed)
    context = _known_beside(planted, len(sample.y), len(held_out.y))
    home = folder / planted.name
    log = home / planted.file
    write_atomically(log, planted.write(epochs).encode())
    write_atomically(home / "context.yaml", yaml.safe_dump(context, sort_keys=False).encode())
    data = {}
    if planted.gives_data:
        for name, side in (("train", sample), ("val", held_out)):
            data[name] = home / f"{name}.npz"
            write_atomically(data[name], _packed(side, network))
    return Trained(planted, log, data, context)


def _packed(sample: Sample, network: MLPClassifier) -> bytes:
    packed = io.BytesIO()
    np.savez_compressed(packed, x=sample.x.astype(np.float32), y=sample.y, predictions=network.predict_proba(sample.x))
    return packed.getvalue()


def _known_beside(planted: Planted, n_train: int, n_val: int) -> dict[str, Any]:
    batch_size = planted.settings["batch_size"]
    return {
        "n_train": n_train,
        "n_val": n_val,
        "n_classes": N_CLASSES,
        "framework": "sklearn",
        "batch_size": batch_size,
        "learning_rate": planted.settings["learning_rate_init"],
        "optimizer": planted.settings.get("solver", "adam"),
        # scikit-learn divides its penalty by the batch
        "weight_decay": planted.settings["alpha"] / batch_size,
        "epochs_planned": planted.epochs,
    }


def _digits(rng: np.random.Generator) -> Sample:
    x, y = load_digits(return_X_y=True)
    order = rng.permutation(len(y))
    return Sample(x[order] / 16, y[order])


def _fit(planted: Planted, sample: Sample, held_out: Sample, seed: int) -> tuple[MLPClassifier, Epochs]:
    network = MLPClassifier(random_state=seed, **planted.settings)
    rows = []
    with warnings.catch_warnings():
        # numbers that overflow belong to a learning rate that is too high
        warnings.simplefilter("ignore", RuntimeWarning)
        for epoch in range(planted.epochs):
            network.partial_fit(sample.x, sample.y, classes=np.arange(N_CLASSES) if epoch == 0 else None)
            rows.append((*_scores(network, sample), *_scores(network, held_out)))
    return network, Epochs(*(list(column) for column in zip(*rows, strict=True)))


def _scores(network: MLPClassifier, sample: Sample) -> tuple[float, float]:
    """Cross-entropy and accuracy."""
    probabilities = network.predict_proba(sample.x)
    right = np.clip(probabilities[np.arange(len(sample.y)), sample.y], 1e-7, 1)
    return float(-np.log(right).mean()), float((probabilities.argmax(axis=1) == sample.y).mean())

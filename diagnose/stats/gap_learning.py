"""What the parts of a gap need to be learnt: which sample a row is of, its label, and a surrogate of the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from diagnose.stats.decomposition import balanced
from diagnose.stats.probes import (
    Chosen,
    Floats,
    Ints,
    choose,
    folds_of,
    indicators,
    linear_classes,
    linear_numbers,
    out_of_fold,
)  # fmt: skip

Task = Literal["classes", "numbers"]


@dataclass(frozen=True, eq=False)
class Sample:
    """Rows of one sample as numbers.

    Attributes
    ----------
    x
        Inputs, shape ``(n, d)``, finite.
    y
        Labels, shape ``(n,)``: codes from 0 on of classes (the same of both samples), or numbers.
    outputs
        What the model says: codes, or numbers, shape ``(n,)``; None where not known.
    losses
        The model's loss of each row, shape ``(n,)``, where only that is known.
    groups
        Rows that belong together, shape ``(n,)``: codes from 0 on.
    """

    x: Floats
    y: npt.NDArray[Any] | None = None
    outputs: npt.NDArray[Any] | None = None
    losses: Floats | None = None
    groups: Ints | None = None

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True, eq=False)
class Nuisances:
    """What was learnt of two samples, each row by models that did not see it.

    Attributes
    ----------
    folds
        Of the rows of both samples together, the training rows first.
    told
        Probability that a row is of V, of the rows of both; shape ``(n_t + n_v,)``.
    pi_train, pi_val
        The same, were both samples equally large.
    mean
        E[y | x] of both samples together, columns as of `targets`; shape ``(n_t + n_v, k)``.
    chosen
        The learner of the labels.
    """

    folds: Ints
    told: Floats
    pi_train: Floats
    pi_val: Floats
    mean: Floats
    chosen: Chosen | None


def learn(train: Sample, val: Sample, task: Task, seed: int) -> Nuisances:
    """Learn which sample a row is of, and its label."""
    x = np.concatenate([train.x, val.x])
    is_val = np.concatenate([np.zeros(len(train), np.int64), np.ones(len(val), np.int64)])
    folds = _folds(train, val, seed)
    domain = indicators(is_val, 2)
    teller = choose(x, domain, classes=True, seed=seed, curved=True)
    told, _ = out_of_fold(teller.learner, x, domain, folds, seed=seed)
    pi = balanced(told[:, 1], len(train), len(val))
    mean, chosen = np.zeros((len(x), 0)), None
    if train.y is not None and val.y is not None:
        y = targets(np.concatenate([train.y, val.y]), task)
        chosen = choose(x, y, classes=task == "classes", seed=seed)
        mean, _ = out_of_fold(chosen.learner, x, y, folds, seed=seed)
    return Nuisances(folds, told[:, 1], pi[: len(train)], pi[len(train) :], mean, chosen)


def targets(y: npt.NDArray[Any], task: Task) -> Floats:
    """Return labels as columns to be learnt: indicators of the classes, or the number."""
    if task == "classes":
        return indicators(y, max(int(y.max()) + 1, 2))
    return np.asarray(y, dtype=np.float64)[:, None]


def _folds(train: Sample, val: Sample, seed: int) -> Ints:
    if train.groups is None or val.groups is None:
        return np.concatenate([folds_of(len(train), seed), folds_of(len(val), seed + 1)])
    return np.concatenate([folds_of(len(train), seed, train.groups), folds_of(len(val), seed + 1, val.groups)])


@dataclass(frozen=True, eq=False)
class Linear:
    """A loss as coefficients times features of the label, on both samples; see `diagnose.stats.decomposition`."""

    features_train: Floats
    features_val: Floats
    expected: Floats
    """E[t | x], pooled, of both samples."""
    coefficients_val: Floats
    surrogate_train: Floats
    surrogate_val: Floats
    scale: float = 1.0


def of_outputs(train: Sample, val: Sample, known: Nuisances, task: Task, seed: int) -> Linear:
    """Return the loss of a model whose outputs are known of both samples."""
    n = len(train)
    folds_val = known.folds[n:]
    features, expected, scale = features_of(train, val, known, task, seed)
    assert val.outputs is not None
    coefficients = coefficients_of(val.outputs, known.mean[n:], task, scale)
    surrogate_val, surrogate_train = _surrogate(train, val, coefficients, folds_val, task, seed)
    return Linear(features[:n], features[n:], expected, coefficients, surrogate_train, surrogate_val, scale**2)


def _surrogate(  # noqa: PLR0913, PLR0917  what is learnt, from what
    train: Sample, val: Sample, coefficients: Floats, folds: Ints, task: Task, seed: int
) -> tuple[Floats, Floats]:
    """Return ã on V, out of fold, and on T.

    f bends towards the labels of T wherever it memorised them, and a surrogate that could follow would pass for unseen
    what is not. So it is linear: in x, and in the mean of labels as V alone has them, which knows nothing of T's.
    """
    assert val.y is not None
    y = targets(val.y, task)
    probe = choose(val.x, y, classes=task == "classes", seed=seed).learner
    own, (there,) = out_of_fold(probe, val.x, y, folds, [train.x], seed=seed)
    features_val, features_train = np.column_stack([val.x, own]), np.column_stack([train.x, there])
    features_train = np.clip(features_train, features_val.min(0), features_val.max(0))  # a line must not run off
    if task == "numbers":
        features_val, features_train = (np.column_stack([f, f**2]) for f in (features_val, features_train))
        fitted = out_of_fold(linear_numbers, features_val, coefficients, folds, [features_train], seed=seed)
        return fitted[0], fitted[1][0]
    says, (says_train,) = out_of_fold(
        linear_classes, features_val, 1 - coefficients, folds, [features_train], seed=seed
    )
    return 1 - says, 1 - says_train


def features_of(train: Sample, val: Sample, known: Nuisances, task: Task, seed: int) -> tuple[Floats, Floats, float]:
    """Return t of both samples, its pooled mean given x, and the unit in which residuals are counted.

    Numbers are counted from their pooled mean given x, so that what is left to learn is small.
    """
    assert train.y is not None
    assert val.y is not None
    y = np.concatenate([train.y, val.y])
    if task == "classes":
        return targets(y, task), known.mean, 1.0
    rest = y - known.mean[:, 0]
    scale = float(rest.std()) or 1.0
    t = np.column_stack([np.ones(len(y)), rest / scale, (rest / scale) ** 2])
    x = np.concatenate([train.x, val.x])
    learner = choose(x, t, classes=False, seed=seed).learner
    expected, _ = out_of_fold(learner, x, t, known.folds, seed=seed)
    return t, expected, scale


def coefficients_of(outputs: npt.NDArray[Any], mean: Floats, task: Task, scale: float) -> Floats:
    """Return a of what a model says, shape ``(n, k)``: by its classes, or by its numbers less the labels' mean."""
    if task == "classes":
        return 1 - indicators(outputs, mean.shape[1])
    g = (outputs - mean[:, 0]) / scale
    return np.column_stack([g**2, -2 * g, np.ones(len(g))])

"""The parts of a gap from two samples: learns what `diagnose.stats.decomposition` needs, and applies it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from diagnose.stats.decomposition import (
    WIDENED,
    Influence,
    Overlap,
    Part,
    balanced,
    concept_effect,
    mean_of,
    overlap,
    part,
    reference_risk,
)  # fmt: skip
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
Basis = Literal["model", "stand-in", "losses"]


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


@dataclass(frozen=True)
class GapParts:
    """A gap and its parts; those that could not be told are None, and ``unexplained`` is what they leave.

    Attributes
    ----------
    basis
        Whose risk: the model's by its outputs, by its losses alone, or that of a probe which stands in for it.
    train_risk, val_risk
        Mean losses of both samples.
    unseen_risk
        Of rows like the training rows, but unseen; None where it can't be told.
    gap, fitting, covariate, concept, unexplained
        The parts add up to the gap.
    overlap
        How far both samples lie in one place.
    is_apart
        Whether that is too little to compare labels given inputs: a stand-in's covariate part holds both shifts then.
    probe, probe_skill
        What stands in for a model, and the share of the variance of labels that it explains on rows it did not see.
    """

    basis: Basis
    train_risk: float
    val_risk: float
    unseen_risk: float | None
    gap: Part
    fitting: Part | None
    covariate: Part | None
    concept: Part | None
    unexplained: Part | None
    overlap: Overlap
    is_apart: bool = False
    probe: str = ""
    probe_skill: float = 0.0


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
    teller = choose(x, domain, classes=True, seed=seed)
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
class _Linear:
    """A loss as coefficients times features of the label, on both samples; see `diagnose.stats.decomposition`."""

    features_train: Floats
    features_val: Floats
    expected: Floats
    """E[t | x], pooled, of both samples."""
    coefficients_val: Floats
    surrogate_train: Floats
    surrogate_val: Floats
    scale: float = 1.0


def parts_of_model(train: Sample, val: Sample, known: Nuisances, task: Task, seed: int) -> GapParts:
    """Decompose the gap of a model whose outputs are known."""
    linear = _of_outputs(train, val, known, task, seed)
    loss_train, loss_val = (_loss(s.outputs, s.y, task) for s in (train, val))
    concept = _concept(linear, known)
    unseen = reference_risk(
        linear.scale * (linear.surrogate_train * linear.features_train).sum(1),
        linear.scale * ((linear.coefficients_val - linear.surrogate_val) * linear.features_val).sum(1),
        known.pi_val,
    )
    return assembled("model", loss_train, loss_val, unseen, concept, (train, val), known, task)


def _concept(linear: _Linear, known: Nuisances) -> Influence:
    n = len(linear.features_train)
    return concept_effect(
        linear.surrogate_train, linear.features_train - linear.expected[:n], known.pi_train,
        linear.surrogate_val, linear.features_val - linear.expected[n:], known.pi_val,
    ).times(linear.scale)  # fmt: skip


def _loss(outputs: npt.NDArray[Any] | None, y: npt.NDArray[Any] | None, task: Task) -> Floats:
    assert outputs is not None
    assert y is not None
    return np.asarray(outputs != y if task == "classes" else (outputs - y) ** 2, dtype=np.float64)


def _of_outputs(train: Sample, val: Sample, known: Nuisances, task: Task, seed: int) -> _Linear:
    n = len(train)
    folds_val = known.folds[n:]
    features, expected, scale = _features(train, val, known, task, seed)
    assert val.outputs is not None
    coefficients = _coefficients(val.outputs, known.mean[n:], task, scale)
    surrogate_val, surrogate_train = _surrogate(train, val, coefficients, folds_val, task, seed)
    return _Linear(features[:n], features[n:], expected, coefficients, surrogate_train, surrogate_val, scale**2)


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


def _features(train: Sample, val: Sample, known: Nuisances, task: Task, seed: int) -> tuple[Floats, Floats, float]:
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


def _coefficients(outputs: npt.NDArray[Any], mean: Floats, task: Task, scale: float) -> Floats:
    if task == "classes":
        return 1 - indicators(outputs, mean.shape[1])
    g = (outputs - mean[:, 0]) / scale
    return np.column_stack([g**2, -2 * g, np.ones(len(g))])


def parts_of_losses(train: Sample, val: Sample, known: Nuisances, seed: int) -> GapParts:
    """Decompose the gap of a model of which nothing but its losses is known: covariate shift, and the rest."""
    assert train.losses is not None
    assert val.losses is not None
    losses = val.losses[:, None]
    learner = choose(val.x, losses, classes=False, seed=seed).learner
    own, (there,) = out_of_fold(learner, val.x, losses, known.folds[len(train) :], [train.x], seed=seed)
    unseen = reference_risk(there[:, 0], val.losses - own[:, 0], known.pi_val)
    return assembled("losses", train.losses, val.losses, unseen, None, (train, val), known, "numbers")


def parts_of_stand_in(train: Sample, val: Sample, known: Nuisances, task: Task, seed: int) -> GapParts | None:
    """Decompose the gap of a probe fitted to the training rows; None where nothing predicts the label."""
    n = len(train)
    features, expected, scale = _features(train, val, known, task, seed)
    assert train.y is not None
    y = targets(train.y, task)
    if task == "classes":
        y = features[:n]
    chosen = choose(train.x, y, classes=task == "classes", seed=seed)
    if chosen.name == "constant":
        return None
    folds = known.folds[:n]
    own, there, seen = np.zeros_like(features[:n]), np.zeros_like(features[n:]), []
    for fold in np.unique(folds):
        fitted = folds != fold
        fit = chosen.learner(train.x[fitted], y[fitted], seed)
        at_train, at_val = (_coefficients(_says(fit(x), task), mean, task, scale)
                            for x, mean in ((train.x, known.mean[:n]), (val.x, known.mean[n:])))  # fmt: skip
        own[~fitted] = at_train[~fitted]
        there += at_val / len(np.unique(folds))
        seen.append(((at_train * features[:n]).sum(1)[fitted]).mean())
    linear = _Linear(features[:n], features[n:], expected, there, own, there, scale**2)
    losses = scale**2 * (own * features[:n]).sum(1)
    unseen = mean_of(losses, None, n, len(val))
    fitted_loss = np.full(n, scale**2 * float(np.mean(seen)))
    there_loss = scale**2 * (there * features[n:]).sum(1)
    found = assembled("stand-in", fitted_loss, there_loss, unseen, _concept(linear, known), (train, val), known, task)
    return replace(found, probe=chosen.name, probe_skill=1 - chosen.risk / chosen.constant_risk)


def _says(mean: Floats, task: Task) -> npt.NDArray[Any]:
    return np.asarray(mean.argmax(1) if task == "classes" else mean[:, 0])


def assembled(  # noqa: PLR0913, PLR0917  what a gap is made of
    basis: Basis, loss_train: Floats, loss_val: Floats, unseen: Influence, concept: Influence | None,
    samples: tuple[Sample, Sample], known: Nuisances, task: Task,
) -> GapParts:  # fmt: skip
    """Return the parts, as far as both samples have rows in common."""
    train, val = samples
    n, m = len(train), len(val)
    train_risk = float(loss_train.mean())
    risk = mean_of(None, loss_val, n, m)
    given = Influence(train_risk, np.zeros(n), np.zeros(m))  # these rows, this model: nothing is estimated
    gap = (risk - given).by_groups(train.groups, val.groups)

    def told(estimate: Influence) -> Part:
        return part(estimate.by_groups(train.groups, val.groups).widened(WIDENED[task]), gap)

    common = overlap(known.pi_train, known.pi_val)
    is_thin = common.shared < LEAST_SHARED or min(common.first, common.second) < LEAST_ROWS
    least = max(LEAST_ROWS, LEAST_COVERED * m) if task == "numbers" else LEAST_ROWS
    is_uncovered = basis != "stand-in" and common.covered < least
    fitting, covariate, concept_part, unexplained = None, None, None, None
    if is_thin or is_uncovered:
        if basis == "stand-in":  # where labels cannot be compared, rows of another kind are what is left
            fitting, covariate = told(unseen - given), told(risk - unseen)
        else:
            unexplained = told(risk - given)
    elif concept is None:
        covariate, unexplained = told(risk - unseen), told(unseen - given)
    else:
        fitting, covariate, concept_part = told(unseen - given), told(risk - unseen - concept), told(concept)
    return GapParts(
        basis, train_risk, risk.value, unseen.value if fitting else None, part(gap, gap),
        fitting, covariate, concept_part, unexplained, common, is_thin,
    )  # fmt: skip


LEAST_COVERED = 0.25
"""Of losses without bound: share of the held-out rows that stand for the training population. They live in the tails,
and a sample that reaches them less says too little of them: with a fifth, the risk of a forest came out a quarter low
(benchmarks/decomposition.py)."""
LEAST_SHARED = 0.3
"""Below it (an AUC above 0.96 of normal inputs) the two are in effect different places."""
LEAST_ROWS = 50
"""Fewer rows' worth of common ground: an error rate is known to ±0.12 then, as wide as most gaps."""

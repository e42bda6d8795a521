"""The parts of a gap from two samples: learns what `diagnose.stats.decomposition` needs, and applies it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from diagnose.stats.decomposition import (
    NORMAL_90,
    WIDENED,
    Influence,
    Overlap,
    Part,
    concept_effect,
    mean_of,
    overlap,
    part,
    reference_risk,
)  # fmt: skip
from diagnose.stats.gap_learning import (
    Linear,
    Nuisances,
    Sample,
    Task,
    coefficients_of,
    features_of,
    of_outputs,
    targets,
)
from diagnose.stats.probes import Floats, choose, out_of_fold

Basis = Literal["model", "stand-in", "losses"]


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


def parts_of_model(train: Sample, val: Sample, known: Nuisances, task: Task, seed: int) -> GapParts:
    """Decompose the gap of a model whose outputs are known."""
    linear = of_outputs(train, val, known, task, seed)
    loss_train, loss_val = (_loss(s.outputs, s.y, task) for s in (train, val))
    concept = _concept(linear, known)
    unseen = reference_risk(
        linear.scale * (linear.surrogate_train * linear.features_train).sum(1),
        linear.scale * ((linear.coefficients_val - linear.surrogate_val) * linear.features_val).sum(1),
        known.pi_val,
    )
    return assembled("model", loss_train, loss_val, unseen, concept, (train, val), known, task)


def _concept(linear: Linear, known: Nuisances) -> Influence:
    n = len(linear.features_train)
    return concept_effect(
        linear.surrogate_train, linear.features_train - linear.expected[:n], known.pi_train,
        linear.surrogate_val, linear.features_val - linear.expected[n:], known.pi_val,
    ).times(linear.scale)  # fmt: skip


def _loss(outputs: npt.NDArray[Any] | None, y: npt.NDArray[Any] | None, task: Task) -> Floats:
    assert outputs is not None
    assert y is not None
    return np.asarray(outputs != y if task == "classes" else (outputs - y) ** 2, dtype=np.float64)


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
    features, expected, scale = features_of(train, val, known, task, seed)
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
        at_train, at_val = (coefficients_of(_says(fit(x), task), mean, task, scale)
                            for x, mean in ((train.x, known.mean[:n]), (val.x, known.mean[n:])))  # fmt: skip
        own[~fitted] = at_train[~fitted]
        there += at_val / len(np.unique(folds))
        seen.append(((at_train * features[:n]).sum(1)[fitted]).mean())
    linear = Linear(features[:n], features[n:], expected, there, own, there, scale**2)
    losses = scale**2 * (own * features[:n]).sum(1)
    unseen = mean_of(losses, None, n, len(val))
    fitted_loss = np.full(n, scale**2 * float(np.mean(seen)))
    there_loss = scale**2 * (there * features[n:]).sum(1)
    found = assembled("stand-in", fitted_loss, there_loss, unseen, _concept(linear, known), (train, val), known, task)
    return replace(found, probe=chosen.name, probe_skill=1 - chosen.risk / chosen.constant_risk)


def _says(mean: Floats, task: Task) -> npt.NDArray[Any]:
    return np.asarray(mean.argmax(1) if task == "classes" else mean[:, 0])


def parts_by_unseen(of_model: GapParts, fitting: Part) -> GapParts:
    """Divide a model's gap to rows of another kind by its fitting part, which other held-out rows told.

    The rest is what rows of another kind cost, whatever their labels mean. Both errors are independent: they are of
    different held-out rows.
    """
    gap = of_model.gap
    error = math.hypot(gap.error, fitting.error)
    share_error = math.hypot(fitting.error, fitting.value / gap.value * gap.error) / gap.value if gap.value > 0 else 0.0

    def divided(value: float, its_error: float) -> Part:
        half = NORMAL_90 * its_error
        plain = (value, value - half, value + half, its_error)
        if gap.value <= 0:
            return Part(*plain)
        share, wide = value / gap.value, NORMAL_90 * share_error
        return Part(*plain, share, share - wide, share + wide)

    return replace(
        of_model,
        unseen_risk=of_model.train_risk + fitting.value,
        fitting=divided(fitting.value, fitting.error),
        covariate=divided(gap.value - fitting.value, error),
        unexplained=None,
        is_apart=True,
    )


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
    is_short = common.covered < LEAST_ROWS or (task == "numbers" and common.reached < LEAST_COVERED * m)
    is_uncovered = basis != "stand-in" and is_short
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

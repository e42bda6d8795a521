"""Do labels given inputs differ between two samples? Tests of conditional independence, with learners out of fold.

The generalised covariance measure (Shah & Peters 2020): residuals of the label given x times residuals of the sample
given x have mean zero where labels depend on x alone, whatever the shift of x. An error of one learner counts only
multiplied with that of the other. A direction learnt on other folds finds what averages out (Scheidegger, Hörrmann &
Bühlmann 2022; Lundborg et al. 2022).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from diagnose.stats.probes import Floats, Ints, choose, indicators, out_of_fold


def labels_given_inputs(  # noqa: PLR0913, PLR0917  two samples, and what was learnt of them
    x: Floats, is_val: Floats, told: Floats, unexpected: Floats, folds: Ints, seed: int
) -> float:
    """Return the p-value of equal labels given inputs.

    Parameters
    ----------
    x
        Inputs of both samples, shape ``(n, d)``.
    is_val, told
        1 for rows of the second sample, else 0, and its probability given x, out of fold; shape ``(n,)``.
    unexpected
        Labels (indicators of classes, or a number) minus their mean given x, out of fold; shape ``(n, k)``.
    folds
        Of each row, shape ``(n,)``.
    """
    surprise = (is_val - told)[:, None] * unexpected
    return min(1.0, 2 * min(_overall(surprise), _directed(x, surprise, folds, seed)))


def inputs_given_class(x: Floats, is_val: Floats, codes: npt.NDArray[Any], folds: Ints, seed: int) -> float:
    """Return the p-value of equal inputs given the class: shape of ``codes`` is ``(n,)``."""
    _, of = np.unique(codes, return_inverse=True)
    counts = np.bincount(of)
    beyond = is_val - (np.bincount(of, is_val) / counts)[of]
    per_class = beyond[:, None] * indicators(of, len(counts))
    learner = choose(x, per_class, classes=False, seed=seed)
    if learner.name == "constant":
        return 1.0
    direction, _ = out_of_fold(learner.learner, x, per_class, folds, seed=seed)
    chosen = direction[np.arange(len(of)), of]
    chosen = chosen - (np.bincount(of, chosen) / counts)[of]
    return _above_zero(beyond * chosen)


def _overall(surprise: Floats) -> float:
    """Return the p-value of the largest mean among the columns, after Bonferroni."""
    error = surprise.std(0) / math.sqrt(len(surprise))
    z = np.abs(surprise.mean(0)) / np.where(error > 0, error, np.inf)
    k = surprise.shape[1]
    tests = 1 if k <= 2 else k  # the indicators of two classes are one
    return float(min(1.0, tests * math.erfc(float(z.max()) / math.sqrt(2))))


def _directed(x: Floats, surprise: Floats, folds: Ints, seed: int) -> float:
    learner = choose(x, surprise, classes=False, seed=seed)
    if learner.name == "constant":
        return 1.0
    direction, _ = out_of_fold(learner.learner, x, surprise, folds, seed=seed)
    return _above_zero((surprise * direction).sum(1))


def _above_zero(values: Floats) -> float:
    error = float(values.std()) / math.sqrt(len(values))
    return float(0.5 * math.erfc(float(values.mean()) / error / math.sqrt(2))) if error > 0 else 1.0

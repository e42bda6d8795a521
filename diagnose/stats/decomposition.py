"""A gap in risk between two samples, decomposed: fitting to the sample, inputs, labels given inputs.

A model f was fitted on rows T, drawn from P; rows V are drawn from Q. Its gap is the risk on V minus that on T. With

* ``A``, the risk of f on *unseen* rows of P,
* ``S``, the shared population, of density ∝ p q / (p + q) of the inputs x: where both P and Q have rows,
* ``K``, on S, the risk of f with labels drawn from Q given x minus that with labels drawn from P given x,

the gap is the sum of three parts (Cai, Namkoong & Yadlowsky 2023, their two terms of X-shift joined):

* fitting to the sample: ``A`` minus the risk on T;
* concept shift: ``K``;
* covariate shift: the rest of the risk on V minus ``A``: the inputs moved, to rows that are harder, or of a kind that P
  does not hold (what labels mean *there* cannot be compared with P, by anybody).

What identifies them
--------------------
The loss must be linear in numbers of the label: ``loss = Σ_k a_k(f(x)) t_k(y)``. Zero-one loss: t the indicators of the
classes, a those of every class but the predicted; squared loss: t = (1, y, y²), a = (f², -2 f, 1). f was fitted to the
labels of T, so what it says there tells nothing of unseen rows; what it says on V does. So a *surrogate* ã(x) ≈ a(f(x))
is learnt on V, out of fold, and stands in on T. It must be smooth: f bends towards the labels of T where it memorised
them, and a surrogate that follows would pass for unseen what is not (measured: a tenth of the gap of a random forest).
Beside it a probe m(x) ≈ E[t | x] of both samples, and π(x), the probability that a row at x is of V were both samples
equally large:

* ``K`` = mean over V, weights 1 - π, of ã·(t - m), minus mean over T, weights π, of ã·(t - m);
* ``A`` = mean over T of ã·t, plus mean over V, weights (1 - π) / π up to ten, of (a - ã)·t.

An error of m counts only multiplied with that of π (Neyman orthogonal, Chernozhukov et al. 2018). An error of ã counts
in ``A`` only multiplied with that of π or with the concept shift, in ``K`` with the concept shift alone. Influence
functions give the standard errors; `WIDENED` is what the learners add.

A stand-in, a probe fitted out of fold to T, was never fitted to the row it is asked of: a is known on both samples, and
``A`` is its mean out-of-fold loss. Where only the losses of a model are known, ``A`` with a the loss and t = 1 is the
risk on P's inputs with labels as *Q* has them: covariate shift is identified, and the rest is fitting or concept shift.

What is assumed and cannot be tested: that no input which matters is missing from x (a shift of one looks like concept
shift), and that rows, or groups of rows, are independent.

References
----------
Cai, Namkoong & Yadlowsky (2023), Diagnosing Model Performance Under Distribution Shift, arXiv 2303.02011; Li, Morgan &
Zaslavsky (2018), Balancing Covariates via Propensity Score Weighting; Chernozhukov et al. (2018), Double/debiased
machine learning for treatment and structural parameters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

WIDENED = {"classes": 1.25, "numbers": 1.5}
"""Standard deviation over standard error by influence functions, of simulated gaps of 300 and 1,000 rows a side, the
worst part: learners that were fitted to few rows err too (benchmarks/decomposition.py), about squared errors more."""
NORMAL_90 = 1.6449
"""Two-sided 90 % quantile of the normal law."""
MOST_ODDS = 50.0
"""Beyond, a row is of one sample for certain."""
MOST_STANDS = 10.0
"""A row of V stands for that many times its share in P at most; more is a hole in V, where the surrogate speaks alone:
with fifty, single rows moved the risk by a tenth of the gap (benchmarks/decomposition.py --elsewhere)."""


@dataclass(frozen=True)
class Part:
    """A part of the gap in the loss's unit, with its 90 % interval; ``share`` is of the gap, None without one."""

    value: float
    low: float
    high: float
    error: float
    share: float | None = None
    share_low: float | None = None
    share_high: float | None = None


@dataclass(frozen=True)
class Overlap:
    """How far two samples have rows in common.

    Attributes
    ----------
    shared
        2 ∫ p q / (p + q): 1 where both populations are one, 0 where they have no place in common.
    first, second
        Effective sizes of both samples in the shared population.
    covered
        Effective number of rows of the second that stand for the population of the first, none for more than ten.
    reached
        The same without that bound: where it is far less, the tails of the first lie beyond the second.
    auc
        How well a classifier tells the samples apart, out of fold: 0.5 not at all, 1 without error.
    """

    shared: float
    first: float
    second: float
    covered: float
    reached: float
    auc: float


@dataclass(frozen=True, eq=False)
class Influence:
    """An estimate, and what every row of both samples adds to its error: shapes ``(n_t,)`` and ``(n_v,)``."""

    value: float
    train: Floats
    val: Floats

    def __add__(self, other: Influence) -> Influence:
        return Influence(self.value + other.value, self.train + other.train, self.val + other.val)

    def __sub__(self, other: Influence) -> Influence:
        return self + other.times(-1.0)

    def times(self, factor: float) -> Influence:
        """Return the estimate scaled."""
        return Influence(self.value * factor, self.train * factor, self.val * factor)

    @property
    def error(self) -> float:
        """Standard error."""
        return math.sqrt(float((self.train**2).sum() + (self.val**2).sum()))

    def widened(self, factor: float) -> Influence:
        """Return the estimate with its errors enlarged."""
        return Influence(self.value, self.train * factor, self.val * factor)

    def by_groups(self, train: npt.NDArray[np.int64] | None, val: npt.NDArray[np.int64] | None) -> Influence:
        """Sum the rows of each group, whose errors go together."""
        return Influence(self.value, _summed(self.train, train), _summed(self.val, val))


def _summed(rows: Floats, groups: npt.NDArray[np.int64] | None) -> Floats:
    return rows if groups is None else np.asarray(np.bincount(groups, rows), dtype=np.float64)


def balanced(probability: Floats, n_train: int, n_val: int) -> Floats:
    """Return the probability that a row is of V, were both samples equally large; kept off 0 and 1.

    Examples
    --------
    >>> balanced(np.array([0.25]), 300, 100)
    array([0.5])
    """
    odds = probability / np.maximum(1 - probability, 1e-12) * (n_train / n_val)
    return np.asarray(np.clip(odds / (1 + odds), 1 / (1 + MOST_ODDS), MOST_ODDS / (1 + MOST_ODDS)))


def overlap(pi_train: Floats, pi_val: Floats) -> Overlap:
    """Return how far both samples lie in one place, by the balanced probabilities."""
    return Overlap(
        shared=float(min(pi_train.mean() + (1 - pi_val).mean(), 1.0)),
        first=_effective(pi_train),
        second=_effective(1 - pi_val),
        covered=_effective(stands_for(pi_val)),
        reached=_effective((1 - pi_val) / pi_val),
        auc=area(pi_val, pi_train),
    )


def stands_for(pi_val: Floats) -> Floats:
    """Return how much of the population of T each row of V stands for, up to a factor.

    Examples
    --------
    >>> stands_for(np.array([0.5, 0.25, 0.02])).tolist()
    [1.0, 3.0, 10.0]
    """
    return np.asarray(np.minimum((1 - pi_val) / pi_val, MOST_STANDS), dtype=np.float64)


def _effective(weights: Floats) -> float:
    return float(weights.sum() ** 2 / (weights**2).sum())


def area(high: Floats, low: Floats) -> float:
    """Return how often a value of the first exceeds one of the second, ties counting half.

    Examples
    --------
    >>> area(np.array([2.0, 3.0]), np.array([1.0, 2.0]))
    0.875
    """
    ordered = np.sort(low)
    below = np.searchsorted(ordered, high, "left") + np.searchsorted(ordered, high, "right")
    return float(below.mean() / 2 / len(ordered))


def mean_of(train: Floats | None, val: Floats | None, n_train: int, n_val: int) -> Influence:
    """Return the mean over one sample; give None for the other."""
    if train is not None:
        return Influence(float(train.mean()), (train - train.mean()) / n_train, np.zeros(n_val))
    assert val is not None
    return Influence(float(val.mean()), np.zeros(n_train), (val - val.mean()) / n_val)


def _weighted(values: Floats, weights: Floats) -> tuple[float, Floats]:
    mean = float(values @ weights / weights.sum())
    return mean, weights * (values - mean) / weights.sum()


def concept_effect(  # noqa: PLR0913, PLR0917  the arrays of the formula
    surrogate_train: Floats, unexpected_train: Floats, pi_train: Floats,
    coefficients_val: Floats, unexpected_val: Floats, pi_val: Floats,
) -> Influence:  # fmt: skip
    """Return K: what labels given inputs add to the risk where both samples have rows.

    Parameters
    ----------
    surrogate_train, coefficients_val
        ã on T and a on V, shape ``(n, k)``.
    unexpected_train, unexpected_val
        t - m, shape ``(n, k)``.
    pi_train, pi_val
        Balanced probability of V, shape ``(n,)``.
    """
    there, errors_val = _weighted((coefficients_val * unexpected_val).sum(1), 1 - pi_val)
    here, errors_train = _weighted((surrogate_train * unexpected_train).sum(1), pi_train)
    return Influence(there - here, -errors_train, errors_val)


def reference_risk(surrogate_loss_train: Floats, difference_val: Floats, pi_val: Floats) -> Influence:
    """Return A: the risk on unseen rows of the training population.

    Parameters
    ----------
    surrogate_loss_train
        ã·t on T, shape ``(n_t,)``.
    difference_val
        (a - ã)·p on V, shape ``(n_v,)``: what the surrogate misses.
    pi_val
        Balanced probability of V, shape ``(n_v,)``.
    """
    missed, errors_val = _weighted(difference_val, stands_for(pi_val))
    mean = float(surrogate_loss_train.mean())
    return Influence(mean + missed, (surrogate_loss_train - mean) / len(surrogate_loss_train), errors_val)


def part(estimate: Influence, gap: Influence | None = None) -> Part:
    """Return an estimate with its interval, and its share of a gap (by the delta method)."""
    half = NORMAL_90 * estimate.error
    plain = (estimate.value, estimate.value - half, estimate.value + half, estimate.error)
    if gap is None or gap.value <= 0:
        return Part(*plain)
    share = estimate.value / gap.value
    wide = NORMAL_90 * (estimate - gap.times(share)).error / gap.value
    return Part(*plain, share, share - wide, share + wide)

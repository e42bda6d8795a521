"""Did a curve move at all? For curves too short or too flat for a trend."""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, sqrt

import numpy as np

from diagnose.errors import NotEnoughEvidence
from diagnose.run import Curve, FloatArray
from diagnose.stats.noise import jitter
from diagnose.stats.thinning import blocks

ROUNDING = 1e-6
"""Relative change that single precision can't tell from none: eight of its steps of 1.2e-7 (a statement about the
number format, the one place where a loss's level counts)."""
ACCURACIES = ("accuracy", "balanced_accuracy", "top1")
"""Scores whose chance level is one over the number of classes."""


@dataclass(frozen=True)
class Movement:
    """How far a curve came, as a cost (scores are negated).

    Attributes
    ----------
    n
        Finite points.
    start, end
        First value; median of the last tenth (one point at least). In the curve's own direction, not negated.
    gain
        By how much the best level of the last tenth beats the start, in the cost; negative where it got worse.
    spread
        Highest minus lowest value.
    sigma
        Noise of one value, from second differences.
    p_trend
        One-sided p-value of no improvement (Mann 1945, Kendall 1975; normal approximation from ten points on, exact
        odds of a monotone series below).
    is_constant
        All values equal, or nearer to each other than single precision resolves.
    """

    n: int
    start: float
    end: float
    gain: float
    spread: float
    sigma: float
    p_trend: float
    is_constant: bool

    def has_improved(self, alpha: float) -> bool:
        """Whether it got better beyond noise: by its order, or by more than three standard deviations."""
        return not self.is_constant and self.gain > 0 and (self.p_trend <= alpha or self.gain > 3 * self.sigma > 0)


def movement_of(curve: Curve) -> Movement:
    """Measure one curve of at least two finite points."""
    finite = curve.finite
    if len(finite) < 2:
        raise NotEnoughEvidence(f"{curve.name} has {len(finite)} finite points; a change needs 2", "log it every epoch")
    sign = 1.0 if curve.better == "lower" else -1.0
    cost = blocks(finite.steps, sign * finite.values).values
    last = max(1, round(len(cost) / 10))
    end = float(np.median(cost[-last:]))
    spread = float(np.ptp(finite.values))
    return Movement(
        n=len(finite),
        start=float(sign * cost[0]),
        end=sign * end,
        gain=float(cost[0]) - end,
        spread=spread,
        sigma=jitter(cost),
        p_trend=kendall_p_value(cost),
        is_constant=spread <= ROUNDING * float(np.abs(finite.values).max()),
    )


def train_movement(logged_train_loss: Curve) -> Movement:
    """Movement of the training loss."""
    return movement_of(logged_train_loss)


def val_movement(logged_val_loss: Curve) -> Movement:
    """Movement of the validation loss."""
    return movement_of(logged_val_loss)


def kendall_p_value(values: FloatArray) -> float:
    """One-sided p-value of Mann-Kendall's test against a falling trend.

    Parameters
    ----------
    values
        Shape ``(n,)``, finite, ``n >= 2``, at most a few hundred (all pairs are compared).

    Returns
    -------
    float
        0.5 for a series without order; ties count as no order.

    Examples
    --------
    >>> round(kendall_p_value(np.arange(12.0)[::-1]), 6), kendall_p_value(np.ones(5))
    (4e-06, 0.5)
    """
    earlier, later = np.triu_indices(len(values), 1)
    total = float(np.sign(values[earlier] - values[later]).sum())
    n = len(values)
    variance = n * (n - 1) * (2 * n + 5) / 18
    _, ties = np.unique(values, return_counts=True)
    variance -= float((ties * (ties - 1) * (2 * ties + 5)).sum()) / 18
    if variance <= 0 or total == 0:
        return 0.5
    z = (total - np.sign(total)) / sqrt(variance)  # continuity correction
    return 0.5 * erfc(z / sqrt(2))

"""How many validation samples a score was computed on: given, or read off the score's own steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diagnose.errors import NotEnoughEvidence
from diagnose.measures.chance import wilson
from diagnose.measures.movement import ACCURACIES
from diagnose.run import Context, FloatArray, History

MOST_SAMPLES = 1000
"""Larger sets can't be told from a score logged with four digits, and are large enough."""
FALSE_ALARM = 1e-3
"""Odds at which unquantised values may pass for quantised ones, over all sample counts tried."""


@dataclass(frozen=True)
class Sampling:
    """The validation set's size and what it lets a score say.

    Attributes
    ----------
    n
        Validation samples.
    known
        Whether it was given or logged; else read off the score's steps.
    score
        Name of the accuracy it was applied to, or ``""``.
    end, low, high
        Its last value with Wilson's 95 % interval; NaN without one.
    change
        Highest minus lowest value in the run.
    """

    n: int
    known: bool
    score: str
    end: float
    low: float
    high: float
    change: float


def sampling(history: History, context: Context) -> Sampling:
    """Size of the validation set, and the interval of its accuracy."""
    held_out = history.of("val") or history.of("test")
    curves = [c for name in ACCURACIES for c in held_out if c.quantity == name and len(c.finite)]
    curve = curves[0].finite if curves else None
    n = context.n_val or (implied_samples(curve.values) if curve is not None else None)
    if n is None:
        raise NotEnoughEvidence(
            "the number of validation samples is unknown, and no accuracy betrays it by its steps",
            "give the number of validation samples: --context n_val=1000",
        )
    if curve is None or not 0 <= curve.values[-1] <= 1:
        return Sampling(n, context.n_val is not None, "", float("nan"), float("nan"), float("nan"), float("nan"))
    end = float(curve.values[-1])
    return Sampling(n, context.n_val is not None, curve.name, end, *wilson(end, n), float(np.ptp(curve.values)))


def implied_samples(values: FloatArray) -> int | None:
    """Return the smallest ``n`` of which every value is a multiple of ``1/n``, if that can't be chance.

    Values 0 and 1 are multiples of every ``1/n`` and say nothing. A random value lies within the logged precision
    ``δ`` of a multiple with odds ``2 n δ``; ``k`` distinct values all do with that to the power ``k``; the sum over the
    counts tried must stay below ``FALSE_ALARM``.

    Examples
    --------
    >>> implied_samples(np.array([0.4, 0.6, 0.8, 1.0, 0.2]))
    5
    >>> implied_samples(np.array([0.4123, 0.5177, 0.6011])) is None
    True
    """
    telling = np.unique(values[(values > 0) & (values < 1)])
    if not 2 <= len(telling) <= MOST_SAMPLES:  # more distinct values than samples tried: none fits
        return None
    precision = _precision(telling)
    odds = 0.0
    for n in range(2, MOST_SAMPLES + 1):
        odds += min(2 * n * precision, 1.0) ** len(telling)
        if odds > FALSE_ALARM:
            return None
        scaled = telling * n
        if np.all(np.abs(scaled - np.round(scaled)) <= n * precision):
            return n
    return None


def _precision(values: FloatArray) -> float:
    """Half a unit of the last digit logged: two digits at the coarsest (nobody logs fewer), float32 at the finest."""
    for digits in range(2, 8):
        if np.all(np.abs(values - np.round(values, digits)) < 1e-9):
            return 0.5 * 10.0**-digits
    return 5e-8

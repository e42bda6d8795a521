"""Do pairs of values agree more than values that were put together at random?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

BLOCKS = 20
"""Blocks of pairs by which the error is told: their means differ as the pairs of one block depend on each other."""
T_95 = 1.729
"""One-sided 95 % point of Student's law with 19 degrees of freedom."""
LEAST = 40
"""Pairs: two in a block."""


@dataclass(frozen=True)
class Agreement:
    """How much pairs agree: 0 as random pairs do, 1 always (Cohen's kappa; of numbers, their correlation).

    Attributes
    ----------
    value, low, high
        With one-sided 95 % bounds.
    pairs
        Pairs that were compared.
    """

    value: float
    low: float
    high: float
    pairs: int


def class_agreement(first: Codes, second: Codes, shares: Floats) -> Agreement | None:
    """Compare classes, shape ``(n,)`` each, in an order in which neighbours may depend on each other.

    Parameters
    ----------
    first, second
        The classes of each pair.
    shares
        Of the classes that ``first`` is drawn from, shape ``(k,)``.

    Examples
    --------
    >>> codes = np.tile([0, 1], 50)
    >>> class_agreement(codes, codes, np.array([0.5, 0.5])).value
    1.0
    """
    if len(first) < LEAST:
        return None
    chance = float(shares[second].mean())
    if chance >= 1:
        return None
    return _by_blocks(((first == second) - chance) / (1 - chance))


def number_agreement(first: Floats, second: Floats) -> Agreement | None:
    """Compare numbers, by ranks: one far out says no more than others."""
    if len(first) < LEAST:
        return None
    ranks = [
        np.argsort(np.argsort(side, kind="stable"), kind="stable") / (len(side) - 1) - 0.5 for side in (first, second)
    ]
    return _by_blocks(12 * ranks[0] * ranks[1] * (len(first) - 1) / (len(first) + 1))


def _by_blocks(values: Floats) -> Agreement:
    means = np.array([block.mean() for block in np.array_split(values, BLOCKS)])
    error = float(means.std(ddof=1)) / np.sqrt(BLOCKS)
    # no spread at all is luck or certainty: one pair may have been otherwise
    error = max(error, 1 / len(values))
    value = float(values.mean())
    return Agreement(value, value - T_95 * error, value + T_95 * error, len(values))

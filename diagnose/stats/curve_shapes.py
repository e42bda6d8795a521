"""Shapes of learning curves: a power law with a wandering departure, and how frequent each is elsewhere."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SMALLEST = 0.003
"""Error below which departures do not shrink any more: three rows in a thousand."""


class Shapes(msgspec.Struct, frozen=True):
    """The odds of shapes, learnt from curves of other data sets.

    ``exponent``, ``reducible``, ``departure`` and ``odds`` have shape ``(k,)``; ``gap_edges`` ``(m,)`` and ``gap_odds``
    ``(m + 1, k)``: of a relative gap that lies between two edges, given the shape.
    """

    exponent: list[float]
    reducible: list[float]
    departure: list[float]
    odds: list[float]
    gap_edges: list[float]
    gap_odds: list[list[float]]
    independent: float
    """Standard deviation of the independent noise, in units of the walk's first step."""


class Evidence(NamedTuple):
    """Of every shape, shape ``(k,)`` each: the log marginal likelihood, and the level E with its variance."""

    logarithm: Floats
    level: Floats
    variance: Floats


def evidence(  # noqa: PLR0913, PLR0917  a curve, its noise and the shapes
    ratios: Floats,
    errors: Floats,
    standard_errors: Floats,
    scale: float,
    shapes: tuple[Floats, Floats, Floats],
    independent: float,
) -> Evidence:
    """Return how well every shape explains a curve, its level E integrated out under a flat prior.

    Parameters
    ----------
    ratios
        Sizes over the one where the walk of departures starts, shape ``(m,)``.
    errors, standard_errors
        Shape ``(m,)``.
    scale
        The error that departures are relative to.
    shapes
        Exponent c, reducible share φ and departure τ, shape ``(k,)`` each.
    independent
        Independent noise in units of the walk's first step.
    """
    exponent, reducible, departure = shapes
    shares = law(ratios, exponent, reducible)
    walk = walk_covariance(ratios, independent)
    logarithm, level, variance = (np.empty(len(exponent)) for _ in range(3))
    for tau in np.unique(departure):
        of = departure == tau
        factor = np.linalg.cholesky((tau * scale) ** 2 * walk + np.diag(standard_errors**2))
        h, y = np.linalg.solve(factor, shares[:, of]), np.linalg.solve(factor, errors)
        squared, product = (h**2).sum(0), y @ h
        level[of], variance[of] = product / squared, 1 / squared
        rest = y @ y - product**2 / squared
        logarithm[of] = -np.log(np.diag(factor)).sum() - 0.5 * rest - 0.5 * np.log(squared)
    return Evidence(logarithm, level, variance)


def law(ratios: Floats, exponent: Floats, reducible: Floats) -> Floats:
    """Return the power law at those multiples of the largest size, as shares of its error there, shape ``(m, k)``."""
    return np.asarray(1 - reducible + reducible * ratios[:, None] ** -exponent)


def walked(distance: Floats | float) -> Floats:
    """Variance that a walk has gathered over that many doublings, in first steps: ∫ 2^u du."""
    return np.asarray((np.exp2(distance) - 1) / np.log(2))


def walk_covariance(ratios: Floats, independent: float) -> Floats:
    """Return the covariance of departures, in units of the first step's variance, shape ``(m, m)``.

    Departures on either side of the start are independent of each other.
    """
    steps = np.log2(ratios)
    same_side = np.sign(steps)[:, None] * np.sign(steps) > 0
    common = np.minimum.outer(np.abs(steps), np.abs(steps)) * same_side
    return np.asarray(walked(common) + independent**2 * np.eye(len(ratios)))


def gap_bin(training_error: float, error: float, edges: list[float]) -> int:
    """Return the number of the bin of the relative gap between training and held-out error."""
    gap = (error - training_error) / max(error, SMALLEST)
    return int(np.searchsorted(edges, gap))


@cache
def learnt_shapes() -> Shapes:
    """Load the odds of shapes."""
    raw = files("diagnose.stats").joinpath("sample_size.json").read_bytes()
    return msgspec.json.decode(raw, type=Shapes)

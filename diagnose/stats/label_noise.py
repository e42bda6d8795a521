"""Labels that contradict their inputs, told from classes that merely overlap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

CLEAR = 0.005
"""Odds of a contradiction by overlap, below which the classes lie clearly apart."""
LOWEST = 1e-3
"""Probabilities below are not told apart: no probe is calibrated there."""


@dataclass(frozen=True, eq=False)
class Floor:
    """How often labels contradict a probe that is sure, beyond what overlapping classes do.

    Attributes
    ----------
    rate, low, high
        Share of contradictions where the classes lie clearly apart, less those by overlap, with its 95 % interval.
    clear
        Shape ``(n,)``: rows where overlap alone hardly contradicts.
    expected
        Contradictions by overlap among them.
    p
        Of no floor: by the likelihood ratio of the fits with and without one.
    """

    rate: float
    low: float
    high: float
    clear: Bools
    expected: float
    p: float


def margins(probabilities: Floats) -> tuple[Codes, Floats]:
    """Return each row's likeliest class, and the logarithm of its odds against the second, shape ``(n,)`` each."""
    clipped = np.clip(probabilities, LOWEST, 1 - LOWEST)
    top = clipped.argmax(axis=1)
    first = clipped[np.arange(len(top)), top]
    others = clipped.copy()
    others[np.arange(len(top)), top] = 0
    return top.astype(np.int64), np.log(first / others.max(axis=1))


def floor_of(margin: Floats, contradicts: Bools) -> Floor:
    """Tell a floor under the contradictions from an overlap that thins out.

    Where classes overlap, contradictions become rare as the probe becomes sure: their log-odds fall with its margin s.
    Wrong labels do not: they stay at a rate η however sure it is. Fitted are

        P(contradiction | s) = η + (1 - η) / (1 + exp(a + b s)),  b ≥ 0,

    and the same without η (Copas 1988, Binary Regression Models for Contaminated Data).

    Parameters
    ----------
    margin
        Shape ``(n,)``, not negative, of rows that the probe was not fitted to.
    contradicts
        Shape ``(n,)``: whether the label is another class than the likeliest.
    """
    from scipy.special import betaincinv, expit, gammaincc  # noqa: PLC0415

    a, b, _, without = _fitted(margin, contradicts, free=False)
    a_free, b_free, _, best = _fitted(margin, contradicts, free=True)
    ratio = max(0.0, 2 * (without - best))
    p = 0.5 * float(gammaincc(0.5, ratio / 2)) if ratio > 0 else 1.0  # η ≥ 0: half a χ² of one degree
    if without - best > 0:
        a, b = a_free, b_free
    overlap = expit(-(a + b * margin))
    clear = overlap <= CLEAR
    n, found, expected = int(clear.sum()), int(contradicts[clear].sum()), float(overlap[clear].sum())
    if not n:
        return Floor(0.0, 0.0, 1.0, clear, 0.0, 1.0)
    low = float(betaincinv(found, n - found + 1, 0.025)) if found else 0.0
    high = float(betaincinv(found + 1, n - found, 0.975)) if found < n else 1.0
    beyond = expected / n
    return Floor(max(found / n - beyond, 0.0), max(low - beyond, 0.0), max(high - beyond, 0.0), clear, expected, p)


def _fitted(margin: Floats, contradicts: Bools, *, free: bool) -> tuple[float, float, float, float]:
    """Return a, b, η and the negative log-likelihood of the best fit."""
    from scipy.optimize import minimize  # noqa: PLC0415
    from scipy.special import expit  # noqa: PLC0415

    y = contradicts.astype(np.float64)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        a, b, eta = parameters[0], parameters[1], parameters[2] if free else 0.0
        overlap = expit(-(a + b * margin))
        p = np.clip(eta + (1 - eta) * overlap, 1e-9, 1 - 1e-9)
        slope = (p - y) / (p * (1 - p))
        by_linear = -(1 - eta) * overlap * (1 - overlap) * slope
        gradient = [by_linear.sum(), (by_linear * margin).sum(), (slope * (1 - overlap)).sum()]
        value = -float((y * np.log(p) + (1 - y) * np.log1p(-p)).sum())
        return value, np.array(gradient[: 3 if free else 2])

    bounds: list[Any] = [(-5.0, 20.0), (0.0, 20.0), (0.0, 0.45)]
    starts = ([0.0, 1.0, 0.02], [0.0, 2.0, 0.1]) if free else ([0.0, 1.0], [1.0, 0.5])
    fits = [minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds[: len(start)]) for start in starts]
    best = min(fits, key=lambda fit: float(fit.fun))
    return float(best.x[0]), float(best.x[1]), float(best.x[2]) if free else 0.0, float(best.fun)


@dataclass(frozen=True, eq=False)
class Confident:
    """Confident learning: how labels given and labels meant go together.

    Attributes
    ----------
    counts
        Shape ``(k, k)``: rows by the class given and the class that they surely are.
    rows
        Numbers of the rows off the diagonal, the most suspicious first.
    """

    counts: Codes
    rows: Codes


def confident_joint(probabilities: Floats, given: Codes) -> Confident:
    """Count rows whose probability of a class is at least what rows of that class have on average.

    Of several such classes the likeliest counts. Rows are ordered by the probability of the given class less that of
    the likeliest.

    References
    ----------
    Northcutt, Jiang & Chuang (2021), Confident Learning: Estimating Uncertainty in Dataset Labels, eq. 1 and 2.

    Examples
    --------
    >>> p = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.95, 0.05]])
    >>> confident_joint(p, np.array([0, 0, 1, 1])).rows.tolist()
    [3]
    """
    k = probabilities.shape[1]
    rows = np.bincount(given, minlength=k)
    own = probabilities[np.arange(len(given)), given]
    limit = np.where(rows > 0, np.bincount(given, own, minlength=k) / np.maximum(rows, 1), np.inf)
    sure = probabilities >= limit - 1e-12
    meant = np.where(sure, probabilities, -1).argmax(axis=1)
    counted = sure.any(axis=1)
    counts = np.bincount(given[counted] * k + meant[counted], minlength=k * k).reshape(k, k)
    off = np.flatnonzero(counted & (meant != given))
    worst = own[off] - probabilities[off].max(axis=1)
    return Confident(counts.astype(np.int64), off[np.argsort(worst, kind="stable")].astype(np.int64))

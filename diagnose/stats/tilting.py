"""Weights of one sample under which its means become those of another: the log-linear density ratio."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

RIDGE = 1e-4
"""Of squared coefficients: keeps the solution finite where the other's means lie outside the sample, and leaves a
thousandth of a standard deviation otherwise."""
STEPS = 60
CLOSE = 1e-9
"""Of the gradient's largest part, in standard deviations."""
STEEPEST = 30.0
"""Of a coefficient times a standard deviation: beyond, one row takes all."""


@dataclass(frozen=True, eq=False)
class Tilt:
    """Coefficients of the features, shape ``(d,)``, and what they give on the sample.

    Attributes
    ----------
    slopes
        Log of a row's weight is its features times these, plus a constant.
    effective
        Kish's effective share of the rows, 0 to 1: (Σw)² / (n Σw²).
    left
        Shape ``(d,)``: what is left of the differences of means.
    """

    slopes: Floats
    effective: float
    left: Floats

    def weights(self, features: Floats) -> Floats:
        """Return weights of rows up to a common factor, shape ``(n,)``."""
        return np.asarray(np.exp(np.clip(features @ self.slopes, -700, 700)))


def tilted(features: Floats, target: Floats, base: Floats | None = None) -> Tilt:
    """Find the weights w ∝ exp(λ·x) closest to equal ones (in Kullback's sense) with Σ w x = target.

    By Newton's method on the convex dual log Σ exp(λ·(x - target)) + RIDGE |λ|² / 2. The same weights make a logistic
    classifier of both samples blind to the features, and are the density ratio where that is log-linear in them.

    Parameters
    ----------
    features
        Shape ``(n, d)``, standardised.
    target
        Shape ``(d,)``: the other sample's means.
    base
        Shape ``(n,)``: weights to start from; equal ones where None.

    References
    ----------
    Hainmueller (2012), Entropy Balancing for Causal Effects, Political Analysis 20(1)

    Examples
    --------
    >>> x = np.array([[-1.0], [0.0], [1.0]])
    >>> found = tilted(x, np.array([0.5]))
    >>> w = found.weights(x)
    >>> round(float((w * x[:, 0]).sum() / w.sum()), 3), round(found.effective, 2)
    (0.5, 0.72)
    """
    moved = features - target
    log_base = np.zeros(len(features)) if base is None else np.log(base)
    slopes = np.zeros(features.shape[1])
    value, share = _dual(moved, log_base, slopes)
    for _ in range(STEPS):
        mean = share @ moved
        gradient = mean + RIDGE * slopes
        if np.abs(gradient).max(initial=0.0) <= CLOSE:
            break
        weighted = moved * share[:, None]
        curvature = moved.T @ weighted - np.outer(mean, mean) + RIDGE * np.eye(len(slopes))
        step = np.linalg.solve(curvature, -gradient)
        size = 1.0
        while size > 1e-6:
            tried = slopes + size * step
            there, there_share = _dual(moved, log_base, tried)
            if there <= value + 1e-4 * size * float(gradient @ step):
                break
            size /= 2
        slopes, value, share = tried, there, there_share
        if np.abs(slopes).max(initial=0.0) > STEEPEST:
            break
    return Tilt(slopes, float(1 / (len(features) * (share**2).sum())), share @ moved)


def _dual(moved: Floats, log_base: Floats, slopes: Floats) -> tuple[float, Floats]:
    logs = log_base + moved @ slopes
    top = float(logs.max())
    weights = np.exp(logs - top)
    total = float(weights.sum())
    return top + float(np.log(total)) + RIDGE * float(slopes @ slopes) / 2, weights / total

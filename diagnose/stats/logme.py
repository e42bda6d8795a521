"""LogME: the logarithm of the maximum evidence of labels given features, by which pretrained models are ranked."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from diagnose.stats.probe_rows import feature_matrix, targets_of
from diagnose.stats.ridge import Floats, decomposed

RATIOS = np.geomspace(1e-8, 1e8, 65)
"""Precision of the weights over that of the labels, times the mean eigenvalue: where the search starts and ends."""
ROUNDS, CLOSE = 200, 1e-9
"""Most rounds of the fixed point, and the change of the logarithm of the ratio that ends it."""


def logme(features: npt.ArrayLike, labels: npt.ArrayLike, *, is_number: bool = False) -> float:
    """Return the maximum log evidence per row of a linear model of the labels, averaged over the classes' indicators.

    Labels are normal about ``F w`` with precision β, weights w normal about 0 with precision α. Given t = α / β, the
    best β has a closed form and the evidence per row is

        -½ log(2π Q(t) / n) - ½ + (1 / 2n) Σⱼ log(t / (t + σⱼ²)),   Q(t) = |y⊥|² + Σⱼ zⱼ² t / (t + σⱼ²),

    with singular values σ of F, z the labels in the basis of its left singular vectors and y⊥ what lies outside. t is
    sought on a grid (the evidence may have several maxima) and then by the fixed point of You et al. (2022).

    Parameters
    ----------
    features
        Shape ``(n, d)``, as they are: LogME neither centres nor scales them. It does not change with their unit or a
        rotation, it does with a shift.
    labels
        Classes or, with ``is_number``, numbers, shape ``(n,)``.

    Returns
    -------
    float
        The higher, the better the features suit. Comparable between features for the same labels only.

    Raises
    ------
    InputError, NotEnoughEvidence
        As of `diagnose.stats.ridge_probe.probe`.

    References
    ----------
    You et al. (2021), LogME: Practical Assessment of Pre-trained Models for Transfer Learning, eq. 2 (arXiv
    2102.11005). You et al. (2022), Ranking and Tuning Pre-trained Models: A New Paradigm for Exploiting Model Hubs,
    algorithm 3.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat([0, 1], 50)
    >>> noise = rng.normal(size=(100, 5))
    >>> logme(noise + 3 * y[:, None], y) > logme(noise, y)
    True
    """
    given = feature_matrix(features)
    columns = targets_of(labels, len(given), is_number=is_number).columns
    if not given.any():
        return float(np.mean(_evidence(np.ones((1, columns.shape[1])), np.zeros(0), np.zeros((0, columns.shape[1])),
                                       (columns**2).sum(axis=0), len(given))))  # fmt: skip
    ridge = decomposed(given, np.ones(len(given)))
    squared, inside = ridge.squared, (ridge.left.T @ columns) ** 2
    outside = np.maximum((columns**2).sum(axis=0) - inside.sum(axis=0), 0.0)
    grid = np.repeat(RATIOS[:, None] * squared.mean(), columns.shape[1], axis=1)
    on_grid = np.stack([_evidence(row[None], squared, inside, outside, len(given))[0] for row in grid])
    start = grid[on_grid.argmax(axis=0), np.arange(columns.shape[1])]
    found = _fixed_point(start, squared, inside, outside, len(given))
    best = np.clip(found, grid[0], grid[-1])
    return float(np.maximum(_evidence(best[None], squared, inside, outside, len(given))[0], on_grid.max(axis=0)).mean())


def _evidence(ratio: Floats, squared: Floats, inside: Floats, outside: Floats, n: int) -> Floats:
    """Return the evidence per row at ratios ``(1, k)`` of precisions, one a target."""
    kept = ratio / (ratio + squared[:, None])
    misfit = np.maximum(outside + (inside * kept).sum(axis=0), np.finfo(np.float64).tiny)
    return np.asarray(-0.5 * np.log(2 * np.pi * misfit / n) - 0.5 + np.log(kept).sum(axis=0) / (2 * n)).reshape(1, -1)


def _fixed_point(ratio: Floats, squared: Floats, inside: Floats, outside: Floats, n: int) -> Floats:
    """Return the ratios t = γ / (n - γ) · |F m - y|² / |m|², γ the effective number of weights."""
    tiny = np.finfo(np.float64).tiny
    for _ in range(ROUNDS):
        shrunk = ratio / (ratio + squared[:, None])
        gamma = (1 - shrunk).sum(axis=0)
        misfit = outside + (inside * shrunk**2).sum(axis=0)
        weights = (inside * squared[:, None] / (ratio + squared[:, None]) ** 2).sum(axis=0)
        new = gamma / np.maximum(n - gamma, tiny) * misfit / np.maximum(weights, tiny)
        new = np.clip(new, RATIOS[0] * squared.mean(), RATIOS[-1] * squared.mean())
        if (np.abs(np.log(new / ratio)) < CLOSE).all():
            return np.asarray(new)
        ratio = new
    return np.asarray(ratio)

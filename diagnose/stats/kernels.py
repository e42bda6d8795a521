"""Distances between samples in many dimensions: maximum mean discrepancy, exact and by random features, and energy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Singles = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

PAIRS = 2000
"""Pairs of rows whose median distance is the bandwidth: known to about 2 % of their spread."""


def squared_distances(rows: Singles, others: Singles | None = None) -> Singles:
    """Return squared Euclidean distances, shape ``(n, m)``, of rows to others or among themselves."""
    others = rows if others is None else others
    products = rows @ others.T
    products *= -2
    products += np.einsum("ij,ij->i", rows, rows)[:, None]
    products += np.einsum("ij,ij->i", others, others)
    return np.asarray(np.maximum(products, 0, out=products))


def median_square(rows: Singles, rng: np.random.Generator) -> float:
    """Return the median squared distance of random pairs of rows; 1 where most are equal."""
    a, b = rng.integers(0, len(rows), (2, PAIRS))
    squares = ((rows[a] - rows[b]) ** 2).sum(1)[a != b]
    return float(np.median(squares)) or 1.0 if len(squares) else 1.0


def gaussian(squares: Singles, bandwidth_square: float) -> Singles:
    """Gaussian kernel exp(-d² / bandwidth²), the diagonal set to 0 so that a row is not its own evidence."""
    kernel = np.exp(squares * np.float32(-1 / bandwidth_square))
    np.fill_diagonal(kernel, 0)
    return np.asarray(kernel, np.float32)


def fourier_weights(d: int, count: int, bandwidth_square: float, rng: np.random.Generator) -> Singles:
    """Return frequencies, shape ``(d, count)``, whose cosines and sines make the Gaussian kernel exp(-d² / bandwidth²).

    References
    ----------
    Rahimi & Recht (2007), Random Features for Large-Scale Kernel Machines
    """
    scale = np.float32(np.sqrt(2 / bandwidth_square))
    return rng.standard_normal((d, count), dtype=np.float32) * scale


def fourier_features(rows: Singles, weights: Singles) -> Singles:
    """Return features, shape ``(n, 2 count)``, whose products of two rows have the kernel as their mean."""
    phases = rows @ weights
    count = weights.shape[1]
    features = np.empty((len(rows), 2 * count), np.float32)
    np.cos(phases, out=features[:, :count])
    np.sin(phases, out=features[:, count:])
    features *= np.float32(1 / np.sqrt(count))
    return features


def mmd_square(first: Singles, second: Singles, bandwidth_square: float) -> float:
    """Unbiased estimate of the squared maximum mean discrepancy of two samples, Gaussian kernel; may be negative.

    Parameters
    ----------
    first, second
        Shape ``(n, d)`` and ``(m, d)``.
    bandwidth_square
        The kernel is exp(-d² / bandwidth²).

    References
    ----------
    Gretton et al. (2012), A Kernel Two-Sample Test, eq. 3

    Examples
    --------
    >>> x = np.array([[0.0], [0.0], [1.0]], np.float32)
    >>> round(mmd_square(x, x + 1, 1.0), 3)
    0.296
    """
    n, m = len(first), len(second)
    within = gaussian(squared_distances(first), bandwidth_square).sum(dtype=np.float64) / (n * (n - 1))
    within += gaussian(squared_distances(second), bandwidth_square).sum(dtype=np.float64) / (m * (m - 1))
    across = np.exp(squared_distances(first, second) * np.float32(-1 / bandwidth_square)).mean(dtype=np.float64)
    return float(within - 2 * across)


def energy_distance(first: Singles, second: Singles) -> float:
    """Unbiased estimate of 2 E|X - Y| - E|X - X'| - E|Y - Y'|; may be negative.

    References
    ----------
    Székely & Rizzo (2013), Energy statistics: a class of statistics based on distances

    Examples
    --------
    >>> x = np.array([[0.0], [2.0]], np.float32)
    >>> energy_distance(x, x + 3)
    2.0
    """
    n, m = len(first), len(second)
    within = np.sqrt(_own(first)).sum(dtype=np.float64) / (n * (n - 1))
    within += np.sqrt(_own(second)).sum(dtype=np.float64) / (m * (m - 1))
    return float(2 * np.sqrt(squared_distances(first, second)).mean(dtype=np.float64) - within)


def _own(rows: Singles) -> Singles:
    squares = squared_distances(rows)
    np.fill_diagonal(squares, 0)
    return squares

"""How far the mean of vectors lies from that of others, in standard deviations within, with an interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Singles = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

DIRECTIONS = 16
"""Principal directions within the samples, the strongest, in which means are compared; the same number at every depth,
so that depths can be compared."""
ROWS_A_DIRECTION = 10
"""Rows for each direction at least, so that the covariance is known."""
LEAST_ROWS = 8


@dataclass(frozen=True)
class MeanShift:
    """Distance of two means.

    Attributes
    ----------
    distance
        Mahalanobis distance, without the part that sampling makes; 0 or more.
    low, high
        95 % interval.
    p
        P-value of no distance.
    directions
        In how many principal directions it was taken.
    n, m
        Rows of either sample.
    """

    distance: float
    low: float
    high: float
    p: float
    directions: int
    n: int
    m: int


def mean_shift(first: Singles, second: Singles, *, directions: int = DIRECTIONS) -> MeanShift:
    """Compare the means of two samples of vectors along the principal directions within them.

    Coordinates are divided by their deviation within the samples first, so that nothing depends on their units. Along
    k directions Hotelling's T² = n m / (n + m) · D² is, but for the uncertainty of the covariance, a noncentral χ² with
    k degrees of freedom and noncentrality n m / (n + m) · δ²: it is scaled to have the right mean under no shift, and
    the interval of δ inverts its law.

    Parameters
    ----------
    first, second
        Shape ``(n, d)`` and ``(m, d)``, finite; eight rows at least.
    directions
        At most that many; fewer where there are fewer than ten rows for each, or coordinates.

    Raises
    ------
    ValueError
        Fewer rows, or other widths.

    References
    ----------
    Hotelling (1931), The Generalization of Student's Ratio

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> shift = mean_shift(rng.standard_normal((2000, 1)), rng.standard_normal((2000, 1)) + 0.5)
    >>> round(shift.distance, 1), shift.low < 0.5 < shift.high
    (0.5, True)
    """
    n, m = len(first), len(second)
    if min(n, m) < LEAST_ROWS or first.shape[1:] != second.shape[1:]:
        raise ValueError(f"{n} and {m} rows of {first.shape[1:]} and {second.shape[1:]} numbers; expected the same "
                         f"width, and {LEAST_ROWS} rows or more")  # fmt: skip
    apart, within = _coordinates(np.asarray(first, np.float64), np.asarray(second, np.float64), directions)
    k = len(within)
    if not k:
        return MeanShift(0.0, 0.0, 0.0, 1.0, 0, n, m)
    size, free = n * m / (n + m), n + m - 2
    # T² (free - k + 1) / (free k) is F of k and free - k + 1, whose mean is that of χ²_k / k but for this factor
    statistic = float(size * (apart**2 / within).sum()) * (free - k - 1) / free
    return MeanShift(*_interval(statistic, k, size), k, n, m)


def depth_shifts(
    names: tuple[str, ...], first: tuple[Singles, ...], second: tuple[Singles, ...]
) -> dict[str, MeanShift]:
    """Return the shift at every depth, by its name: where it sits.

    A shift of the inputs is largest in front and wanes; one of the outputs appears behind (Lee et al. 2023, Surgical
    Fine-Tuning Improves Adaptation to Distribution Shifts). Rows that the model was trained on differ from others at
    deep layers because it knows them: features of the pretrained state, or of rows held out of training, tell shift
    alone.

    Parameters
    ----------
    names
        Of the depths, in forward order.
    first, second
        Features at each, shape ``(n, d)`` and ``(m, d)``.
    """
    return {name: mean_shift(one, other) for name, one, other in zip(names, first, second, strict=True)}


def _coordinates(first: Floats, second: Floats, most: int) -> tuple[Floats, Floats]:
    """Return the difference of means along principal directions within the samples, and the variances along them."""
    moved = second.mean(0) - first.mean(0)
    within = np.concatenate([first - first.mean(0), second - second.mean(0)])
    free = len(within) - 2
    scale = np.sqrt((within**2).sum(0) / free)
    kept = scale > 1e-9 * max(1e-300, float(scale.max(initial=0.0)))
    within, moved = within[:, kept] / scale[kept], moved[kept] / scale[kept]
    if not within.size:
        return np.zeros(0), np.zeros(0)
    k = max(1, min(most, free // ROWS_A_DIRECTION, within.shape[1]))
    if within.shape[1] > len(within):
        _, values, vectors = np.linalg.svd(within, full_matrices=False)
        values, vectors = values**2 / free, vectors.T
    else:
        values, vectors = np.linalg.eigh(within.T @ within / free)
        values, vectors = values[::-1], vectors[:, ::-1]
    values, vectors = values[:k], vectors[:, :k]
    real = values > 1e-9 * values[0]
    return moved @ vectors[:, real], values[real]


def _interval(statistic: float, k: int, size: float) -> tuple[float, float, float, float]:
    """Return the distance, its 95 % bounds, and the p-value of a χ² with k degrees of freedom."""
    from scipy.special import chdtrc, chndtr  # noqa: PLC0415

    def bound(probability: float) -> float:
        """Return the noncentrality at which the statistic has that distribution function."""
        if chndtr(statistic, k, 0.0) <= probability:
            return 0.0
        low, high = 0.0, statistic + 10 * math.sqrt(statistic + k) + 50
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if chndtr(statistic, k, middle) > probability else (low, middle)
        return low

    found = math.sqrt(max(0.0, statistic - k) / size)
    low, high = (math.sqrt(bound(p) / size) for p in (0.975, 0.025))
    return min(max(found, low), high), low, high, float(chdtrc(k, statistic))

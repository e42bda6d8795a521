"""Along which direction do two samples of vectors differ most? Kolmogorov-Smirnov, direction by direction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from diagnose.stats.basis import Basis, blocks, shared_basis
from diagnose.stats.kernels import Singles
from diagnose.stats.kolmogorov import ks_p_value

Floats = npt.NDArray[np.float64]

RANDOM = 32
"""Directions drawn at random beside the 32 principal ones: what no principal direction shows may lie across them."""
MOST_ROWS = 10_000


@dataclass(frozen=True, eq=False)
class Directions:
    """Distances along principal directions, the strongest first, then along random ones.

    Attributes
    ----------
    distances
        Shape ``(k,)``: Kolmogorov-Smirnov.
    p
        Of the largest, corrected for their number.
    """

    distances: Floats
    p: float

    @property
    def worst(self) -> float:
        """The largest distance."""
        return float(self.distances.max())


def along_directions(
    first: Singles, second: Singles, rng: np.random.Generator, basis: Basis | None = None
) -> Directions:
    """Compare two samples, shape ``(n, d)`` and ``(m, d)``, along 32 principal and 32 random directions."""
    axes = basis or shared_basis(first, second, rng)
    drawn = rng.standard_normal((len(axes.values), RANDOM), dtype=np.float32)

    def coordinates(sample: Singles) -> Singles:
        standards = (axes.standard(sample[b]) for b in blocks(np.sort(rng.permutation(len(sample))[:MOST_ROWS])))
        return np.concatenate([np.hstack([axes.principal(s), s @ drawn]) for s in standards])

    a, b = coordinates(first), coordinates(second)
    distances = np.array([distance(a[:, k], b[:, k]) for k in range(a.shape[1])])
    p = min(1.0, len(distances) * ks_p_value(float(distances.max()), len(a), len(b)))
    return Directions(distances, p)


def distance(first: npt.NDArray[np.floating], second: npt.NDArray[np.floating]) -> float:
    """Return the Kolmogorov-Smirnov distance of two samples.

    Examples
    --------
    >>> distance(np.array([1.0, 2.0, 3.0]), np.array([3.0, 4.0]))
    0.6666666666666666
    """
    one, other = np.sort(first), np.sort(second)
    at = np.concatenate([one, other])
    below = np.searchsorted(one, at, "right") / len(one) - np.searchsorted(other, at, "right") / len(other)
    return float(np.abs(below).max())

"""Many tests at once: one p-value of several that depend on each other, and which of many hold."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

HIGHEST = 0.9
"""Where p-values above this are taken for it: a single discrete 1 would outweigh every small one otherwise."""
LOWEST = 1e-300


def cauchy_combination(p_values: npt.ArrayLike, weights: npt.ArrayLike) -> float:
    """Return one p-value of several that may depend on each other in any way, accurate where it is small.

    Tangents of the p-values have heavy tails, so that their sum's tail hardly knows how they depend on each other. A
    test with weight w that alone sees something counts as with Bonferroni's p / w; several that agree count more.

    Parameters
    ----------
    p_values, weights
        Shape ``(k,)``; the weights are positive and need not sum to one.

    References
    ----------
    Liu & Xie (2020), Cauchy Combination Test, JASA 115.

    Examples
    --------
    >>> round(cauchy_combination([0.001, 0.9], [1, 1]), 4), round(cauchy_combination([0.01, 0.01], [1, 1]), 4)
    (0.002, 0.01)
    """
    p = np.clip(np.asarray(p_values, dtype=np.float64), LOWEST, HIGHEST)
    share = np.asarray(weights, dtype=np.float64)
    share = share / share.sum()
    # tan((1/2 - p) π) = 1 / tan(p π), which is 1 / (p π) without the digits that 1/2 - p would cost
    with np.errstate(over="ignore"):
        total = float(np.sum(share / np.tan(p * np.pi)))
    if not np.isfinite(total) or total > 1e10:
        return float(min(1.0, 1 / np.sum(share / p)))
    return float(np.arctan2(1.0, total) / np.pi)


def benjamini_hochberg(p_values: npt.ArrayLike) -> Floats:
    """Return q-values: the false-discovery rate at which each of the tests just holds.

    References
    ----------
    Benjamini & Hochberg (1995); whether any holds at rate α is Simes's test (1986), of size α where tests are
    independent or positively dependent.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.02, 0.9]).tolist()
    [0.03, 0.03, 0.9]
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    stepped = p[order] * len(p) / np.arange(1, len(p) + 1)
    q = np.empty_like(p)
    q[order] = np.minimum(1.0, np.minimum.accumulate(stepped[::-1])[::-1])
    return q

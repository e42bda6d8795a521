"""Ridge regression for many penalties at once, from one eigendecomposition, and exactly what leaving rows out does.

With an intercept that is not penalised, centred features ``Z`` and targets ``Y`` the fit is ``H Y`` with
``H = 11ᵀ/n + Z (Zᵀ Z + λ I)⁻¹ Zᵀ``. The residual of a row in a fit without it is its residual over ``1 - Hᵢᵢ`` (PRESS:
Allen 1974), that of a group of rows in a fit without the group ``(I - H_gg)⁻¹`` times its residuals: no refit is
needed. Weighted rows are the same with rows times the roots of their weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

PENALTIES = np.geomspace(1e-6, 1e4, 31)
"""Times the mean eigenvalue: from next to nothing to hardly any fit, three a decade; one between costs nothing that
shows."""
NEGLIGIBLE = 1e-10
"""Of the largest eigenvalue: what is smaller is rounding."""


@dataclass(frozen=True, eq=False)
class Ridge:
    """Centred features, decomposed.

    Attributes
    ----------
    left
        Left singular vectors of the weighted centred features, shape ``(n, r)``.
    squared
        Eigenvalues, squares of the singular values, shape ``(r,)``, positive.
    roots
        Roots of the rows' weights, shape ``(n,)``, their squares of mean one.
    """

    left: Floats
    squared: Floats
    roots: Floats

    @property
    def penalties(self) -> Floats:
        """The grid of penalties in the unit of these features, increasing."""
        return np.asarray(PENALTIES * self.squared.mean())

    def of(self, targets: Floats) -> Regressed:
        """Return the regression of targets ``(n, k)`` on the features, for any penalty."""
        mean = self.roots**2 @ targets / len(targets)
        return Regressed(self, targets, mean, self.left.T @ (self.roots[:, None] * (targets - mean)))

    @cached_property
    def _left_squared(self) -> Floats:
        return np.asarray(self.left**2)

    def hat(self, penalty: float) -> Floats:
        """Return the diagonal of the hat matrix, shape ``(n,)``."""
        return np.asarray(self.roots**2 / len(self.roots) + self._left_squared @ self.kept(penalty))

    def kept(self, penalty: float) -> Floats:
        """Return the share of every direction that the penalty keeps, shape ``(r,)``."""
        return np.asarray(self.squared / (self.squared + penalty))

    def degrees(self, penalty: float) -> float:
        """Return the effective degrees of freedom, the intercept among them: the trace of the hat matrix."""
        return 1.0 + float(self.kept(penalty).sum())


@dataclass(frozen=True, eq=False)
class Regressed:
    """Targets regressed on decomposed features, for any penalty.

    Attributes
    ----------
    ridge
        The features.
    targets
        Shape ``(n, k)``.
    mean
        Their weighted mean, shape ``(k,)``: the intercept at the mean of the features.
    basis
        The centred targets in the basis of the left singular vectors, shape ``(r, k)``.
    """

    ridge: Ridge
    targets: Floats
    mean: Floats
    basis: Floats

    def slopes(self, centred: Floats, penalty: float) -> Floats:
        """Return the coefficients of the centred features that were decomposed, shape ``(d, k)``."""
        shrunk = self.basis / (self.ridge.squared + penalty)[:, None]
        return np.asarray(centred.T @ (self.ridge.roots[:, None] * (self.ridge.left @ shrunk)))

    def fitted(self, penalty: float) -> Floats:
        """Return what the fit says of its own rows, shape ``(n, k)``."""
        weighted = self.ridge.left @ (self.ridge.kept(penalty)[:, None] * self.basis)
        return np.asarray(self.mean + weighted / self.ridge.roots[:, None])

    def left_out(self, penalty: float, groups: Ints | None = None) -> Floats:
        """Return what a fit without a row, or without its group, says of the row, shape ``(n, k)``.

        Parameters
        ----------
        penalty
            In the unit of these features, positive.
        groups
            Codes of the groups from 0, shape ``(n,)``; at least two.
        """
        roots, left = self.ridge.roots, self.ridge.left
        residual = roots[:, None] * (self.targets - self.fitted(penalty))
        if groups is None:
            residual = residual / (1 - self.ridge.hat(penalty))[:, None]
        else:
            kept = self.ridge.kept(penalty)
            for rows in blocks(groups):
                basis, own = left[rows], roots[rows]
                hat = (basis * kept) @ basis.transpose(0, 2, 1) + own[:, :, None] * own[:, None, :] / len(roots)
                residual[rows] = np.linalg.solve(np.eye(rows.shape[1]) - hat, residual[rows])
        return np.asarray(self.targets - residual / roots[:, None])

    def mean_shift(self, groups: Ints | None = None) -> Floats:
        """Return by how much the mean of the targets moves as a row, or its group, comes in, shape ``(n, k)``."""
        weights = self.ridge.roots**2
        moment = weights[:, None] * (self.targets - self.mean)
        if groups is not None:
            summed = np.zeros((int(groups.max()) + 1, moment.shape[1]))
            np.add.at(summed, groups, moment)
            moment, weights = summed[groups], np.asarray(np.bincount(groups, weights)[groups], dtype=np.float64)
        return np.asarray(moment / (len(self.targets) - weights)[:, None])


def blocks(groups: Ints) -> Iterator[Ints]:
    """Give the rows of the groups, groups of one size together, shape ``(groups of that size, size)``."""
    order = np.argsort(groups, kind="stable")
    sizes = np.bincount(groups)
    starts = np.cumsum(sizes) - sizes
    for size in np.unique(sizes[sizes > 0]):
        yield np.asarray(order[starts[sizes == size][:, None] + np.arange(size)], dtype=np.int64)


def decomposed(centred: Floats, roots: Floats) -> Ridge:
    """Decompose features by the smaller of their two Gram matrices.

    Parameters
    ----------
    centred
        Shape ``(n, d)``, of weighted mean zero in every column; not all zero.
    roots
        Roots of the rows' weights, shape ``(n,)``.
    """
    weighted = centred * roots[:, None]
    n, d = weighted.shape
    if n <= d:
        squared, left = np.linalg.eigh(weighted @ weighted.T)
        real = squared > NEGLIGIBLE * squared[-1]
        squared, left = squared[real], left[:, real]
    else:
        squared, right = np.linalg.eigh(weighted.T @ weighted)
        real = squared > NEGLIGIBLE * squared[-1]
        squared = squared[real]
        left = weighted @ (right[:, real] / np.sqrt(squared))
    return Ridge(left, squared, roots)

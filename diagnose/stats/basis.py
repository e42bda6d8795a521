"""The coordinates in which vectors of two samples are compared: standardised, and along principal directions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Singles = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

DIRECTIONS = 32
"""Principal directions whose squares and products are compared: 528 of them."""
MOST_DIMENSIONS = 512
"""More are projected at random to as many, which keeps distances to about 1/√512 = 4 %."""
BASIS_ROWS = 2560
"""Of either sample, of which the basis is made: five for each of 512 directions."""
BLOCK = 1024
"""Rows at a time, so that memory does not grow with them."""
WINSOR = 3.0
"""Standard deviations beyond which a principal coordinate counts as this many: products of outliers are outliers."""


@dataclass(frozen=True, eq=False)
class Basis:
    """Made of rows pooled without regard to their sample, so that it favours none.

    Attributes
    ----------
    mean, scale
        Shape ``(d,)``; the scale of a constant coordinate is infinite, so that it vanishes.
    projection
        Shape ``(d, k)``, or None where ``k = d``.
    values, vectors
        Shape ``(k,)`` and ``(k, k)``: variances, rising, along principal directions of the standardised coordinates.
    centre, spread
        Shape ``(pairs,)``: mean and standard deviation of the products of principal coordinates.
    usual, unusual
        Shape ``(2,)``: mean and standard deviation of a row's sum and length, standardised.
    """

    mean: Singles
    scale: Singles
    projection: Singles | None
    values: Floats
    vectors: Singles
    centre: Singles
    spread: Singles
    usual: Singles
    unusual: Singles

    def standard(self, rows: Singles) -> Singles:
        """Return standardised coordinates, shape ``(n, k)``."""
        scaled = (rows - self.mean) / self.scale
        return np.asarray(scaled if self.projection is None else scaled @ self.projection, np.float32)

    def principal(self, standard: Singles, most: int = DIRECTIONS) -> Singles:
        """Return the strongest principal coordinates, shape ``(n, up to most)``, of unit variance, winsorised."""
        kept = _kept(self.values, most)
        scaled = self.vectors[:, kept] / np.sqrt(self.values[kept]).astype(np.float32)
        return np.clip(standard @ scaled, -WINSOR, WINSOR)

    def products(self, principal: Singles) -> Singles:
        """Return standardised squares and products of principal coordinates, shape ``(n, pairs)``."""
        return (_pairs(principal) - self.centre) / self.spread

    def overall(self, rows: Singles, standard: Singles) -> Singles:
        """Return how unusual the sum of a row's standardised coordinates and its length are, shape ``(n, 2)``.

        An offset or a scale that all coordinates share is what a changed preprocessing does.
        """
        totals = _totals(rows - self.mean, self.scale, standard)
        return np.asarray(np.clip((totals - self.usual) / self.unusual, -WINSOR, WINSOR))


def shared_basis(first: Singles, second: Singles, rng: np.random.Generator) -> Basis:
    """Return the basis of rows drawn from two samples, shape ``(n, d)`` and ``(m, d)``."""
    some = [np.sort(rng.permutation(len(sample))[:BASIS_ROWS]) for sample in (first, second)]
    return basis_of(np.concatenate([first[some[0]], second[some[1]]]), rng)


def blocks(rows: Rows) -> Iterator[Rows]:
    """Yield row numbers, some at a time."""
    yield from np.array_split(rows, max(-(-len(rows) // BLOCK), 1))


def basis_of(rows: Singles, rng: np.random.Generator) -> Basis:
    """Return the basis of pooled rows, shape ``(n, d)``; ``rng`` draws the projection of many dimensions."""
    mean = rows.mean(0, dtype=np.float64).astype(np.float32)
    scale = _or_infinite(np.sqrt(np.mean([((part - mean) ** 2).mean(0) for part in np.array_split(rows, 8)], axis=0)))
    d = rows.shape[1]
    projection = None
    if d > MOST_DIMENSIONS:
        projection = rng.standard_normal((d, MOST_DIMENSIONS), dtype=np.float32) / np.float32(np.sqrt(MOST_DIMENSIONS))
    first = Basis(mean, scale, projection, *_nothing())
    standard = first.standard(rows)
    values, vectors = np.linalg.eigh((standard.T @ standard / np.float32(len(rows))).astype(np.float64))
    second = Basis(mean, scale, projection, np.maximum(values, 0), vectors.astype(np.float32), *_nothing()[2:])
    pairs, totals = _pairs(second.principal(standard)), _totals(rows - mean, scale, standard)
    return Basis(
        mean,
        scale,
        projection,
        second.values,
        second.vectors,
        pairs.mean(0),
        _or_infinite(pairs.std(0, dtype=np.float64)),
        totals.mean(0),
        _or_infinite(totals.std(0, dtype=np.float64)),
    )


def _kept(values: Floats, most: int) -> npt.NDArray[np.intp]:
    strongest = np.argsort(-values, kind="stable")[:most]
    return np.asarray(strongest[values[strongest] > 1e-6 * values.max(initial=1e-12)])


def _pairs(principal: Singles) -> Singles:
    one, other = np.triu_indices(principal.shape[1])
    return np.asarray(principal[:, one] * principal[:, other])


def _totals(centred: Singles, scale: Singles, standard: Singles) -> Singles:
    return np.column_stack([centred @ (1 / scale), np.linalg.norm(standard, axis=1)]).astype(np.float32)


def _or_infinite(spread: Floats) -> Singles:
    return np.where(spread > 1e-12, spread, np.inf).astype(np.float32)


def _nothing() -> tuple[Floats, Singles, Singles, Singles, Singles, Singles]:
    empty = np.empty(0, np.float32)
    return np.empty(0), empty, empty, empty, empty, empty

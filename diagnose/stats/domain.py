"""Can a classifier tell two samples of vectors apart? A cross-fitted discriminant on squares and random features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from diagnose.stats.auc import auc
from diagnose.stats.basis import Basis, Rows, blocks, shared_basis
from diagnose.stats.kernels import Singles, fourier_features, fourier_weights, median_square

Floats = npt.NDArray[np.float64]

FOLDS = 5
MOST_ROWS = 20_000
"""Of either sample; the rows that moved most are looked for among these."""
COORDINATES, FREQUENCIES = 64, 64
"""Principal coordinates, their squares, and twice as many random features: 256 weights, fitted in 0.1 s."""
RIDGE = 0.01
"""Share of the mean variance that is added to each feature's: what 100 rows a feature leave uncertain."""
CROSSED = np.sqrt(2)
"""Folds that fit on each other's rows agree too well: a pair of rows counts twice, in the fit of the one and in the
score of the other. For a linear discriminant of two equal populations the variance is exactly twice what independent
folds would have; with any difference between them it is less."""


@dataclass(frozen=True, eq=False)
class Domain:
    """What the classifier says.

    Attributes
    ----------
    area, low, high
        Area under the ROC curve on rows that it was not fitted to, with 95 % interval.
    rows
        Numbers of the second sample's rows that were scored, shape ``(k,)``.
    scores
        Their scores in standard deviations of the first sample's, from its mean; shape ``(k,)``.
    """

    area: float
    low: float
    high: float
    rows: Rows
    scores: Floats


def classify(first: Singles, second: Singles, rng: np.random.Generator, basis: Basis | None = None) -> Domain:
    """Fit on four fifths of both samples, score the rest, five times.

    Parameters
    ----------
    first, second
        Shape ``(n, d)`` and ``(m, d)``, finite; ten rows at least.
    rng
        Draws folds and random features.
    basis
        Coordinates of these samples, where they are there already.
    """
    rows = [rng.permutation(len(sample))[:MOST_ROWS] for sample in (first, second)]
    extract = _extractor(
        basis or shared_basis(first, second, rng), np.concatenate([first[rows[0][:500]], second[rows[1][:500]]]), rng
    )
    folds = [[np.array_split(r, FOLDS)[k] for r in rows] for k in range(FOLDS)]
    moments = [_moments(first, second, fold, extract) for fold in folds]
    whole = sum(moments[1:], moments[0])
    areas, scored = [], []
    for fold, own in zip(folds, moments, strict=True):
        weights = (whole - own).discriminant()
        one, other = (_scores(sample, r, extract, weights) for sample, r in zip((first, second), fold, strict=True))
        areas.append(auc(np.concatenate([one, other]), np.arange(len(one) + len(other)) >= len(one)))
        scored.append((other - one.mean()) / max(float(one.std()), 1e-12))
    area = float(np.mean([a for a, _ in areas]))
    error = float(np.sqrt(np.sum([e**2 for _, e in areas]))) / FOLDS * CROSSED
    low, high = max(area - 1.96 * error, 0.0), min(area + 1.96 * error, 1.0)
    return Domain(area, low, high, np.concatenate([fold[1] for fold in folds]), np.concatenate(scored))


@dataclass(frozen=True, eq=False)
class _Moments:
    counts: Floats
    sums: Floats
    products: Floats

    def __add__(self, other: _Moments) -> _Moments:
        return _Moments(self.counts + other.counts, self.sums + other.sums, self.products + other.products)

    def __sub__(self, other: _Moments) -> _Moments:
        return _Moments(self.counts - other.counts, self.sums - other.sums, self.products - other.products)

    def discriminant(self) -> Singles:
        means = self.sums / self.counts[:, None]
        total = self.counts.sum()
        covariance = self.products / total - (means.T * self.counts / total) @ means
        covariance[np.diag_indices_from(covariance)] += RIDGE * np.trace(covariance) / len(covariance) + 1e-9
        return np.asarray(np.linalg.solve(covariance, means[1] - means[0]), np.float32)


def _moments(first: Singles, second: Singles, fold: list[Rows], extract: _Extractor) -> _Moments:
    found: _Moments | None = None
    for place, (sample, rows) in enumerate(zip((first, second), fold, strict=True)):
        for block in blocks(rows):
            features = extract(sample[block])
            counts, sums = np.zeros(2), np.zeros((2, features.shape[1]))
            counts[place], sums[place] = len(features), features.sum(0, dtype=np.float64)
            part = _Moments(counts, sums, (features.T @ features).astype(np.float64))
            found = part if found is None else found + part
    assert found is not None
    return found


@dataclass(frozen=True, eq=False)
class _Extractor:
    basis: Basis
    weights: Singles

    def __call__(self, rows: Singles) -> Singles:
        principal = self.basis.principal(self.basis.standard(rows), COORDINATES)
        return np.concatenate([principal, principal**2 - 1, 3 * fourier_features(principal, self.weights)], axis=1)


def _extractor(basis: Basis, rows: Singles, rng: np.random.Generator) -> _Extractor:
    principal = basis.principal(basis.standard(rows), COORDINATES)
    return _Extractor(basis, fourier_weights(principal.shape[1], FREQUENCIES, median_square(principal, rng), rng))


def _scores(sample: Singles, rows: Rows, extract: _Extractor, weights: Singles) -> Floats:
    return np.concatenate([extract(sample[block]) @ weights for block in blocks(rows)]).astype(np.float64)

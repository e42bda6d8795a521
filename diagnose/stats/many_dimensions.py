"""Are two samples in many dimensions from one population? One exact test of means, spreads, directions and kernels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from diagnose.stats.basis import BLOCK, Basis, Rows, shared_basis
from diagnose.stats.kernels import (
    Singles,
    fourier_features,
    fourier_weights,
    gaussian,
    median_square,
    squared_distances,
)
from diagnose.stats.relabelling import Statistic, labellings, largest_of, of_products, together

Features = Callable[[Singles], Singles]

RELABELLINGS = 200
"""Random labels: a p-value of 5 % is then known to ± 1.5 % of itself at worst, and 1 in 201 is the smallest."""
MOST_ROWS = 20_000
"""Of either sample: a mean difference of 0.05 standard deviations in one direction is found at that size."""
EXACT = 3000
"""Rows of both samples up to which kernels are exact: their matrix then holds 36 MB."""
Z95 = 1.6449
FREQUENCIES = 256
"""Of random features, two each: more cost time in proportion, and kernels matter most where rows are few."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """What the test says.

    Attributes
    ----------
    n, m
        Rows of either sample that were compared: drawn at random where there are more than ``MOST_ROWS``.
    p
        P-value of all statistics together: exact, from the tail of random labels where it is below 1 in 201.
    statistics
        Each by itself.
    leading
        Name of the one that stands out most.
    effect, low
        Standardised difference of the means of the leading statistic's best feature (Cohen's d), and its lower 90 %
        bound; both are lower bounds of what the best feature of all would show.
    detectable
        Effect of the leading kind that would have been found with 95 % power at this size.
    """

    n: int
    m: int
    p: float
    statistics: tuple[Statistic, ...]
    leading: str
    effect: float
    low: float
    detectable: float


def compare_rows(
    first: Singles, second: Singles, rng: np.random.Generator, *, basis: Basis | None = None, most: int = MOST_ROWS
) -> Comparison:
    """Test whether two samples of vectors come from one population.

    *Mean*: of all coordinates, as they are and along principal directions. *Relations*: squares and products of the 32
    strongest, all of them and the one that differs most; a group of few rows that lies far out is one direction, and
    vanishes among all. *Overall*: sum and length of each row. *Kernels*: maximum mean discrepancy at several
    bandwidths, and energy distance where rows are few enough for exact ones. Coordinates are standardised first;
    nothing depends on their units.

    Parameters
    ----------
    first, second
        Shape ``(n, d)`` and ``(m, d)``, finite, two rows at least.
    rng
        Draws rows, labels and random features.
    basis
        Coordinates of these samples, where they are there already.
    most
        Rows of either sample that are compared.
    """
    rows = [_drawn(len(sample), most, rng) for sample in (first, second)]
    n, m = len(rows[0]), len(rows[1])
    basis = basis or shared_basis(first, second, rng)
    if n + m <= EXACT:
        statistics = _exact(basis, np.concatenate([first[rows[0]], second[rows[1]]]), n, rng)
    else:
        statistics = _streamed(basis, first, second, rows, rng)
    joined = together(statistics)
    effect, low = joined.leading.effect
    noise = float(joined.leading.relabelled.std()) / joined.leading.largest if joined.leading.largest > 0 else 0.0
    found = 2 * Z95 * noise  # this statistic's 5 % point, and 95 % of what scatters around an effect beyond it
    return Comparison(n, m, joined.p, statistics, joined.leading.name, *np.sqrt([effect, low, found]).tolist())


def _exact(basis: Basis, rows: Singles, n: int, rng: np.random.Generator) -> tuple[Statistic, ...]:
    m = len(rows) - n
    standard = basis.standard(rows)
    weights = _weights(n, m, n, m, rng)
    principal = basis.principal(standard)
    relations = weights @ basis.products(principal)
    found = [
        *_means(basis, weights @ standard, n, m),
        _products("relations", relations, n, m),
        largest_of("strongest relation", relations, n, m),
        _products("overall", weights @ basis.overall(rows, standard), n, m),
    ]
    squares = squared_distances(standard)
    near = squared_distances(principal)
    scale, near_scale = median_square(standard, rng), median_square(principal, rng)
    for name, kernel in (
        ("kernel", gaussian(squares, scale)),
        ("narrow kernel", gaussian(squares, scale / 4)),
        ("kernel of principal directions", gaussian(near, near_scale)),
        ("energy", -np.sqrt(squares)),
    ):
        found.append(of_products(name, weights @ kernel @ weights.T, n, m))
    return tuple(found)


def _streamed(
    basis: Basis, first: Singles, second: Singles, rows: list[Rows], rng: np.random.Generator
) -> tuple[Statistic, ...]:
    n, m = len(rows[0]), len(rows[1])
    features = _kernels(basis, first, second, rows, rng)
    sums: dict[str, Singles] = {}
    for one, other in _blocks(*rows):
        raw = np.concatenate([first[one], second[other]])
        standard = basis.standard(raw)
        weights = _weights(len(one), len(other), n, m, rng)
        principal = basis.principal(standard)
        parts = {
            "mean": standard,
            "relations": basis.products(principal),
            "overall": basis.overall(raw, standard),
        }
        parts |= {name: make(principal if "principal" in name else standard) for name, make in features.items()}
        for name, part in parts.items():
            sums[name] = sums.get(name, np.float32(0)) + weights @ part
    found = [
        *_means(basis, sums.pop("mean"), n, m),
        largest_of("strongest relation", sums["relations"], n, m),
    ]
    found += [_products(name, differences, n, m) for name, differences in sums.items()]
    return tuple(found)


def _kernels(
    basis: Basis, first: Singles, second: Singles, rows: list[Rows], rng: np.random.Generator
) -> dict[str, Features]:
    standard = basis.standard(np.concatenate([first[rows[0][:500]], second[rows[1][:500]]]))
    principal = basis.principal(standard)
    scale, near_scale = median_square(standard, rng), median_square(principal, rng)

    def features(rows_: Singles, square: float) -> Features:
        weights = fourier_weights(rows_.shape[1], FREQUENCIES, square, rng)
        return lambda block: fourier_features(block, weights)

    return {
        "kernel": features(standard, scale),
        "kernel of principal directions": features(principal, near_scale),
        "narrow kernel of principal directions": features(principal, near_scale / 4),
    }


def _means(basis: Basis, differences: Singles, n: int, m: int) -> Iterator[Statistic]:
    yield _products("mean", differences, n, m)
    turned = differences @ basis.vectors
    for name, ridge in (
        ("mean, principal directions", basis.values.mean()),
        ("mean, all directions", 0.01 * basis.values[-1]),
    ):
        yield _products(name, turned / np.sqrt(basis.values + max(ridge, 1e-12)).astype(np.float32), n, m)


def _products(name: str, differences: Singles, n: int, m: int) -> Statistic:
    return of_products(name, differences @ differences.T, n, m)


def _weights(first: int, second: int, n: int, m: int, rng: np.random.Generator) -> Singles:
    labels = labellings(first, second, RELABELLINGS, rng)
    return np.where(labels, np.float32(1 / n), np.float32(-1 / m))


def _drawn(n: int, most: int, rng: np.random.Generator) -> Rows:
    """Rows in random order: labels are exchanged within blocks, and sorted rows would make these differ."""
    return rng.permutation(n)[:most]


def _blocks(*rows: Rows) -> Iterator[tuple[Rows, ...]]:
    count = -(-sum(map(len, rows)) // BLOCK)
    yield from zip(*(np.array_split(r, count) for r in rows), strict=True)

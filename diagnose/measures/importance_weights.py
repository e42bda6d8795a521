"""Weights of training rows under which they resemble the validation rows, and how many rows then count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from diagnose.data import Kind, Split, SplitName
from diagnose.errors import NotEnoughEvidence
from diagnose.measures.input_matrix import input_matrix
from diagnose.stats.tilting import Tilt, tilted

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

FIT_ROWS = 20_000
"""Of either side: their means are known to a hundredth of a standard deviation."""
COLUMNS = 40
"""Columns of numbers whose means (and squares) are brought together, those that differ most first."""
ROWS_A_FEATURE = 25
"""Training rows for each mean that is brought together; fewer are fitted by heart."""
LEAST_ROWS = 100
BLOCK = 65_536
WINSOR = 0.005
"""Share of the rows at either end whose distance from the middle counts as that of the last row within."""


@dataclass(frozen=True, eq=False)
class ImportanceWeights:
    """A log-linear classifier of training against validation rows, as weights of the training rows.

    Attributes
    ----------
    split
        The held-out split.
    n
        Training rows.
    effective
        How many equally weighted rows tell as much (Kish).
    before, after
        Largest difference of a column's mean, in standard deviations of the training rows: as they are, and weighted.
    worst
        The column of ``before``.
    columns
        Names of the columns whose means were brought together.
    outside
        Share of the held-out rows of categories that training lacks; the others are what is weighed towards.
    recipe, tilt
        How a row's features are made, and their coefficients.
    seed
        Of the rows that the fit saw, where there are more.
    """

    split: SplitName
    n: int
    effective: float
    before: float
    after: float
    worst: str
    columns: tuple[str, ...]
    outside: float
    recipe: Recipe
    tilt: Tilt
    seed: int

    @property
    def share(self) -> float:
        """Of the training rows, that count."""
        return self.effective / self.n

    def of_rows(self, train: Split, held: Split) -> Floats:
        """Return a weight for each training row, shape ``(n,)``, of mean 1."""
        blocks = [self.recipe.features(part) for part in _blocks(train, held, self.seed)]
        weights = np.concatenate([self.tilt.weights(features) for features in blocks])
        return np.asarray(weights / weights.mean())


@dataclass(frozen=True, eq=False)
class Recipe:
    """From a matrix of inputs to features: standardised columns, then the squares of numbers, bounded at either end."""

    chosen: npt.NDArray[np.intp]
    middle: Floats
    spread: Floats
    low: Floats
    high: Floats
    squared: npt.NDArray[np.bool_]

    def features(self, matrix: Floats) -> Floats:
        """Return the features of rows, shape ``(n, d)``."""
        values = matrix[:, self.chosen]
        scores = (values - self.middle) / self.spread
        bounded = ((np.clip(values, self.low, self.high) - self.middle) / self.spread)[:, self.squared]
        return np.concatenate([scores, bounded**2 - 1], axis=1)


def _recipe(matrix: Floats, chosen: npt.NDArray[np.intp]) -> Recipe:
    values = matrix[:, chosen]
    low, high = np.quantile(values, [WINSOR, 1 - WINSOR], axis=0)
    squared = np.array([len(np.unique(values[:, k])) > 2 for k in range(len(chosen))])
    return Recipe(chosen, values.mean(0), values.std(0), low, high, squared)


def importance_weights(train_split: Split, held_out: tuple[Split, ...], seed: int) -> ImportanceWeights:
    """Weigh the training rows towards those of the first held-out split.

    Means of the columns are brought together, and mean squares of numbers too, so that places and spreads agree. What
    only a combination of columns shows stays as it is.
    """
    held = held_out[0]
    if min(train_split.n, held.n) < LEAST_ROWS:
        raise NotEnoughEvidence(f"a split has fewer than {LEAST_ROWS} rows", f"give {LEAST_ROWS} rows of each")
    rows = [_drawn(split.n, seed) for split in (train_split, held)]
    known = ~_unknown(train_split, held)[rows[1]]
    if int(known.sum()) < LEAST_ROWS:
        raise NotEnoughEvidence(f"fewer than {LEAST_ROWS} held-out rows are of categories that training knows")
    rows[1] = rows[1][known]
    matrix = input_matrix((train_split, held), rows)
    first, second = matrix.parts
    chosen, before = _chosen(first, second)
    if not len(chosen):
        raise NotEnoughEvidence("no column of numbers or categories varies on both sides", "give the input columns")
    recipe = _recipe(first, chosen)
    tilt = tilted(recipe.features(first), recipe.features(second).mean(0))
    names = tuple(dict.fromkeys(matrix.sources[k] for k in chosen.tolist()))
    after = float(np.abs(tilt.left[: len(chosen)]).max())
    return ImportanceWeights(
        held.name, train_split.n, tilt.effective * train_split.n, float(before[0]), after,
        matrix.sources[int(chosen[0])], names, float(1 - known.mean()), recipe, tilt, seed,
    )  # fmt: skip


def _unknown(train: Split, held: Split) -> npt.NDArray[np.bool_]:
    """Return which held-out rows are of a category that no training row has: no weight makes up for it."""
    unknown = np.zeros(held.n, np.bool_)
    for column in train.of_kind(Kind.CATEGORY):
        other = held.column(column.name)
        if other is not None and other.kind is Kind.CATEGORY:
            counts = np.bincount(column.values[column.values >= 0], minlength=len(column.levels))
            there = {level for level, count in zip(column.levels, counts.tolist(), strict=False) if count}
            new = np.array([*(level not in there for level in other.levels), False])
            unknown |= new[other.values]  # code -1 is the last
    return unknown


def _drawn(n: int, seed: int) -> Rows:
    if n <= FIT_ROWS:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, FIT_ROWS, replace=False))


def _chosen(first: Floats, second: Floats) -> tuple[npt.NDArray[np.intp], Floats]:
    """Return the columns that vary, those first whose means differ most in standard deviations of training."""
    spread = first.std(0)
    varies = np.flatnonzero(spread > 1e-12 * (1 + np.abs(first.mean(0))))
    apart = np.abs(second[:, varies].mean(0) - first[:, varies].mean(0)) / spread[varies]
    order = np.argsort(-apart, kind="stable")[: max(1, min(COLUMNS, len(first) // (2 * ROWS_A_FEATURE)))]
    return varies[order], apart[order]


def _blocks(train: Split, held: Split, seed: int) -> Iterator[Floats]:
    """Yield all training rows as matrices of the columns that the fit saw, in the same order."""
    fitted, none = _drawn(train.n, seed), np.zeros(0, np.int64)
    for start in range(0, train.n, BLOCK):
        block = np.arange(start, min(start + BLOCK, train.n))
        yield input_matrix((train, train, held), [fitted, block, none]).parts[1]

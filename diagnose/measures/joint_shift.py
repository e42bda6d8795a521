"""Whether rows of training and held-out tables come from one population, all columns taken together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from diagnose.data import Split, SplitName
from diagnose.errors import NotEnoughEvidence
from diagnose.measures.coded import Coded, coded
from diagnose.stats.classifier import Told, carriers, tell_apart
from diagnose.stats.directions import distance
from diagnose.stats.kolmogorov import ks_p_value
from diagnose.stats.many_dimensions import Comparison, compare_rows
from diagnose.stats.relations import Relations, relations

Floats = npt.NDArray[np.float64]

LEAST_ROWS = 100
"""Of either split: a leaf of the trees holds fifty."""
TESTS = 3
"""Kernels and means, trees, correlations: each may spend a third of the error rate."""
MARGIN_RATE = 0.05
"""Error rate at which the columns, each by itself, count as moved."""
WORTH_ASKING = 0.05
"""What carries a difference is worked out where the trees' p-value is below."""


@dataclass(frozen=True)
class Pair:
    """Two columns whose correlation changed: in training, in the split, and by how much at least."""

    names: tuple[str, str]
    first: float
    second: float
    low: float


@dataclass(frozen=True, eq=False)
class JointShift:
    """One held-out table against the training table.

    Attributes
    ----------
    split
        Which split.
    n, m, of_n, of_m
        Rows that were compared, and rows there are.
    columns
        How many columns.
    p
        Of one population: three tests, corrected for their number (Bonferroni).
    p_rows, p_trees, p_relations
        The three: `compare_rows` of scores, `tell_apart`, `relations`.
    rows, told
        What the first two gave.
    pairs
        Correlations that changed, the surest first.
    smallest_change
        Change of a correlation near 0 that would have been found with 95 % power.
    moved
        Columns that differ by themselves (Kolmogorov-Smirnov of their scores, Bonferroni).
    carriers
        Columns by the share of the trees' effect that they carry, the largest first.
    """

    split: SplitName
    n: int
    m: int
    of_n: int
    of_m: int
    columns: int
    p: float
    p_rows: float
    p_trees: float
    p_relations: float
    rows: Comparison
    told: Told
    pairs: tuple[Pair, ...]
    smallest_change: float
    moved: tuple[str, ...]
    carriers: tuple[tuple[str, float], ...]


def joint_shifts(train_split: Split, held_out: tuple[Split, ...], seed: int) -> tuple[JointShift, ...]:
    """Compare every held-out table with the training table, all columns together."""
    smallest = min(split.n for split in (train_split, *held_out))
    if smallest < LEAST_ROWS:
        raise NotEnoughEvidence(f"a split has {smallest} rows; columns together need {LEAST_ROWS}", "give more rows")
    return tuple(_compared(train_split, split, seed + i) for i, split in enumerate(held_out))


def _compared(train: Split, held: Split, seed: int) -> JointShift:
    rng = np.random.default_rng([seed, 115])
    table = coded(train, held, rng)
    n, m = len(table.first), len(table.second)
    rows = compare_rows(table.scores_first.astype(np.float32), table.scores_second.astype(np.float32), rng)
    told = tell_apart(table.first, table.second, table.categorical, rng)
    related = relations(table.own_first, table.own_second, np.not_equal.outer(table.sources, table.sources))
    tests = (rows.p, told.p, related.p)
    return JointShift(
        held.name, n, m, train.n, held.n, len(table.names), min(1.0, TESTS * min(tests)), *tests,
        rows, told, _pairs(table, related), _smallest_change(n, m, len(table.labels)),
        _moved(table), _carriers(table, told, rng) if told.p <= WORTH_ASKING else (),
    )  # fmt: skip


def _pairs(table: Coded, related: Relations) -> tuple[Pair, ...]:
    return tuple(
        Pair((table.labels[i], table.labels[j]), float(related.first[i, j]), float(related.second[i, j]), low)
        for i, j, low in related.changed(MARGIN_RATE)
    )


def _smallest_change(n: int, m: int, columns: int) -> float:
    from scipy.special import ndtri  # noqa: PLC0415

    tried = max(columns * (columns - 1) // 2, 1)
    return float((ndtri(0.95) - ndtri(MARGIN_RATE / TESTS / 2 / tried)) * np.sqrt(1 / n + 1 / m))


def _moved(table: Coded) -> tuple[str, ...]:
    n, m, tried = len(table.first), len(table.second), len(table.labels)
    found: dict[str, float] = {}
    for k, source in enumerate(table.sources):
        apart = distance(table.scores_first[:, k], table.scores_second[:, k])
        if tried * ks_p_value(apart, n, m) <= MARGIN_RATE:
            found[table.names[source]] = max(apart, found.get(table.names[source], 0.0))
    return tuple(sorted(found, key=lambda name: -found[name]))


def _carriers(table: Coded, told: Told, rng: np.random.Generator) -> tuple[tuple[str, float], ...]:
    shares = carriers(told, table.first, table.second, rng)
    order = np.argsort(-shares, kind="stable")
    return tuple((table.names[i], float(shares[i])) for i in order if shares[i] > 0)

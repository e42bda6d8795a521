"""Whether rows of training and held-out tables come from one population, all columns taken together."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from diagnose.data import Split, SplitName
from diagnose.errors import NotEnoughEvidence
from diagnose.measures.coded import Coded, coded
from diagnose.measures.independent_rows import IndependentRows
from diagnose.stats.classifier import Choose, Told, carriers, tell_apart
from diagnose.stats.directions import distance
from diagnose.stats.kolmogorov import ks_p_value
from diagnose.stats.many_dimensions import Comparison, compare_rows
from diagnose.stats.relations import Relations, relations
from diagnose.stats.screening import most_different

Floats = npt.NDArray[np.float64]

LEAST_ROWS = 100
"""Of either split: a leaf of the trees holds fifty."""
TESTS = 3
"""Kernels and means, trees, correlations: each may spend a third of the error rate."""
MARGIN_RATE = 0.05
"""Error rate at which the columns, each by itself, count as moved."""
TREE_COLUMNS = 64
"""Columns that trees are given, of more those that differ most by themselves among the rows that the trees are fitted
to: thirty trees of eight leaves hardly use more."""
WORTH_ASKING = 0.05
"""What carries a difference is worked out where a p-value is below."""


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
    columns, of_columns
        How many columns were compared, and how many there are.
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
        Columns that differ by themselves (Kolmogorov-Smirnov of their scores, Bonferroni), where the tables differ.
    carriers
        Columns by the share of the trees' effect that they carry, the largest first.
    said
        Which rows were compared, where not all were: ``"one row of each 'patient'"``.
    """

    split: SplitName
    n: int
    m: int
    of_n: int
    of_m: int
    columns: int
    of_columns: int
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
    said: str = ""


def joint_shifts(
    train_split: Split, held_out: tuple[Split, ...], seed: int, independent_rows: IndependentRows | None = None
) -> tuple[JointShift, ...]:
    """Compare every held-out table with the training table, all columns together; of groups one row each."""
    said = ""
    if independent_rows is not None:
        train_split, held_out, said = independent_rows.train, independent_rows.held_out, independent_rows.said
    smallest = min(split.n for split in (train_split, *held_out))
    if smallest < LEAST_ROWS:
        raise NotEnoughEvidence(f"a split has {smallest} rows; columns together need {LEAST_ROWS}", "give more rows")
    shifts = (_compared(train_split, split, seed + i) for i, split in enumerate(held_out))
    return tuple(replace(shift, said=said) for shift in shifts)


def _compared(train: Split, held: Split, seed: int) -> JointShift:
    rng = np.random.default_rng([seed, 115])
    table = coded(train, held, rng)
    n, m = len(table.first), len(table.second)
    rows = compare_rows(table.scores_first.astype(np.float32), table.scores_second.astype(np.float32), rng)
    told = tell_apart(table.first, table.second, table.categorical, rng, _choice(table))
    related = relations(table.own_first, table.own_second, np.not_equal.outer(table.sources, table.sources))
    tests = (rows.p, told.p, related.p)
    p = min(1.0, TESTS * min(tests))
    return JointShift(
        held.name, n, m, train.n, held.n, len(table.names), table.of_columns, p, *tests,
        rows, told, _pairs(table, related), _smallest_change(n, m, len(table.labels)),
        _moved(table) if p <= WORTH_ASKING else (), _carriers(table, told, rng) if told.p <= WORTH_ASKING else (),
    )  # fmt: skip


def _choice(table: Coded) -> Choose | None:
    if len(table.names) <= TREE_COLUMNS:
        return None
    scores = np.concatenate([table.scores_first, table.scores_second])
    is_second = np.arange(len(scores)) >= len(table.first)
    return lambda rows: most_different(scores[rows], is_second[rows], table.sources, TREE_COLUMNS)


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

"""Two splits of a mixed table as numbers to compare jointly: for trees, and as scores for sums of products."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from diagnose.data import Column, Kind, Split
from diagnose.errors import NotEnoughEvidence

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

MOST_ROWS = 10_000
"""Of either split, drawn at random: a corner of 2 % of the rows that is missing shows at that size."""
MOST_CELLS, FEW_ROWS = 2_000_000, 2_000
"""Numbers of either split: with more than 200 columns fewer rows are drawn, but no fewer than these, of which a mean is
known to 0.02 standard deviations. Time and memory hardly grow beyond what 200 columns take."""
MOST_SCORES = 1_000
"""Of columns, a category counted as its common levels; of more, some are drawn at random: they make a million pairs."""
MOST_LEVELS = 62
"""Categories that trees tell apart; rarer ones are one, as a leaf of fifty rows would hold several of them anyway."""
INDICATORS = 6
"""Categories whose share is a score of its own, the commonest first."""
LEAST_SHARE, LEAST_COUNT = 0.02, 20
"""Rarer events have no correlation that could be known."""


@dataclass(frozen=True, eq=False)
class Coded:
    """Drawn rows of both splits, as numbers.

    Attributes
    ----------
    names, of_columns
        The columns that both splits have, numbers and categories, and their number before some were drawn.
    first, second
        Shape ``(n, p)`` and ``(m, p)``: numbers, and codes of categories; NaN where missing.
    categorical
        Shape ``(p,)``.
    labels, sources
        Names of the scores, ``"age"`` or ``"city = Paris"``, and the column of each, shape ``(k,)``.
    scores_first, scores_second
        Shape ``(n, k)`` and ``(m, k)``: normal scores of ranks among both, events as 0 or 1.
    own_first, own_second
        The same with ranks within each split: what one column by itself did is gone.
    """

    names: tuple[str, ...]
    of_columns: int
    first: Floats
    second: Floats
    categorical: npt.NDArray[np.bool_]
    labels: tuple[str, ...]
    sources: npt.NDArray[np.intp]
    scores_first: Floats
    scores_second: Floats
    own_first: Floats
    own_second: Floats


def coded(train: Split, held: Split, rng: np.random.Generator, most: int = MOST_ROWS) -> Coded:
    """Code the columns that both splits have, of at most so many rows each, and fewer of wide tables.

    Raises
    ------
    NotEnoughEvidence
        They share fewer than two columns of numbers or categories.
    """
    pairs = [
        (column, other)
        for column in train.of_kind(Kind.NUMBER, Kind.CATEGORY)
        if (other := held.column(column.name)) is not None and other.kind is column.kind
    ]
    if len(pairs) < 2:
        raise NotEnoughEvidence(
            "the splits share fewer than two columns of numbers or categories", "give the input columns of both splits"
        )
    kept = _kept([column for column, _ in pairs], rng)
    most = min(most, max(MOST_CELLS // len(kept), FEW_ROWS))
    drawn = [np.sort(rng.permutation(split.n)[:most]) for split in (train, held)]
    raw = [_common(*pairs[k], drawn) for k in kept]
    parts = [part for place, (column, values) in enumerate(raw) for part in _scores(place, column, values)]
    return Coded(
        tuple(column.name for column, _ in raw), len(pairs),
        np.column_stack([values[0] for _, values in raw]), np.column_stack([values[1] for _, values in raw]),
        np.array([column.kind is Kind.CATEGORY for column, _ in raw]),
        tuple(part.label for part in parts), np.array([part.source for part in parts], np.intp),
        np.column_stack([part.pooled[0] for part in parts]), np.column_stack([part.pooled[1] for part in parts]),
        np.column_stack([part.own[0] for part in parts]), np.column_stack([part.own[1] for part in parts]),
    )  # fmt: skip


def _kept(columns: Sequence[Column], rng: np.random.Generator) -> list[int]:
    """All, or so many drawn at random that their scores are about as many as may be."""
    scores = np.array([1 if c.kind is Kind.NUMBER else min(max(len(c.levels), 1), INDICATORS) for c in columns])
    if scores.sum() <= MOST_SCORES:
        return list(range(len(columns)))
    order = rng.permutation(len(columns))
    return sorted(order[np.cumsum(scores[order]) <= MOST_SCORES].tolist())


@dataclass(frozen=True, eq=False)
class _Score:
    label: str
    source: int
    pooled: Sequence[Floats]
    own: Sequence[Floats]


def _common(column: Column, other: Column, drawn: list[Rows]) -> tuple[Column, list[Floats]]:
    """Values of the drawn rows; codes of categories count the commonest of both splits from 0."""
    if column.kind is Kind.NUMBER:
        return column, [c.values[rows].astype(np.float64) for c, rows in zip((column, other), drawn, strict=True)]
    levels = {level: code for code, level in enumerate(dict.fromkeys((*column.levels, *other.levels)))}
    codes = [_recoded(c, rows, levels) for c, rows in zip((column, other), drawn, strict=True)]
    counts = np.bincount(np.concatenate([c[c >= 0] for c in codes]), minlength=len(levels))
    order = np.argsort(-counts, kind="stable")
    place = np.full(len(levels) + 1, np.nan)  # the last one, -1, is what is missing
    place[order] = np.minimum(np.arange(len(order)), MOST_LEVELS)
    names = list(levels)
    common = Column(column.name, column.kind, column.values, tuple(names[i] for i in order[:MOST_LEVELS]))
    return common, [place[c] for c in codes]


def _recoded(column: Column, rows: Rows, levels: dict[str, int]) -> npt.NDArray[np.intp]:
    table = np.array([*(levels[level] for level in column.levels), -1], np.intp)
    return np.asarray(table[column.values[rows]])


def _scores(place: int, column: Column, values: list[Floats]) -> list[_Score]:
    found = [_event(f"{column.name} missing", place, [np.isnan(v) for v in values])]
    if column.kind is Kind.CATEGORY:
        few = column.levels[: 1 if len(column.levels) == 2 else INDICATORS]
        found += [_event(f"{column.name} = {level}", place, [v == i for v in values]) for i, level in enumerate(few)]
    else:
        found.append(_Score(column.name, place, *_both(*values)))
    return [score for score in found if score is not None]


def _event(label: str, place: int, happened: Sequence[npt.NDArray[np.generic]]) -> _Score | None:
    count, rows = sum(int(np.count_nonzero(h)) for h in happened), sum(map(len, happened))
    if min(count, rows - count) < max(LEAST_COUNT, LEAST_SHARE * rows):
        return None
    events = [h.astype(np.float64) for h in happened]
    return _Score(label, place, events, events)


def normal_scores(values: Floats) -> Floats:
    """Return normal quantiles of mid-ranks, 0 where missing.

    Examples
    --------
    >>> normal_scores(np.array([3.0, 1.0, np.nan, 1.0])).round(2).tolist()
    [0.97, -0.43, 0.0, -0.43]
    """
    return _both(values, values[:0])[1][0]


def _both(one: Floats, other: Floats) -> tuple[list[Floats], list[Floats]]:
    """Return normal scores of two samples, by ranks among both and by ranks within each.

    Each is sorted once: a rank among both is one's own and that among the other's, and a score is looked up.
    """
    sides = [(np.flatnonzero(~np.isnan(values)), values) for values in (one, other)]
    order = [known[np.argsort(values[known])] for known, values in sides]
    ordered = [values[rows] for rows, (_, values) in zip(order, sides, strict=True)]
    within = [_twice_mid_ranks(values) for values in ordered]
    quantiles = _quantiles(sum(map(len, ordered)))
    pooled: list[Floats] = []
    own: list[Floats] = []
    for k, (rows, (_, values)) in enumerate(zip(order, sides, strict=True)):
        theirs = ordered[1 - k]
        among = np.searchsorted(theirs, ordered[k], "left") + np.searchsorted(theirs, ordered[k], "right")
        for found, table, ranks in (
            (pooled, quantiles, within[k] + among),
            (own, _quantiles(len(rows)), within[k]),
        ):
            scores = np.zeros(len(values))
            scores[rows] = table[ranks - 1]
            found.append(scores)
    return pooled, own


def _twice_mid_ranks(ordered: Floats) -> Rows:
    """Return twice the mid-rank of each sorted value: values below and values not above."""
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(ordered)])
    ends = np.append(starts[1:], len(ordered))[: len(starts)]
    return np.repeat(starts + ends, ends - starts)


@lru_cache(maxsize=8)
def _quantiles(count: int) -> Floats:
    """Return normal quantiles of k / (2 count) for k from 1 to 2 count - 1: most columns have as many known values."""
    from scipy.special import ndtri  # noqa: PLC0415

    found = np.asarray(ndtri(np.arange(1, 2 * count) / (2 * max(count, 1))))
    found.setflags(write=False)
    return found

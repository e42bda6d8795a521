"""Can boosted trees tell two tables apart? A cross-fitted two-sample test, its AUC, and the columns that carry it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from diagnose.stats.auc import auc

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]
Choose = Callable[[Rows], Rows]
"""Numbers of rows, of both samples pooled, that trees are fitted to → the columns that they are given."""

TREES = 30
LEAVES = 8
"""Thirty trees of eight leaves, rate 0.1, saw a corner of 2 % dropped from 10,000 rows of 20 columns at z = 6; more or
larger trees saw no more (benchmarks/joint_shift.py) and cost in proportion."""
LEAF_ROWS = 50
"""Rows of a leaf at least: its log-odds then have a standard error of 0.28."""
BINS = 64
Z95 = 1.6449
TRIED = 64
"""Shuffles of a model: so many columns can be shuffled one by one; of more, groups that matter are halved."""
GROUPS = 8
NEGLIGIBLE = 0.02
"""Share of the effect: a group of columns that carries less is not looked into."""


@dataclass(frozen=True, eq=False)
class Told:
    """What the classifier says of rows that it was not fitted to.

    Attributes
    ----------
    area, low, high
        Area under the ROC curve with its 95 % interval: 0.5 says nothing, 1 everything.
    p
        One-sided p-value, of the difference of mean log-odds: a small group of rows that stands apart moves their mean,
        where it hardly moves ranks.
    effect, effect_low
        That difference in standard deviations of the log-odds (Cohen's d), and its lower 95 % bound.
    models
        The fitted trees, each with the rows that it was not fitted to and the columns that it was given.
    """

    area: float
    low: float
    high: float
    p: float
    effect: float
    effect_low: float
    models: tuple[tuple[Any, Rows, Rows], ...]


def tell_apart(
    first: Floats, second: Floats, categorical: Bools, rng: np.random.Generator, choose: Choose | None = None
) -> Told:
    """Fit on one half of both samples, score the other half, and the reverse.

    The halves' results depend on each other in an unknown way (each was fitted to the rows that score the other), so
    that the mean of both is judged by the standard error of one: valid however they depend.

    Parameters
    ----------
    first, second
        Shape ``(n, p)`` and ``(m, p)``; NaN where missing; categories as whole numbers from 0 to 62.
    categorical
        Shape ``(p,)``: which columns are categories.
    rng
        Draws the halves.
    choose
        Which columns of many the trees are given, decided by the rows that they are fitted to; all where None.

    References
    ----------
    Lopez-Paz & Oquab (2017), Revisiting Classifier Two-Sample Tests, arXiv 1610.06545
    """
    from scipy.special import ndtr  # noqa: PLC0415
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    n, m = len(first), len(second)
    half = np.concatenate([rng.permutation(n) % 2, rng.permutation(m) % 2])
    rows, is_second = _pooled(first, second), np.arange(n + m) >= n
    models, areas, gaps = [], [], []
    with threadpool_limits(1):  # sums of several threads differ in their last digit from run to run
        for part in (0, 1):
            model = HistGradientBoostingClassifier(
                max_iter=TREES, max_leaf_nodes=LEAVES, min_samples_leaf=LEAF_ROWS, max_bins=BINS, early_stopping=False,
                random_state=0,
            )  # fmt: skip
            held, own = np.flatnonzero(half == part), np.flatnonzero(half != part)
            columns = np.arange(rows.shape[1]) if choose is None else choose(own)
            model.categorical_features = categorical[columns] if categorical[columns].any() else None
            model.fit(rows[np.ix_(own, columns)], is_second[own])
            scores = model.decision_function(rows[np.ix_(held, columns)])
            models.append((model, held, columns))
            areas.append(auc(scores, is_second[held]))
            gaps.append(_gap(scores, is_second[held]))
    area, error = (float(np.mean(values)) for values in zip(*areas, strict=True))
    effect, noise = (float(np.mean(values)) for values in zip(*gaps, strict=True))
    return Told(
        area, max(area - 1.96 * error, 0.0), min(area + 1.96 * error, 1.0),
        float(ndtr(-effect / noise)) if noise > 0 else 1.0, effect, effect - Z95 * noise, tuple(models),
    )  # fmt: skip


def carriers(told: Told, first: Floats, second: Floats, rng: np.random.Generator, most: int = 2000) -> Floats:
    """Return, by column, the share of the effect that is lost where the column's held-out values are shuffled.

    Shape ``(p,)``. What two columns carry together is lost with either, so that the shares need not sum to one.
    """
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    rows, is_second = _pooled(first, second), np.arange(len(first) + len(second)) >= len(first)
    lost = np.zeros(rows.shape[1])
    whole = 0.0
    for model, held, columns in told.models:
        some = rng.permutation(held)[:most]
        own = rows[np.ix_(some, columns)]
        with threadpool_limits(1):
            before = _gap(model.decision_function(own), is_second[some])[0]
            losses = _losses(model, own, is_second[some], before, rng)
        whole += before
        for column, loss in losses:
            lost[columns[column]] += loss
    return np.clip(lost / whole, 0, 1) if whole > 0 else np.zeros_like(lost)


def _losses(
    model: Any, rows: Floats, is_second: Bools, before: float, rng: np.random.Generator
) -> list[tuple[int, float]]:
    """Return what is lost with each of few columns, or of many by groups, and halves of the groups that lose most."""
    count = rows.shape[1]

    def loss(group: Rows) -> float:
        kept = rows[:, group]
        rows[:, group] = rng.permutation(kept, axis=0)
        after = _gap(model.decision_function(rows), is_second)[0]
        rows[:, group] = kept
        return before - after

    groups = np.array_split(np.arange(count), count if count <= TRIED else GROUPS)
    waiting = [(loss(group), group) for group in groups]
    tried, found = len(waiting), []
    while waiting:
        largest = max(range(len(waiting)), key=lambda k: waiting[k][0])
        lost, group = waiting.pop(largest)
        if len(group) == 1:
            found.append((int(group[0]), lost))
        elif lost > NEGLIGIBLE * before and tried + 2 <= TRIED:
            waiting += [(loss(half), half) for half in np.array_split(group, 2)]
            tried += 2
    return found


def _pooled(first: Floats, second: Floats) -> Floats:
    """Return all rows; of columns with fewer known values than a leaf holds, only whether there is one."""
    rows = np.concatenate([first, second])
    known = ~np.isnan(rows)
    rare = known.sum(0) < LEAF_ROWS
    rows[:, rare] = known[:, rare]
    return rows


def _gap(scores: Floats, is_second: Bools) -> tuple[float, float]:
    one, other = scores[~is_second], scores[is_second]
    spread = float(np.sqrt((one.var() + other.var()) / 2))
    if not spread > 0:
        return 0.0, 0.0
    noise = float(np.sqrt(one.var() / len(one) + other.var() / len(other)))
    return float(other.mean() - one.mean()) / spread, noise / spread

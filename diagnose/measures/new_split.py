"""A new division of the rows of two splits: by time, by groups, or alike in their labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from diagnose.data import Column, Kind, Split, SplitName
from diagnose.measures.label_values import label_values

How = Literal["time", "groups", "labels"]
Rows = npt.NDArray[np.int64]
BINS = 10
"""Classes that a number's deciles stand for."""


@dataclass(frozen=True, eq=False)
class NewSplit:
    """Where each row goes: the training rows first, then those of the held-out split.

    Attributes
    ----------
    how
        What decided.
    held
        The split that is drawn anew beside training.
    n_train
        How many of the rows stood in training.
    is_held
        Shape ``(n,)``: whether a row is held out now.
    dropped
        Shape ``(n,)``: copies of training rows, which go nowhere.
    shared_groups
        Groups with rows on both sides now; None where no rows belong together.
    cut
        The last time of training, by time; None else.
    strata
        Largest difference of a class's share between the sides; None without labels.
    """

    how: How
    held: SplitName
    n_train: int
    is_held: npt.NDArray[np.bool_]
    dropped: npt.NDArray[np.bool_]
    shared_groups: int | None
    cut: float | None
    strata: float | None

    def counts(self) -> tuple[int, int]:
        """Return how many rows train, and how many are held out."""
        kept = ~self.dropped
        return int((kept & ~self.is_held).sum()), int((kept & self.is_held).sum())


def new_split(  # noqa: PLR0913, PLR0917  what divides rows
    train: Split, held: Split, how: How, copies: tuple[Rows, Rows], repeats: tuple[Rows, Rows], seed: int
) -> NewSplit:
    """Divide the rows of both splits anew, the held-out part as large as before.

    Rows of one group, and rows that equal each other, stay on one side; classes have the same shares on both as far as
    that allows. By time, the held-out rows are the latest, and nothing else is kept together.

    Parameters
    ----------
    train, held
        The splits.
    how
        What divides.
    copies
        Rows of the held-out split that are dropped, and the training row of each.
    repeats
        Training rows that equal an earlier one, and that one.
    seed
        Of the draw.
    """
    n, total = train.n, train.n + held.n
    dropped = np.zeros(total, np.bool_)
    dropped[n + copies[0]] = True
    share = held.n / total
    units = _units(train, held, repeats)
    strata = _strata(train, held)
    cut = None
    if how == "time":
        is_held, cut = _latest(train, held, dropped, share)
    else:
        is_held = _drawn(units, strata, dropped, share, seed)
    groups = train.groups is not None and held.groups is not None
    shared = None
    if groups:
        known = _groups(train, held)
        there = ~dropped & (known != 0)
        shared = len(np.intersect1d(known[there & is_held], known[there & ~is_held]))
    return NewSplit(how, held.name, n, is_held, dropped, shared, cut, _difference(strata, is_held, dropped))


def _groups(train: Split, held: Split) -> npt.NDArray[np.uint64]:
    assert train.groups is not None
    assert held.groups is not None
    return np.concatenate([train.groups.values, held.groups.values])


def _units(train: Split, held: Split, repeats: tuple[Rows, Rows]) -> Rows:
    """Return what stays together: a number for each row."""
    total = train.n + held.n
    units = np.arange(total)
    if train.groups is not None and held.groups is not None:
        values = _groups(train, held)
        _, first, codes = np.unique(values, return_index=True, return_inverse=True)
        units = np.where(values == 0, units, first[codes])
    later, earlier = repeats
    for _ in range(100):  # a chain of groups and copies: each round joins neighbours
        least = np.minimum(units[later], units[earlier])
        joined = np.arange(total)
        np.minimum.at(joined, units[later], least)
        np.minimum.at(joined, units[earlier], least)
        joined = joined[units]
        if np.array_equal(joined, units):
            break
        units = joined
    return units.astype(np.int64)


def _strata(train: Split, held: Split) -> Rows | None:
    """Return a class for each row; one more for rows without a label."""
    if train.label is None or held.label is None or train.label.kind is not held.label.kind:
        return None
    values = np.concatenate(label_values([train.label, held.label]))
    known = ~np.isnan(values)
    if train.label.kind is Kind.NUMBER and known.any():
        cuts = np.unique(np.quantile(values[known], np.arange(1, BINS) / BINS))
        values = np.searchsorted(cuts, values).astype(np.float64)
    return np.where(known, np.nan_to_num(values) + 1, 0).astype(np.int64)


def _drawn(
    units: Rows, strata: Rows | None, dropped: npt.NDArray[np.bool_], share: float, seed: int
) -> npt.NDArray[np.bool_]:
    """Hold out every so-many-th unit in the order of class and size, ties at random: each has its part."""
    kept = np.flatnonzero(~dropped)
    names, first, of_row, sizes = np.unique(units[kept], return_index=True, return_inverse=True, return_counts=True)
    stratum = strata[kept][first] if strata is not None else np.zeros(len(names), np.int64)
    if strata is not None and len(names) < len(kept):
        stratum = _commonest(of_row, strata[kept])
    order = np.lexsort((np.random.default_rng(seed).permutation(len(names)), sizes, stratum))
    place = np.arange(1, len(names) + 1) * share
    chosen = np.floor(place + 0.5) > np.floor(place - share + 0.5)
    if not chosen.any():
        chosen[len(names) // 2] = True
    if chosen.all():
        chosen[len(names) // 2] = False
    is_held_unit = np.zeros(len(names), np.bool_)
    is_held_unit[order] = chosen
    is_held = np.zeros(len(units), np.bool_)
    is_held[kept] = is_held_unit[of_row]
    return is_held


def _commonest(of_row: Rows, strata: Rows) -> Rows:
    """Return the commonest class of each unit."""
    pairs, counts = np.unique(np.column_stack([of_row, strata]), axis=0, return_counts=True)
    order = np.lexsort((-counts, pairs[:, 0]))
    _, first = np.unique(pairs[order, 0], return_index=True)
    return np.asarray(pairs[order, 1][first])


def _latest(
    train: Split, held: Split, dropped: npt.NDArray[np.bool_], share: float
) -> tuple[npt.NDArray[np.bool_], float | None]:
    """Hold out the latest rows; those of one moment stay together, and those of no known time train."""
    columns: list[Column] = [split.times for split in (train, held) if split.times is not None]
    times = np.concatenate([column.values for column in columns])
    known = np.sort(times[~dropped & ~np.isnan(times)])
    moments = np.unique(known)
    if len(moments) < 2:
        return np.arange(len(times)) >= train.n, None
    cut = min(float(known[int((1 - share) * len(known)) - 1]), float(moments[-2]))
    with np.errstate(invalid="ignore"):
        return np.asarray(times > cut) & ~dropped, cut


def _difference(strata: Rows | None, is_held: npt.NDArray[np.bool_], dropped: npt.NDArray[np.bool_]) -> float | None:
    if strata is None:
        return None
    sides = [np.bincount(strata[side & ~dropped], minlength=int(strata.max()) + 1) for side in (is_held, ~is_held)]
    if not all(side.sum() for side in sides):
        return None
    return float(np.abs(sides[0] / sides[0].sum() - sides[1] / sides[1].sum()).max())

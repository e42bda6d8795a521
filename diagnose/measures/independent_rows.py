"""The rows that stand for themselves: all, or one of each group where groups stand wholly on one side.

Rows of one patient resemble each other. Where training and held-out data hold different patients, they differ by the
choice of patients, and a test that takes rows for independent calls that a shift. One row of each group, drawn at
random, is an independent sample (Hoffman, Sen & Weinberg 2001, Within-cluster resampling). Where both sides hold rows
of the same groups, as after a random split of rows, the rows were dealt out within groups and nothing need be done.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from diagnose.data import Column, Kind, Split, SplitName

RowNumbers = npt.NDArray[np.int64]
LEAST_GROUPS = 20
"""On either side; of fewer nothing can be told, and rows are compared as if each stood for itself."""
LEAST_A_GROUP = 1.2
"""Rows a group, on average over all splits: fewer hardly depend."""
MOST_SHARED = 0.5
"""Share of held-out rows of a group that training knows, from which the split is one of rows, not of groups."""


@dataclass(frozen=True, eq=False)
class IndependentRows:
    """What can be compared as if each row were drawn by itself.

    Attributes
    ----------
    train, held_out
        The splits, whole or in part.
    numbers
        Of the rows taken, by the split's name, in the split as given; empty where all were.
    said
        What was taken, for a reader: ``"one row of each 'patient'"``; empty where all were.
    """

    train: Split
    held_out: tuple[Split, ...]
    numbers: dict[SplitName, RowNumbers]
    said: str

    def numbers_of(self, split: SplitName, rows: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.integer[Any]]:
        """Return the numbers that rows have in the split as given."""
        return self.numbers[split][rows] if self.numbers else rows


def independent_rows(train_split: Split, held_out: tuple[Split, ...], seed: int) -> IndependentRows:
    """Take one row of each group where a split stands by whole groups, and all rows otherwise."""
    splits = (train_split, *held_out)
    for columns in _groupings(splits):
        if _are_apart(columns):
            rng = np.random.default_rng([seed, 143])
            taken = {s.name: _one_of_each(c, rng) for s, c in zip(splits, columns, strict=True)}
            train, *others = (split.part(taken[split.name]) for split in splits)
            return IndependentRows(train, tuple(others), taken, f"one row of each {columns[0].name!r}")
    return IndependentRows(train_split, held_out, {}, "")


def _groupings(splits: tuple[Split, ...]) -> Iterator[list[Column]]:
    """Yield what names groups, of every split: what the user said does, else identifiers that repeat."""
    if splits[0].groups is not None:
        found = [[split.groups for split in splits]]
    else:
        found = [[split.column(c.name) for split in splits] for c in splits[0].of_kind(Kind.IDENTIFIER)]
    for columns in found:
        known = [column for column in columns if column is not None and column.kind is Kind.IDENTIFIER]
        if len(known) == len(splits):
            yield known


def _are_apart(columns: list[Column]) -> bool:
    """Whether groups of several rows stand on one side each, and are many on all."""
    groups = [np.unique(column.values[~column.missing]) for column in columns]
    rows = sum(int(np.count_nonzero(~column.missing)) for column in columns)
    if min(map(len, groups)) < LEAST_GROUPS or rows < LEAST_A_GROUP * sum(map(len, groups)):
        return False
    return any(np.isin(column.values, groups[0]).mean() < MOST_SHARED for column in columns[1:])


def _one_of_each(column: Column, rng: np.random.Generator) -> RowNumbers:
    """Return a random row of each group, in the order of the rows; rows of no group stand for themselves."""
    order = rng.permutation(len(column))
    _, first = np.unique(column.values[order], return_index=True)
    alone = np.flatnonzero(column.missing)
    return np.union1d(np.setdiff1d(order[first], alone), alone).astype(np.int64)

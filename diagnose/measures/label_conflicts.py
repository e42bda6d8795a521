"""Rows that are equal in every input and differ in their label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from diagnose.data import DigestArray, Kind, Split, SplitName
from diagnose.errors import NotEnoughEvidence
from diagnose.measures.copies import Copies
from diagnose.measures.label_values import label_values

RowNumbers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class LabelConflicts:
    """Conflicts among the training rows.

    Attributes
    ----------
    n
        Training rows with a label.
    rows
        Numbers of the rows that are copies of each other and carry different labels, ascending.
    groups
        How many different rows they are copies of.
    alike
        Rows with different labels among all that are equal, also those that are equal by chance.
    floor
        Share of the rows that every function of the inputs gets wrong (of the label's variance, for numbers).
    classes
        Whether the label is a class.
    """

    n: int
    rows: RowNumbers
    groups: int
    alike: int
    floor: float
    classes: bool


def label_conflicts(
    train_split: Split, exact_digests: Mapping[SplitName, DigestArray], copies: tuple[Copies, ...]
) -> LabelConflicts:
    """Compare the labels of equal training rows."""
    label = train_split.label
    if label is None:
        raise NotEnoughEvidence("the training data have no labels", "say which column is the label: --label NAME")
    values = label_values([label])[0]
    known = np.flatnonzero(~np.isnan(values))
    _, group = np.unique(exact_digests["train"][known], return_inverse=True)
    wanted, size = values[known], np.bincount(group)
    low, high = np.full(len(size), np.inf), np.full(len(size), -np.inf)
    np.minimum.at(low, group, wanted)
    np.maximum.at(high, group, wanted)
    conflicting = low < high
    copied = np.zeros(len(size), np.bool_)
    is_copy = np.zeros(train_split.n, np.bool_)
    is_copy[copies[0].rows] = True
    copied[group[is_copy[known]]] = True
    classes = label.kind is Kind.CATEGORY
    chosen = (conflicting & copied)[group]
    return LabelConflicts(
        len(known), known[chosen].astype(np.int64), int((conflicting & copied).sum()), int(conflicting[group].sum()),
        _floor_of_classes(wanted, group) if classes else _floor_of_numbers(wanted, group, size), classes,
    )  # fmt: skip


def _floor_of_classes(wanted: npt.NDArray[np.float64], group: npt.NDArray[np.intp]) -> float:
    pairs, counts = np.unique(np.column_stack([group, wanted]), axis=0, return_counts=True)
    best = np.zeros(int(group.max()) + 1, np.int64)
    np.maximum.at(best, pairs[:, 0].astype(np.int64), counts)
    return 1 - float(best.sum()) / len(wanted)


def _floor_of_numbers(
    wanted: npt.NDArray[np.float64], group: npt.NDArray[np.intp], size: npt.NDArray[np.int64]
) -> float:
    means = np.bincount(group, wanted) / size
    spread = float(((wanted - wanted.mean()) ** 2).sum())
    return float(((wanted - means[group]) ** 2).sum()) / spread if spread > 0 else 0.0

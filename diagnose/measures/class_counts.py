"""How often each class stands in the training data and in every held-out split."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from diagnose.data import Column, Kind, Split, SplitName
from diagnose.errors import NotEnoughEvidence
from diagnose.stats.homogeneity import CategoryShift, compare_categories

Counts = npt.NDArray[np.int64]
LONGEST = 40
"""Characters of a class's name in a sentence."""


@dataclass(frozen=True, eq=False)
class ClassCounts:
    """The classes of the training data and of one held-out split, in the order of the training data's; then the new.

    Attributes
    ----------
    split
        The held-out split.
    label
        Name of the label's column.
    levels
        Every class of either.
    train, held
        Shape ``(k,)``: rows of each class; rows without a label count nowhere.
    codes
        Of each held-out row: the number of its class in ``levels``, -1 without a label; shape ``(n,)``.
    """

    split: SplitName
    label: str
    levels: tuple[str, ...]
    train: Counts
    held: Counts
    codes: npt.NDArray[np.int64]

    @cached_property
    def difference(self) -> CategoryShift:
        """The comparison of the shares."""
        return compare_categories(self.train, self.held)


def class_counts(train_split: Split, held_out: tuple[Split, ...]) -> tuple[ClassCounts, ...]:
    """Count the classes; nothing is returned where the label is a number."""
    label, splits = labelled(train_split, held_out)
    if label.kind is not Kind.CATEGORY:
        return ()
    return tuple(_counts(label, split) for split in splits)


def labelled(train_split: Split, held_out: tuple[Split, ...]) -> tuple[Column, tuple[Split, ...]]:
    """Return the training data's label and the held-out splits that have one of the same kind.

    Raises
    ------
    NotEnoughEvidence
        There is no label, on one side or the other.
    """
    label = train_split.label
    if label is None or bool(label.missing.all()):
        raise NotEnoughEvidence("the training data have no labels", "say which column is the label: --label NAME")
    splits = tuple(
        split for split in held_out
        if split.label is not None and split.label.kind is label.kind and not split.label.missing.all()
    )  # fmt: skip
    if not splits:
        raise NotEnoughEvidence("the held-out data have no labels", "say which column is the label: --label NAME")
    return label, splits


def _counts(label: Column, split: Split) -> ClassCounts:
    held = split.label
    assert held is not None
    levels = (*label.levels, *(level for level in held.levels if level not in set(label.levels)))
    at = {level: code for code, level in enumerate(levels)}
    to = np.array([*(at[level] for level in held.levels), -1], np.int64)
    codes = to[held.values]  # code -1 is the last
    return ClassCounts(
        split.name,
        label.name,
        levels,
        np.bincount(label.values[label.values >= 0], minlength=len(levels)),
        np.bincount(codes[codes >= 0], minlength=len(levels)),
        codes,
    )


def short(level: str) -> str:
    """Return a class's name in quotes, cut where it is long."""
    return repr(level if len(level) <= LONGEST else f"{level[: LONGEST - 1]}…")


def listed(levels: list[str], most: int = 5) -> str:
    """Return the first names and how many more there are."""
    more = f" and {len(levels) - most} more" if len(levels) > most else ""
    return ", ".join(map(short, levels[:most])) + more

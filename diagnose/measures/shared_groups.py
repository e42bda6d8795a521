"""Groups of rows (a patient, a video, a shop) that stand in training and in held-out data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from diagnose.data import Column, Kind, Split, SplitName
from diagnose.errors import NotEnoughEvidence
from diagnose.hashing import Words, integer_hashes
from diagnose.measures.paired_labels import label_agreement
from diagnose.stats.pairing import Agreement

RowNumbers = npt.NDArray[np.int64]
DENSE = 0.95
"""Share of the numbers from 0 or 1 on that occur where a column counts its rows or groups."""


@dataclass(frozen=True, eq=False)
class SharedGroups:
    """One grouping, and the held-out rows whose group stands in training too.

    Attributes
    ----------
    split, name
        The held-out split, and the column that names the groups.
    given
        Whether the user said that it does; else an identifier among the columns.
    n
        Held-out rows with a group.
    rows
        Numbers of those whose group stands in training.
    shared, groups
        How many groups stand on both sides, and how many there are in the held-out data.
    rows_a_group
        In training, on average.
    counts_anew
        Whether both splits seem to number their groups from 0 or 1 by themselves, so that a number means two things.
    agreement
        How often the labels of two rows of one group, one of either side, agree; None without labels.
    """

    split: SplitName
    name: str
    given: bool
    n: int
    rows: RowNumbers
    shared: int
    groups: int
    rows_a_group: float
    counts_anew: bool
    agreement: Agreement | None

    @property
    def share(self) -> float:
        """Of the held-out rows, whose group stands in training."""
        return len(self.rows) / max(self.n, 1)


def shared_groups(train_split: Split, held_out: tuple[Split, ...]) -> tuple[SharedGroups, ...]:
    """Look up the groups of every held-out split among those of training."""
    found = []
    for split in held_out:
        for column, given in _groupings(train_split):
            other = split.groups if given else split.column(column.name)
            if other is not None and other.kind is Kind.IDENTIFIER:
                found.append(_shared(train_split, split, column, other, given=given))
    if not found:
        raise NotEnoughEvidence(
            "no column says which rows belong together",
            "say which column names the patient, user, video …: --group NAME",
        )
    return tuple(found)


def _groupings(train: Split) -> list[tuple[Column, bool]]:
    if train.groups is not None:
        return [(train.groups, True)]
    return [(column, False) for column in train.of_kind(Kind.IDENTIFIER)]


def _shared(train: Split, split: Split, column: Column, other: Column, *, given: bool) -> SharedGroups:
    known = np.unique(column.values[~column.missing])
    there = np.unique(other.values[~other.missing])
    inside = np.isin(other.values, known) & ~other.missing
    rows = np.flatnonzero(inside).astype(np.int64)
    by_group = rows[np.argsort(other.values[rows], kind="stable")]
    agreement = label_agreement(train, split, _partners(column.values, other.values[by_group]), by_group)
    return SharedGroups(
        split.name, column.name, given, int((~other.missing).sum()), rows,
        int(np.isin(there, known).sum()), len(there), float((~column.missing).sum()) / max(len(known), 1),
        _counts_anew(known, there, column, other), agreement,
    )  # fmt: skip


def _partners(train: Words, wanted: Words) -> RowNumbers:
    """Return a training row of each group: the first."""
    values, first = np.unique(train, return_index=True)
    at = np.minimum(np.searchsorted(values, wanted), len(values) - 1)
    return first[at].astype(np.int64)


def _counts_anew(known: Words, there: Words, column: Column, other: Column) -> bool:
    """Both count from 0 or 1 without gaps, to different ends, or a new number for each row."""
    if not (_is_dense(known) and _is_dense(there)):
        return False
    each_row = len(known) >= (~column.missing).sum() and len(there) >= (~other.missing).sum()
    return bool(each_row or abs(len(known) - len(there)) > 0.1 * max(len(known), len(there)))


def _is_dense(distinct: Words) -> bool:
    expected = integer_hashes(np.arange(len(distinct) + 1))
    return bool(np.isin(distinct, expected).mean() >= DENSE)

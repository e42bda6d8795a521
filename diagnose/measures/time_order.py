"""Whether the held-out rows were taken after the training rows, and what their neighbours in time tell of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from diagnose.data import Column, Kind, Split, SplitName
from diagnose.errors import NotEnoughEvidence
from diagnose.measures.paired_labels import label_agreement
from diagnose.stats.pairing import Agreement

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TimeOrder:
    """Times of the training data against those of one held-out split.

    Attributes
    ----------
    split, name
        The held-out split, and the column of the times.
    given
        Whether the column is known to hold the rows' times; else it is an input that holds some time.
    train, held
        First, median and last time of either side, in seconds since 1970.
    rows
        Numbers of the held-out rows that are older than the newest training row.
    n
        Held-out rows with a time.
    later
        Share of the training rows that are newer than the newest held-out row.
    agreement
        How much the label of a held-out row agrees with that of the training row nearest in time; None without labels.
    """

    split: SplitName
    name: str
    given: bool
    train: tuple[float, float, float]
    held: tuple[float, float, float]
    rows: npt.NDArray[np.int64]
    n: int
    later: float
    agreement: Agreement | None

    @property
    def share(self) -> float:
        """Of the held-out rows, older than the newest training row."""
        return len(self.rows) / self.n

    @property
    def is_forward(self) -> bool:
        """Whether the held-out rows follow the training rows, but for one in a hundred at the border."""
        return self.share <= 0.01


def time_order(train_split: Split, held_out: tuple[Split, ...]) -> tuple[TimeOrder, ...]:
    """Compare the times of every held-out split with those of training."""
    found = []
    for split in held_out:
        column, given = _times(train_split)
        other = None if column is None else split.times if given else split.column(column.name)
        if column is not None and other is not None and other.kind is Kind.TIME and not other.missing.all():
            found.append(_order(train_split, split, column, other, given=given))
    if not found:
        raise NotEnoughEvidence("no column says when rows were taken", "say which column is the time: --time NAME")
    return tuple(found)


def _times(train: Split) -> tuple[Column | None, bool]:
    if train.times is not None and not train.times.missing.all():
        return train.times, True
    inputs = [column for column in train.of_kind(Kind.TIME) if not column.missing.all()]
    return (inputs[0], False) if len(inputs) == 1 else (None, False)


def _order(train: Split, split: Split, column: Column, other: Column, *, given: bool) -> TimeOrder:
    known = np.flatnonzero(~column.missing)
    known = known[np.argsort(column.values[known], kind="stable")]
    there = np.flatnonzero(~other.missing)
    there = there[np.argsort(other.values[there], kind="stable")]
    first, second = column.values[known], other.values[there]
    after = np.clip(np.searchsorted(first, second), 1, len(first) - 1) if len(first) > 1 else np.zeros(len(second), int)
    before = np.maximum(after - 1, 0)
    nearest = np.where(second - first[before] <= first[after] - second, before, after)
    return TimeOrder(
        split.name, column.name, given, _summary(first), _summary(second),
        np.sort(there[second < first[-1]]).astype(np.int64), len(there), float((first > second[-1]).mean()),
        label_agreement(train, split, known[nearest], there),
    )  # fmt: skip


def _summary(ordered: Floats) -> tuple[float, float, float]:
    return float(ordered[0]), float(np.median(ordered)), float(ordered[-1])

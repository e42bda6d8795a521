"""The profile of one split."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from diagnose.data import Column, Kind, Split, SplitName
from diagnose.errors import InputError
from diagnose.profiles import columns as column_profiles
from diagnose.profiles import row_sample
from diagnose.profiles.columns import ColumnProfile
from diagnose.profiles.row_sample import RowSample

MOST_NOTES = 50
"""Notes and sources that are kept, the first in the order of the alphabet."""


@dataclass(frozen=True, eq=False)
class Profile:
    """What a data set holds, by column and without its rows.

    Attributes
    ----------
    n
        Number of rows.
    columns
        The inputs, in the data's order.
    label
        None where it is unknown.
    group, time
        Names of the columns that say what rows belong together and when they were taken; "" where unknown.
    rows
        A sample of digests of the rows; None where no column tells what a row is.
    sources
        What it was made of: paths, or descriptions.
    notes
        What the reader did that a reader of the report should know.
    """

    n: int = 0
    columns: tuple[ColumnProfile, ...] = ()
    label: ColumnProfile | None = None
    group: str = ""
    time: str = ""
    rows: RowSample | None = None
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, split: Split) -> Self:
        """Return the profile of a split, in one pass over its columns."""
        return cls(
            n=split.n,
            columns=tuple(column_profiles.profiled(column, at) for at, column in enumerate(split.columns)),
            label=column_profiles.profiled(split.label) if split.label is not None else None,
            group=split.groups.name if split.groups is not None else "",
            time=split.times.name if split.times is not None else "",
            rows=row_sample.sampled(split),
            sources=(split.source,) if split.source else (),
            notes=_few(split.notes),
        )

    def merge(self, *others: Profile) -> Profile:
        """Return the profile of the rows of all; whatever the order, the result is the same to the bit.

        Raises
        ------
        InputError
            A column is of another kind in a part, or only some parts have a label.
        """
        parts = [part for part in (self, *others) if part.n]
        if not parts:
            return self
        named: dict[str, ColumnProfile] = {}
        for column in (column for part in parts for column in part.columns):
            known = named.get(column.name)
            named[column.name] = column if known is None else column_profiles.merged(known, column)
        labels = [part.label for part in parts if part.label is not None]
        if len(labels) not in {0, len(parts)} or len({label.name for label in labels}) > 1:
            named_ = ", ".join(sorted({repr(label.name) for label in labels}))
            raise InputError(f"parts of one data set with different labels ({named_}, or none); give --label COLUMN")
        label = None
        for one in labels:
            label = one if label is None else column_profiles.merged(label, one)
        return Profile(
            n=sum(part.n for part in parts),
            columns=tuple(sorted(named.values(), key=lambda column: (column.place, column.name))),
            label=label,
            group=min(part.group for part in parts),
            time=min(part.time for part in parts),
            rows=row_sample.merged([part.rows for part in parts]),
            sources=_few(source for part in parts for source in part.sources),
            notes=_few(note for part in parts for note in part.notes),
        )

    def column(self, name: str) -> ColumnProfile | None:
        """Return the input of that name, or None."""
        return next((column for column in self.columns if column.name == name), None)

    def missing(self, column: ColumnProfile) -> int:
        """Return the rows without a value in a column; those of parts that lack the column are among them."""
        return self.n - column.known

    @property
    def source(self) -> str:
        """What it was made of, in a line."""
        return self.sources[0] if len(self.sources) == 1 else f"{len(self.sources)} sources"

    def like(self, name: SplitName = "train") -> Split:
        """Return a split without rows and with these columns: what other data are read like."""

        def empty(column: ColumnProfile) -> Column:
            values = np.zeros(0, _DTYPES[column.kind])
            return Column(column.name, column.kind, values, (), column.decided, column.made_of)

        def of_role(role: str, kind: Kind) -> Column | None:
            return Column(role, kind, np.zeros(0, _DTYPES[kind])) if role else None

        label = self.label
        return Split(
            name, 0, tuple(map(empty, self.columns)),
            label=replace(empty(label), levels=tuple(label.by_name)) if label is not None else None,
            groups=of_role(self.group, Kind.IDENTIFIER), times=of_role(self.time, Kind.TIME),
            source=self.source, notes=self.notes,
        )  # fmt: skip


_DTYPES = {
    Kind.NUMBER: np.float64, Kind.TIME: np.float64, Kind.CATEGORY: np.int32, Kind.TEXT: object,
    Kind.IDENTIFIER: np.uint64,
}  # fmt: skip


def _few(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(texts))[:MOST_NOTES])

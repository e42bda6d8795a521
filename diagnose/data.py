"""The evidence of data: one split of a data set, as plain columns of arrays.

Nothing here reads, computes a statistic or judges.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

SplitName = Literal["train", "val", "test"]
BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
EmbeddingArray = npt.NDArray[np.float32]
DigestArray = npt.NDArray[np.uint64]


class Kind(StrEnum):
    """What a column's values are, which decides how they are compared."""

    NUMBER = "number"
    CATEGORY = "category"
    TEXT = "text"
    TIME = "time"
    IDENTIFIER = "identifier"
    """A name of a row or of a group of rows: never an input, but what finds leakage."""


@dataclass(frozen=True, eq=False)
class Column:
    """One column of a split.

    Attributes
    ----------
    name
        As the data spell it.
    kind
        What its values are.
    values
        Shape ``(n,)``. Of a number: float32 or float64, NaN where missing. Of a time: float64 seconds since 1970 (UTC),
        NaN where missing. Of a category: int32 codes into ``levels``, -1 where missing. Of a text: strings (dtype
        object), None where missing. Of an identifier: a 64-bit hash of the value, 0 where missing.
    levels
        Of a category: its values as text; the order is that of the codes, and differs between splits.
    decided
        How the kind was decided: ``"given"``, ``"float64"``, ``"12 distinct values"``.
    made_of
        What it was computed of: ``"image"``, or the name of a text column; empty where it is the data's own. Such a
        column names a shift; it says no more of a row's identity than what it was computed of.
    """

    name: str
    kind: Kind
    values: npt.NDArray[Any]
    levels: tuple[str, ...] = ()
    decided: str = ""
    made_of: str = ""

    def __len__(self) -> int:
        return len(self.values)

    def part(self, rows: npt.NDArray[np.integer[Any]]) -> Column:
        """Return some of the rows, by their numbers."""
        return replace(self, values=self.values[rows])

    @property
    def missing(self) -> BoolArray:
        """Shape ``(n,)``: where no value is known."""
        match self.kind:
            case Kind.CATEGORY:
                return np.asarray(self.values < 0)
            case Kind.IDENTIFIER:
                return np.asarray(self.values == 0)
            case Kind.TEXT:
                return np.fromiter((value is None for value in self.values), np.bool_, len(self.values))
        return np.asarray(np.isnan(self.values))


@dataclass(frozen=True, eq=False)
class Split:
    """The rows of one split: what the model gets, what it should say, and what it says where that is known.

    Attributes
    ----------
    name
        ``"train"``, ``"val"`` or ``"test"``.
    n
        Number of rows.
    columns
        The inputs, in the data's order; of images and text, the properties that were computed of them.
    label
        A category (classification) or a number (regression).
    outputs
        The model's: shape ``(n, k)``, probabilities of ``classes``, or ``(n,)``, predicted numbers.
    classes
        What the columns of ``outputs`` stand for, as the label spells it.
    losses
        Shape ``(n,)``: the loss of each row, where it was computed or given.
    embeddings
        Shape ``(n, d)``: representations in which distances mean something (a layer's features, or given ones).
    embedded_by
        What made the embeddings: ``"given"``, ``"penultimate layer 'avg_pool'"``, ``"8 × 8 grey pixels"``.
    groups, times
        What rows belong together (a patient), and when they were taken; None where unknown.
    digests
        64-bit hashes of rows by what they ignore: ``"exact"``; ``"perceptual"`` (images), ``"normalised"`` (text).
        Also ``"pixels"``, shape ``(n, 32)``: 16 × 16 grey bytes of each image.
    rows
        Names of the rows (file names), where they have some; their numbers stand for them otherwise.
    batches
        Given a batch size, the rows as the model takes them, in order; None where the inputs were not kept.
    thumbnail
        Given a row's number, a small PNG, empty where it can't be read again; None where rows are no images.
    source
        Where they came from: a path, or a description of the object.
    notes
        What the reader did that a reader of the report should know.
    """

    name: SplitName
    n: int
    columns: tuple[Column, ...] = ()
    label: Column | None = None
    outputs: FloatArray | None = None
    classes: tuple[str, ...] = ()
    losses: FloatArray | None = None
    embeddings: EmbeddingArray | None = None
    embedded_by: str = ""
    groups: Column | None = None
    times: Column | None = None
    digests: Mapping[str, DigestArray] = field(default_factory=lambda: MappingProxyType({}))
    rows: tuple[str, ...] | None = None
    batches: Callable[[int], Iterator[Any]] | None = None
    thumbnail: Callable[[int], bytes] | None = None
    source: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        named = {column.name: len(column) for column in self.columns}
        for name in ("label", "outputs", "losses", "embeddings", "groups", "times", "rows"):
            value = getattr(self, name)
            if value is not None:
                named[name] = len(value)
        named |= {f"digests {name}": len(values) for name, values in self.digests.items()}
        wrong = {name: length for name, length in named.items() if length != self.n}
        if wrong:
            raise ValueError(f"split {self.name!r} has {self.n} rows, but {wrong}")

    def part(self, rows: npt.NDArray[np.integer[Any]]) -> Split:
        """Return some of the rows, by their numbers; ways to look at the inputs themselves count from row 0, and go."""
        cut: dict[str, Any] = {"columns": tuple(column.part(rows) for column in self.columns)}
        for name in ("label", "groups", "times"):
            column = getattr(self, name)
            cut[name] = None if column is None else column.part(rows)
        for name in ("outputs", "losses", "embeddings"):
            values = getattr(self, name)
            cut[name] = None if values is None else values[rows]
        cut["digests"] = {name: values[rows] for name, values in self.digests.items()}
        cut["rows"] = None if self.rows is None else tuple(self.rows[row] for row in rows)
        return replace(self, n=len(rows), batches=None, thumbnail=None, **cut)

    def column(self, name: str) -> Column | None:
        """Return the input of that name, or None."""
        return next((column for column in self.columns if column.name == name), None)

    def of_kind(self, *kinds: Kind) -> tuple[Column, ...]:
        """Return the inputs of these kinds, in the data's order."""
        return tuple(column for column in self.columns if column.kind in kinds)

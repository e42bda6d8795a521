"""What a format's reader returns: columns as the source holds them, before anyone asks what they mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from diagnose.data import BoolArray, DigestArray

CodeArray = npt.NDArray[np.int32]


class Form(StrEnum):
    """How a column is held; `Kind` says what it means."""

    NUMBER = "number"
    TRUTH = "truth"
    TIME = "time"
    TEXT = "text"
    VECTOR = "vector"


@dataclass(frozen=True, eq=False)
class Cells:
    """One column as its source holds it.

    Attributes
    ----------
    name
        As the source spells it.
    form
        How the values are held.
    values
        Shape ``(n,)``. Numbers: floats (NaN is missing) or integers. Truth values: bool. Times: float64 seconds since
        1970. Text: int32 codes into ``levels``, -1 where missing. Vectors: shape ``(n, d)``.
    type
        The source's own word for it: ``"int64"``, ``"string"``.
    missing
        Where integers and truth values are missing; None where none is.
    levels
        The distinct texts.
    is_category
        Whether the source itself says that these are categories.
    made_of
        As `diagnose.data.Column` has it.
    """

    name: str
    form: Form
    values: npt.NDArray[Any]
    type: str
    missing: BoolArray | None = None
    levels: tuple[str, ...] = ()
    is_category: bool = False
    made_of: str = ""

    def __len__(self) -> int:
        return len(self.values)

    @property
    def known(self) -> BoolArray:
        """Shape ``(n,)``: where there is a value."""
        if self.form is Form.TEXT:
            return np.asarray(self.values >= 0)
        if self.missing is not None:
            return np.asarray(~self.missing)
        if self.values.dtype.kind == "f" and self.form is not Form.VECTOR:
            return np.asarray(~np.isnan(self.values))
        return np.ones(len(self.values), np.bool_)

    def part(self, rows: slice) -> Cells:
        """Return some of the rows; no value is copied."""
        missing = self.missing[rows] if self.missing is not None else None
        return replace(self, values=self.values[rows], missing=missing)


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of a split as a source holds them; what is not a column is as `diagnose.data.Split` has it.

    ``predictions`` is the model's output as given: labels, probabilities or numbers. ``read`` is what of it was read.
    """

    n: int
    columns: tuple[Cells, ...] = ()
    label: Cells | None = None
    predictions: npt.NDArray[Any] | None = None
    classes: tuple[str, ...] = ()
    losses: npt.NDArray[Any] | None = None
    embeddings: npt.NDArray[Any] | None = None
    embedded_by: str = ""
    rows: tuple[str, ...] | None = None
    digests: Mapping[str, DigestArray] = field(default_factory=lambda: MappingProxyType({}))
    batches: Callable[[int], Iterator[Any]] | None = None
    thumbnail: Callable[[int], bytes] | None = None
    source: str = ""
    notes: tuple[str, ...] = ()

    def part(self, rows: slice) -> Table:
        """Return some of the rows; ways to look at the inputs themselves are dropped, as they count from row 0."""
        start, stop, _ = rows.indices(self.n)
        cut = {
            name: value[rows]
            for name in ("predictions", "losses", "embeddings", "rows")
            if (value := getattr(self, name)) is not None
        }
        return replace(
            self,
            n=stop - start,
            columns=tuple(column.part(rows) for column in self.columns),
            label=self.label.part(rows) if self.label is not None else None,
            digests={name: values[rows] for name, values in self.digests.items()},
            batches=None,
            thumbnail=None,
            **cut,
        )


def encoded(values: Sequence[str | None]) -> tuple[CodeArray, tuple[str, ...]]:
    """Return codes, shape ``(n,)``, and the distinct texts in the order in which they come first.

    Examples
    --------
    >>> codes, levels = encoded(["b", None, "a", "b"])
    >>> codes.tolist(), levels
    ([0, -1, 1, 0], ('b', 'a'))
    """
    seen: dict[str | None, int] = {None: -1}
    codes = np.fromiter((seen.setdefault(value, len(seen) - 1) for value in values), np.int32, len(values))
    del seen[None]
    return codes, tuple(seen)  # type: ignore[arg-type]  # None is gone


def text_cells(name: str, values: Sequence[str | None], kind: str = "text") -> Cells:
    """Return a column of texts, None where one is missing."""
    codes, levels = encoded(values)
    return Cells(name, Form.TEXT, codes, kind, levels=levels)

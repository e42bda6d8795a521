"""Batches of a framework's data set, one after the other, as one table; images are looked at as they go by."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from diagnose.data import SplitName
from diagnose.errors import UnreadableInput
from diagnose.readers.data import memory
from diagnose.readers.data.array_cells import array_cells, object_cells
from diagnose.readers.data.arrays import array_table, label_cells
from diagnose.readers.data.cells import Cells, Form, Table
from diagnose.readers.data.image_arrays import LONGEST, are_images
from diagnose.readers.data.image_facts import EMBEDDED_BY, ImageFacts, facts_of, joined_facts
from diagnose.readers.data.image_pixels import channels_last, small_bytes
from diagnose.readers.data.mappings import TARGETS
from diagnose.readers.data.png import small_png

Again = Callable[[int], Iterator[Any]]


@dataclass
class Gathered:
    """What has been read so far.

    Attributes
    ----------
    where
        What the messages call the data set.
    again
        What yields the inputs once more, in the same order, where they are too large to be kept.
    """

    where: str
    again: Again | None = None
    kept: list[Any] | None = field(default_factory=list)
    rows: int = 0
    _facts: list[ImageFacts] = field(default_factory=list)
    _columns: dict[str, list[Any]] = field(default_factory=dict)
    _labels: list[Any] = field(default_factory=list)
    _bytes: int = 0
    _most: int = field(default_factory=lambda: int(memory.SHARE * (memory.available() or 1 << 32)))
    notes: list[str] = field(default_factory=list)

    def add(self, given: Any) -> None:
        """Take one batch: inputs, ``(inputs, labels)`` or a mapping; arrays, tensors or lists, rows first."""
        inputs, label = _parted(as_arrays(given), self.notes)
        parts = inputs if isinstance(inputs, Mapping) else {"": inputs[0] if isinstance(inputs, tuple) else inputs}
        n = len(next(iter(parts.values()))) if parts else 0
        for name, values in parts.items():
            if _are_pictures(values) and not (self._facts and len(self._facts[-1]) and self._is_known(n)):
                self._facts.append(facts_of(values))
            else:
                self._columns.setdefault(name, []).append(values)
        if label is not None:
            self._labels.append(label)
        self.rows += n
        self._keep(inputs)

    def _is_known(self, n: int) -> bool:
        """Whether another input of this batch was taken for its images."""
        return sum(map(len, self._facts)) >= self.rows + n

    def _keep(self, inputs: Any) -> None:
        self._bytes += _size(inputs)
        if self.kept is not None:
            self.kept.append(inputs)
        if self._bytes > self._most:
            self.kept = None

    def table(self, name: SplitName, classes: Sequence[str] = ()) -> Table:
        """Return all of it.

        Raises
        ------
        UnreadableInput
            There was nothing, or only some of the batches have labels.
        """
        if not self.rows:
            raise UnreadableInput(f"{self.where}: the data set gives no rows; expected at least one")
        table = self._of_images() if self._facts else self._of_columns()
        label = self._label(name, classes)
        taken = tuple(classes) if label is not None and label.is_category else ()
        batches = self._batches if self.kept is not None else self.again
        if batches is None:
            self.notes.append("the rows take more than half of the memory and come once only: no model can be asked")
        return replace(
            table,
            label=label or table.label,
            classes=taken,
            batches=batches,
            source=self.where,
            notes=(*table.notes, *dict.fromkeys(self.notes)),
        )

    def _of_images(self) -> Table:
        facts = joined_facts(self._facts)
        if len(facts) != self.rows:
            raise UnreadableInput(f"{self.where}: {len(facts):,} images in {self.rows:,} rows; expected one a row")
        others = [cells for name, parts in self._columns.items() for cells in _columns(name, parts)]
        return Table(
            self.rows,
            (*others, *facts.columns),
            embeddings=facts.embeddings,
            embedded_by=EMBEDDED_BY,
            digests=MappingProxyType(facts.digests),
            thumbnail=self._thumbnail if self.kept is not None else None,
        )

    def _of_columns(self) -> Table:
        if set(self._columns) == {""}:
            parts = self._columns[""]
            if isinstance(parts[0], np.ndarray) and parts[0].ndim > 1:
                return array_table(np.concatenate(parts))
            return Table(self.rows, (replace(_column("x0", parts), name="x0"),))
        return Table(
            self.rows, tuple(cells for name, parts in self._columns.items() for cells in _columns(name, parts))
        )

    def _label(self, name: SplitName, classes: Sequence[str]) -> Cells | None:
        if not self._labels:
            return None
        try:
            whole = np.concatenate([np.asarray(part) for part in self._labels])
        except ValueError:
            self.notes.append("the labels have different shapes and are left out: expected one value a row")
            return None
        cells = label_cells(whole, self.rows, name)
        if cells.form is Form.NUMBER and cells.values.dtype.kind in "iu" and classes:
            codes = cells.values
            if codes.min() >= 0 and codes.max() < len(classes):
                return Cells("label", Form.TEXT, codes.astype(np.int32), "class names", None, tuple(classes), True)
        return cells

    def _batches(self, size: int) -> Iterator[Any]:
        for inputs in self.kept or ():
            n = _length(inputs)
            for start in range(0, n, size):
                yield _cut(inputs, slice(start, start + size))

    def _thumbnail(self, row: int) -> bytes:
        kept = self.kept or []
        ends = list(itertools.accumulate(_length(inputs) for inputs in kept))
        at = bisect.bisect_right(ends, row)
        inputs = kept[at]
        values = inputs.values() if isinstance(inputs, Mapping) else inputs if isinstance(inputs, tuple) else (inputs,)
        images = next(value for value in values if _are_pictures(value))
        image = np.asarray(images[row - (ends[at - 1] if at else 0)])
        return small_png(small_bytes(channels_last(image[None])[0], LONGEST))


def gather(batches: Iterable[Any], where: str, again: Again | None) -> Gathered:
    """Read all batches."""
    found = Gathered(where, again)
    for batch in batches:
        found.add(batch)
    return found


def inputs_of(batches: Iterable[Any]) -> Iterator[Any]:
    """Yield the inputs of batches, without their labels."""
    return (_parted(as_arrays(batch), [])[0] for batch in batches)


def as_arrays(given: Any) -> Any:
    """Return tensors, and images of Pillow, as arrays, within lists, tuples and mappings."""
    if isinstance(given, Mapping):
        return {str(name): as_arrays(value) for name, value in given.items()}
    if isinstance(given, tuple):
        return tuple(as_arrays(value) for value in given)
    if isinstance(given, list):
        held = [as_arrays(value) for value in given]
        return (
            tuple(held) if held and all(isinstance(v, np.ndarray) and v.ndim for v in held) and len(held) < 3 else held
        )
    for name in ("detach", "cpu", "numpy"):
        given = getattr(given, name)() if callable(getattr(given, name, None)) else given
    if isinstance(given, np.ndarray) and given.dtype.kind in "SO" and given.ndim == 1:
        return [value.decode("utf-8", "replace") if isinstance(value, bytes) else value for value in given.tolist()]
    is_picture = hasattr(given, "getbands") and hasattr(given, "convert")
    return np.asarray(given.convert("RGB")) if is_picture else given


def _parted(given: Any, notes: list[str]) -> tuple[Any, Any]:
    """Return inputs and labels."""
    if isinstance(given, Mapping):
        key = next((key for key in TARGETS if key in given and np.ndim(given[key]) > 0), None)
        return {name: value for name, value in given.items() if name != key}, given[key] if key else None
    if not isinstance(given, tuple):
        return given, None
    if len(given) > 2:
        notes.append(f"of {len(given)} parts of a row the first is taken for the inputs, the second for the label")
    return given[0], given[1] if len(given) > 1 else None


def _are_pictures(values: Any) -> bool:
    if isinstance(values, np.ndarray):
        return are_images(values.shape, values.dtype)
    is_list = isinstance(values, list) and bool(values)
    return is_list and all(isinstance(v, np.ndarray) and v.ndim == 3 and v.shape[-1] in {1, 3, 4} for v in values)


def _columns(name: str, parts: list[Any]) -> Iterator[Cells]:
    """Yield a column for each number of an input of several a row; codes of words, whole numbers, are no such thing."""
    are_numbers = all(isinstance(part, np.ndarray) and part.ndim == 2 and part.dtype.kind == "f" for part in parts)
    if not name or not are_numbers or name.casefold().startswith("emb") or len({part.shape[1] for part in parts}) > 1:
        yield _column(name, parts)
        return
    for at, cells in enumerate(array_table(np.concatenate(parts)).columns):
        yield replace(cells, name=f"{name}{at}")


def _column(name: str, parts: Sequence[Any]) -> Cells:
    if all(isinstance(part, np.ndarray) for part in parts):
        if len({part.shape[1:] for part in parts}) == 1:
            whole = np.concatenate(parts)
            return array_cells(name, whole if whole.ndim < 3 else whole.reshape(len(whole), -1))
        return Cells(name, Form.VECTOR, np.empty((sum(map(len, parts)), 0)), "arrays of different shapes")
    return object_cells(name, [value for part in parts for value in part])


def _length(inputs: Any) -> int:
    if isinstance(inputs, Mapping):
        return len(next(iter(inputs.values())))
    return len(inputs[0]) if isinstance(inputs, tuple) else len(inputs)


def _cut(inputs: Any, rows: slice) -> Any:
    if isinstance(inputs, Mapping):
        return {name: value[rows] for name, value in inputs.items()}
    return tuple(value[rows] for value in inputs) if isinstance(inputs, tuple) else inputs[rows]


def _size(inputs: Any) -> int:
    if isinstance(inputs, Mapping):
        return sum(map(_size, inputs.values()))
    if isinstance(inputs, (tuple, list)):
        return sum(map(_size, inputs))
    return int(getattr(inputs, "nbytes", 64))

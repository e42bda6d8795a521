"""Hugging Face's `Dataset`, an `IterableDataset` piece by piece, and a dictionary of them of which one is wanted."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import numpy as np

from diagnose.data import SplitName
from diagnose.errors import InputError, UnreadableInput
from diagnose.readers.data.cells import Cells, Form, Table
from diagnose.readers.data.encoded_images import AT_ONCE, EncodedImages, looked_at, with_images
from diagnose.readers.data.frames import frame_table
from diagnose.readers.data.gathering import as_arrays
from diagnose.readers.data.mappings import TARGETS
from diagnose.waiting import watched

NAMES: Mapping[SplitName, tuple[str, ...]] = {
    "train": ("train", "training"), "val": ("validation", "valid", "val", "dev"), "test": ("test", "testing"),
}  # fmt: skip
"""How the splits of a `DatasetDict` are called."""
PIECE = 4096
"""Rows of a data set without a length that are held at a time: photographs of 100 kB each take 400 MB."""


class HuggingFaceReader:
    """A data set in Arrow's memory: columns as it holds them, names of classes, images decoded by Pillow."""

    format: ClassVar[str] = "Hugging Face data set"

    def recognises(self, source: Any) -> bool:
        """Whether it is one, or a dictionary of some."""
        datasets = sys.modules.get("datasets")
        names = ("Dataset", "DatasetDict", "IterableDataset", "IterableDatasetDict")
        wanted = tuple(kind for name in names if (kind := getattr(datasets, name, None)) is not None)
        return isinstance(source, wanted)

    def size(self, source: Any) -> int:
        """Nothing where it is in memory, or mapped into it; of one that comes in pieces what it says of itself."""
        return 0 if hasattr(source, "__len__") else int(getattr(source.info, "dataset_size", None) or 0)

    def tables(self, source: Any, name: SplitName, rows: int | None) -> Iterator[Table]:
        """Read one split: as one table, or as a table for every few thousand rows of one that comes in pieces."""
        dataset = _of_split(source, name) if isinstance(source, Mapping) else source
        if hasattr(dataset, "__len__"):
            yield _table(dataset, "Hugging Face data set in memory")
            return
        first = 0
        for piece in _pieces(dataset, min(rows or PIECE, PIECE)):
            yield _table(piece, "Hugging Face data set that comes in pieces", first)
            first += len(piece)


def _pieces(dataset: Any, rows: int) -> Iterator[Any]:
    """Yield an iterable data set as data sets in memory; its images stay encoded until they are looked at."""
    datasets: Any = sys.modules["datasets"]
    features = dataset.features
    for column in _pictures(features or {}):
        dataset = dataset.cast_column(column, datasets.Image(decode=False))
    found = False
    for batch in watched(dataset.iter(batch_size=rows), "reading a Hugging Face data set", None):
        found = True
        yield datasets.Dataset.from_dict(batch, features=features)
    if not found:
        raise UnreadableInput("Hugging Face data set: it gives no rows; expected at least one")


def _pictures(features: Mapping[str, Any]) -> list[str]:
    return [column for column, kind in features.items() if type(kind).__name__ == "Image"]


def _table(dataset: Any, source: str, first: int = 0) -> Table:
    pictures = _pictures(dataset.features)
    images = _looked_at(dataset, pictures[0], first) if pictures else None
    if images is not None and images.broken:
        dataset = dataset.select(images.kept)
    plain = dataset.remove_columns(pictures) if pictures else dataset
    table = frame_table(plain.with_format("arrow")[:]) if plain.column_names else Table(len(dataset))
    return replace(
        table
        if images is None
        else with_images(table, images, partial(_row, _encoded(dataset, pictures[0]), pictures[0])),
        classes=next((tuple(kind.names) for key, kind in dataset.features.items() if _is_label(key, kind)), ()),
        columns=(
            *(_named(cells, dataset.features[cells.name]) for cells in table.columns),
            *(images.facts.columns if images is not None else ()),
        ),
        batches=partial(_batches, dataset),
        source=source,
    )


def _of_split(source: Mapping[str, Any], name: SplitName) -> Any:
    found = next((source[key] for key in NAMES[name] if key in source), None)
    if found is None:
        raise InputError(
            f"{name}: the DatasetDict has {', '.join(source)}; expected {' or '.join(NAMES[name])}, or give one of its "
            f"data sets: {name}=data[…]"
        )
    return found


def _is_label(name: str, kind: Any) -> bool:
    return name in TARGETS and type(kind).__name__ == "ClassLabel"


def _named(cells: Cells, kind: Any) -> Cells:
    if type(kind).__name__ != "ClassLabel" or cells.form is not Form.NUMBER:
        return cells
    known = cells.known
    codes = np.where(known, np.nan_to_num(cells.values), -1).astype(np.int32)  # -1 is also their own "no label"
    return Cells(cells.name, Form.TEXT, codes, "class names", None, tuple(kind.names), True)


def _looked_at(dataset: Any, column: str, first: int) -> EncodedImages:
    encoded = _encoded(dataset, column)
    starts = watched(range(0, len(dataset), AT_ONCE), "reading images", -(-len(dataset) // AT_ONCE))
    parts = (encoded[start : start + AT_ONCE][column] for start in starts)
    return looked_at(parts, f"Hugging Face data set, column {column!r}", first)


def _encoded(dataset: Any, column: str) -> Any:
    datasets: Any = sys.modules["datasets"]
    return dataset.with_format(None).cast_column(column, datasets.Image(decode=False))


def _row(encoded: Any, column: str, row: int) -> Any:
    return encoded[row][column]


def _batches(dataset: Any, size: int) -> Iterator[Any]:
    """Yield the inputs by name, in the format that the data set is set to."""
    for batch in dataset.iter(size):
        yield {name: as_arrays(values) for name, values in batch.items() if name not in TARGETS}

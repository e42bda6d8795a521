"""Hugging Face's `datasets.Dataset`, and a `DatasetDict` of which one split is wanted."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from diagnose.data import SplitName
from diagnose.errors import InputError, UnreadableInput
from diagnose.readers.data.cells import Cells, Form, Table
from diagnose.readers.data.frames import frame_table
from diagnose.readers.data.gathering import as_arrays
from diagnose.readers.data.image_facts import EMBEDDED_BY, ImageFacts, facts_of, joined_facts
from diagnose.readers.data.image_files import NAMED, decoded, thumbnail_of
from diagnose.readers.data.mappings import TARGETS
from diagnose.waiting import watched

NAMES: Mapping[SplitName, tuple[str, ...]] = {
    "train": ("train", "training"), "val": ("validation", "valid", "val", "dev"), "test": ("test", "testing"),
}  # fmt: skip
"""How the splits of a `DatasetDict` are called."""
AT_ONCE = 256


class HuggingFaceReader:
    """A data set in Arrow's memory: columns as it holds them, names of classes, images decoded by Pillow."""

    format: ClassVar[str] = "Hugging Face data set"

    def recognises(self, source: Any) -> bool:
        """Whether it is one, or a dictionary of some."""
        datasets = sys.modules.get("datasets")
        wanted = getattr(datasets, "Dataset", None), getattr(datasets, "DatasetDict", None)
        return all(wanted) and isinstance(source, tuple(w for w in wanted if w is not None))

    def size(self, source: Any) -> int:
        """Nothing: it is in memory, or mapped into it."""
        del source
        return 0

    def tables(self, source: Any, name: SplitName, rows: int | None) -> Iterator[Table]:
        """Read one split as one table."""
        del rows
        dataset = _of_split(source, name) if isinstance(source, Mapping) else source
        pictures = [column for column, kind in dataset.features.items() if type(kind).__name__ == "Image"]
        images = _looked_at(dataset, pictures[0]) if pictures else None
        if images is not None and images.broken:
            dataset = dataset.select(images.kept)
        plain = dataset.remove_columns(pictures) if pictures else dataset
        table = frame_table(plain.with_format("arrow")[:]) if plain.column_names else Table(len(dataset))
        yield replace(
            table if images is None else _with_images(table, images, dataset, pictures[0]),
            classes=next((tuple(kind.names) for key, kind in dataset.features.items() if _is_label(key, kind)), ()),
            columns=(
                *(_named(cells, dataset.features[cells.name]) for cells in table.columns),
                *(images.facts.columns if images is not None else ()),
            ),
            batches=partial(_batches, dataset),
            source="Hugging Face data set in memory",
        )


@dataclass(frozen=True, eq=False)
class _Images:
    """What is known of the images of a column, of the rows where they could be decoded."""

    facts: ImageFacts
    kept: list[int]
    broken: list[str]


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


def _looked_at(dataset: Any, column: str) -> _Images:
    encoded = _encoded(dataset, column)
    facts, kept, broken = [], [], []
    for start in watched(range(0, len(dataset), AT_ONCE), "reading images", -(-len(dataset) // AT_ONCE)):
        found = [decoded(_source(item)) for item in encoded[start : start + AT_ONCE][column]]
        kept += [start + at for at, picture in enumerate(found) if picture.pixels is not None]
        broken += [f"{start + at} ({p.why[:80]})" for at, p in enumerate(found) if p.pixels is None]
        pixels = [picture.pixels for picture in found if picture.pixels is not None]
        facts += [facts_of(pixels)] if pixels else []
    if not facts:
        raise UnreadableInput(f"none of {len(dataset):,} rows has an image in {column!r} that could be read")
    return _Images(joined_facts(facts), kept, broken)


def _with_images(table: Table, images: _Images, dataset: Any, column: str) -> Table:
    more = f" and {len(images.broken) - NAMED:,} more" if len(images.broken) > NAMED else ""
    told = f"images of rows could not be read, which are left out: {', '.join(images.broken[:NAMED])}{more}"
    return replace(
        table,
        embeddings=images.facts.embeddings,
        embedded_by=EMBEDDED_BY,
        digests=MappingProxyType(images.facts.digests),
        thumbnail=partial(_thumbnail, _encoded(dataset, column), column),
        notes=(*table.notes, told) if images.broken else table.notes,
    )


def _encoded(dataset: Any, column: str) -> Any:
    datasets: Any = sys.modules["datasets"]
    return dataset.with_format(None).cast_column(column, datasets.Image(decode=False))


def _source(item: Mapping[str, Any] | None) -> Any:
    if item is None:
        return b""
    return item["bytes"] if item.get("bytes") is not None else item["path"]


def _thumbnail(encoded: Any, column: str, row: int) -> bytes:
    source = _source(encoded[row][column])
    return thumbnail_of(BytesIO(source) if isinstance(source, bytes) else source)


def _batches(dataset: Any, size: int) -> Iterator[Any]:
    """Yield the inputs by name, in the format that the data set is set to."""
    for batch in dataset.iter(size):
        yield {name: as_arrays(values) for name, values in batch.items() if name not in TARGETS}

"""Columns of encoded images, ``{"bytes": …, "path": …}`` a row, as Hugging Face stores them in Arrow and Parquet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from types import MappingProxyType
from typing import Any

from diagnose.errors import UnreadableInput
from diagnose.readers.data.cells import Table
from diagnose.readers.data.frames import frame_table
from diagnose.readers.data.image_facts import EMBEDDED_BY, ImageFacts, facts_of, joined_facts
from diagnose.readers.data.image_files import NAMED, decoded, thumbnail_of

AT_ONCE = 256
"""Images that are decoded before they are looked at."""


@dataclass(frozen=True, eq=False)
class EncodedImages:
    """What is known of the images of a column: facts of the rows that could be decoded, and which could not."""

    facts: ImageFacts
    kept: list[int]
    broken: list[str]


def looked_at(parts: Iterable[Sequence[Mapping[str, Any] | None]], where: str, first: int = 0) -> EncodedImages:
    """Decode images part by part; ``first`` is the number of the first row, by which broken ones are named.

    Raises
    ------
    UnreadableInput
        None of them could be decoded.
    """
    facts, kept, broken, row = [], [], [], 0
    for part in parts:
        found = [decoded(source_of(item)) for item in part]
        kept += [row + at for at, picture in enumerate(found) if picture.pixels is not None]
        broken += [f"{first + row + at} ({p.why[:80]})" for at, p in enumerate(found) if p.pixels is None]
        pixels = [picture.pixels for picture in found if picture.pixels is not None]
        facts += [facts_of(pixels)] if pixels else []
        row += len(part)
    if not facts:
        raise UnreadableInput(f"{where}: none of {row:,} rows has an image that could be read")
    return EncodedImages(joined_facts(facts), kept, broken)


def source_of(item: Mapping[str, Any] | None) -> Any:
    """Return the bytes of an image or the path to it; no bytes where there is neither."""
    if item is None:
        return b""
    return item["bytes"] if item.get("bytes") is not None else item.get("path") or b""


def with_images(table: Table, images: EncodedImages, row_of: Callable[[int], Mapping[str, Any] | None]) -> Table:
    """Return a table of the kept rows with what their images say; ``row_of`` gives one of them encoded."""
    more = f" and {len(images.broken) - NAMED:,} more" if len(images.broken) > NAMED else ""
    told = f"images of rows could not be read, which are left out: {', '.join(images.broken[:NAMED])}{more}"
    return replace(
        table,
        embeddings=images.facts.embeddings,
        embedded_by=EMBEDDED_BY,
        digests=MappingProxyType(images.facts.digests),
        thumbnail=partial(_thumbnail, row_of),
        notes=(*table.notes, told) if images.broken else table.notes,
    )


def _thumbnail(row_of: Callable[[int], Mapping[str, Any] | None], row: int) -> bytes:
    source = source_of(row_of(row))
    return thumbnail_of(BytesIO(source) if isinstance(source, bytes) else source)


def arrow_table(frame: Any, where: str, first: int) -> Table:
    """Return a data frame as a table; of a PyArrow table with a column of encoded images also what they say."""
    name = _column(frame)
    if name is None or not frame.num_rows:
        return frame_table(frame)
    encoded = frame.column(name)
    parts = (encoded.slice(start, AT_ONCE).to_pylist() for start in range(0, frame.num_rows, AT_ONCE))
    images = looked_at(parts, f"{where}, column {name!r}", first)
    if images.broken:
        frame = frame.take(images.kept)
    rest = frame.drop_columns([name])
    table = frame_table(rest) if rest.column_names else Table(frame.num_rows)
    table = replace(table, columns=(*table.columns, *images.facts.columns), batches=None)
    return with_images(table, images, partial(_row, frame.column(name)))


def _row(encoded: Any, row: int) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = encoded[row].as_py()
    return found


def _column(frame: Any) -> str | None:
    """Return the first column whose type is that of encoded images: bytes, and a path beside them."""
    if type(frame).__module__.partition(".")[0] != "pyarrow":
        return None
    for field in frame.schema:
        parts = {field.type.field(at).name: str(field.type.field(at).type) for at in range(field.type.num_fields)}
        if parts.get("bytes") in {"binary", "large_binary"} and parts.keys() <= {"bytes", "path"}:
            return str(field.name)
    return None

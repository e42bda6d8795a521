"""Image files, decoded by Pillow as training programmes decode them; broken ones are told, never fatal."""

from __future__ import annotations

import itertools
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

import numpy as np

from diagnose.errors import UnreadableInput
from diagnose.extras import require
from diagnose.readers.data.cells import Cells, Form, Table, text_cells
from diagnose.readers.data.image_arrays import LONGEST
from diagnose.readers.data.image_facts import EMBEDDED_BY, facts_of, joined_facts
from diagnose.readers.data.image_pixels import Pixels
from diagnose.readers.data.png import small_png
from diagnose.waiting import watched

SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".jpe", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"))
AT_ONCE = 64
"""Files that are decoded before they are looked at: 64 photographs of a megapixel take 200 MB."""
NAMED = 20
"""Broken files that a note names."""
BROKEN = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, OverflowError, ZeroDivisionError, struct.error,
    zlib.error,
)  # fmt: skip
"""What Pillow's decoders raise at damaged files; ``OSError`` is the documented one."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded file: pixels of shape ``(h, w, 3)``; what it was stored as; None and the reason where it is broken."""

    pixels: Pixels | None
    kind: str = ""
    mode: str = ""
    bytes_a_pixel: float = float("nan")
    why: str = ""


def pillow(what: str) -> Any:
    """Return Pillow's ``Image`` module.

    Raises
    ------
    MissingExtra
        It is not installed.
    """
    return require("PIL.Image", extra="images", what=what)


def decoded(source: str | Path | bytes) -> Picture:
    """Decode one file, given by its path or its bytes; its first picture where it holds several."""
    image_module = pillow("reading image files")
    stream: Any = BytesIO(source) if isinstance(source, bytes) else source
    try:
        size = len(source) if isinstance(source, bytes) else Path(source).stat().st_size
        with image_module.open(stream) as image:
            mode = str(image.mode)
            pixels = colours_of(image)
            kind = str(image.format or "")
    except image_module.UnidentifiedImageError:
        return Picture(None, why="no image of a known kind")
    except (*BROKEN, image_module.DecompressionBombError) as error:
        return Picture(None, why=f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
    return Picture(pixels, kind, mode, size / max(1, pixels.shape[0] * pixels.shape[1]))


def colours_of(image: Any) -> Pixels:
    """Return the pixels of a Pillow image as bytes, shape ``(h, w, 3)``; those of 16 bits by their upper eight."""
    if image.mode.startswith("I;16"):
        return np.repeat((np.asarray(image) >> 8).astype(np.uint8)[..., None], 3, axis=2)
    return np.asarray(image.convert("RGB"))


def file_tables(
    paths: Sequence[Path], names: Sequence[str], labels: Cells | None, rows: int | None, source: str
) -> Iterator[Table]:
    """Decode files and yield tables of their properties, in order, of about ``rows`` images, or one of all.

    Parameters
    ----------
    paths, names
        The files, and how they are called in the report.
    labels
        Of each file.
    rows
        Of a table.
    source
        Where they come from.

    Raises
    ------
    UnreadableInput
        Not one file is an image.
    MissingExtra
        Pillow is not installed.
    """
    pillow("reading image files")
    step = rows or max(len(paths), 1)
    pictures = watched(_decoded_all(paths), f"reading images of {source}", len(paths))
    found = False
    told: list[str] = []
    for start in range(0, len(paths), step):
        some = slice(start, start + step)
        table = _table(list(paths[some]), names[some], labels.part(some) if labels is not None else None, pictures)
        told += table.notes
        if table.n:
            found = True
            yield replace(table, source=source, notes=tuple(told))
            told = []
    if not found:
        raise UnreadableInput(f"{source}: none of {len(paths):,} files could be read as an image, such as {names[0]!r}")


def _decoded_all(paths: Sequence[Path]) -> Iterator[Picture]:
    # decoding leaves Python's lock; more threads than four wait for the disk and for numpy
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        for start in range(0, len(paths), AT_ONCE):
            yield from pool.map(decoded, paths[start : start + AT_ONCE])


def _table(paths: list[Path], names: Sequence[str], labels: Cells | None, pictures: Iterator[Picture]) -> Table:
    facts, stored, kept, broken = [], [], [], []
    taken = zip(range(len(paths)), pictures, strict=False)
    while some := list(itertools.islice(taken, AT_ONCE)):
        good = [(at, picture) for at, picture in some if picture.pixels is not None]
        broken += [f"{names[at]!r} ({picture.why[:80]})" for at, picture in some if picture.pixels is None]
        kept += [at for at, _ in good]
        stored += [replace(picture, pixels=None) for _, picture in good]
        if good:
            facts.append(facts_of([picture.pixels for _, picture in good if picture.pixels is not None]))
    notes = (_told(broken, len(paths)),) if broken else ()
    if not facts:
        return Table(0, notes=notes)
    whole, rows = joined_facts(facts), np.array(kept)
    files = [paths[at] for at in kept]
    return Table(
        len(whole),
        (*whole.columns, *_stored_as(stored)),
        label=_chosen(labels, rows) if labels is not None else None,
        embeddings=whole.embeddings,
        embedded_by=EMBEDDED_BY,
        rows=tuple(names[at] for at in kept),
        digests=MappingProxyType(whole.digests),
        batches=partial(pixel_batches, files),
        thumbnail=partial(thumbnail_of_file, files),
        notes=notes,
    )


def _chosen(labels: Cells, rows: Any) -> Cells:
    missing = labels.missing[rows] if labels.missing is not None else None
    return replace(labels, values=labels.values[rows], missing=missing)


def _stored_as(pictures: Sequence[Picture]) -> tuple[Cells, ...]:
    """Return how the images were stored: what was compressed harder, or saved by another programme, shows here."""
    texts = {"file kind": [p.kind for p in pictures], "colour mode": [p.mode for p in pictures]}
    sizes = np.array([picture.bytes_a_pixel for picture in pictures], np.float32)
    return (
        *(replace(text_cells(name, values), is_category=True, made_of="image") for name, values in texts.items()),
        Cells("bytes per pixel", Form.NUMBER, sizes, "of the image", made_of="image"),
    )


def _told(broken: Sequence[str], among: int) -> str:
    more = f" and {len(broken) - NAMED:,} more" if len(broken) > NAMED else ""
    files = "file could" if len(broken) == 1 else "files could"
    return f"{len(broken):,} of {among:,} {files} not be read and left out: {', '.join(broken[:NAMED])}{more}"


def pixel_batches(files: Sequence[Path], size: int) -> Iterator[list[Pixels]]:
    """Yield the pixels of files, a list of ``size`` arrays of shape ``(h, w, 3)`` at a time."""
    for start in range(0, len(files), size):
        found = [decoded(path) for path in files[start : start + size]]
        yield [picture.pixels for picture in found if picture.pixels is not None]


def thumbnail_of_file(files: Sequence[Path], row: int) -> bytes:
    """Return one of the files as a small PNG file."""
    return thumbnail_of(files[row])


def thumbnail_of(source: str | Path | IO[bytes]) -> bytes:
    """Return an image file as a small PNG file; nothing where it can't be decoded, or is no longer there."""
    image_module = pillow("thumbnails of image files")
    try:
        with image_module.open(source) as image:
            image.draft("RGB", (2 * LONGEST, 2 * LONGEST))
            small = image_module.fromarray(colours_of(image))
    except (*BROKEN, image_module.DecompressionBombError, image_module.UnidentifiedImageError):
        return b""
    small.thumbnail((LONGEST, LONGEST))
    return small_png(np.asarray(small))

"""Arrays of images: ``(n, h, w)``, ``(n, h, w, c)`` or ``(n, c, h, w)``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from diagnose.data import SplitName
from diagnose.readers.data.arrays import batches_of
from diagnose.readers.data.cells import Table
from diagnose.readers.data.image_facts import EMBEDDED_BY, facts_of
from diagnose.readers.data.image_pixels import CHANNELS, Pixels, channels_last, small_bytes
from diagnose.readers.data.png import small_png

LEAST_SIDE = 8
"""Pixels of the smallest images that people train on (scikit-learn's digits)."""
LONGEST = 64
"""Pixels of a thumbnail's longer side: large enough to see what it is, a few kilobytes."""


class ImageArrayReader:
    """A NumPy array of images."""

    format: ClassVar[str] = "array of images"

    def recognises(self, source: Any) -> bool:
        """Whether an array has the shape of images."""
        return isinstance(source, np.ndarray) and are_images(source.shape, source.dtype)

    def size(self, source: Any) -> int:
        """Nothing: it is in memory."""
        del source
        return 0

    def tables(self, source: Any, name: SplitName, rows: int | None) -> Iterator[Table]:
        """Look at the images, all at once."""
        del name, rows
        yield image_table(source)


def are_images(shape: tuple[int, ...], dtype: np.dtype[Any]) -> bool:
    """Whether an array holds images: by channels, or of grey ones by bytes or a square shape.

    Examples
    --------
    >>> number = np.dtype(float)
    >>> [are_images(shape, number) for shape in ((9, 28, 28), (9, 32, 40, 3), (9, 1, 28, 28), (9, 100, 6), (9, 64))]
    [True, True, True, False, False]
    """
    if dtype.kind not in "fub" and dtype.kind != "i":
        return False
    if len(shape) == 4:
        is_last, is_first = shape[3] in CHANNELS, shape[1] in CHANNELS
        sides = shape[1:3] if is_last else shape[2:]
        return (is_last or is_first) and min(sides) >= LEAST_SIDE
    return len(shape) == 3 and min(shape[1:]) >= LEAST_SIDE and (dtype == np.uint8 or shape[1] == shape[2])


def image_table(images: Pixels) -> Table:
    """Return an array of images as a table of their properties."""
    shape = " × ".join(map(str, images.shape))
    facts = facts_of(images)
    return Table(
        len(images),
        facts.columns,
        embeddings=facts.embeddings,
        embedded_by=EMBEDDED_BY,
        digests=MappingProxyType(facts.digests),
        batches=partial(batches_of, images),
        thumbnail=partial(thumbnail_of, images),
        source=f"{shape} array of images in memory",
    )


def thumbnail_of(images: Any, row: int) -> bytes:
    """Return one of the images as a small PNG file."""
    return small_png(small_bytes(channels_last(np.asarray(images[row])[None])[0], LONGEST))

"""What is kept of images once they were looked at: properties, small grey pixels, digests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from diagnose.data import DigestArray, EmbeddingArray
from diagnose.readers.data.cells import Cells, Form
from diagnose.readers.data.image_hashes import exact_hashes, packed_pictures, perceptual_hashes
from diagnose.readers.data.image_pixels import Pixels, Singles, channels_last, grey, shrunk
from diagnose.readers.data.image_properties import properties

SIDE = 8
"""Of the grey pixels that stand for an image: as small as the smallest images that people train on, so that images of
all sizes have as many, and 64 numbers are few enough to compare thousands of rows in a second."""
EMBEDDED_BY = f"{SIDE} × {SIDE} grey pixels"
AT_ONCE = 8_000_000
"""Pixels that are turned into numbers at a time: 32 MB, a few times over."""


@dataclass(frozen=True, eq=False)
class ImageFacts:
    """Of n images: properties by name and digests by kind, n of each, and embeddings, shape ``(n, 64)``."""

    properties: Mapping[str, Singles]
    embeddings: EmbeddingArray
    digests: Mapping[str, DigestArray]

    def __len__(self) -> int:
        return len(self.embeddings)

    @property
    def columns(self) -> tuple[Cells, ...]:
        """The properties as columns."""
        return tuple(
            Cells(name, Form.NUMBER, values, "of the image", made_of="image")
            for name, values in self.properties.items()
        )


def facts_of(images: Pixels | Sequence[Pixels]) -> ImageFacts:
    """Look at images: ``(n, h, w)`` or ``(n, h, w, c)``, channels in front or behind, or a list of different sizes."""
    if isinstance(images, np.ndarray):
        return joined_facts([_looked_at(part) for part in _parts(channels_last(images))])
    shapes: dict[tuple[int, ...], list[int]] = {}
    for at, image in enumerate(images):
        shapes.setdefault((*image.shape, image.dtype.num), []).append(at)
    groups = [(rows, facts_of(np.stack([images[row] for row in rows]))) for rows in shapes.values()]
    whole = joined_facts([facts for _, facts in groups])
    return _in_order(whole, np.argsort(np.concatenate([rows for rows, _ in groups]), kind="stable"))


def _parts(images: Pixels) -> Iterator[Pixels]:
    step = max(1, AT_ONCE // max(1, int(np.prod(images.shape[1:3]))))
    for start in range(0, max(len(images), 1), step):
        yield images[start : start + step]


def _looked_at(images: Pixels) -> ImageFacts:
    brightness = grey(images)
    small = shrunk(brightness, SIDE, SIDE).reshape(len(images), SIDE * SIDE)
    digests = {
        "exact": exact_hashes(images),
        "perceptual": perceptual_hashes(brightness),
        "pixels": packed_pictures(brightness),
    }
    return ImageFacts(properties(images), small, digests)


def joined_facts(parts: Sequence[ImageFacts]) -> ImageFacts:
    """Return the facts of all images; a property that some of them lack (colour) is missing there."""
    names = dict.fromkeys(name for part in parts for name in part.properties)
    return ImageFacts(
        {
            name: np.concatenate([part.properties.get(name, np.full(len(part), np.nan, np.float32)) for part in parts])
            for name in names
        },
        np.concatenate([part.embeddings for part in parts]),
        {name: np.concatenate([part.digests[name] for part in parts]) for name in parts[0].digests},
    )


def _in_order(facts: ImageFacts, order: np.ndarray[tuple[int], np.dtype[np.intp]]) -> ImageFacts:
    return ImageFacts(
        {name: values[order] for name, values in facts.properties.items()},
        facts.embeddings[order],
        {name: values[order] for name, values in facts.digests.items()},
    )

"""Small pictures as PNG files, without a package for images."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GREY, COLOUR = 0, 2
"""Colour types of the PNG specification (ISO/IEC 15948, 11.2.2)."""


def png(pixels: npt.NDArray[Any]) -> bytes:
    """Return a PNG file of bytes 0 to 255, shape ``(h, w)`` or ``(h, w, 3)``.

    Examples
    --------
    >>> png(np.zeros((2, 2), np.uint8))[1:4]
    b'PNG'
    """
    height, width = pixels.shape[:2]
    rows = np.ascontiguousarray(pixels, np.uint8).reshape(height, -1)
    lines = np.concatenate([np.zeros((height, 1), np.uint8), rows], axis=1)  # each begins with its filter: none
    header = struct.pack(">IIBBBBB", width, height, 8, GREY if pixels.ndim == 2 else COLOUR, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 6)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


MOST_BYTES = 4_200
"""Of a picture beside a finding: sixteen of them, as text, are less than 100 kB of a report."""


def small_png(pixels: npt.NDArray[Any]) -> bytes:
    """Return a PNG file of at most ``MOST_BYTES``: as they are, or in fewer shades of each colour, 32 first, 2 last.

    Parameters
    ----------
    pixels
        Bytes, shape ``(h, w)`` or ``(h, w, 3)``, of 64 pixels a side or fewer.

    Examples
    --------
    >>> noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    >>> len(png(noise)) > 12_000, len(small_png(noise)) <= MOST_BYTES
    (True, True)
    """
    found = png(pixels)
    for bits in (5, 4, 3, 2, 1):
        if len(found) <= MOST_BYTES:
            break
        shades = (1 << bits) - 1
        found = png(np.rint(np.rint(pixels / 255 * shades) * (255 / shades)))
    return found

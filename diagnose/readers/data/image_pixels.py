"""Pixels of images of one size: in one order of axes, as grey, smaller, and as bytes that can be looked at."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[Any]
Singles = npt.NDArray[np.float32]

CHANNELS = frozenset((1, 3, 4))
"""Of grey, coloured and partly transparent images."""
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Weights of red, green and blue in brightness (ITU-R BT.601), as image libraries convert to grey."""


def channels_last(images: Pixels) -> Pixels:
    """Return images as ``(n, h, w)`` or ``(n, h, w, c)``; a channel axis in front is moved, a single one dropped.

    Examples
    --------
    >>> channels_last(np.zeros((5, 3, 28, 28))).shape, channels_last(np.zeros((5, 28, 28, 1))).shape
    ((5, 28, 28, 3), (5, 28, 28))
    """
    if images.ndim == 3:
        return images
    if images.shape[3] not in CHANNELS and images.shape[1] in CHANNELS:
        images = np.moveaxis(images, 1, 3)
    return images[..., 0] if images.shape[3] == 1 else images


def grey(images: Pixels) -> Singles:
    """Return brightness of each pixel, shape ``(n, h, w)``, in the images' own unit; transparency is left out."""
    if images.ndim == 3:
        return np.asarray(images, np.float32)
    return np.asarray(images[..., :3].astype(np.float32) @ LUMA, np.float32)


@lru_cache(maxsize=64)
def _areas(n: int, m: int) -> Singles:
    """Return which share of each of n pixels every one of m cells covers, shape ``(m, n)``; rows sum to 1."""
    edges = np.linspace(0.0, n, m + 1)
    covered = np.minimum(edges[1:, None], np.arange(1, n + 1)) - np.maximum(edges[:-1, None], np.arange(n))
    found = np.maximum(covered, 0.0)
    weights = np.asarray(found / found.sum(axis=1, keepdims=True), np.float32)
    weights.flags.writeable = False
    return weights


def shrunk(images: Singles, height: int, width: int) -> Singles:
    """Return images of another size, ``(n, h, w)`` to ``(n, height, width)``: means over areas.

    Examples
    --------
    >>> shrunk(np.arange(16, dtype=np.float32).reshape(1, 4, 4), 2, 2).tolist()
    [[[2.5, 4.5], [10.5, 12.5]]]
    """
    narrow = images @ _areas(images.shape[2], width).T
    return np.asarray(_areas(images.shape[1], height) @ narrow, np.float32)


def small_bytes(image: Pixels, longest: int) -> npt.NDArray[np.uint8]:
    """Return one image, ``(h, w)`` or ``(h, w, c)``, at most ``longest`` pixels wide and high, as bytes to look at.

    Bytes are taken as they are, numbers from 0 to 1 as shares of white, all others from their least to their greatest.
    """
    height, width = image.shape[:2]
    factor = min(1.0, longest / max(height, width))
    size = max(1, round(height * factor)), max(1, round(width * factor))
    colours = image[..., :3] if image.ndim == 3 else image[..., None]
    planes = shrunk(np.moveaxis(colours, 2, 0).astype(np.float32), *size)
    shown = np.moveaxis(planes, 0, 2)
    low, high = _range(image)
    bright = np.nan_to_num((shown - low) / (high - low or 1.0))
    found = np.clip(np.rint(255 * bright), 0, 255).astype(np.uint8)
    return np.asarray(found if found.shape[2] == 3 else found[..., 0], np.uint8)


def _range(image: Pixels) -> tuple[float, float]:
    """Return what is black and what is white."""
    if image.dtype.kind == "u":
        return 0.0, float(np.iinfo(image.dtype).max)
    low, high = float(np.nanmin(image)), float(np.nanmax(image))
    return (0.0, 1.0) if low >= 0 and high <= 1 else (low, high)

"""Hashes of 64 bits that differ in few."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

BLOCK = 4_000_000
_OF_BYTE = np.array([byte.bit_count() for byte in range(256)], np.uint8)


def bits_apart(first: Words, second: Words) -> npt.NDArray[np.uint8]:
    """Return in how many bits each differs from each, shape ``(n, m)``.

    Examples
    --------
    >>> bits_apart(np.array([0, 7], np.uint64), np.array([1], np.uint64)).tolist()
    [[1], [2]]
    """
    different = np.ascontiguousarray(first[:, None] ^ second)
    if hasattr(np, "bitwise_count"):
        return np.asarray(np.bitwise_count(different), np.uint8)
    # numpy 1 counts no bits
    return np.asarray(_OF_BYTE[different.view(np.uint8)].reshape(*different.shape, 8).sum(axis=2, dtype=np.uint8))


def nearest_hash(queries: Words, reference: Words) -> tuple[npt.NDArray[np.uint8], Rows, Floats]:
    """Return the bits to the nearest of the reference, its row, and the odds of that by chance; shape ``(n,)`` each.

    The distances from one hash to all others are about normal. Their median and what is nearer than 99 in 100 of them
    say how, for each hash by itself: images of its own kind are among them.
    """
    size = max(1, BLOCK // max(len(reference), 1))
    found: list[tuple[npt.NDArray[np.uint8], Rows, Floats]] = []
    for start in range(0, len(queries), size):
        table = bits_apart(queries[start : start + size], reference)
        row = table.argmin(axis=1)
        found.append((table[np.arange(len(table)), row], row.astype(np.int64), _odds(table)))
    if not found:
        return np.zeros(0, np.uint8), np.zeros(0, np.int64), np.zeros(0)
    bits, rows, odds = zip(*found, strict=True)
    return np.concatenate(bits), np.concatenate(rows), np.concatenate(odds)


def _odds(table: npt.NDArray[np.uint8]) -> Floats:
    from scipy.special import ndtr  # noqa: PLC0415

    m = table.shape[1]
    ends = np.partition(table, [0, m // 100, m // 2], axis=1).astype(np.float64)
    nearest, hundredth, middle = ends[:, 0], ends[:, m // 100], ends[:, m // 2]
    # the nearest itself must not widen the law that it is judged by
    width = np.maximum((middle - hundredth) / 2.326, 0.5) if m >= 200 else np.maximum(middle / 8, 0.5)
    return np.asarray(np.minimum(1.0, m * ndtr((nearest + 0.5 - middle) / width)))

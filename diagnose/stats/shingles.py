"""Texts that are nearly the same: by what case, spaces and punctuation leave, and by the pieces that they share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from diagnose.hashing import Words, mixed

LENGTH = 5
"""Letters of a piece: long enough that few pieces are common, short enough that a changed word spoils five of them."""
BANDS, ROWS_A_BAND = 16, 4
"""Two texts that share four fifths of their pieces meet in one band at least with odds of 0.9998, half with 0.64."""
MOST_PIECES = 2000
"""Of a text: its first ones."""

_SEEDS = mixed(np.arange(1, BANDS * ROWS_A_BAND + 1, dtype=np.uint64))


def plain_text(text: str) -> str:
    """Return the letters and digits of a text in lower case, single spaces between words.

    Examples
    --------
    >>> plain_text("  Hello,   WORLD! ")
    'hello world'
    """
    return " ".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())


def pieces(plain: str) -> Words:
    """Return the distinct pieces of a text as words, ascending; of a text that is shorter, the text itself."""
    raw = np.frombuffer(plain.encode("utf-8", "surrogatepass")[: MOST_PIECES + LENGTH - 1], np.uint8)
    if len(raw) < LENGTH:
        raw = np.pad(raw, (0, LENGTH - len(raw)))
    windows = np.lib.stride_tricks.sliding_window_view(raw, LENGTH).astype(np.uint64)
    return np.asarray(np.unique(windows @ (np.uint64(256) ** np.arange(LENGTH, dtype=np.uint64))))


def sketches(texts: Sequence[Words]) -> Words:
    """Return one word a band for each text (MinHash, Broder 1997), shape ``(n, BANDS)``: equal where a band agrees."""
    found = np.empty((len(texts), BANDS), np.uint64)
    powers = np.uint64(0x9E3779B97F4A7C15) ** np.arange(1, ROWS_A_BAND + 1, dtype=np.uint64)
    bands = np.arange(BANDS, dtype=np.uint64)
    for at, of_text in enumerate(texts):
        least = mixed(of_text[:, None] ^ _SEEDS).min(axis=0).reshape(BANDS, ROWS_A_BAND)
        found[at] = mixed(least * powers).sum(axis=1, dtype=np.uint64) + bands
    return found


def shared_part(first: Words, second: Words) -> float:
    """Return the share of the pieces of both texts that stand in both (Jaccard)."""
    common = len(np.intersect1d(first, second, assume_unique=True))
    return common / max(len(first) + len(second) - common, 1)

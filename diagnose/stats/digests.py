"""One 64-bit number for each row of a table, so that equal rows are found without comparing rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from diagnose.hashing import Words, mixed, text_hash

BLOCK = 16_384
"""Rows that are hashed at a time: a few arrays of them stay in the nearest cache."""

Words_of = Callable[[slice], Words]
"""Given some rows, a 64-bit word for each, shape ``(len(rows),)``: equal where the values are equal."""


def row_digests(n: int, columns: Iterable[tuple[str, Words_of]]) -> Words:
    """Return a digest of each row, shape ``(n,)``.

    Every word is mixed with a seed that its column's name gives, and the results are added: neither the order of the
    columns nor that of the rows changes a digest. Two rows that differ get the same one with a chance of 2⁻⁶⁴, so that
    among 10⁶ rows on each side 5·10⁻⁸ pairs are expected to be taken for equal.

    Parameters
    ----------
    n
        Number of rows.
    columns
        Name and words of each column.
    """
    found = np.zeros(n, np.uint64)
    seeded = [(np.uint64(text_hash(name)), words) for name, words in columns]
    for start in range(0, n, BLOCK):
        rows = slice(start, min(start + BLOCK, n))
        total = found[rows]
        for seed, words in seeded:
            total += mixed(words(rows) ^ seed)
        found[rows] = mixed(total)
    return found

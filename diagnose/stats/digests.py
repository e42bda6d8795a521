"""One 64-bit number for each row of a table, so that equal rows are found without comparing rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from diagnose.data import Column, Kind
from diagnose.hashing import Words, mixed, number_words, text_hash, text_hashes

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


def is_own(column: Column) -> bool:
    """Whether a column tells what a row is: no name of it, and nothing that was computed of another column."""
    return column.kind is not Kind.IDENTIFIER and not column.made_of


def words_of(column: Column, *, is_single: bool = False) -> Words_of:
    """Return a function from rows to a 64-bit word for each value; ``is_single``: numbers count as 32-bit floats."""
    values = column.values
    match column.kind:
        case Kind.CATEGORY:
            of_level = np.append(text_hashes(column.levels), np.uint64(0))  # code -1 is the last
            return lambda rows: of_level[values[rows]]
        case Kind.TEXT:
            return lambda rows: _text_words(values[rows].tolist())
        case Kind.IDENTIFIER:
            return lambda rows: values[rows]
    if is_single and column.kind is Kind.NUMBER:
        return lambda rows: number_words(_single(values[rows]))
    return lambda rows: number_words(values[rows])


def _single(values: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    with np.errstate(over="ignore"):  # beyond 32 bits is infinite
        return values.astype(np.float32, copy=False)


def _text_words(values: Sequence[str | None]) -> Words:
    known = text_hashes([value or "" for value in values])
    return np.where([value is None for value in values], np.uint64(0), known)

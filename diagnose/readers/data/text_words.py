"""Texts as one array of characters, and the hashes of their words and pieces: without a loop over words."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from diagnose.hashing import Words, mixed

BoolArray = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]

AT_ONCE = 2_000_000
"""Characters that are looked at together: some arrays of 16 MB."""
_FACTOR = 0x9E3779B97F4A7C15
"""An odd number, so that it has an inverse modulo 2^64; the golden ratio's, whose powers repeat late."""
_INVERSE = pow(_FACTOR, -1, 2**64)


def folded(text: str) -> str:
    """Return a text without what spelling varies: case, and forms of the same character (NFKC)."""
    return (text if text.isascii() else unicodedata.normalize("NFKC", text)).casefold()


def in_parts(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield runs of texts of about `AT_ONCE` characters."""
    ends = np.cumsum([len(text) for text in texts]) if len(texts) else np.zeros(0, np.int64)
    start = 0
    while start < len(texts):
        before = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + AT_ONCE, side="right")))
        yield texts[start:stop]
        start = stop


@dataclass(frozen=True, eq=False)
class Characters:
    """The characters of some texts one after the other, a line feed after each text.

    Attributes
    ----------
    codes
        Shape ``(c,)``: code points.
    starts
        Shape ``(n + 1,)``: where each text begins; the last is c.
    """

    codes: npt.NDArray[np.uint32]
    starts: Numbers

    @classmethod
    def of(cls, texts: Sequence[str]) -> Characters:
        """Lay texts one after the other."""
        lengths = np.fromiter((len(text) + 1 for text in texts), np.int64, len(texts))
        raw = "".join(f"{text}\n" for text in texts).encode("utf-32-le", "surrogatepass")
        return cls(np.frombuffer(raw, np.uint32), np.concatenate([[0], np.cumsum(lengths)]))

    @property
    def lengths(self) -> Numbers:
        """Shape ``(n,)``: characters of each text."""
        return np.diff(self.starts) - 1

    def are(self, is_one: Callable[[str], Any]) -> BoolArray:
        """Return for each character whether a test of characters holds; each distinct one is tested once."""
        table = np.zeros(int(self.codes.max(initial=0)) + 1, np.bool_)
        known = np.flatnonzero(np.bincount(self.codes)) if len(self.codes) else np.zeros(0, np.int64)
        table[known] = [bool(is_one(chr(code))) for code in known.tolist()]
        return np.asarray(table[self.codes], np.bool_)

    def counted(self, marked: BoolArray) -> Numbers:
        """Return how many marked characters each text has, shape ``(n,)``."""
        sums = np.concatenate([[0], np.cumsum(marked, dtype=np.int64)])
        return np.asarray(np.diff(sums[self.starts]), np.int64)

    @cached_property
    def words(self) -> tuple[Numbers, Numbers]:
        """Where each word begins and ends, shape ``(w,)`` each: letters, digits, and marks that join them."""
        inner = self.are(lambda mark: mark.isalnum() or mark == "_")
        edges = np.diff(np.concatenate([[0], inner.astype(np.int8), [0]]))
        return np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)

    @cached_property
    def _sums(self) -> tuple[Words, Words]:
        """Sums of the characters times powers of a factor, and powers of its inverse: any piece's hash in one step."""
        with np.errstate(over="ignore"):
            powers = np.full(len(self.codes), _FACTOR, np.uint64)
            inverses = np.full(len(self.codes) + 1, _INVERSE, np.uint64)
            powers[:1] = inverses[:1] = 1
            np.multiply.accumulate(powers, out=powers)
            np.multiply.accumulate(inverses, out=inverses)
            weighed = mixed(self.codes.astype(np.uint64) + np.uint64(1)) * powers
            return np.concatenate([np.zeros(1, np.uint64), np.cumsum(weighed, dtype=np.uint64)]), inverses

    def hashes(self, starts: Numbers, ends: Numbers) -> Words:
        """Return a 64-bit hash of each piece, the same wherever it stands."""
        sums, inverses = self._sums
        with np.errstate(over="ignore"):
            return mixed((sums[ends] - sums[starts]) * inverses[starts])

    def rows(self, places: Numbers) -> Numbers:
        """Return the number of the text in which each place lies."""
        return np.asarray(np.searchsorted(self.starts, places, side="right") - 1, np.int64)


def word_hashes(texts: Sequence[str]) -> Iterator[tuple[int, Words, Numbers]]:
    """Yield, for runs of texts, the number of texts, and the hash and the text (from 0) of each of their words."""
    for part in in_parts(texts):
        characters = Characters.of([folded(text) for text in part])
        starts, ends = characters.words
        yield len(part), characters.hashes(starts, ends), characters.rows(starts)


def normalised_hashes(texts: Sequence[str]) -> Words:
    """Return a hash of each text's words in their order, shape ``(n,)``; 0 where it has none.

    Case, spaces, punctuation, and forms of the same character make no difference.

    Examples
    --------
    >>> one, other, third = normalised_hashes(["Hello,  World!", "hello world", "world hello"])
    >>> bool(one == other), bool(one == third)
    (True, False)
    """
    found = []
    for n, words, rows in word_hashes(texts):
        firsts = np.searchsorted(rows, np.arange(n))
        place = np.arange(len(rows)) - firsts[rows]
        with np.errstate(over="ignore"):
            sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(mixed(words + place.astype(np.uint64)))])
            counts = np.bincount(rows, minlength=n)
            whole = sums[firsts + counts] - sums[firsts]
        found.append(np.where(counts > 0, mixed(whole) | np.uint64(1), np.uint64(0)))
    return np.concatenate(found) if found else np.zeros(0, np.uint64)

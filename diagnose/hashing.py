"""64-bit hashes of values, the same in every process, on every machine and from every file format.

An integer hashes alike whether a file holds it as a number or as text, so that identifiers can be compared.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import cast

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]

_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_MISSING_BITS = np.uint64(0x7FF8000000000000)
"""The bits of the usual NaN: one value stands for all missing ones."""
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")
"""Decimals as Python writes them, of as many digits as surely fit into 63 bits."""


def mixed(words: Words) -> Words:
    """Return the words scrambled by the finaliser of SplitMix64 [1]_, a bijection; shape as given.

    References
    ----------
    .. [1] Steele, Lea & Flood (2014), Fast splittable pseudorandom number generators, OOPSLA.

    Examples
    --------
    >>> [int(word) for word in mixed(np.array([1], np.uint64))]
    [6238072747940578789]
    """
    found = words ^ (words >> np.uint64(30))
    found *= _FIRST
    found ^= found >> np.uint64(27)
    found *= _SECOND
    found ^= found >> np.uint64(31)
    return found


def number_words(values: npt.NDArray[np.floating]) -> Words:
    """Return the bits of numbers as 64-bit floats, shape ``(n,)``; -0 counts as 0, and all NaN as one."""
    wide = np.add(values, 0.0, dtype=np.float64)  # a copy, without a negative zero
    words = wide.view(np.uint64)
    words[np.isnan(wide)] = _MISSING_BITS
    return cast("Words", words)


def integer_hashes(values: npt.NDArray[np.integer]) -> Words:
    """Return a hash of each integer, shape ``(n,)``, never 0."""
    return _never_zero(mixed(values.astype(np.int64).view(np.uint64)))


def text_hash(text: str) -> int:
    """Return the hash of one text, never 0; of the decimal form of an integer that of the integer.

    Examples
    --------
    >>> text_hash("17") == int(integer_hashes(np.array([17]))[0])
    True
    """
    if _INTEGER.fullmatch(text):
        return int(integer_hashes(np.array([int(text)]))[0])
    raw = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(raw, "little") or 1


def text_hashes(texts: Sequence[str]) -> Words:
    """Return `text_hash` of each, shape ``(n,)``."""
    return np.fromiter(map(text_hash, texts), np.uint64, len(texts))


def _never_zero(words: Words) -> Words:
    words[words == 0] = 1
    return words

"""Whole numbers read back from their hashes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]

_FIRST, _SECOND = np.uint64(0x96DE1B173F119089), np.uint64(0x319642B2D24D8EC3)
"""Inverses, modulo 2⁶⁴, of the multipliers of `diagnose.hashing.mixed`."""
LARGEST = 1 << 48
"""A hash of a text reads as a number as small as this with a chance of 2⁻¹⁵."""


def unmixed(words: Words) -> Words:
    """Return what `diagnose.hashing.mixed` made these of.

    Examples
    --------
    >>> from diagnose.hashing import mixed
    >>> int(unmixed(mixed(np.array([123456789], np.uint64)))[0])
    123456789
    """
    found: Words = words ^ (words >> np.uint64(31)) ^ (words >> np.uint64(62))
    found *= _SECOND
    found ^= (found >> np.uint64(27)) ^ (found >> np.uint64(54))
    found *= _FIRST
    found ^= (found >> np.uint64(30)) ^ (found >> np.uint64(60))
    return found


def integers_of_hashes(words: Words) -> npt.NDArray[np.float64] | None:
    """Return the whole numbers whose hashes these are, shape ``(n,)``; None where they are hashes of texts.

    Words that stand for a missing value (0) come back as some number.
    """
    # 0 is mixed to itself and stands for a missing value, so that the hash of the number 0 is 1
    numbers = unmixed(np.where(words == 1, np.uint64(0), words)).view(np.int64)
    known = numbers[words != 0]
    if not len(known) or known.max() > LARGEST or known.min() < -LARGEST:
        return None
    return numbers.astype(np.float64)

"""Bins that many values fall into quickly, about equally, and in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.floating[Any]]
Index = npt.NDArray[np.int32]

MOST = 1 << 14
"""Finer bins make no statistic more powerful (a bin holds 0.006 % of the rows) and cost time on every column."""
SAMPLED = 1 << 12
"""Values of each side that place the bins. Where they mislead, bins get heavy and are sorted: slower, still exact."""
UNEVEN = 4.0
"""Times its fair share of the sample that a bin may hold before bins are subdivided."""
GROUP = 128
"""Bins over which the sample's share is averaged: half a value falls into one of 16,384 bins on average, 64 here."""
TELLING = 16
"""Values of the sample that a single bin must hold to be called full: four where its share is fair have odds of
1e-9."""


@dataclass(frozen=True, eq=False)
class Bins:
    """Intervals: equal ones, of which the full ones are subdivided equally.

    Attributes
    ----------
    low, scale
        Where the first equal bin begins, and the number of them a unit, in the values' type.
    start
        Shape ``(equal + 1,)``: number of the first subdivision of each equal bin; the last entry is their number.
    upper
        Shape ``(number,)``: upper end of every bin; of the last one, the largest finite value of the sample.
    sample
        The values that placed them, in order.
    exact
        Whether every bin holds one value, its upper end.
    """

    low: Any
    scale: Any
    start: Index | None
    upper: npt.NDArray[np.float64]
    sample: Numbers
    exact: bool = False

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self.upper)

    def index(self, values: Numbers) -> Index:
        """Return each value's bin. Every step is monotone in floating point: bins are intervals whatever it rounds."""
        equal = self.number if self.start is None else len(self.start) - 1
        with np.errstate(over="ignore"):
            place = values - self.low
            place *= self.scale
        np.clip(place, 0, np.nextafter(place.dtype.type(equal), place.dtype.type(0)), out=place)
        whole = place.astype(np.int32)
        if self.start is None:
            return np.asarray(whole)
        place -= whole.astype(place.dtype)
        parts = np.diff(self.start).astype(place.dtype)
        place *= np.nextafter(parts, 0)[whole]  # below 1 times k itself can round up to k
        inner = place.astype(np.int32)
        inner += self.start[:-1][whole]
        return np.asarray(inner)


def placed(first: Numbers, second: Numbers) -> Bins | None:
    """Place bins by a sample of both sides; None where it holds nothing to place them by.

    Equal bins lie between its outer thousandths; where the fullest ones hold far more than their share, as with long
    tails, each is subdivided by what it holds.
    """
    sample = np.sort(np.concatenate([first[:: 1 + len(first) // SAMPLED], second[:: 1 + len(second) // SAMPLED]]))
    sample = sample[np.isfinite(sample)]
    if not len(sample):
        return None
    outer = len(sample) // 1000
    low, high = sample[outer], sample[-1 - outer]
    number = min(MOST, (len(first) + len(second)) // 16)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        scale = low.dtype.type(number) / (high - low)
    if not (np.isfinite(scale) and scale > 0):
        return None
    even = Bins(low, scale, None, _ends(low, scale, np.arange(1, number + 1), sample), sample)
    held = np.bincount(even.index(sample), minlength=number)
    share = held * (number / len(sample))
    # a few of the sample in one bin are chance: over a group of bins they are not
    full = np.maximum(_smoothed(share), np.where(held >= TELLING, share, 0))
    if full.max() <= UNEVEN:
        return even
    parts = np.maximum(1, np.ceil(full)).astype(np.int32)
    start = np.concatenate([[0], np.cumsum(parts)]).astype(np.int32)
    within = (np.arange(start[-1]) - np.repeat(start[:-1], parts) + 1) / np.repeat(parts, parts)
    return Bins(low, scale, start, _ends(low, scale, np.repeat(np.arange(number), parts) + within, sample), sample)


def _smoothed(share: Numbers) -> npt.NDArray[np.float64]:
    """Return the mean over the group of bins around each."""
    total = np.concatenate([[0.0], np.cumsum(share)])
    at = np.arange(len(share))
    ends = np.minimum(at + GROUP // 2, len(share)), np.maximum(at - GROUP // 2, 0)
    return np.asarray((total[ends[0]] - total[ends[1]]) / np.minimum(GROUP, len(share)))


def whole_numbers(first: Numbers, second: Numbers) -> Bins | None:
    """Give each whole number a bin of its own; None where a value is not whole or their range is long."""
    if not all(_is_whole(side[:: 1 + len(side) // SAMPLED]) for side in (first, second)):
        return None
    low, high = min(first.min(), second.min()), max(first.max(), second.max())
    if not np.isfinite(high - low) or high - low >= MOST or not (_is_whole(first) and _is_whole(second)):
        return None
    upper = float(low) + np.arange(int(high - low) + 1, dtype=np.float64)
    return Bins(low, low.dtype.type(1), None, upper, first[:0], exact=True)


def _is_whole(values: Numbers) -> bool:
    return bool(np.isfinite(values).all() and np.array_equal(values, np.floor(values)))


def _ends(low: Any, scale: Any, bins: npt.NDArray[Any], sample: Numbers) -> npt.NDArray[np.float64]:
    upper = float(low) + bins / float(scale)
    upper[-1] = max(upper[-1], float(sample[-1]))
    return np.asarray(upper)

"""A difference of two samples in the words and the unit of the column."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np

from diagnose.data import Kind
from diagnose.stats.cells import Cells
from diagnose.stats.homogeneity import CategoryShift
from diagnose.stats.two_sample import NumberShift

MOST_OF_IT = 0.8
"""Of the distance is seen at the median: a number moved as a whole, and that is how people say it."""
LONGEST_LEVEL = 40
"""Characters of a category's name in a sentence."""


def number_words(name: str, kind: Kind, cells: Cells, found: NumberShift) -> str:
    """Say how two samples of numbers differ by what differs most: the middle, the spread, a tail, or one cut-off."""
    distance = f"(KS distance {found.distance:.2g})"
    if found.leading == "place" or _is_of_the_middle(cells, found.distance):
        middles = cells.quantile(0.5)
        if middles[0] != middles[1]:
            first, second = _pair(*middles, kind)
            return f"median {name} {first} → {second} {distance}"
    if found.leading == "spread":
        lows, highs = cells.quantile(0.25), cells.quantile(0.75)
        if highs[0] - lows[0] != highs[1] - lows[1]:
            ends = [_pair(lows[i], highs[i], kind) for i in (0, 1)]
            first, second = (f"{low} to {high}" for low, high in ends)
            return f"middle half of {name} {first} → {second} {distance}"
    if found.leading == "tail" and found.worst_tail is not None:
        tail = found.worst_tail
        low, high = _one(tail.low, kind), _one(tail.high, kind)
        beyond = {"below": f"up to {low}", "above": f"above {high}", "outside": f"outside {low} to {high}"}[tail.side]
        return f"{name} {beyond}: {shares(tail.first, tail.second)} of rows {distance}"
    return _cut_off(name, kind, cells, distance)


def _is_of_the_middle(cells: Cells, distance: float) -> bool:
    """Whether half of one side lies nearly as far apart at its median as it does anywhere: all of it moved."""
    first, second = (np.cumsum(side) / side.sum() for side in (cells.first, cells.second))
    at = int(np.searchsorted(first, 0.5))
    return abs(float(second[at] - first[at])) >= MOST_OF_IT * min(distance, 0.5)


def _cut_off(name: str, kind: Kind, cells: Cells, distance: str) -> str:
    first, second = (np.cumsum(side) / side.sum() for side in (cells.first, cells.second))
    at = int(np.argmax(np.abs(first - second)))
    value = _one(float(cells.upper[at]), kind)
    return f"{name} up to {value}: {shares(float(first[at]), float(second[at]))} of rows {distance}"


def category_words(
    name: str,
    levels: tuple[str, ...],
    first: np.ndarray[tuple[int], np.dtype[np.int64]],
    second: np.ndarray[tuple[int], np.dtype[np.int64]],
    found: CategoryShift,
) -> str:
    """Say which category's share changed most."""
    before, after = first / first.sum(), second / second.sum()
    level = found.level if found.p_level < 1 else int(np.argmax(np.abs(after - before)))
    return (
        f"{name} {short(levels[level])!r} {shares(float(before[level]), float(after[level]))} of rows "
        f"(total variation {found.distance:.2g})"
    )


def short(level: str) -> str:
    """Return a category's name, cut where it is long."""
    return level if len(level) <= LONGEST_LEVEL else level[: LONGEST_LEVEL - 1] + "…"


def share(value: float) -> str:
    """Write one share in per cent.

    Examples
    --------
    >>> share(0.25), share(0.013), share(0.0004)
    ('25 %', '1.3 %', '0.04 %')
    """
    percent = 100 * value
    return f"{percent:.0f} %" if percent >= 10 else f"{percent:.2g} %"


def shares(first: float, second: float) -> str:
    """Write a change of a share, with digits enough to see it.

    Examples
    --------
    >>> shares(0.25, 0.4), shares(0.401, 0.402), shares(0.0, 0.013), shares(0.0004, 0.0)
    ('25 % → 40 %', '40.1 % → 40.2 %', '0 % → 1.3 %', '0.04 % → 0 %')
    """
    change = 100 * abs(second - first)
    digits = 0 if change >= 10 else min(6, max(0, 1 - math.floor(math.log10(change)))) if change > 0 else 1
    written = (f"{100 * value:.{digits}f}" for value in (first, second))
    before, after = (text.rstrip("0").rstrip(".") if "." in text else text for text in written)
    return f"{before} % → {after} %"


def _pair(first: float, second: float, kind: Kind) -> tuple[str, str]:
    """Write two numbers with as many digits as their difference takes, three at least."""
    if kind is Kind.TIME:
        return _one(first, kind), _one(second, kind)
    digits = 3
    if math.isfinite(first - second) and first != second:
        size = max(abs(first), abs(second))
        digits = min(12, max(3, 2 + math.ceil(math.log10(size / abs(second - first)))))
    return _written(first, digits), _written(second, digits)


def _written(value: float, digits: int) -> str:
    """Write a number with so many digits; thousands and millions without an exponent.

    Examples
    --------
    >>> _written(21893.0, 3), _written(0.12345, 3), _written(6.02e23, 3)
    ('21,900', '0.123', '6.02e+23')
    """
    text = f"{value:.{digits}g}"
    return f"{float(text):,.0f}" if "e" in text and 1 <= abs(value) < 1e9 else text


def _one(value: float, kind: Kind) -> str:
    if kind is Kind.TIME and math.isfinite(value):
        try:
            return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d")
        except (OverflowError, OSError, ValueError):  # beyond the calendar
            pass
    return _written(value, 4)

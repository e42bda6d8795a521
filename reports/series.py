"""The values of a figure's series made fit to be drawn: of one length, thinned, with names for categories."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from diagnose.finding import Series
from diagnose.reports.numbers import is_share, number, quantity
from diagnose.reports.scales import HUGE
from diagnose.reports.wording import one_line

MAX_POINTS = 600
"""Points of one line: about one for every two pixels of the widest page."""
MAX_LABEL = 60
"""Characters of a category's name that have room beside its bar."""


def aligned(series: Series) -> tuple[Series, str]:
    """Give all values of a series one length, and say so where they had not.

    Returns
    -------
    tuple
        The series, with x and without values too large to draw, and a note; empty where nothing was changed.
    """
    x = series.x or tuple(float(index) for index in range(len(series.y)))
    n = min(len(x), len(series.y))
    has_ends = bool(series.low) and bool(series.high)
    fitting = [ends if has_ends and len(ends) >= n else () for ends in (series.low, series.high)]
    note = ""
    if len(x) != len(series.y):
        note = f"{one_line(series.name)} has {len(x)} places and {len(series.y)} values: the first {n} are drawn"
    elif (series.low or series.high) and not all(fitting) and n:
        note = f"{one_line(series.name)} has no interval for each of its values: none is drawn"
    low, high = fitting if all(fitting) else ((), ())
    kept = replace(
        series,
        x=tuple(v if isinstance(v, str) else _bounded(v) for v in x[:n]),
        y=tuple(map(_bounded, series.y[:n])), low=tuple(map(_bounded, low[:n])), high=tuple(map(_bounded, high[:n])),
    )  # fmt: skip
    return kept, note


def _bounded(value: float | None) -> float | None:
    return None if value is None else min(max(value, -HUGE), HUGE)


def categories(series: Sequence[Series]) -> list[str]:
    """Names of the places in order of appearance where any of them has one; empty where all are numbers."""
    if not any(isinstance(x, str) for one in series for x in one.x):
        return []
    return list(dict.fromkeys(label_of(x) for one in series for x in one.x))


def label_of(x: float | str | None, unit: str = "") -> str:
    """Name a place."""
    return one_line(x, MAX_LABEL) if isinstance(x, str) else quantity(x, one_line(unit, 24)) if unit else number(x)


def tick_label(value: float, text: str, unit: str) -> str:
    """Label a place on an axis: as ``text``, unless the unit's values are read in percent."""
    return quantity(value, "share") if is_share(unit) else text


def thinned(series: Series, most: int = MAX_POINTS) -> Series:
    """Keep at most about ``most`` points: of each stretch the lowest and the highest, so that no peak is lost."""
    n = len(series.y)
    if n <= most:
        return series
    size = math.ceil(n / (most // 3))
    kept = {0, n - 1}
    for start in range(0, n, size):
        stretch = range(start, min(start + size, n))
        known = [index for index in stretch if series.y[index] is not None]
        if known:
            kept |= {min(known, key=lambda i: series.y[i] or 0.0), max(known, key=lambda i: series.y[i] or 0.0)}
        # a stretch with holes keeps one, so that a gap stays a gap
        kept |= {next(i for i in stretch if series.y[i] is None)} if len(known) < len(stretch) else set()
    order = sorted(kept)
    low, high = (tuple(ends[i] for i in order) if ends else () for ends in (series.low, series.high))
    return replace(series, x=tuple(series.x[i] for i in order), y=tuple(series.y[i] for i in order), low=low, high=high)

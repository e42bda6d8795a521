"""A measured value, its interval and its limit as a picture the size of a table cell."""

from __future__ import annotations

import math
from dataclasses import dataclass

from diagnose.finding import Measured
from diagnose.reports.numbers import passes
from diagnose.reports.scales import HUGE, Scale

ROOM = 0.15
"""Share of the drawn range that is left free on either side."""


@dataclass(frozen=True)
class Whisker:
    """Positions in percent from the left; None where a number is missing."""

    value: float
    low: float | None
    high: float | None
    limit: float | None
    is_beyond: bool
    words: str


def whisker(measured: Measured) -> Whisker | None:
    """Lay out a measured value beside its limit; None where there is nothing to compare."""
    given = (measured.value, measured.low, measured.high, measured.limit)
    value, low, high, limit = (v if v is not None and math.isfinite(v) else None for v in given)
    if value is None or (limit is None and (low is None or high is None)):
        return None
    known = [v for v in (value, low, high, limit) if v is not None]
    if limit is not None and min(known) >= 0:
        known.append(0.0)
    if max(abs(v) for v in known) > HUGE:
        return None
    span = max(known) - min(known)
    if span < 1 / HUGE:
        span = abs(value) + 1.0
    scale = Scale(min(known) - ROOM * span, max(known) + ROOM * span)
    places = [None if v is None else round(100 * scale.place(v), 1) for v in (value, low, high, limit)]
    is_beyond = passes(measured) is True
    words = f"{'beyond' if is_beyond else 'within'} the limit" if limit is not None else "value and its interval"
    return Whisker(places[0] or 0.0, places[1], places[2], places[3], is_beyond, words)

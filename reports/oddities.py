"""What a figure cannot draw as a line: values that are not finite, and values outside its axis."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from diagnose.finding import PlottedCurve
from diagnose.reports.numbers import number
from diagnose.reports.paths import finite_points
from diagnose.reports.scales import Scale
from diagnose.reports.wording import SPLITS, one_line

NAMED = 3
"""Stretches that are named under a figure; the others are counted."""


@dataclass(frozen=True)
class Gap:
    """A stretch of values that are not finite."""

    first: float
    last: float
    points: int


def gaps(curve: PlottedCurve) -> tuple[Gap, ...]:
    """Find the stretches of values that are not finite."""
    pairs = [(s, v) for s, v in zip(curve.steps, curve.values, strict=False) if math.isfinite(s)]
    stretches = groupby(pairs, key=lambda pair: pair[1] is None or not math.isfinite(pair[1]))
    found = [list(run) for is_missing, run in stretches if is_missing]
    return tuple(Gap(run[0][0], run[-1][0], len(run)) for run in found)


def outside(curve: PlottedCurve, up: Scale) -> tuple[tuple[float, float], ...]:
    """Find the stretches of a curve outside the axis; each by its most extreme point."""
    sides = groupby(finite_points(curve), key=lambda point: _side(point[1], up))
    return tuple(max(run, key=lambda point: abs(point[1])) for side, run in sides if side)


def _side(value: float, up: Scale) -> int:
    if up.holds(value):
        return 0
    return 1 if up.place(value) > 1 else -1


def notes(curves: Sequence[PlottedCurve], up: Scale, unit: str) -> Iterator[str]:
    """Say in words what the lines do not show."""
    for curve in curves:
        extremes = sorted(outside(curve, up), key=lambda point: -abs(point[1]))
        if extremes:
            places = [f"{number(value)} at {unit} {number(step)}" for step, value in extremes]
            yield f"outside the axis ({_named(curve)}): {_listed(places)}"
    for curve in curves:
        missing = gaps(curve)
        if missing:
            count = sum(gap.points for gap in missing)
            places = [_stretch(gap) for gap in missing]
            yield f"not finite ({_named(curve)}): {count} of {len(curve.values)} points, {unit} {_listed(places)}"


def _stretch(gap: Gap) -> str:
    return number(gap.first) if gap.first == gap.last else f"{number(gap.first)} to {number(gap.last)}"


def _listed(places: Sequence[str]) -> str:
    more = f" and {len(places) - NAMED} more" if len(places) > NAMED else ""
    return ", ".join(places[:NAMED]) + more


def _named(curve: PlottedCurve) -> str:
    return SPLITS.get(curve.split) or one_line(curve.name)

"""Curves as SVG paths."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from diagnose.finding import PlottedCurve
from diagnose.reports.scales import Scale, covering, spanning

WIDTH, HEIGHT = 1000, 400
"""Extent of a drawing in SVG units, before the page stretches it."""
SPARK_WIDTH, SPARK_HEIGHT = 100, 24
"""Extent of a drawing at the size of a word."""
SPARK_POINTS = 40
"""Points that can be told apart at that size."""


def finite_points(curve: PlottedCurve) -> Iterator[tuple[float, float]]:
    """Yield the points of a curve that can be drawn, as step and value."""
    for step, value in zip(curve.steps, curve.values, strict=False):
        if value is not None and math.isfinite(value) and math.isfinite(step):
            yield step, value


def from_top(value: float, up: Scale) -> float:
    """Share of a plot's height above a value; values outside the axis lie on its border."""
    return min(max(1 - up.place(value), 0.0), 1.0)


def path(curve: PlottedCurve, across: Scale, up: Scale, width: float = WIDTH, height: float = HEIGHT) -> str:
    """Write the SVG path of a curve: broken where values are missing, a dot where a point stands alone.

    A line to a value outside the axis leaves the drawing, which cuts it off at its border.
    """
    pieces: list[str] = []
    pen_is_down = False
    previous = ""
    for step, value in zip(curve.steps, curve.values, strict=False):
        if value is None or not math.isfinite(value) or not math.isfinite(step):
            pen_is_down = False
            continue
        # not further than one height away, so that coordinates stay small
        y = min(max(1 - up.place(value), -1.0), 2.0) * height
        point = f"{across.place(step) * width:.1f} {y:.1f}"
        point = point.replace(".0 ", " ").removesuffix(".0")
        if not pen_is_down:
            pieces.append(f"M{point}h0")
        elif point != previous:
            pieces.append(f"L{point}")
        pen_is_down, previous = True, point
    return "".join(pieces)


def sparklines(curves: Sequence[PlottedCurve]) -> tuple[str, ...]:
    """Write the SVG paths of curves at the size of a word, thinned, on common axes."""
    thin = [_thinned(curve) for curve in curves]
    finite = [point for curve in thin for point in finite_points(curve)]
    across, up = spanning([step for step, _ in finite]), covering([value for _, value in finite])
    return tuple(path(curve, across, up, SPARK_WIDTH, SPARK_HEIGHT) for curve in thin)


def _thinned(curve: PlottedCurve) -> PlottedCurve:
    last = len(curve.steps) - 1
    stride = max(1, math.ceil(last / SPARK_POINTS))
    kept = range(last % stride, last + 1, stride)
    return replace(curve, steps=tuple(curve.steps[i] for i in kept), values=tuple(curve.values[i] for i in kept))

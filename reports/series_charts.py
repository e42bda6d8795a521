"""Series of a finding's own as lines with bands, and many bars as the outline of a histogram."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby, pairwise

from diagnose.finding import Figure, PlottedCurve, Series
from diagnose.reports.figures import Chart, Line, Tick, chart
from diagnose.reports.marks import Labelled, percent_of
from diagnose.reports.paths import HEIGHT, WIDTH, finite_points, from_top, path
from diagnose.reports.scales import Scale, covering, spanning
from diagnose.reports.series import categories, label_of, thinned, tick_label
from diagnose.reports.wording import SPLITS, one_line

MAX_MARKED = 40
"""Points of a line that have a marker each; of more the line alone is clearer."""
MAX_NAMES = 6
"""Names of categories that fit below a plot."""
MAX_STEPS = 300
"""Bars of an outline that can be told apart; of more only the highest and lowest are joined."""


def of(figure: Figure, series: Sequence[Series], title: str, code: str) -> Chart:
    """Lay out series that have values; places with names stand in order, one apart."""
    names = categories(series)
    is_outline = figure.kind == "bars"
    placed = [_placed(one, names) for one in series]
    drawn = [_outline(one) if is_outline else thinned(one) for one in placed]
    curves = [_curve(one) for one in drawn]
    ends = [value for one in drawn for value in (*one.low, *one.high) if value is not None]
    values = [value for curve in curves for _, value in finite_points(curve)] + ends
    up = spanning([0.0, *values]) if is_outline else covering(values, log=figure.log_y or None)
    unit = one_line(figure.x_label or figure.x_unit, 24)
    marks = [] if is_outline else [Labelled(mark, code) for mark in figure.marks]
    made = chart(title, curves, marks, unit=unit or "place", up=up)
    pairs = zip(made.lines, drawn, strict=True)
    lines = tuple(_detailed(line, one, made.across, up, is_outline=is_outline) for line, one in pairs)
    return replace(
        made,
        lines=lines,
        unit=unit,
        alt=made.alt.replace("Line chart", "Histogram", 1) if is_outline else made.alt,
        y_ticks=tuple(Tick(percent_of(1 - up.place(v)), tick_label(v, text, figure.y_unit)) for v, text in up.ticks(5)),
        x_ticks=tuple(_named_ticks(names, made.across)) if names else made.x_ticks,
    )


def _placed(series: Series, names: Sequence[str]) -> Series:
    if not names:
        return replace(series, x=tuple(x if isinstance(x, float) else None for x in series.x))
    places = {name: float(place) for place, name in enumerate(names)}
    pairs = sorted(((places[label_of(x)], at) for at, x in enumerate(series.x)), key=lambda pair: pair[0])
    order = [at for _, at in pairs]
    low, high = (tuple(ends[at] for at in order) if ends else () for ends in (series.low, series.high))
    return replace(
        series, x=tuple(place for place, _ in pairs), y=tuple(series.y[at] for at in order), low=low, high=high
    )


def _curve(series: Series) -> PlottedCurve:
    known = [(x, y) for x, y in zip(series.x, series.y, strict=True) if isinstance(x, float)]
    split = series.split if series.split in SPLITS else "other"
    name = one_line(series.name, 40) or "value"
    return PlottedCurve(name, split, name, "lower", tuple(x for x, _ in known), tuple(y for _, y in known), len(known))


def _outline(series: Series) -> Series:
    """Widen every bar to its half distance from the next, so that the line runs along their tops."""
    bars = [(x, y or 0.0) for x, y in zip(series.x, series.y, strict=True) if isinstance(x, float)]
    if not 2 <= len(bars) <= MAX_STEPS:
        return replace(thinned(replace(series, low=(), high=())), low=(), high=())
    bars.sort(key=lambda bar: bar[0])
    places = [x for x, _ in bars]
    inner = [(a + b) / 2 for a, b in pairwise(places)]
    edges = [2 * places[0] - inner[0], *inner, 2 * places[-1] - inner[-1]]
    x = [edge for edge in edges for _ in range(2)]
    y = [0.0, *(height for _, height in bars for _ in range(2)), 0.0]
    return replace(series, x=tuple(x), y=tuple(y), low=(), high=())


def _detailed(line: Line, series: Series, across: Scale, up: Scale, *, is_outline: bool) -> Line:
    """Add the name of its own, the band and the markers of a series to its line."""
    points = [p for p in zip(series.x, series.y, strict=True) if isinstance(p[0], float) and p[1] is not None]
    marked = [(percent_of(across.place(x)), percent_of(from_top(y, up))) for x, y in points]  # type: ignore[arg-type]
    return replace(
        line,
        label=one_line(series.name, 24) or line.label,
        value="" if is_outline else line.value,
        band="".join(_bands(series, across, up)),
        points=tuple(marked) if len(marked) <= MAX_MARKED and not is_outline else (),
    )


def _bands(series: Series, across: Scale, up: Scale) -> Iterator[str]:
    """Write the areas between the ends of intervals, one for each stretch in which both are known."""
    ends = list(zip(series.x, series.low, series.high, strict=False))
    for is_known, stretch in groupby(ends, key=lambda end: all(isinstance(value, float) for value in end)):
        known = list(stretch)
        if is_known and len(known) > 1:
            yield _area(known, across, up)


def _area(ends: Sequence[tuple[object, ...]], across: Scale, up: Scale) -> str:
    steps, low, high = (
        tuple(value for value in column if isinstance(value, float)) for column in zip(*ends, strict=True)
    )
    there, back = (
        path(PlottedCurve("", "other", "", "lower", xs, ys, len(xs)), across, up, WIDTH, HEIGHT)
        for xs, ys in ((steps, high), (steps[::-1], low[::-1]))
    )
    return f"{there}L{back.removeprefix('M').replace('h0', '', 1)}Z"


def _named_ticks(names: Sequence[str], across: Scale) -> Iterator[Tick]:
    stride = -(-len(names) // MAX_NAMES)
    for place in range(0, len(names), stride):
        yield Tick(percent_of(across.place(float(place))), one_line(names[place], 12))

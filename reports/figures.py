"""The geometry of the figures: curves, marks and axes as positions that a template draws.

Lines are drawn by an SVG that stretches with the page while its strokes do not; all text is HTML beside it, placed in
percent. So letters keep their size at every width and follow the page's colours, light or dark, and a figure costs no
import of a plotting library, which would take a fifth of an audit's time.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from diagnose.finding import PlottedCurve
from diagnose.reports.marks import Badge, Labelled, badges, percent_of
from diagnose.reports.numbers import number
from diagnose.reports.oddities import gaps, notes, outside
from diagnose.reports.paths import finite_points, from_top, path
from diagnose.reports.scales import Scale, covering, spanning
from diagnose.reports.wording import SPLITS, one_line

LABEL_HEIGHT = 22.0
"""Height of the two lines that name a curve at its end, in percent of a plot's height."""


@dataclass(frozen=True)
class Tick:
    """A position in percent from the left or the top, and a label."""

    at: float
    label: str


@dataclass(frozen=True)
class Line:
    """A drawn curve: its SVG path, and the label at its end."""

    kind: str
    variant: int
    path: str
    label: str
    value: str
    label_at: float
    band: str = ""
    """SVG path of the area between the ends of its intervals."""
    points: tuple[tuple[float, float], ...] = ()
    """Places of its points in percent from the left and the top, where they are few enough to be marked."""


@dataclass(frozen=True)
class Edge:
    """A point outside the axis, drawn as an arrow at its border."""

    at: float
    is_above: bool


@dataclass(frozen=True)
class Chart:
    """One figure, ready to be drawn."""

    title: str
    alt: str
    unit: str
    log: bool
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[Line, ...]
    badges: tuple[Badge, ...]
    marks_left_out: int
    edges: tuple[Edge, ...]
    gaps: tuple[tuple[float, float], ...]
    notes: tuple[str, ...]
    across: Scale
    up: Scale
    curves: tuple[PlottedCurve, ...]


def chart(  # noqa: PLR0913  two of them are choices that most callers leave to it
    title: str,
    curves: Sequence[PlottedCurve],
    marks: Sequence[Labelled] = (),
    *,
    unit: str = "epoch",
    log: bool | None = None,
    up: Scale | None = None,
) -> Chart:
    """Lay out curves that share an axis.

    Parameters
    ----------
    title
        What is drawn, e.g. ``"Loss"``.
    curves
        At least one, in drawing order.
    marks
        What to point at.
    unit
        What the steps count.
    log
        Whether the vertical axis is logarithmic; decided by the values when None.
    up
        The vertical axis; the one that shows the curves best when None.
    """
    steps = [step for curve in curves for step in curve.steps if math.isfinite(step)]
    is_whole = all(float(step).is_integer() for step in steps)
    across = spanning(steps)
    up = covering([v for curve in curves for _, v in finite_points(curve)], log=log) if up is None else up
    lines = _lines(curves, across, up)
    drawn, left_out = badges(marks, across, up)
    extremes = [point for curve in curves for point in outside(curve, up)]
    missing = [gap for curve in curves for gap in gaps(curve)]
    return Chart(
        title=title,
        alt=_alt(title, unit, lines, drawn, steps),
        unit=unit,
        log=up.log,
        x_ticks=tuple(Tick(percent_of(across.place(v)), text) for v, text in across.ticks(6, whole=is_whole)),
        y_ticks=tuple(Tick(percent_of(1 - up.place(v)), text) for v, text in up.ticks(5)),
        lines=lines,
        badges=drawn,
        marks_left_out=left_out,
        edges=tuple(Edge(percent_of(across.place(step)), up.place(value) > 1) for step, value in extremes),
        gaps=tuple((percent_of(across.place(gap.first)), percent_of(across.place(gap.last))) for gap in missing),
        notes=tuple(notes(curves, up, unit)),
        across=across,
        up=up,
        curves=tuple(curves),
    )


def _lines(curves: Sequence[PlottedCurve], across: Scale, up: Scale) -> tuple[Line, ...]:
    kinds = [curve.split if curve.split in SPLITS else "other" for curve in curves]
    lines = []
    for index, (kind, curve) in enumerate(zip(kinds, curves, strict=True)):
        is_alone = kinds.count(kind) == 1 and kind in SPLITS
        label = SPLITS[kind] if is_alone else one_line(curve.name, 24)
        last = [value for _, value in finite_points(curve)][-1:]
        value, at = (number(last[0]), percent_of(from_top(last[0], up))) if last else ("nothing finite", 100.0)
        lines.append(Line(kind, kinds[:index].count(kind), path(curve, across, up), label, value, at))
    return _spread(lines)


def _spread(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Move the labels at the ends of curves apart, keeping their order."""
    order = sorted(range(len(lines)), key=lambda index: lines[index].label_at)
    height = min(LABEL_HEIGHT, 100 / max(len(lines), 1))
    places: list[float] = []
    for index in order:
        lowest = places[-1] + height if places else height / 2
        places.append(max(lines[index].label_at, lowest))
    ceiling = 100 - height / 2
    for position in reversed(range(len(places))):
        places[position] = min(places[position], ceiling)
        ceiling = places[position] - height
    moved = dict(zip(order, places, strict=True))
    return tuple(replace(line, label_at=round(moved[index], 2)) for index, line in enumerate(lines))


def _alt(title: str, unit: str, lines: Iterable[Line], drawn: Iterable[Badge], steps: Sequence[float]) -> str:
    ends = "; ".join(f"{line.label} ends at {line.value}" for line in lines)
    marked = "; ".join(one_line(badge.text, 80) for badge in drawn)
    span = f"{one_line(unit, 24)} {number(min(steps, default=None))} to {number(max(steps, default=None))}"
    return f"Line chart of {one_line(title)} over {span}: {ends}." + (f" Marked: {marked}." if marked else "")

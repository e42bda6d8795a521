"""The geometry of the figures: curves, marks and axes as positions that a template draws.

Lines are drawn by an SVG that stretches with the page, its strokes do not; all text is HTML beside it, placed in
percent. So the letters keep their size at every width, follow the page's colours, light or dark, and a figure costs
no import of a plotting library, which takes half a second.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from diagnose.finding import Diagnosis, Mark, PlottedCurve
from diagnose.reports.scales import Scale, covering, spanning
from diagnose.reports.wording import SPLITS, number, one_line

WIDTH, HEIGHT = 1000, 400
"""Extent of the drawing in SVG units, before it is stretched."""
LABEL_SHARE = 11.0
"""Height of a line of text in percent of a plot's height."""
MAX_MARKS = 9
"""Marks on one chart that still can be told apart."""
CLIPPED_NAMED = 3
"""Stretches of values outside the axis that are named under a chart; the others are counted."""


@dataclass(frozen=True)
class Tick:
    """A position in percent from the left or the top, and a label."""

    at: float
    label: str


@dataclass(frozen=True)
class Line:
    """A drawn curve: its SVG path, and a label at its end."""

    name: str
    kind: str
    variant: int
    path: str
    label: str
    value: str
    label_at: float


@dataclass(frozen=True)
class Badge:
    """A numbered mark: where it stands, and what its number means."""

    number: int
    kind: str
    text: str
    code: str
    at: float
    start: float
    end: float
    top: float | None
    lane: int = 0


@dataclass(frozen=True)
class Edge:
    """A point that lies outside the axis, drawn as an arrow at its border."""

    at: float
    above: bool


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
    edges: tuple[Edge, ...]
    gaps: tuple[tuple[float, float], ...]
    notes: tuple[str, ...]
    marks_left_out: int = 0


@dataclass(frozen=True)
class Labelled:
    """A mark and the code of the finding it belongs to; empty for what the log itself states."""

    mark: Mark
    code: str = ""


def chart(
    title: str,
    curves: Sequence[PlottedCurve],
    marks: Sequence[Labelled] = (),
    *,
    unit: str = "epoch",
    log: bool | None = None,
) -> Chart:
    """Lay out curves that share an axis.

    Parameters
    ----------
    title
        What is drawn, e.g. ``"Loss"``.
    curves
        At least one, in drawing order.
    marks
        What to point at; those that are nowhere near the curves are left out.
    unit
        What the steps count.
    log
        Whether the vertical axis is logarithmic; decided by the values when None.
    """
    points = [list(_finite(curve)) for curve in curves]
    steps = [step for curve in curves for step in curve.steps if math.isfinite(step)]
    across = spanning(steps)
    up = covering([value for curve in points for _, value in curve], log=log)
    whole = all(float(step).is_integer() for step in steps)
    drawn = _lines(curves, points, across, up)
    badges, left_out = _badges(marks, across, up)
    clipped = [_clipped(curve, up) for curve in points]
    gaps = [_gaps(curve) for curve in curves]
    return Chart(
        title=title,
        alt=_alt(title, unit, drawn, badges, across),
        unit=unit,
        log=up.log,
        x_ticks=tuple(Tick(_percent(across.place(v)), label) for v, label in across.ticks(6, whole=whole)),
        y_ticks=tuple(Tick(_percent(1 - up.place(v)), label) for v, label in up.ticks(5)),
        lines=drawn,
        badges=badges,
        edges=tuple(
            Edge(_percent(across.place(s)), v > up.low) for runs in clipped for run in runs for s, v in [_extreme(run)]
        ),
        gaps=tuple((_percent(across.place(a)), _percent(across.place(b))) for spans in gaps for a, b, _ in spans),
        notes=(*_clip_notes(curves, clipped, unit), *_gap_notes(curves, gaps, unit)),
        marks_left_out=left_out,
    )


def _finite(curve: PlottedCurve) -> Iterator[tuple[float, float]]:
    for step, value in zip(curve.steps, curve.values, strict=False):
        if value is not None and math.isfinite(value) and math.isfinite(step):
            yield step, value


def _percent(share: float) -> float:
    return round(100 * min(max(share, -0.02), 1.02), 2)


def _lines(
    curves: Sequence[PlottedCurve], points: Sequence[Sequence[tuple[float, float]]], across: Scale, up: Scale
) -> tuple[Line, ...]:
    kinds = [curve.split if curve.split in SPLITS else "other" for curve in curves]
    lines = []
    for index, (curve, finite) in enumerate(zip(curves, points, strict=True)):
        alone = kinds.count(kinds[index]) == 1 and kinds[index] in SPLITS
        label = SPLITS[curve.split] if alone else one_line(curve.name, 24)
        end = _percent(min(max(1 - up.place(finite[-1][1]), 0.0), 1.0)) if finite else 100.0
        value = number(finite[-1][1]) if finite else "no finite value"
        lines.append(
            Line(
                curve.name, kinds[index], kinds[:index].count(kinds[index]), path(curve, across, up), label, value, end
            )
        )
    return _spread(lines)


def _spread(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Move the labels at the ends of curves apart, keeping their order."""
    order = sorted(range(len(lines)), key=lambda index: lines[index].label_at)
    need = 2 * LABEL_SHARE
    places: list[float] = []
    for index in order:
        places.append(max(lines[index].label_at, places[-1] + need if places else need / 2))
    ceiling = 100 - need / 2
    for position in range(len(places) - 1, -1, -1):
        places[position] = min(places[position], ceiling)
        ceiling = places[position] - need
    moved = {index: round(place, 2) for index, place in zip(order, places, strict=True)}
    return tuple(replace(line, label_at=moved[index]) for index, line in enumerate(lines))


def path(curve: PlottedCurve, across: Scale, up: Scale, width: float = WIDTH, height: float = HEIGHT) -> str:
    """Write the SVG path of a curve: broken where values are missing, a dot where a point stands alone.

    Values outside the axis run along its border.
    """
    pieces: list[str] = []
    pen_is_down = False
    previous = ""
    for step, value in zip(curve.steps, curve.values, strict=False):
        if value is None or not math.isfinite(value) or not math.isfinite(step):
            pen_is_down = False
            continue
        x = across.place(step) * width
        y = min(max(1 - up.place(value), 0.0), 1.0) * height
        point = f"{x:.1f} {y:.1f}".replace(".0 ", " ").removesuffix(".0")
        if not pen_is_down:
            pieces.append(f"M{point}h0")
        elif point != previous:
            pieces.append(f"L{point}")
        pen_is_down, previous = True, point
    return "".join(pieces)


def _badges(marks: Sequence[Labelled], across: Scale, up: Scale) -> tuple[tuple[Badge, ...], int]:
    seen: dict[tuple[str, float, float | None], Labelled] = {}
    for labelled in marks:
        mark = labelled.mark
        if _is_finite(mark.x) and (
            across.holds(mark.x) or (_is_finite(mark.x_end) and across.holds(mark.x_end or 0.0))
        ):
            seen.setdefault((mark.label, mark.x, mark.x_end), labelled)
    ordered = sorted(list(seen.values())[:MAX_MARKS], key=lambda labelled: labelled.mark.x)
    badges = [_badge(rank, labelled, across, up) for rank, labelled in enumerate(ordered, 1)]
    return _in_lanes(badges), max(0, len(seen) - MAX_MARKS)


def _is_finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _badge(rank: int, labelled: Labelled, across: Scale, up: Scale) -> Badge:
    mark = labelled.mark
    start = min(max(across.place(mark.x), 0.0), 1.0)
    end = start
    if mark.x_end is not None and math.isfinite(mark.x_end):
        end = min(max(across.place(mark.x_end), 0.0), 1.0)
    start, end = min(start, end), max(start, end)
    # a line stands at its own place, its band is the interval; a span is named at its middle
    at = (start + end) / 2 if mark.kind == "span" else min(max(across.place(mark.x), 0.0), 1.0)
    top = min(max(1 - up.place(mark.y), 0.0), 1.0) if mark.y is not None and math.isfinite(mark.y) else None
    return Badge(
        rank, mark.kind, mark.label, labelled.code, _percent(at), _percent(start), _percent(end),
        None if top is None else _percent(top),
    )  # fmt: skip


def _in_lanes(badges: Sequence[Badge]) -> tuple[Badge, ...]:
    """Lift a badge where it would cover the one before it."""
    placed: list[Badge] = []
    for badge in badges:
        taken = {other.lane for other in placed if abs(other.at - badge.at) < 7}
        placed.append(replace(badge, lane=next(lane for lane in range(len(badges)) if lane not in taken)))
    return tuple(placed)


def _clipped(points: Sequence[tuple[float, float]], up: Scale) -> list[list[tuple[float, float]]]:
    """Stretches of points outside the axis."""
    sides = groupby(points, key=lambda point: 0 if up.holds(point[1]) else math.copysign(1, up.place(point[1]) - 0.5))
    return [list(run) for side, run in sides if side]


def _extreme(run: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return max(run, key=lambda point: abs(point[1]))


def _clip_notes(
    curves: Sequence[PlottedCurve], clipped: Sequence[Sequence[Sequence[tuple[float, float]]]], unit: str
) -> Iterator[str]:
    for curve, runs in zip(curves, clipped, strict=True):
        extremes = sorted((_extreme(run) for run in runs), key=lambda point: -abs(point[1]))
        if not extremes:
            continue
        named = ", ".join(f"{number(value)} at {unit} {number(step)}" for step, value in extremes[:CLIPPED_NAMED])
        more = f" and {len(extremes) - CLIPPED_NAMED} more" if len(extremes) > CLIPPED_NAMED else ""
        yield f"outside the axis ({SPLITS.get(curve.split, one_line(curve.name))}): {named}{more}"


def _gaps(curve: PlottedCurve) -> list[tuple[float, float, int]]:
    """Stretches of values that are not finite: first step, last step, number of points."""
    pairs = [(s, v) for s, v in zip(curve.steps, curve.values, strict=False) if math.isfinite(s)]
    stretches = groupby(pairs, key=lambda pair: pair[1] is None or not math.isfinite(pair[1]))
    found = [list(run) for missing, run in stretches if missing]
    return [(run[0][0], run[-1][0], len(run)) for run in found]


def _gap_notes(
    curves: Sequence[PlottedCurve], gaps: Sequence[Sequence[tuple[float, float, int]]], unit: str
) -> Iterator[str]:
    for curve, spans in zip(curves, gaps, strict=True):
        if not spans:
            continue
        places = [number(a) if a == b else f"{number(a)}–{number(b)}" for a, b, _ in spans]
        more = f" and {len(places) - CLIPPED_NAMED} more stretches" if len(places) > CLIPPED_NAMED else ""
        count = sum(n for _, _, n in spans)
        where = f"{unit} {', '.join(places[:CLIPPED_NAMED])}{more}"
        yield f"not finite ({SPLITS.get(curve.split, one_line(curve.name))}): {count} of {len(curve.values)} points, {where}"


def _alt(title: str, unit: str, lines: Iterable[Line], badges: Iterable[Badge], across: Scale) -> str:
    ends = "; ".join(f"{line.label} ends at {line.value}" for line in lines)
    marked = "; ".join(one_line(badge.text, 80) for badge in badges)
    span = f"{unit} {number(round(across.low, 1))} to {number(round(across.high, 1))}"
    return f"Line chart of {one_line(title)} over {span}: {ends}." + (f" Marked: {marked}." if marked else "")


def sparklines(curves: Sequence[PlottedCurve], points: int = 40, width: int = 100, height: int = 24) -> tuple[str, ...]:
    """Write the SVG paths of curves at the size of a word, on common axes, thinned to about ``points`` points."""
    thin = []
    for curve in curves:
        stride = max(1, len(curve.steps) // points)
        thin.append(replace(curve, steps=curve.steps[::stride], values=curve.values[::stride]))
    finite = [point for curve in thin for point in _finite(curve)]
    across, up = spanning([step for step, _ in finite]), covering([value for _, value in finite])
    return tuple(path(curve, across, up, width, height) for curve in thin)


def charts(diagnosis: Diagnosis) -> tuple[Chart, ...]:
    """Figures of a run: one for every quantity, losses first, the learning rate last where it varies."""
    run = diagnosis.run
    by_quantity: dict[str, list[PlottedCurve]] = {}
    for curve in run.curves:
        by_quantity.setdefault(curve.quantity, []).append(curve)
    phases = _phase_marks(diagnosis)
    drawn = []
    for quantity, curves in sorted(by_quantity.items(), key=lambda item: item[0] != "loss"):
        names = {curve.name for curve in curves}
        found = [f for f in diagnosis.findings if f.figure is not None and names & set(f.figure.curves)]
        marks = [Labelled(mark, f.code) for f in found for mark in (f.figure.marks if f.figure else ())]
        log = True if any(f.figure and f.figure.log_y for f in found) else None
        title = one_line(quantity.replace("_", " "), 48)
        drawn.append(
            chart(title[:1].upper() + title[1:], _in_drawing_order(curves), [*marks, *phases], unit=run.unit, log=log)
        )
    rate = run.learning_rate
    if rate is not None and len({value for _, value in _finite(rate)}) > 1:
        drawn.append(chart("Learning rate", [rate], phases, unit=run.unit))
    return tuple(drawn)


def _in_drawing_order(curves: Iterable[PlottedCurve]) -> list[PlottedCurve]:
    order = list(SPLITS)
    return sorted(curves, key=lambda curve: order.index(curve.split) if curve.split in order else len(order))


def _phase_marks(diagnosis: Diagnosis) -> list[Labelled]:
    marks = []
    for index, phase in enumerate(diagnosis.run.phases[1:], 2):
        start, because = phase.get("start"), phase.get("because") or ""
        if isinstance(start, int | float):
            label = f"phase {index} starts" + (f": {because}" if because else "")
            marks.append(Labelled(Mark("line", label, float(start))))
    return marks

"""Settings of many runs against what came of them, as small plots of dots. It describes and concludes nothing."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from diagnose.finding import Diagnosis, Level
from diagnose.reports import views
from diagnose.reports.figures import Tick
from diagnose.reports.marks import percent_of
from diagnose.reports.numbers import number, plain
from diagnose.reports.paths import from_top
from diagnose.reports.scales import HUGE, Scale, covering, spanning
from diagnose.reports.scales import LOG_RATIO as LOG_SPAN
from diagnose.reports.wording import one_line, quantity_title

MAX_PLOTS = 6
"""Settings that have a plot."""
MAX_VALUES = 8
"""Categories that have a place of their own; rarer ones share one. Of more numbers the table shows ranges."""
RANGES = 5
"""Ranges of a number that the table shows, with as many runs in each."""
WIDTH, HEIGHT = 320, 160
"""Extent of a plot in SVG units; it keeps this shape at any width, so that marks do too."""
STATES: Mapping[str, tuple[str, str]] = {
    "healthy": ("healthy", "m-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0"),
    "likely": ("main cause likely", "m0 -4l4 7h-8z"),
    "confirmed": ("main cause confirmed", "m-3 -3h6v6h-6z"),
    "unknown": ("cannot tell", "m-3 -3l6 6m0 -6l-6 6"),
}
"""Words and shape of each state: no mark needs its colour."""


@dataclass(frozen=True)
class Spread:
    """What came of the runs at one value, or in one range of values, of a setting."""

    value: str
    runs: int
    low: str
    middle: str
    high: str


@dataclass(frozen=True)
class DotPlot:
    """One setting: the SVG path of each state's marks, places of ticks in percent, and the same as a table."""

    name: str
    alt: str
    log: bool
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    paths: tuple[tuple[str, str], ...]
    spreads: tuple[Spread, ...]


@dataclass(frozen=True)
class Comparison:
    """All plots, and what their vertical axes show."""

    plots: tuple[DotPlot, ...]
    shown: str
    legend: tuple[tuple[str, str, str], ...]
    without: int


@dataclass(frozen=True)
class _Outcome:
    state: str
    best: float
    settings: Mapping[str, Any]


def state_of(diagnosis: Diagnosis) -> str:
    """Name what is known of a run: ``"healthy"``, the level of its main cause, or ``"unknown"``."""
    main = views.main_row(diagnosis)
    return str(main.level) if main else "healthy" if diagnosis.main == "healthy" else "unknown"


def of(diagnoses: Sequence[Diagnosis], settings: Sequence[Mapping[str, Any]], differing: Sequence[str]) -> Comparison:
    """Lay out the settings that most runs know and that take most values.

    Parameters
    ----------
    diagnoses
        The runs; those whose held-out quantity is not that of most have no mark.
    settings
        What is known of each beside its curves.
    differing
        Names of the settings that differ between them.
    """
    ends = [_held_out(diagnosis) for diagnosis in diagnoses]
    common = Counter(kind for kind, best in ends if best is not None).most_common(1)
    kind = common[0][0] if common else None
    outcomes = [
        _Outcome(_state(diagnosis), min(max(best, -HUGE), HUGE), known)
        for diagnosis, known, (own, best) in zip(diagnoses, settings, ends, strict=True)
        if best is not None and own == kind
    ]
    known = {
        key: [plain(o.settings.get(key)) for o in outcomes if o.settings.get(key) is not None] for key in differing
    }
    telling = [key for key, found in known.items() if len(set(found)) > 1 and not _names_runs(key, outcomes)]
    chosen = sorted(telling, key=lambda key: (-len(known[key]), -len(set(known[key])), key))[:MAX_PLOTS]
    up = covering([outcome.best for outcome in outcomes])
    present = {outcome.state for outcome in outcomes}
    return Comparison(
        tuple(_plot(key, outcomes, up) for key in chosen),
        f"{quantity_title(kind[0])}, held out; {kind[1]} is better" if kind else "",
        tuple((state, words, shape) for state, (words, shape) in STATES.items() if state in present),
        len(diagnoses) - len(outcomes),
    )


def _state(diagnosis: Diagnosis) -> str:
    state = state_of(diagnosis)
    return state if state in {"healthy", Level.LIKELY, Level.CONFIRMED} else "unknown"


def _held_out(diagnosis: Diagnosis) -> tuple[tuple[str, str] | None, float | None]:
    """Quantity and direction of the curve that stands for a run, and its best value."""
    end = views.validation_loss(diagnosis)
    if end is None:
        return None, None
    curve = next(curve for curve in diagnosis.run.curves if curve.name == end.name)
    return (curve.quantity, curve.better), end.best


def _names_runs(key: str, outcomes: Sequence[_Outcome]) -> bool:
    """Whether a setting is another word for each run, such as its folder: nothing can be compared by it."""
    texts = [plain(o.settings[key]) for o in outcomes if o.settings.get(key) is not None]
    return len(set(texts)) == len(texts) > MAX_VALUES and not all(_is_number(o.settings.get(key)) for o in outcomes)


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, int) or math.isfinite(value)


def _plot(key: str, outcomes: Sequence[_Outcome], up: Scale) -> DotPlot:
    known = [outcome for outcome in outcomes if outcome.settings.get(key) is not None]
    if all(_is_number(outcome.settings[key]) for outcome in known):
        numbers = [float(min(max(outcome.settings[key], -HUGE), HUGE)) for outcome in known]
        across = _axis(numbers)
        places = [across.place(value) for value in numbers]
        ticks = tuple(Tick(percent_of(across.place(value)), text) for value, text in across.ticks(4))
        groups, is_log = _numeric_groups(numbers), across.log
    else:
        groups, is_log = _categories([plain(outcome.settings[key]) for outcome in known]), False
        across = spanning([float(index) for index in range(len(set(groups)))])
        order = list(dict.fromkeys(sorted(groups)))
        places = [across.place(float(rank)) for rank, _ in groups]
        ticks = tuple(Tick(percent_of(across.place(float(rank))), one_line(text, 12)) for rank, text in order)
    spreads = tuple(_spreads(groups, known))
    name = one_line(key.replace("_", " "), 40)
    said = "; ".join(f"{s.value}: {s.low} to {s.high} in {s.runs} runs" for s in spreads)
    return DotPlot(
        name,
        f"Best value of each run by {name}: {said}.",
        is_log,
        ticks,
        tuple(Tick(percent_of(1 - up.place(value)), text) for value, text in up.ticks(4)),
        tuple(_paths(places, known, up)),
        spreads,
    )


def _axis(values: Sequence[float]) -> Scale:
    """Axis over all values; logarithmic where they are positive and span more than two decades."""
    low, high = min(values), max(values)
    if low > 1 / HUGE and high / low > LOG_SPAN:
        ends = spanning([math.log(low), math.log(high)])
        return Scale(math.exp(ends.low), math.exp(ends.high), log=True)
    return spanning(values)


def _numeric_groups(values: Sequence[float]) -> list[tuple[float, str]]:
    distinct = sorted(set(values))
    if len(distinct) <= MAX_VALUES:
        return [(value, number(value)) for value in values]
    size = math.ceil(len(distinct) / RANGES)
    parts = [distinct[start : start + size] for start in range(0, len(distinct), size)]
    rank = {value: index for index, part in enumerate(parts) for value in part}
    names = [number(p[0]) if p[0] == p[-1] else f"{number(p[0])} to {number(p[-1])}" for p in parts]
    return [(float(rank[value]), names[rank[value]]) for value in values]


def _categories(texts: Sequence[str]) -> list[tuple[float, str]]:
    """Rank of each run's category and its name: those of most runs stay, in the order of their names."""
    counts = Counter(texts)
    own = sorted(
        sorted(counts, key=lambda text: (-counts[text], text))[
            : MAX_VALUES if len(counts) <= MAX_VALUES else MAX_VALUES - 1
        ]
    )
    rank = {text: float(index) for index, text in enumerate(own)}
    return [(rank[text], one_line(text, 40)) if text in rank else (float(len(own)), "others") for text in texts]


def _spreads(groups: Sequence[tuple[float, str]], known: Sequence[_Outcome]) -> Iterator[Spread]:
    members: dict[tuple[float, str], list[float]] = {}
    for group, outcome in zip(groups, known, strict=True):
        members.setdefault(group, []).append(outcome.best)
    for (_, value), found in sorted(members.items()):
        yield Spread(value, len(found), number(min(found)), number(median(found)), number(max(found)))


def _paths(places: Sequence[float], known: Sequence[_Outcome], up: Scale) -> Iterator[tuple[str, str]]:
    """Write the marks of each state as one path, equal ones once; values outside the axis lie on its border."""
    marks: dict[str, dict[str, None]] = {}
    for place, outcome in zip(places, known, strict=True):
        at = f"M{place * WIDTH:.0f} {from_top(outcome.best, up) * HEIGHT:.0f}"
        marks.setdefault(outcome.state, {})[at] = None
    for state, (_, shape) in STATES.items():
        if state in marks:
            yield state, "".join(at + shape for at in marks[state])

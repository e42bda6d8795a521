"""Bars and intervals as rows of a page: the name on the left, the drawing, the number on the right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from diagnose.finding import Figure, Series
from diagnose.reports.figures import Tick
from diagnose.reports.marks import percent_of
from diagnose.reports.numbers import is_share, quantity, span
from diagnose.reports.scales import Scale, spanning
from diagnose.reports.series import label_of, tick_label
from diagnose.reports.wording import SPLITS, one_line

MAX_SERIES = 6
"""Series that can be told apart by their hatching."""
MAX_ROWS = 40
"""Rows of one figure; more are counted, and the JSON report holds them."""
SAID = 8
"""Values that the description for those who can't see the picture names."""


@dataclass(frozen=True)
class Item:
    """One bar or interval, in percent from the left; what is None is not drawn."""

    series: int
    split: str
    start: float | None
    end: float | None
    value: float | None
    text: str


@dataclass(frozen=True)
class Group:
    """What stands beside one name."""

    label: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Rows:
    """The whole picture."""

    alt: str
    is_bars: bool
    groups: tuple[Group, ...]
    groups_left_out: int
    ticks: tuple[Tick, ...]
    legend: tuple[tuple[int, str, str], ...]
    reference: float | None
    reference_words: str


def of(figure: Figure, series: Sequence[Series], title: str) -> Rows:
    """Lay out series that have values; bars start at zero."""
    is_bars = figure.kind == "bars"
    scale = _scale(figure, series, is_bars=is_bars)
    grouped: dict[str, list[Item]] = {}
    for rank, one in enumerate(series):
        for at, x in enumerate(one.x):
            item = _item(one, at, rank, scale, figure)
            grouped.setdefault(label_of(x, figure.x_unit), []).append(item)
    groups = tuple(Group(label, tuple(items)) for label, items in grouped.items())
    reference = figure.reference if figure.reference is not None and scale.holds(figure.reference) else None
    return Rows(
        alt=_alt(title, groups, series, is_bars=is_bars),
        is_bars=is_bars,
        groups=groups[:MAX_ROWS],
        groups_left_out=max(0, len(groups) - MAX_ROWS),
        ticks=tuple(Tick(percent_of(scale.place(v)), tick_label(v, text, figure.y_unit)) for v, text in scale.ticks(4)),
        legend=tuple(_legend(series)),
        reference=None if reference is None else percent_of(scale.place(reference)),
        reference_words="" if reference is None else f"line: {quantity(reference, one_line(figure.y_unit, 24))}",
    )


def _legend(series: Sequence[Series]) -> Iterator[tuple[int, str, str]]:
    if len(series) > 1:
        for rank, one in enumerate(series):
            yield rank, one.split if one.split in SPLITS else "other", one_line(one.name, 40) or "value"


def _scale(figure: Figure, series: Sequence[Series], *, is_bars: bool) -> Scale:
    values = [value for one in series for value in (*one.y, *one.low, *one.high) if value is not None]
    values += [figure.reference] if figure.reference is not None and abs(figure.reference) < float("inf") else []
    made = spanning([*values, 0.0] if is_bars else values)
    if not is_bars:
        return made
    # bars stand on the border, not a little away from it
    low, high = min(*values, 0.0), max(*values, 0.0)
    return Scale(made.low if low < 0 else 0.0, made.high if high > 0 or low == 0 else 0.0)


def _item(series: Series, at: int, rank: int, scale: Scale, figure: Figure) -> Item:
    value = series.y[at]
    low, high = (ends[at] if ends else None for ends in (series.low, series.high))
    split = series.split if series.split in SPLITS else "other"
    unit = "share" if is_share(figure.y_unit) else one_line(figure.y_unit, 24)  # of what, the axis says
    text = quantity(value, unit)
    place = None if value is None else percent_of(scale.place(value))
    if figure.kind == "bars":
        zero = percent_of(scale.place(0.0))
        start, end = (None, None) if place is None else (min(zero, place), max(zero, place))
        return Item(rank, split, start, end, place, text)
    if low is None or high is None:
        return Item(rank, split, None, None, place, text)
    start, end = sorted((percent_of(scale.place(low)), percent_of(scale.place(high))))
    return Item(rank, split, start, end, place, f"{text} ({span(low, high, figure.y_unit)})")


def _alt(title: str, groups: Sequence[Group], series: Sequence[Series], *, is_bars: bool) -> str:
    names = [one_line(one.name, 24) for one in series]
    said = [
        f"{group.label} " + ", ".join(f"{names[i.series]} {i.text}" if len(names) > 1 else i.text for i in group.items)
        for group in groups[:SAID]
    ]
    more = f"; and {len(groups) - SAID} more" if len(groups) > SAID else ""
    return f"{'Bar chart' if is_bars else 'Intervals'} of {title}: {'; '.join(said)}{more}."

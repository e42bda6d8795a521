"""Figures that analyzers describe with values of their own, laid out for a page: lines, bars, intervals, tables.

An analyzer of any origin gets its picture here without a change to the reports. What a description lacks or gets wrong
is said in a note; it never takes the report down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from diagnose.finding import Figure, Finding, Series
from diagnose.reports import samples, series_charts, series_rows
from diagnose.reports.figures import Chart
from diagnose.reports.numbers import SHARES, quantity, span
from diagnose.reports.series import aligned, categories, label_of
from diagnose.reports.series_rows import Rows
from diagnose.reports.wording import one_line

TITLES = {"lines": "Values", "bars": "Shares", "intervals": "Values and their intervals", "table": "Rows"}
MAX_ROWS = 24
"""Rows of a table below a figure; of more, evenly spaced ones are shown, and the JSON report holds all."""
MAX_CELLS = 12
"""Columns of a table that fit a page."""
MAX_CELL = 240
"""Characters of a cell; the JSON report holds all."""
MAX_GROUPS = 12
"""Categories that have a bar each; more are drawn as the outline of a histogram."""
NOTHING = "nothing in this figure can be drawn"


@dataclass(frozen=True)
class Table:
    """Cells of text: every row has as many as the header."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: int
    is_sampled: bool = False
    """Whether the rows are evenly spaced ones, else the first."""


@dataclass(frozen=True)
class Drawing:
    """One figure of a finding, ready to be drawn: a chart, rows with bars, or a table; with all a table of its data."""

    title: str
    axis: str = ""
    chart: Chart | None = None
    rows: Rows | None = None
    table: Table | None = None
    notes: tuple[str, ...] = field(default_factory=tuple)
    samples: tuple[samples.Shown, ...] = ()

    @property
    def is_drawn(self) -> bool:
        """Whether the table is but another form of what is drawn: a chart, rows with bars, or the rows it names."""
        return self.chart is not None or self.rows is not None or self._names_samples

    @property
    def _names_samples(self) -> bool:
        named = {row[0] for row in self.table.rows} if self.table is not None else set()
        return any(item.name in named for shown in self.samples for item in shown.items)


def of(finding: Finding) -> Drawing | None:
    """Lay out the figure of a finding; None where it has none, or one that is drawn into the run's curves."""
    figure = finding.figure
    if figure is None:
        return None
    shown = samples.of(figure)
    if figure.kind == "curves":
        return Drawing("Rows to look at", samples=shown) if shown else None
    return replace(_drawn(figure, finding.code), samples=shown)


def _drawn(figure: Figure, code: str) -> Drawing:
    title = one_line(figure.title or TITLES.get(figure.kind, "Figure"), 80)
    if figure.kind == "table":
        return _tabular(figure, title)
    given = [aligned(series) for series in figure.series[: series_rows.MAX_SERIES]]
    notes = [note for _, note in given if note]
    left_out = len(figure.series) - len(given)
    notes += [f"{left_out} more series are in the JSON report"] if left_out else []
    series = [one for one, _ in given if any(value is not None for value in one.y)]
    if not series or figure.kind not in TITLES:
        return Drawing(title, notes=(*notes, NOTHING))
    chart, rows = None, None
    if figure.kind == "intervals" or (
        figure.kind == "bars" and len({x for one in series for x in one.x}) <= MAX_GROUPS
    ):
        rows = series_rows.of(figure, series, title)
    else:
        chart = series_charts.of(figure, series, title, code)
    return Drawing(title, _axis(figure), chart, rows, _data(figure, series), tuple(notes))


def _axis(figure: Figure) -> str:
    shown = "" if figure.y_unit in SHARES else figure.y_unit
    unit = f" ({shown})" if shown and figure.y_label else shown
    return one_line(f"{figure.y_label}{unit}", 60)


def _tabular(figure: Figure, title: str) -> Drawing:
    width = min(max([len(figure.header), *map(len, figure.rows)], default=0), MAX_CELLS)
    if not figure.rows or not width:
        return Drawing(title, notes=(NOTHING,))
    header = tuple(_cell(cell) for cell in figure.header[:width])
    header += tuple(f"column {index + 1}" for index in range(len(header), width))
    rows = tuple((*(_cell(cell) for cell in row[:width]), *[""] * (width - len(row))) for row in figure.rows[:MAX_ROWS])
    widest = max(map(len, figure.rows))
    notes = (f"{widest - width} more columns are in the JSON report",) if widest > width else ()
    return Drawing(title, table=Table(header, rows, len(figure.rows)), notes=notes)


def _cell(value: object) -> str:
    return one_line(str(value), MAX_CELL)


def _data(figure: Figure, series: Sequence[Series]) -> Table:
    """Write the values as a table: a row for each place, a column for each series."""
    named = categories(series)
    places = {label: {} for label in named} if named else _numeric_places(series)
    for index, one in enumerate(series):
        for at, x in enumerate(one.x):
            key = label_of(x) if named else x
            places.get(key, {}).setdefault(index, _written(one, at, figure.y_unit))
    kept = list(places.items())
    stride = max(1, -(-len(kept) // MAX_ROWS))
    rows = [
        (label_of(key, figure.x_unit), *(cells.get(index, "") for index in range(len(series))))
        for key, cells in kept[::stride]
    ]
    header = (one_line(figure.x_label, 40) or "Where", *(one_line(one.name, 40) or "Value" for one in series))
    return Table(header, tuple(rows), len(kept), is_sampled=stride > 1)


def _numeric_places(series: Sequence[Series]) -> dict[float | str | None, dict[int, str]]:
    return {x: {} for x in sorted({x for one in series for x in one.x if isinstance(x, float)})}


def _written(series: Series, at: int, unit: str) -> str:
    low, high = (ends[at] if ends else None for ends in (series.low, series.high))
    value = quantity(series.y[at], one_line(unit, 24))
    return value if low is None or high is None else f"{value} ({span(low, high, unit)})"

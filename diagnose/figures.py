"""What an analyzer shows of its finding: charts, tables and rows of the data, described as plain data.

The reports draw them, whichever analyzer they come from.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Mark:
    """One annotation on a figure: a point, a vertical line with an interval, or a shaded span, in data units."""

    kind: Literal["point", "line", "span"]
    label: str
    x: float
    x_end: float | None = None
    y: float | None = None


@dataclass(frozen=True)
class Series:
    """One row of values of a figure, drawn as a line, as bars, or as intervals.

    Attributes
    ----------
    name
        What it is, for the legend.
    y
        The values; None where there is none. What is not finite becomes None.
    x
        Where they belong: numbers, or names of categories; 0, 1, 2 … where empty.
    low, high
        Ends of the interval around each value; empty where there is none.
    split
        ``"train"``, ``"val"`` or ``"test"`` where it belongs to one: drawn like the curves of that split.
    """

    name: str
    y: tuple[float | None, ...]
    x: tuple[float | str | None, ...] = ()
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()
    split: str = ""

    def __post_init__(self) -> None:
        # arrays and their numbers are taken too; a value that is no number is an error of the analyzer
        for name in ("y", "low", "high"):
            object.__setattr__(self, name, tuple(_finite(value) for value in getattr(self, name)))
        object.__setattr__(self, "x", tuple(v if isinstance(v, str) else _finite(v) for v in self.x))


def _finite(value: Any) -> float | None:
    number = math.nan if value is None else float(value)
    return number if math.isfinite(number) else None


@dataclass(frozen=True)
class ShownRow:
    """One row of the data as a person would look at it.

    Attributes
    ----------
    name
        Its name in the data, or its number from 0.
    split
        ``"train"``, ``"val"`` or ``"test"``.
    picture
        A small PNG file in base64; empty where the row is no image.
    text
        The beginning of its text; empty where it has none.
    values
        Some of its columns: name and value.
    """

    name: str
    split: str = ""
    picture: str = ""
    text: str = ""
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Sample:
    """One case of what a finding claims: a row, or rows that belong side by side; ``caption`` says what of them."""

    rows: tuple[ShownRow, ...]
    caption: str = ""


@dataclass(frozen=True)
class Figure:
    """A description of the picture that shows a finding. Drawn by the reports, whichever analyzer it comes from.

    Attributes
    ----------
    kind
        ``"curves"``: curves of the run, with marks. ``"lines"``: series of its own over numbers or categories, with
        bands where they have intervals. ``"bars"``: categories by series, from zero; a histogram where there are many.
        ``"intervals"``: a label, a value and its interval a row. ``"table"``: rows of text.
    curves
        Names of the run's curves, of the kind ``"curves"``.
    marks
        What to point at, of the kinds ``"curves"`` and ``"lines"``.
    log_y
        Whether the axis of the values is logarithmic.
    caption
        What the picture shows, in one sentence.
    title
        Its name; short.
    series
        What is drawn, of the kinds ``"lines"``, ``"bars"`` and ``"intervals"``.
    x_label, y_label
        What the axes show; the values are those of y, also where they are drawn sideways.
    x_unit, y_unit
        Their units, as those of measured values.
    reference
        A value to compare with, drawn as a line across the intervals or bars.
    header, rows
        The cells, of the kind ``"table"``.
    samples
        Rows of the data to look at, of any kind; shown before what is drawn.
    """

    kind: Literal["curves", "lines", "bars", "intervals", "table"]
    curves: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()
    log_y: bool = False
    caption: str = ""
    title: str = ""
    series: tuple[Series, ...] = ()
    x_label: str = ""
    y_label: str = ""
    x_unit: str = ""
    y_unit: str = ""
    reference: float | None = None
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    samples: tuple[Sample, ...] = ()

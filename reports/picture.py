"""A diagnosis as a picture: its curves with the findings' marks, drawn by matplotlib without pyplot.

The charts are those of the HTML report, in percent of a plot; this only draws them. Same input, same bytes.
"""

from __future__ import annotations

import io
import math
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from diagnose.finding import Diagnosis
from diagnose.reports import run_charts, views
from diagnose.reports.documentation import Explain
from diagnose.reports.figures import Chart
from diagnose.reports.marks import Badge
from diagnose.reports.wording import cause_title, one_line

COLOURS = {"train": "#0072B2", "val": "#D55E00", "test": "#009E73", "other": "#CC79A7"}
"""Told apart with any colour vision: Okabe & Ito (2008), Color Universal Design."""
DASHES: dict[str, Any] = {"train": (0, (5, 2.5)), "val": "solid", "test": (0, (1, 2)), "other": (0, (7, 2, 1.5, 2))}
VARIANTS: tuple[Any, ...] = ((0, (9, 2, 2, 2)), (0, (2, 2)), (0, (11, 3)), (0, (4, 1, 1, 1, 1, 1)))
"""Dashes of the second and further curves of one split: no curve needs its colour to be told apart."""
INK, SOFT, FAINT = "#1b1d21", "#565b64", "#ececea"
MAX_CHARTS = 3
"""The loss and two scores."""
MAX_RUNS = 12
WIDTH, PANEL_HEIGHT, DPI = 9.0, 3.2, 120
SETTINGS = {
    "font.size": 9, "font.family": "DejaVu Sans", "svg.fonttype": "none", "svg.hashsalt": "diagnose",
    "axes.spines.top": False, "axes.spines.right": False, "axes.spines.left": False,
}  # fmt: skip


def figure(diagnosis: Diagnosis) -> Figure:
    """Draw the loss and the principal scores of a run, the sentence above them."""
    with _style():
        drawn = [chart for chart in run_charts.charts(diagnosis) if chart.title != "Learning rate"][:MAX_CHARTS]
        canvas = Figure(figsize=(WIDTH, 1.0 + PANEL_HEIGHT * max(1, len(drawn))), dpi=DPI, layout="constrained")
        _title(canvas, diagnosis.sentence)
        for axes, chart in zip(_grid(canvas, len(drawn), 1), drawn, strict=True):
            name = chart.title + (", logarithmic axis" if chart.log else "")
            lanes = [badge.lane for badge in chart.badges]
            _draw(axes, chart, name, room=18 + 14 * max(lanes) if lanes else 6)
            _number(axes, chart.badges)
        return canvas


def figure_of_many(diagnoses: Sequence[Diagnosis]) -> Figure:
    """Draw the loss of many runs side by side, those that want attention first; the first dozen of them."""
    with _style():
        ranked = views.worst_first(diagnoses)
        shown = [(d, run_charts.charts(d)[:1]) for d in ranked[:MAX_RUNS]]
        rows = math.ceil(len(shown) / 3)
        canvas = Figure(figsize=(WIDTH * 1.5, 1.0 + 2.6 * max(1, rows)), dpi=DPI, layout="constrained")
        left_out = f", {len(ranked) - MAX_RUNS} more not shown" if len(ranked) > MAX_RUNS else ""
        _title(canvas, f"{len(ranked)} runs, those that want attention first{left_out}")
        for axes, (diagnosis, charts) in zip(_grid(canvas, len(shown), 3), shown, strict=True):
            name = f"{one_line(diagnosis.run.name, 34)}: {one_line(cause_title(diagnosis.main), 34).lower()}"
            for chart in charts:
                _draw(axes, chart, name)
        return canvas


@contextmanager
def _style() -> Iterator[None]:
    """Use settings of our own, whatever the user's are; what a font lacks becomes a box, not a warning."""
    with matplotlib.style.context(["default", SETTINGS]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def _title(canvas: Figure, words: str) -> None:
    wrapped = textwrap.fill(one_line(words, 320), int(canvas.get_figwidth() * 10))
    title = canvas.suptitle(wrapped, x=0.01, ha="left", fontsize=12, fontweight="bold", color=INK)
    title.set_parse_math(False)


def _grid(canvas: Figure, count: int, columns: int) -> Iterator[Axes]:
    for index in range(count):
        axes = canvas.add_subplot(math.ceil(count / columns), columns, index + 1)
        axes.set(xlim=(0, 100), ylim=(100, 0))
        axes.tick_params(length=0, colors=SOFT)
        axes.spines["bottom"].set_color(SOFT)
        yield axes


def _draw(axes: Axes, chart: Chart, name: str, *, room: float = 6) -> None:
    """Draw one chart under its name, with room in points between them."""
    axes.set_title(name, loc="left", fontsize=10, fontweight="bold", color=INK, parse_math=False, pad=room)
    axes.set_xticks([tick.at for tick in chart.x_ticks], [tick.label for tick in chart.x_ticks])
    axes.set_yticks([tick.at for tick in chart.y_ticks], [tick.label for tick in chart.y_ticks])
    axes.set_xlabel(one_line(chart.unit, 24), loc="right", color=SOFT, parse_math=False)
    axes.grid(visible=True, axis="y", color=FAINT)
    axes.set_axisbelow(True)
    for badge in chart.badges:
        _mark(axes, badge)
    for line, curve in zip(chart.lines, chart.curves, strict=True):
        places = [
            (100 * chart.across.place(step), math.nan if value is None else 100 - 100 * chart.up.place(value))
            for step, value in zip(curve.steps, curve.values, strict=False)
        ]
        style = VARIANTS[(line.variant - 1) % len(VARIANTS)] if line.variant else DASHES[line.kind]
        colour, width = COLOURS[line.kind], 2.0 if line.kind == "val" else 1.5
        marker = "." if _has_lone_point(places) else ""
        axes.plot(*zip(*places, strict=True), color=colour, linestyle=style, linewidth=width, marker=marker)
        axes.annotate(
            f"{line.label}\n{line.value}", (100, line.label_at), (6, 0), textcoords="offset points", va="center",
            color=colour, fontsize=8, annotation_clip=False, parse_math=False,
        )  # fmt: skip


def _has_lone_point(places: Sequence[tuple[float, float]]) -> bool:
    known = [False, *(math.isfinite(y) for _, y in places), False]
    return any(is_there and not (before or after) for (before, is_there), (_, after) in pairwise(pairwise(known)))


def _mark(axes: Axes, badge: Badge) -> None:
    if badge.end - badge.start > 0.2:
        band = Rectangle((badge.start, 0), badge.end - badge.start, 100, color=COLOURS["val"], alpha=0.13, linewidth=0)
        axes.add_patch(band)
    if badge.kind != "span":
        axes.plot([badge.at, badge.at], [0, 100], color=INK, linewidth=0.8, linestyle=(0, (3, 3)))
    if badge.top is not None:
        axes.plot([badge.at], [badge.top], "o", markersize=6, markerfacecolor="white", markeredgecolor=INK, zorder=4)


def _number(axes: Axes, badges: Sequence[Badge]) -> None:
    """Put the numbers of the marks above the plot, and what they mean below it."""
    for badge in badges:
        axes.annotate(
            str(badge.number), (badge.at, 0), (0, 8 + 14 * badge.lane), textcoords="offset points", ha="center",
            va="center", color="white", fontsize=7, annotation_clip=False,
            bbox={"boxstyle": "circle,pad=0.25", "facecolor": INK, "edgecolor": "none"},
        )  # fmt: skip
    lines = [f"{b.number}  {one_line(b.text, 100)}{''.join(f'  {code}' for code in b.codes)}" for b in badges]
    if lines:
        axes.annotate(
            "\n".join(lines), (0, 0), (0, -20), xycoords="axes fraction", textcoords="offset points", va="top",
            color=INK, fontsize=8, annotation_clip=False, parse_math=False,
        )  # fmt: skip


@dataclass(frozen=True)
class PictureFormat:
    """One file format of pictures, for the registry; ``metadata`` keeps dates and versions out of the file."""

    NAME: Literal["png", "svg", "pdf"]
    SUFFIXES: tuple[str, ...]
    metadata: tuple[str, ...]

    def one(self, diagnosis: Diagnosis, explain: Explain) -> bytes:
        """Render one diagnosis; a picture has no room for documentation."""
        del explain
        return self._encoded(figure(diagnosis))

    def many(self, diagnoses: Sequence[Diagnosis], explain: Explain) -> bytes:
        """Render many runs."""
        del explain
        return self._encoded(figure_of_many(diagnoses))

    def _encoded(self, canvas: Figure) -> bytes:
        stream = io.BytesIO()
        with _style():
            canvas.savefig(stream, format=self.NAME, metadata=dict.fromkeys(self.metadata))
        return stream.getvalue()


PNG = PictureFormat("png", (".png",), ("Software",))
SVG = PictureFormat("svg", (".svg",), ("Date", "Creator"))
PDF = PictureFormat("pdf", (".pdf",), ("CreationDate", "Creator", "Producer"))

"""Figures of analyzers that the reports know nothing of: shown in every format, whatever is wrong with them."""

from __future__ import annotations

import math
import re
import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnose.analyzer import examine
from diagnose.finding import Cause, Figure, Finding, Mark, Series, Severity
from diagnose.measurements import Measurements
from diagnose.measures import MEASURES
from diagnose.readers import read_runs
from diagnose.reports import TEXT_FORMATS, drawings, render
from diagnose.reports.html import to_html
from diagnose.reports.json_format import from_json, to_json
from diagnose.reports.picture import PNG
from diagnose.reports.series import MAX_POINTS, aligned, thinned
from drawn_examples import DEPTHS, FIGURES, all_drawn, drawn
from report_examples import HOSTILE, LONG, overfitting
from test_report_html import Page


def laid_out(figure: Figure) -> drawings.Drawing:
    made = drawings.of(drawn(figure).findings[0])
    assert made is not None
    return made


def article(page: str) -> str:
    return re.search(r'<article class="finding".*?</article>', page, re.DOTALL)[0]


@pytest.mark.parametrize("name", sorted(FIGURES))
def test_a_new_analyzers_figure_shows_in_every_format(name):
    diagnosis = drawn(FIGURES[name])
    for form in TEXT_FORMATS:
        assert "NEW901" in render(diagnosis, form)
    page = to_html(diagnosis)
    assert FIGURES[name].title in article(page)
    assert from_json(to_json(diagnosis), "x")[0] == diagnosis
    assert to_html(from_json(to_json(diagnosis), "x")[0]) == page
    assert PNG.one(diagnosis, {}).startswith(b"\x89PNG")


@pytest.mark.parametrize("name", sorted(FIGURES.keys() - {"table", "pictures", "pairs"}))
def test_a_picture_has_a_sentence_and_a_table_of_its_values(name):
    parsed = Page(article(to_html(drawn(FIGURES[name]))))
    (label,) = [a["aria-label"] for _, a in parsed.tags if a.get("role") == "img" and "whisker" not in a["class"]]
    assert FIGURES[name].title in label
    assert label.endswith(".")
    assert len(parsed.all("caption")) == len(parsed.all("table")) == 2
    assert [tag for tag, _ in parsed.tags].count("details") == 1


def test_bars_start_at_zero_and_are_as_long_as_their_values():
    rows = laid_out(FIGURES["bars"]).rows
    lengths = {(g.label, i.series): i.end - i.start for g in rows.groups for i in g.items}
    assert lengths["cat", 0] == pytest.approx(5 * lengths["cat", 1], rel=0.01)
    assert lengths["yak", 0] == 0
    assert [text for _, _, text in rows.legend] == ["training", "validation"]
    negative = Figure("bars", series=(Series("a", (-1.0, 2.0), ("x", "y")),))
    down, up = (group.items[0] for group in laid_out(negative).rows.groups)
    assert down.end == up.start
    assert up.end - up.start == pytest.approx(2 * (down.end - down.start), abs=0.02)


def test_intervals_hold_their_values_and_the_reference_lies_between():
    rows = laid_out(FIGURES["intervals"]).rows
    assert all(g.items[0].start < g.items[0].value < g.items[0].end for g in rows.groups)
    assert rows.groups[1].items[0].end < rows.reference < rows.groups[2].items[0].value
    assert rows.groups[0].items[0].text == "−0.12 (−0.16 to −0.08)"


def test_many_bars_are_an_outline_that_hides_none():
    figure = Figure("bars", series=(Series("rows", tuple([1.0] * 30 + [900.0]), tuple(map(float, range(31)))),))
    chart = laid_out(figure).chart
    assert chart.alt.startswith("Histogram of")
    assert chart.edges == (), "the tallest bar is not cut off"
    heights = {float(y) for y in re.findall(r" ([-\d.]+)", chart.lines[0].path.replace("h0", ""))}
    assert len(heights) == 3, "zero, the equal bars, and the tall one"


def test_lines_have_bands_markers_and_names_of_their_places():
    chart = laid_out(FIGURES["lines"]).chart
    assert [bool(line.band) for line in chart.lines] == [True, False]
    assert [len(line.points) for line in chart.lines] == [6, 6]
    assert tuple(tick.label for tick in chart.x_ticks) == DEPTHS
    assert [badge.text for badge in chart.badges] == ["best depth"]
    assert chart.badges[0].at == [tick.at for tick in chart.x_ticks][4]
    heights = {y for _, y in chart.lines[0].points}
    assert len(heights) == 6


def test_no_two_series_need_their_colour():
    many = tuple(Series(f"s{i}", (1.0, 2.0 + i), (0.0, 1.0)) for i in range(8))
    page = article(to_html(drawn(Figure("lines", series=many))))
    curves = re.findall(r'<path class="(curve[^"]*)" d="M[^1]', page)
    assert len(curves) == len(set(curves)) == 6
    assert "2 more series are in the JSON report" in page
    bars = tuple(Series(f"s{i}", (1.0, 2.0), ("a", "b")) for i in range(6))
    fills = re.findall(r'class="fill (s\d)', article(to_html(drawn(Figure("bars", series=bars)))))
    assert set(fills) == {f"s{i}" for i in range(6)}


def test_a_hundred_thousand_points_are_thinned_and_keep_their_peak():
    values = [math.sin(i / 5000) for i in range(100_000)]
    values[77_777], values[5] = 1.9, None
    thin = thinned(Series("x", tuple(values), tuple(map(float, range(100_000)))))
    assert len(thin.y) <= MAX_POINTS + MAX_POINTS // 3
    assert 1.9 in thin.y
    assert None in thin.y
    assert (thin.x[0], thin.x[-1]) == (0.0, 99_999.0)
    page = to_html(drawn(Figure("lines", series=(Series("x", tuple(values)),) * 6)))
    assert len(page.encode()) < 300_000
    assert "evenly spaced" in page


@pytest.mark.parametrize(
    ("figure", "said"),
    [
        (Figure("lines"), "nothing in this figure"),
        (Figure("bars"), "nothing in this figure"),
        (Figure("intervals"), "nothing in this figure"),
        (Figure("table"), "nothing in this figure"),
        (Figure("table", header=("a", "b"), rows=((),)), ""),
        (Figure("table", rows=(("1",), ("2", "3", "4"))), "column 3"),
        (Figure("lines", series=(Series("a", (math.nan, math.inf), (1.0, 2.0)),)), "nothing in this figure"),
        (Figure("lines", series=(Series("a", (1.0, 2.0, 3.0), (1.0,)),)), "the first 1 are drawn"),
        (Figure("lines", series=(Series("a", (1.0, 2.0), low=(0.0,), high=(3.0, 4.0)),)), "no interval for each"),
        (Figure("intervals", series=(Series("a", (1.0, None), ("x", "y"), (math.nan, 0.0), (2.0, 1.0)),)), ""),
        (Figure("intervals", series=(Series("a", (1.0,), ("x",)),), reference=math.inf), ""),
        (Figure("bars", series=(Series("a", (1e308, -1e308), ("x", "x")),)), ""),
        (Figure("bars", series=(Series("a", (0.0, 0.0), ("x", "y")),)), ""),
        (Figure("bars", series=(Series("", (1.0,) * 50, ("",) * 50),), title="", y_unit=HOSTILE), ""),
        (Figure("lines", series=(Series(HOSTILE, (1.0, 2.0), (HOSTILE, LONG)),), x_label=LONG, y_label=HOSTILE), ""),
        (Figure("table", header=(HOSTILE,) * 30, rows=((LONG,) * 30,) * 3, title=LONG), "18 more columns"),
        (Figure("lines", series=(Series("a", (1.0, 2.0), (1.0, "b")), Series("b", (1.0,), (None,)))), ""),
        (Figure("lines", series=(Series("a", (1.0, 2.0)),), log_y=True, marks=(Mark("span", "m", math.nan),)), ""),
        (Figure("scatter", series=(Series("a", (1.0, 2.0)),)), "nothing in this figure"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_figure_is_said_and_never_takes_the_report_down(figure, said):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        page = to_html(drawn(figure))
    Page(page)
    assert said in page
    assert "<script" not in page
    assert len(page) < 150_000
    assert "x" * 1000 not in page


numbers = st.none() | st.floats()
series = st.builds(
    Series,
    st.text(max_size=9),
    st.lists(numbers, max_size=20).map(tuple),
    st.lists(numbers | st.text(max_size=5), max_size=20).map(tuple),
    st.lists(numbers, max_size=20).map(tuple),
    st.lists(numbers, max_size=20).map(tuple),
    st.sampled_from(["", "train", "val", "odd"]),
)
figures = st.builds(
    Figure,
    st.sampled_from(["lines", "bars", "intervals", "table"]),
    log_y=st.booleans(),
    series=st.lists(series, max_size=3).map(tuple),
    x_unit=st.sampled_from(["", "epoch", "share", "x"]),
    reference=numbers,
    header=st.lists(st.text(max_size=5), max_size=3).map(tuple),
    rows=st.lists(st.lists(st.text(max_size=5), max_size=3).map(tuple), max_size=3).map(tuple),
    marks=st.lists(st.builds(Mark, st.just("line"), st.text(max_size=5), st.floats()), max_size=2).map(tuple),
)


@settings(max_examples=60, deadline=None)
@given(figures)
def test_any_figure_can_be_shown_and_read_back(figure):
    page = to_html(drawn(figure))
    Page(article(page))
    again = from_json(to_json(drawn(replace(figure, reference=None, marks=()))), "x")[0]
    assert again.findings[0].figure.series == figure.series


def test_series_take_arrays_and_refuse_words_for_values():
    made = Series("a", np.array([1, np.nan], np.float32), np.arange(2))
    assert (made.y, made.x) == ((1.0, None), (0.0, 1.0))
    with pytest.raises(ValueError, match="could not convert"):
        Series("a", ("much",))
    assert aligned(Series("a", (1.0, 2.0)))[0].x == (0.0, 1.0)


def test_marks_of_a_figure_of_its_own_stay_out_of_the_runs_curves():
    figure = replace(FIGURES["lines"], curves=("val_loss",))
    assert "best depth" not in to_html(drawn(figure)).partition('id="findings"')[0]


def test_json_of_before_is_read_and_a_figure_of_curves_is_as_it_was():
    old = to_json(overfitting()).decode()
    for key in ("title", "x_label", "y_label", "x_unit", "y_unit"):
        old = re.sub(rf'\n {{8,}}"{key}": "",', "", old)
    assert from_json(old.encode(), "old")[0].findings == overfitting().findings


class ClassShares:
    """Invented: classes have other shares in validation."""

    code = "NEW902"
    cause = Cause.LABEL_SHIFT

    def check(self, history):
        yield Finding(
            self.code, self.cause, Severity.WARNING, 0.9, f"shares differ over {len(history.curves)} curves",
            figure=FIGURES["bars"],
        )  # fmt: skip


def test_an_analyzer_that_yields_such_a_finding_is_shown_without_a_change():
    run = read_runs({"loss": [2, 1, 0.5], "val_loss": [2, 1, 1]}).runs[0]
    found, outcome = examine(ClassShares(), Measurements(run, MEASURES))
    diagnosis = replace(overfitting(), findings=tuple(found), outcomes=(outcome,))
    for form in TEXT_FORMATS:
        assert "NEW902" in render(diagnosis, form)
    assert 'aria-label="Bar chart of Share of each class: cat' in to_html(diagnosis)


def test_all_kinds_side_by_side_stay_small():
    assert len(to_html(all_drawn()).encode()) < 150_000

"""Figures that analyzers bring, and settings against outcome, in a browser: they fit, can be read, print whole."""

from __future__ import annotations

import pytest

import browser_pages
from browser_pages import NEEDS_CHROMIUM, OPEN_ALL, SCHEMES, WIDTHS
from diagnose.finding import Figure, Series
from diagnose.reports import save
from drawn_examples import all_drawn, drawn
from report_examples import HOSTILE, LONG, RTL, many_runs
from test_report_browser import CONTRAST

pytestmark = NEEDS_CHROMIUM
browser = browser_pages.browser
NAMES = ("drawn", "hostile", "sweep")
BROKEN = """[...document.querySelectorAll(".drawn-rows, .drawn .plot, .dot-plots figure, .gate-band, figure.chart")]
  .filter(e => getComputedStyle(e).breakInside !== "avoid").map(e => e.className)"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawings")
    save(all_drawn(), folder / "drawn.html")
    names = (HOSTILE, LONG, RTL, "a")
    series = tuple(Series(name, (1.0, 2.0, -3.0, None), names) for name in names)
    save(drawn(Figure("bars", series=series, title=LONG, y_label=LONG, x_label=RTL)), folder / "hostile.html")
    save(many_runs(30), folder / "sweep.html")
    return folder


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", NAMES)
def test_they_fit_say_nothing_and_have_contrast(browser, pages, name, width, scheme):
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    messages = []
    page.on("console", lambda message: messages.append(message.text))
    page.goto((pages / f"{name}.html").as_uri())
    page.evaluate(OPEN_ALL)
    extent = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    low = page.evaluate(CONTRAST)
    page.close()
    assert messages == []
    assert extent[0] <= extent[1]
    assert low == []


@pytest.mark.parametrize("name", NAMES)
def test_no_figure_is_split_between_sheets(browser, pages, name):
    page = browser.new_page()
    page.goto((pages / f"{name}.html").as_uri())
    page.emulate_media(media="print")
    broken = page.evaluate(BROKEN)
    page.close()
    assert broken == []


def test_bars_of_one_figure_differ_without_colour(browser, pages):
    page = browser.new_page()
    page.goto((pages / "hostile.html").as_uri())
    looks = page.evaluate(
        "[...document.querySelectorAll('.drawn-legend .fill')].map(e => { const s = getComputedStyle(e);"
        "return s.backgroundImage + (s.backgroundColor === s.borderTopColor); })"
    )
    page.close()
    assert len(looks) == len(set(looks)) == 4

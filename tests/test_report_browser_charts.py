"""Charts can be read without colour: on a grey print, and by people who see fewer colours."""

from __future__ import annotations

import io
import math
from dataclasses import replace

import pytest
from PIL import Image

import browser_pages
from browser_pages import NEEDS_CHROMIUM, OPEN_ALL, SCHEMES
from diagnose.reports import save
from report_examples import curve, overfitting

pytestmark = NEEDS_CHROMIUM
browser, files = browser_pages.browser, browser_pages.files

LEAST_CONTRAST = 3.0
"""WCAG 2.1, 1.4.11: what is needed to understand a picture. The ratio is one of luminances, hence also of greys."""
DEFICIENCIES = ("none", "achromatopsia", "protanopia", "deuteranopia", "tritanopia")


def crowded():
    """Make a run with six curves in one figure, two of them of the same split, one of none."""
    run = overfitting().run
    named = (("a", "train"), ("b", "train"), ("c", "val"), ("d", "val"), ("e", "test"), ("f", "holdout"))
    curves = tuple(
        curve(name, split, "loss", [1 + rank + math.exp(-i / 9) for i in range(30)])
        for rank, (name, split) in enumerate(named)
    )
    return replace(overfitting(), run=replace(run, curves=curves, learning_rate=None))


@pytest.fixture(scope="module")
def pages(files):
    save(crowded(), files / "crowded.html")
    return files


PATTERNS = """[...document.querySelectorAll(".plot")].map(plot => {
  const dash = e => getComputedStyle(e).strokeDasharray;
  return { drawn: [...plot.querySelectorAll("svg:not(.key) .curve")].map(dash),
           named: [...plot.querySelectorAll("svg.key .curve")].map(dash) }; })"""


@pytest.mark.parametrize("name", ["overfitting", "many_causes", "hostile", "nan_everywhere", "crowded", "drawn"])
def test_curves_of_a_figure_differ_by_pattern_and_their_names_show_it(browser, pages, name):
    page = browser.new_page()
    page.goto((pages / f"{name}.html").as_uri())
    page.evaluate(OPEN_ALL)
    figures = page.evaluate(PATTERNS)
    page.close()
    assert max(len(figure["drawn"]) for figure in figures) >= {"crowded": 6}.get(name, 2)
    for figure in figures:
        assert len(set(figure["drawn"])) == len(figure["drawn"])
        assert figure["named"] == (figure["drawn"] if len(figure["drawn"]) > 1 else [])


def test_small_figures_of_runs_differ_by_pattern(browser, pages):
    page = browser.new_page(viewport={"width": 1440, "height": 800})
    page.goto((pages / "many.html").as_uri())
    sparks = page.evaluate(
        "[...document.querySelectorAll('.spark')]"
        ".map(s => [...s.querySelectorAll('path')].map(e => getComputedStyle(e).strokeDasharray))"
    )
    page.close()
    assert max(map(len, sparks)) == 2
    assert all(len(set(dashes)) == len(dashes) for dashes in sparks)


# the colours that strokes, dots and bars of a page really have, laid out as squares on its background
SWATCHES = """() => {
  const seen = new Map();
  const note = (e, what) => { const s = getComputedStyle(e), c = s[what];
    if (c !== "none" && +s.opacity > 0) seen.set(c + "@" + s.opacity, [e.getAttribute("class"), c, s.opacity]); };
  document.querySelectorAll(".plot .curve, .plot .base, .plot .stem, .plot .gap, .spark path, .dots")
    .forEach(e => note(e, "stroke"));
  document.querySelectorAll(".plot .badge, .whisker i, .whisker b, .bar b").forEach(e => note(e, "backgroundColor"));
  document.querySelectorAll(".plot .ring, .fill, .m0, .m1, .m2, .m3, .m4, .m5").forEach(e => note(e, "borderTopColor"));
  document.querySelectorAll(".whisker u").forEach(e => note(e, "borderLeftColor"));
  document.querySelectorAll(".plot .edge").forEach(e => note(e, "color"));
  const board = document.createElement("div");
  board.style.cssText = "position:fixed;inset:0;z-index:9;background:var(--page)";
  for (const [, c, o] of seen.values()) { const e = document.createElement("i");
    e.style.cssText = `position:absolute;left:10px;top:${10 + 20 * board.children.length}px;width:10px;height:10px`;
    e.style.background = c; e.style.opacity = o; board.append(e); }
  document.body.append(board);
  return [...seen.values()]; }"""


def luminance(pixel) -> float:
    linear = [c / 12.92 if (c := channel / 255) <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for channel in pixel[:3]]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", ["overfitting", "many_causes", "crowded", "drawn", "many"])
def test_what_is_drawn_stands_out_for_every_eye(browser, pages, name, scheme):
    page = browser.new_page(viewport={"width": 300, "height": 700}, color_scheme=scheme)
    page.goto((pages / f"{name}.html").as_uri())
    shown = page.evaluate(SWATCHES)
    session = page.context.new_cdp_session(page)
    faint = []
    for deficiency in DEFICIENCIES:
        session.send("Emulation.setEmulatedVisionDeficiency", {"type": deficiency})
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        for rank, (kind, colour, opacity) in enumerate(shown):
            ratio = contrast(picture.getpixel((15, 15 + 20 * rank)), picture.getpixel((100, 15)))
            if ratio < LEAST_CONTRAST:
                faint.append((deficiency, kind, colour, opacity, round(ratio, 2)))
    page.close()
    assert len(shown) >= 2
    assert faint == []

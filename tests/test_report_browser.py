"""Every kind of page in a real browser: no request, no message, no sideways scrolling, no objection of axe-core."""

from __future__ import annotations

import json

import pytest

import browser_pages
from browser_pages import CLOSE_ALL, NAMES, NEEDS_CHROMIUM, OPEN_ALL, SCHEMES, WIDTHS
from diagnose.reports import save
from report_examples import many_runs

pytestmark = NEEDS_CHROMIUM
browser, files = browser_pages.browser, browser_pages.files

TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("name", NAMES)
def test_page_is_quiet_and_fits(browser, files, name):
    page = browser.new_page()
    messages, requests = [], []
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    target = (files / f"{name}.html").as_uri()
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(target)
        page.evaluate(OPEN_ALL)
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate(TOO_WIDE) <= 0, (width, scheme)
    page.close()
    assert messages == []
    assert [url for url in requests if url != target and not url.startswith("data:")] == []


AXE = """async rules => {
  const only = rules ? { runOnly: { type: "rule", values: rules } } : {};
  const found = await axe.run(document, { ...only, resultTypes: ["violations"] });
  return found.violations.filter(v => ["serious", "critical"].includes(v.impact))
    .map(v => `${v.id}: ${v.nodes.slice(0, 3).map(n => n.html.slice(0, 160)).join(" | ")}`); }"""
# width changes what scrolls, a scheme changes colours; the rest is looked at once, folded and unfolded
CHECKED = [
    (1440, "light", CLOSE_ALL, None),
    (1440, "light", OPEN_ALL, None),
    (360, "light", OPEN_ALL, ["scrollable-region-focusable", "nested-interactive", "aria-hidden-focus"]),
    (1440, "dark", OPEN_ALL, ["color-contrast", "link-in-text-block"]),
    (1440, "dark", CLOSE_ALL, ["link-in-text-block"]),
]


def with_axe(page):
    """Put axe-core into the page: through the debugger, since the page itself lets no script in."""
    page.evaluate(pytest.importorskip("axe_playwright_python.base", reason="no axe: pip install '.[test]'").AXE_SCRIPT)


@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing_serious(browser, files, name):
    page = browser.new_page()
    page.goto((files / f"{name}.html").as_uri())
    with_axe(page)
    for width, scheme, fold, rules in CHECKED:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        page.evaluate(fold)
        assert page.evaluate(AXE, rules) == [], (width, scheme, fold)
    page.close()


@pytest.mark.parametrize(
    ("harm", "rule"),
    [
        ("document.querySelector('.plot').removeAttribute('aria-label')", "role-img-alt"),
        ("document.querySelector('h2').style.color = '#bbb'", "color-contrast"),
        ("document.documentElement.removeAttribute('lang')", "html-has-lang"),
        ("document.querySelector('.causes tbody').setAttribute('role', 'list')", "aria-required-children"),
    ],
)
def test_axe_would_see_a_fault(browser, files, harm, rule):
    page = browser.new_page(color_scheme="light")
    page.goto((files / "overfitting.html").as_uri())
    with_axe(page)
    page.evaluate(harm)
    found = page.evaluate(AXE)
    page.close()
    assert rule in [line.split(":")[0] for line in found]


CONTRAST = """() => {
  const channel = c => (c /= 255) <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
  const light = c => .2126 * channel(c[0]) + .7152 * channel(c[1]) + .0722 * channel(c[2]);
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const behind = e => { for (; e; e = e.parentElement) {
    const c = parse(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c;
  } return [255, 255, 255]; };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), low = [];
  for (let n; n = walk.nextNode();) {
    const e = n.parentElement; if (!n.data.trim() || ["STYLE", "TITLE"].includes(e.tagName)) continue;
    const a = light(parse(getComputedStyle(e).color)), b = light(behind(e));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) low.push(ratio.toFixed(2) + " " + n.data.trim().slice(0, 40));
  } return low; }"""


@pytest.mark.parametrize("name", NAMES)
def test_all_text_has_the_contrast_that_wcag_aa_asks_for(browser, files, name):
    # axe leaves undecided what stands on a gradient, as the tables that scroll do
    page = browser.new_page()
    page.goto((files / f"{name}.html").as_uri())
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(CONTRAST) == [], scheme
    page.close()


def test_keyboard_reaches_everything_that_can_be_opened_or_scrolled(browser, files):
    page = browser.new_page(viewport={"width": 360, "height": 800})
    page.goto((files / "overfitting.html").as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.evaluate(OPEN_ALL)
    unreachable = page.evaluate(
        "[...document.querySelectorAll('pre, .scroll')]"
        ".filter(e => e.scrollWidth > e.clientWidth + 1 && e.tabIndex < 0 && !e.closest('.doc')).length"
    )
    page.close()
    assert unreachable == 0


@pytest.mark.parametrize("name", ["overfitting", "healthy", "cause_covariate_shift"])
def test_first_screen_holds_verdict_causes_and_remedies(browser, files, name):
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto((files / f"{name}.html").as_uri())
    wanted = json.dumps(["h1", ".causes tbody tr:last-child", ".aside"])
    bottoms = page.evaluate(f"{wanted}.map(s => document.querySelector(s).getBoundingClientRect().bottom)")
    page.close()
    assert max(bottoms) <= 900


def test_a_table_of_runs_fits_a_laptop_and_shows_where_it_is_cut(browser, files):
    save(many_runs(9), files / "runs.html")
    page = browser.new_page(viewport={"width": 1200, "height": 800})
    page.goto((files / "runs.html").as_uri())
    extent = "(e => [e.scrollWidth, e.clientWidth])(document.querySelector('.scroll'))"
    wide = page.evaluate(extent)
    page.set_viewport_size({"width": 700, "height": 800})
    narrow = page.evaluate(extent)
    shades = page.evaluate(
        "getComputedStyle(document.querySelector('.scroll')).backgroundImage.match(/gradient/g).length"
    )
    page.close()
    assert wide[0] <= wide[1]
    assert narrow[0] > narrow[1], "else this tests nothing"
    assert shades == 4, "a cover and a shadow on either side"


def test_on_a_phone_a_table_of_runs_needs_no_scrolling(browser, files):
    page = browser.new_page(viewport={"width": 360, "height": 800})
    page.goto((files / "many.html").as_uri())
    extent = page.evaluate("(e => [e.scrollWidth, e.clientWidth])(document.querySelector('.scroll'))")
    page.close()
    assert extent[0] <= extent[1]

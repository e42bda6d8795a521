"""The pages in a real browser: no request, no message, no sideways scrolling, at the widths of a phone and a desk."""

from __future__ import annotations

import shutil

import pytest

from diagnose.reports import notebook_html, save
from report_examples import EXAMPLES, EXPLAIN, many_causes, many_runs, overfitting

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
]  # fmt: skip

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install 'diagnose-ml[test]'")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    for name, make in EXAMPLES.items():
        save(make(), folder / f"{name}.html", explain=EXPLAIN)
    save([*many_runs(30), *(make() for make in EXAMPLES.values())], folder / "many.html")
    fragment = f"<!doctype html><title>cell</title><body>{notebook_html(overfitting())}</body>"
    (folder / "notebook.html").write_text(fragment, encoding="utf-8")
    return folder


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("name", [*sorted(EXAMPLES), "many", "notebook"])
def test_page_is_quiet_and_fits(browser, files, name, width, scheme):
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    messages, requests = [], []
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    target = (files / f"{name}.html").as_uri()
    page.goto(target)
    for details in page.query_selector_all("details"):
        details.evaluate("element => element.open = true")
    assert messages == []
    assert [url for url in requests if url != target and not url.startswith("data:")] == []
    extent = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    page.close()
    assert extent[0] <= extent[1]


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["overfitting", "many_causes", "broken_analyzer", "many", "notebook"])
def test_all_text_has_the_contrast_that_wcag_aa_asks_for(browser, files, name, scheme):
    page = browser.new_page(color_scheme=scheme)
    page.goto((files / f"{name}.html").as_uri())
    low = page.evaluate(CONTRAST)
    page.close()
    assert low == []


def test_keyboard_reaches_everything_that_can_be_opened_or_scrolled(browser, files):
    page = browser.new_page(viewport={"width": 360, "height": 800})
    page.goto((files / "overfitting.html").as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    unreachable = page.evaluate(
        "[...document.querySelectorAll('pre, .scroll')]"
        ".filter(e => e.scrollWidth > e.clientWidth + 1 && e.tabIndex < 0 && !e.closest('details')).length"
    )
    page.close()
    assert unreachable == 0


def test_first_screen_holds_verdict_causes_and_remedies(browser, files):
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto((files / "overfitting.html").as_uri())
    bottoms = page.evaluate(
        "['h1', '.causes tbody tr:last-child', '.remedies li:nth-child(3)']"
        ".map(s => document.querySelector(s).getBoundingClientRect().bottom)"
    )
    page.close()
    assert max(bottoms) <= 900


def test_lines_do_not_need_colour(browser, files):
    assert len(many_causes().run.curves) > 3
    page = browser.new_page()
    page.goto((files / "many_causes.html").as_uri())
    dashes = page.evaluate(
        "[...document.querySelector('.plot').querySelectorAll('.curve')].map(e => getComputedStyle(e).strokeDasharray)"
    )
    page.close()
    assert len(dashes) == len(set(dashes)) == 3


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

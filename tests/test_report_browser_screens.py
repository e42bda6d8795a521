"""Pages look as they did when somebody last looked at them; renewed by ``python tests/screens.py``."""

from __future__ import annotations

import json

import pytest
from PIL import Image

import browser_pages
import screens
from browser_pages import NEEDS_CHROMIUM

pytestmark = NEEDS_CHROMIUM
browser, files = browser_pages.browser, browser_pages.files

MOST_APART = {360: 6.0, 1440: 12.0}
"""Grey values of 255, in the strip where it is most.

Measured on the four pages: the same page again gives 0; a page that lies one pixel lower, as another rasteriser makes
it, up to 5.8 and 9.6; the cause table or the table of runs hidden 9.2 to 14.2 and 21 to 33; the last section moved to
the front 7.3 to 16.6 and 24 to 36; another font 12.9 to 13.7 and 28 to 36. One hidden line of a chart (2.3 to 4.5)
stays below: test_report_browser_charts.py looks at those.
"""
MOST_BYTES = 400_000
"""Of all references: every renewal stays in the history for good."""


@pytest.fixture(scope="module")
def page(browser, files):
    page = browser.new_page()
    here, there = screens.fonts(page, files / "healthy.html"), json.loads((screens.FOLDER / "fonts.json").read_text())
    if here != there:
        pytest.skip(f"this machine's fonts are not those of the references: widths {here}, not {there}")
    yield page
    page.close()


@pytest.mark.parametrize("width", screens.WIDTHS)
@pytest.mark.parametrize("name", screens.SHOWN)
def test_page_looks_as_it_did(page, files, tmp_path, name, width):
    now, then = screens.photograph(page, files / f"{name}.html", width), Image.open(screens.reference(name, width))
    apart = screens.difference(now, then)
    if apart > MOST_APART[width]:
        now.save(tmp_path / "now.png")
        then.save(tmp_path / "then.png")
    assert apart <= MOST_APART[width], (
        f"{name} at {width} pixels looks different: compare now.png and then.png in {tmp_path}; "
        "if it is meant, renew the references with `python tests/screens.py` and look at them"
    )


HARMS = {
    "no cause table": "document.querySelector('.causes').style.display = 'none'",
    "a section moved": "(all => all[0].before(all[all.length - 1]))(document.querySelectorAll('section'))",
}


@pytest.mark.parametrize("width", screens.WIDTHS)
@pytest.mark.parametrize("harm", HARMS)
def test_a_change_would_be_seen(page, files, harm, width):
    changed = screens.photograph(page, files / "overfitting.html", width, harm=HARMS[harm])
    whole = screens.photograph(page, files / "overfitting.html", width)
    assert screens.difference(changed, whole) > MOST_APART[width]


def test_references_are_small():
    assert sum(file.stat().st_size for file in screens.FOLDER.iterdir()) < MOST_BYTES

"""Every kind of page in a real browser, for the tests that look at them as a person would."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cause_reports import with_main
from diagnose.finding import Cause
from diagnose.reports import notebook_html, save
from drawn_examples import all_drawn
from report_examples import EXAMPLES, EXPLAIN, gated_failing, gated_hostile, gated_passing, many_runs, overfitting

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
]  # fmt: skip
NEEDS_CHROMIUM = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH: apt-get install chromium"),
]

WIDTHS = (360, 1440)
SCHEMES = ("light", "dark")
MADE = {
    **EXAMPLES, "gated_failing": gated_failing, "gated_passing": gated_passing, "gated_hostile": gated_hostile,
    "drawn": all_drawn,
}  # fmt: skip
CAUSES = tuple(f"cause_{cause}" for cause in Cause)
NAMES = (*sorted(MADE), *CAUSES, "many", "notebook")

OPEN_ALL = "document.querySelectorAll('details').forEach(e => { e.open = true; })"
CLOSE_ALL = "document.querySelectorAll('details').forEach(e => { e.open = false; })"


def write_pages(folder: Path) -> Path:
    """Write every page of the matrix into a folder as NAME.html."""
    for name, make in MADE.items():
        save(make(), folder / f"{name}.html", explain=EXPLAIN)
    for cause in Cause:
        save(with_main(cause), folder / f"cause_{cause}.html", explain=EXPLAIN)
    save([*many_runs(30), *(make() for make in EXAMPLES.values())], folder / "many.html")
    cell = notebook_html(overfitting())
    fragment = f'<!doctype html><html lang="en"><title>cell</title><body><main>{cell}</main></body></html>'
    (folder / "notebook.html").write_text(fragment, encoding="utf-8")
    return folder


def launched(playwright):
    """Start the machine's Chromium, silent towards the network."""
    return playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)


@pytest.fixture(scope="module")
def browser():
    # one a module, not one a session: the loop that Playwright leaves running would break tests that start their own
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install 'diagnose-ml[test]'")
    with playwright.sync_playwright() as running:
        browser = launched(running)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return write_pages(tmp_path_factory.mktemp("pages"))

"""Reference screenshots of a few pages: small and grey, so that a page that changed by accident is noticed.

Renew them, and look at them, with ``python tests/screens.py``.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from browser_pages import launched, write_pages

FOLDER = Path(__file__).parent / "screens"
SHOWN = ("overfitting", "healthy", "many", "gated_failing")
WIDTHS = (360, 1440)
SHRINK = {360: 3, 1440: 4}
"""How many pixels become one: letters blur into grey lines, so that how they are drawn hardly counts."""
TALLEST = 6000
"""Pixels of a page that are kept: the phone's table of 37 runs is three times as long, and all alike."""
STRIP = 40
"""Rows of the small picture that are compared together: about a table's row and the one below on the real page."""

# the widths of a line of letters, large and small, tell which fonts a machine has
FONTS = """() => ["--sans", "--mono"].flatMap(family => [100, 14].map(size => {
  const e = document.createElement("span");
  e.style.cssText = `position:absolute;white-space:nowrap;font:400 ${size}px var(${family})`;
  e.textContent = "Hamburgefonstiv 0123456789 →"; document.body.append(e);
  const width = e.getBoundingClientRect().width; e.remove(); return Math.round(width * 10) / 10; }))"""


def photograph(page, file: Path, width: int, *, harm: str = "") -> Image.Image:
    """Take a page at a width as a small grey picture; ``harm`` is done to it before, to learn what that makes."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.goto(file.as_uri())
    if harm:
        page.evaluate(harm)
    picture = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("L")
    kept = picture.crop((0, 0, picture.width, min(picture.height, TALLEST)))
    small = kept.resize((kept.width // SHRINK[width], kept.height // SHRINK[width]), Image.Resampling.BOX)
    return small.quantize(16)


def grey(picture: Image.Image, height: int) -> np.ndarray:
    """Turn a picture into grey values from 0 to 255, of shape (height, width), with white below its end."""
    values = np.full((height, picture.width), 255.0)
    values[: picture.height] = np.asarray(picture.convert("L"), dtype=float)
    return values


def difference(one: Image.Image, other: Image.Image) -> float:
    """Mean absolute difference of grey values, 0 to 255, in the strip of rows where it is largest."""
    height = -(-max(one.height, other.height) // STRIP) * STRIP
    apart = np.abs(grey(one, height) - grey(other, height))
    return float(apart.reshape(height // STRIP, -1).mean(axis=1).max())


def fonts(page, file: Path) -> list[float]:
    """Measure a line of letters in each family of the report, in pixels, large and small."""
    page.goto(file.as_uri())
    found: list[float] = page.evaluate(FONTS)
    return found


def reference(name: str, width: int) -> Path:
    """Name the file of a reference."""
    return FOLDER / f"{name}-{width}.png"


def renew() -> None:
    """Take all references anew."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - tests import this module without it

    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder, sync_playwright() as running:
        pages = write_pages(Path(folder))
        browser = launched(running)
        page = browser.new_page()
        for name in SHOWN:
            for width in WIDTHS:
                photograph(page, pages / f"{name}.html", width).save(reference(name, width), optimize=True)
        measured = fonts(page, pages / "healthy.html")
        (FOLDER / "fonts.json").write_text(json.dumps(measured) + "\n", encoding="utf-8")
        browser.close()


if __name__ == "__main__":
    renew()

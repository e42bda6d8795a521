"""Planted leaks and flipped labels: how many are found, and how many are invented where nothing was planted.

Writes a JSON line for each case::

    python benchmarks/leakage.py copies > copies.jsonl
    python benchmarks/leakage.py labels > labels.jsonl
    python benchmarks/leakage.py labels --cleanlab ENVIRONMENT/bin/python > labels.jsonl

Data are scikit-learn's bundled tables and photographs, the paragraphs of Python's own documentation, and simulations.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from pydoc_data.topics import topics
from types import MappingProxyType
from typing import Any

import numpy as np
from PIL import Image
from sklearn import datasets

from diagnose import testing
from diagnose.analyzer import examine
from diagnose.analyzers.copied_rows import CopiedRows
from diagnose.analyzers.near_copied_rows import NearCopiedRows
from diagnose.analyzers.wrong_labels import WrongLabels
from diagnose.measurements import Measurements
from diagnose.measures import MEASURES
from diagnose.readers.data.image_facts import EMBEDDED_BY, facts_of
from diagnose.run import Run

PLANTED = 0.1
"""Share of the held-out rows that are made from training rows."""
TABLES = ("wine", "breast_cancer", "diabetes", "digits")
RATES = (0.0, 0.03, 0.05, 0.07, 0.1)
TILE = 48


def main() -> None:
    """Run one of the benchmarks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["copies", "labels"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--cleanlab", help="interpreter of an environment with cleanlab, to run beside")
    parser.add_argument("--photographs", help="an .npz with images: copies of them are planted as well")
    chosen = parser.parse_args()
    lines = (
        copies(chosen.seeds, chosen.photographs) if chosen.what == "copies" else labels(chosen.seeds, chosen.cleanlab)
    )
    for line in lines:
        print(json.dumps(line), flush=True)


def copies(seeds: int, photographs: str | None = None) -> Iterator[dict[str, Any]]:
    """Plant rows of each kind in each data set; then the same split with nothing planted."""
    for seed in range(seeds):
        for name in TABLES:
            x, y = table(name)
            for what, change in {"exact": 0.0, "measured again (noise of 1 % of a deviation)": 0.01, "": None}.items():
                yield judged(name, what, seed, *of_table(x, y, seed, change))
        for what, edit in TEXTS.items():
            yield judged("paragraphs", what, seed, *of_texts(seed, edit))
        for what, edit_image in IMAGES.items():
            for name, known in pictures(photographs).items():
                yield judged(name, what, seed, *of_images(known, seed, edit_image))


def judged(data: str, planted: str, seed: int, run: Run, places: set[int]) -> dict[str, Any]:
    """Return what both analyzers find of one run."""
    start = time.process_time()
    measurements = Measurements(run, MEASURES)
    found = {rule.code: examine(rule, measurements)[0] for rule in (CopiedRows(), NearCopiedRows())}
    told = [f for findings in found.values() for f in findings if f.severity.value != "info"]
    rows: set[int] = set()
    rows |= set(measurements.get("copies")[1].rows.tolist())
    rows |= set(measurements.get("near_copies")[0].found.rows.tolist())
    return {
        "data": data, "planted": planted or "nothing", "seed": seed, "rows": run.splits["val"].n, "places": len(places),
        "found": len(rows & places), "other": len(rows - places), "findings": len(told),
        "cpu": round(time.process_time() - start, 2),
    }  # fmt: skip


def table(name: str) -> tuple[Any, Any]:
    """Return one of the bundled tables."""
    found = getattr(datasets, f"load_{name}")()
    return found.data.astype(float), found.target


def of_table(x: Any, y: Any, seed: int, noise: float | None) -> tuple[Run, set[int]]:
    """Split at random; replace held-out rows by training rows with some noise."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(x))
    train, val = order[: int(0.7 * len(x))], order[int(0.7 * len(x)) :]
    held = x[val].copy()
    places: Any = np.zeros(0, int)
    if noise is not None:
        places = rng.choice(len(val), int(PLANTED * len(val)), replace=False)
        held[places] = x[rng.choice(train, len(places), replace=False)]
        held[places] += noise * x.std(axis=0) * rng.normal(size=(len(places), x.shape[1]))
    sides = ((x[train], y[train]), (held, y[val]))
    tables = [{f"x{j}": part[:, j] for j in range(x.shape[1])} | {"y": label} for part, label in sides]
    kinds = {f"x{j}": "number" for j in range(x.shape[1])}
    return testing.run_of_data(train=tables[0], val=tables[1], data={"label": "y", "kinds": kinds}), set(
        places.tolist()
    )


def _spelled(text: str, rng: np.random.Generator) -> str:
    words = text.upper().split() if rng.random() < 0.5 else text.title().split()
    return ("  " if rng.random() < 0.5 else "\t").join(words)


def _reworded(text: str, rng: np.random.Generator) -> str:
    words = text.split()
    for at in rng.choice(len(words), max(1, len(words) // 25), replace=False):
        words[at] = "another"
    return " ".join(words)


TEXTS: dict[str, Callable[[str, np.random.Generator], str] | None] = {
    "exact": lambda text, _: text,
    "other case and spacing": _spelled,
    "one word in 25 replaced": _reworded,
    "": None,
}


def of_texts(seed: int, edit: Callable[[str, np.random.Generator], str] | None) -> tuple[Run, set[int]]:
    """Split distinct paragraphs of Python's documentation; replace held-out ones by edited training ones."""
    rng = np.random.default_rng(seed)
    parts = (" ".join(part.split()) for text in topics.values() for part in text.split("\n\n"))
    known = sorted({part for part in parts if 100 <= len(part) <= 600})
    order = rng.permutation(len(known))
    cut = int(0.7 * len(known))
    train, val = ([known[at] for at in some] for some in (order[:cut], order[cut:]))
    places: Any = np.zeros(0, int)
    if edit is not None:
        places = rng.choice(len(val), int(PLANTED * len(val)), replace=False)
        for place, source in zip(places.tolist(), rng.choice(cut, len(places), replace=False).tolist(), strict=True):
            val[place] = edit(train[source], rng)
    return testing.run_of_data(train={"t": train}, val={"t": val}, data={"kinds": {"t": "text"}}), set(places.tolist())


def _stored(image: Image.Image, quality: int) -> Image.Image:
    packed = io.BytesIO()
    image.save(packed, "JPEG", quality=quality)
    return Image.open(packed)


def _cut(image: Image.Image, left: float, top: float, right: float, bottom: float) -> Image.Image:
    w, h = image.size
    at = [max(share > 0, round(share * side)) for share, side in ((left, w), (top, h), (right, w), (bottom, h))]
    return image.crop((at[0], at[1], w - at[2], h - at[3]))


IMAGES: dict[str, Callable[[Image.Image], Image.Image] | None] = {
    "resized by half": lambda image: image.resize((image.width // 2, image.height // 2)),
    "resized to three quarters": lambda image: image.resize((image.width * 3 // 4, image.height * 3 // 4)),
    "stored again as JPEG of quality 50": lambda image: _stored(image, 50),
    "stored again as JPEG of quality 30": lambda image: _stored(image, 30),
    "cropped by 2 % at each side": lambda image: _cut(image, 0.02, 0.02, 0.02, 0.02),
    "cropped by 5 % at each side": lambda image: _cut(image, 0.05, 0.05, 0.05, 0.05),
    "cropped by 10 % at two sides": lambda image: _cut(image, 0.0, 0.1, 0.1, 0.0),
    "cropped by 5 %, JPEG 75, half the size": lambda image: _stored(_cut(image, 0.05, 0.05, 0.05, 0.05), 75).resize(
        (image.width // 2, image.height // 2)
    ),
    "": None,
}


def pictures(photographs: str | None) -> dict[str, list[Image.Image]]:
    """Return scikit-learn's two photographs in tiles, its digits enlarged, and images of a file."""
    tiles = [
        Image.fromarray(photo[top : top + TILE, left : left + TILE])
        for photo in datasets.load_sample_images().images
        for top in range(0, photo.shape[0] - TILE, TILE)
        for left in range(0, photo.shape[1] - TILE, TILE)
    ]
    digits = [
        Image.fromarray((15 * one).astype(np.uint8)).resize((TILE, TILE)) for one in datasets.load_digits().images
    ]
    found = {"tiles of photographs": tiles, "digits, enlarged": digits}
    if photographs:
        with np.load(photographs) as archive:
            many = next(archive[name] for name in archive if archive[name].ndim == 4)
        found["photographs"] = [Image.fromarray(image) for image in many]
    return found


def of_images(
    known: list[Image.Image], seed: int, edit: Callable[[Image.Image], Image.Image] | None
) -> tuple[Run, set[int]]:
    """Split images; replace held-out ones by edited training ones."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(known))
    cut = int(0.7 * len(known))
    train, val = ([known[at] for at in some] for some in (order[:cut], order[cut:]))
    places: Any = np.zeros(0, int)
    if edit is not None:
        places = rng.choice(len(val), max(1, int(PLANTED * len(val))), replace=False)
        for place, source in zip(places.tolist(), rng.choice(cut, len(places), replace=False).tolist(), strict=True):
            val[place] = edit(train[source])
    run = testing.run_of_data(train={"a": np.arange(len(train)) % 3}, val={"a": np.arange(len(val)) % 3})
    splits: Any = dict(run.splits)
    for name, images in (("train", train), ("val", val)):
        facts = facts_of([np.asarray(image.convert("RGB")) for image in images])
        splits[name] = replace(
            splits[name], columns=(), embeddings=facts.embeddings, embedded_by=EMBEDDED_BY,
            digests=MappingProxyType(dict(facts.digests)),
        )  # fmt: skip
    return replace(run, splits=MappingProxyType(splits)), set(places.tolist())


def labels(seeds: int, cleanlab: str | None = None) -> Iterator[dict[str, Any]]:
    """Flip labels of each data set at each rate."""
    for seed in range(seeds):
        for name, make in LABELLED.items():
            x, y = make(seed)
            for rate in RATES:
                yield flipped(name, x, y, rate, seed, cleanlab)


def flipped(  # noqa: PLR0913, PLR0917  one draw
    name: str, x: Any, y: Any, rate: float, seed: int, cleanlab: str | None
) -> dict[str, Any]:
    """Return what is found where some labels were flipped."""
    rng = np.random.default_rng(seed)
    classes = int(y.max()) + 1
    rows = rng.choice(len(y), int(rate * len(y)), replace=False)
    given = y.copy()
    given[rows] = (y[rows] + rng.integers(1, classes, len(rows))) % classes
    columns = {f"x{j}": x[:, j] for j in range(x.shape[1])} | {"y": given}
    run = testing.run_of_data(train=columns, data={"label": "y"})
    start = time.process_time()
    measurements = Measurements(run, MEASURES)
    findings, _ = examine(WrongLabels(), measurements)
    found = measurements.get("suspect_labels")
    return {
        "data": name, "rate": rate, "seed": seed, "rows": len(y), "told": len(findings),
        "estimate": round(found.floor.rate, 4), "low": round(found.floor.low, 4), "high": round(found.floor.high, 4),
        "listed": len(found.rows), "right": int(np.isin(found.rows, rows).sum()),
        "cpu": round(time.process_time() - start, 2), "accuracy": round(found.accuracy, 3),
        **(by_cleanlab(cleanlab, x, given, rows) if cleanlab else {}),
    }  # fmt: skip


def by_cleanlab(python: str, x: Any, given: Any, rows: Any) -> dict[str, Any]:
    """Return how many rows cleanlab lists of the same data, and how many of them were flipped."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "data.npz")
        np.savez(path, x=x, y=given)
        worker = Path(__file__).with_name("leakage_worker.py")
        answer = subprocess.run([python, str(worker), str(path)], capture_output=True, text=True, check=True)
    found = json.loads(answer.stdout)
    right = int(np.isin(found["rows"], rows).sum())
    return {"cleanlab listed": len(found["rows"]), "cleanlab right": right, "cleanlab cpu": found["cpu"]}


def normal_classes(apart: float, k: int, seed: int, n: int = 2000, d: int = 8) -> tuple[Any, Any]:
    """Return normal classes whose middles lie so many deviations from the origin."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, k, n)
    middle = rng.normal(size=(k, d))
    return apart * (middle / np.linalg.norm(middle, axis=1, keepdims=True))[y] + rng.normal(size=(n, d)), y


LABELLED: dict[str, Callable[[int], tuple[Any, Any]]] = {
    "digits": lambda _: table("digits"),
    "breast cancer": lambda _: table("breast_cancer"),
    "two normal classes, accuracy 0.84": lambda seed: normal_classes(1.0, 2, 50 + seed),
    "two normal classes, far apart": lambda seed: normal_classes(2.5, 2, 50 + seed),
    "five normal classes": lambda seed: normal_classes(3.0, 5, 50 + seed),
    "moons": lambda seed: datasets.make_moons(2000, noise=0.3, random_state=50 + seed),
}


if __name__ == "__main__":
    main()

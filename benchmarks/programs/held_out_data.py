"""Small data of the held-out set: tumours, flowers, textures in colour, spheres, messages, random walks."""

# ruff: noqa: D103, I001, RUF100
from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer, load_iris, make_classification, make_friedman1
from sklearn.model_selection import train_test_split

ZEN = (
    "beautiful is better than ugly. explicit is better than implicit. simple is better than complex. "
    "complex is better than complicated. flat is better than nested. sparse is better than dense. "
    "readability counts. special cases aren't special enough to break the rules. although practicality beats purity. "
    "errors should never pass silently. unless explicitly silenced. in the face of ambiguity, refuse the temptation "
    "to guess. there should be one and preferably only one obvious way to do it. now is better than never. "
)


def tumours(seed: int = 1) -> Any:
    """Thirty columns of very different scale, two classes."""
    x, y = load_breast_cancer(return_X_y=True)
    return train_test_split(x.astype("float32"), y, test_size=0.35, random_state=seed, stratify=y)


def flowers(seed: int = 1) -> Any:
    """Four columns, three classes."""
    x, y = load_iris(return_X_y=True)
    return train_test_split(x.astype("float32"), y, test_size=0.4, random_state=seed, stratify=y)


def friedman(n: int = 900, seed: int = 1) -> Any:
    """Ten columns from 0 to 1, a target of about 0 to 30."""
    x, y = make_friedman1(n, noise=0.5, random_state=seed)
    return train_test_split(x.astype("float32"), y.astype("float32")[:, None], test_size=0.33, random_state=seed)


def blobs(n: int = 1200, classes: int = 6, seed: int = 1, noise: float = 0.0) -> Any:
    """Twenty columns, some of them of use, and classes of several clusters each."""
    x, y = make_classification(
        n, 20, n_informative=10, n_classes=classes, n_clusters_per_class=1, class_sep=1.6, flip_y=noise,
        random_state=seed,
    )  # fmt: skip
    return train_test_split(x.astype("float32"), y, test_size=0.3, random_state=seed)


def textures(n: int, kinds: range = range(4), seed: int = 1, size: int = 12) -> tuple[Any, Any]:
    """Images in colour (n, 3, size, size) from 0 to 255: gratings of one direction and spacing for each kind."""
    rng = np.random.default_rng([seed, n])
    y = rng.integers(len(kinds), size=n)
    kind = np.asarray(kinds)[y]
    angle, pace = (kind % 4) * np.pi / 4, np.where(kind < 4, 2.2, 1.2)
    row, column = np.mgrid[0:size, 0:size]
    along = np.cos(angle)[:, None, None] * row + np.sin(angle)[:, None, None] * column
    wave = np.sin(pace[:, None, None] * along + rng.uniform(0, 6.28, (n, 1, 1)))
    tint = rng.uniform(20, 55, (n, 3, 1, 1))
    x = 120 + tint * wave[:, None] + rng.normal(0, 65, (n, 3, size, size))
    return np.clip(x, 0, 255).astype("float32"), y


def cells(n: int, seed: int = 1, size: int = 16) -> tuple[Any, Any]:
    """Images (n, 1, size, size) from 0 to 1 with bright discs, and their masks."""
    rng = np.random.default_rng([seed, n])
    row, column = np.mgrid[0:size, 0:size]
    masks = np.zeros((n, 1, size, size), dtype="float32")
    for mask in masks:
        for _ in range(rng.integers(1, 3)):
            r, c = rng.uniform(4, size - 4, 2)
            mask[0][np.hypot(row - r, column - c) < rng.uniform(2, 4)] = 1
    x = 0.3 + 0.3 * masks + rng.normal(0, 0.15, masks.shape)
    return np.clip(x, 0, 1).astype("float32"), masks


def messages(n: int, classes: int = 3, seed: int = 1, length: int = 24, words: int = 60) -> tuple[Any, Any]:
    """Word numbers (n, length) whose topic words depend on the class."""
    rng = np.random.default_rng([seed, n])
    y = rng.integers(classes, size=n)
    x = rng.integers(1, words, (n, length))
    topical = rng.random((n, length)) < 0.12
    x[topical] = (words + 5 * y[:, None] + rng.integers(0, 5, (n, length)))[topical]
    return x, y


def walks(n: int, seed: int = 1, length: int = 40) -> tuple[Any, Any]:
    """Two-channel random walks (n, length, 2), and whether they drift together."""
    rng = np.random.default_rng([seed, n])
    y = rng.integers(2, size=n)
    steps = rng.normal(size=(n, length, 2))
    steps[..., 1] = np.where(y[:, None] == 1, 0.8 * steps[..., 0] + 0.6 * steps[..., 1], steps[..., 1])
    return (np.cumsum(steps, axis=1) / 6).astype("float32"), y


def characters(n: int, length: int = 24, seed: int = 1) -> tuple[Any, Any, int]:
    """Windows of a text as numbers (n, length), the same one character on, and the number of characters."""
    alphabet = sorted(set(ZEN))
    text = np.array([alphabet.index(letter) for letter in ZEN])
    start = np.random.default_rng(seed).integers(0, len(text) - length - 1, n)
    at = start[:, None] + np.arange(length)
    return text[at], text[at + 1], len(alphabet)


def rare(n: int, seed: int = 1) -> tuple[Any, Any]:
    """Twelve columns, and three classes of which two are rare (3 % and 2 %)."""
    rng = np.random.default_rng([seed, n])
    y = rng.choice(3, n, p=(0.95, 0.03, 0.02))
    x = rng.normal(size=(n, 12))
    x[:, :3] += 1.1 * (y == 1)[:, None]
    x[:, 3:6] -= 1.1 * (y == 2)[:, None]
    return x.astype("float32"), y

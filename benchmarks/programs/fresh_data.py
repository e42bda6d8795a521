"""Small data of the fresh set: letters, photographs, clocks, clients, currents, reviews, brackets, tones, sensors."""

# ruff: noqa: D103, I001, RUF100
from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from sklearn.datasets import load_digits, load_sample_images, make_friedman2, make_gaussian_quantiles, make_hastie_10_2
from sklearn.model_selection import train_test_split

FONT = {
    "A": "01110100011000111111100011000110001", "E": "11111100001000011110100001000011111",
    "F": "11111100001000011110100001000010000", "H": "10001100011000111111100011000110001",
    "K": "10001100101010011000101001001010001", "N": "10001110011010110101100111000110001",
    "R": "11110100011000111110101001001010001", "S": "01111100001000001110000010000111110",
}  # fmt: skip
"""Letters of five by seven points."""


def letters(n: int, seed: int = 1, noise: float = 0.2, size: int = 12) -> tuple[Any, Any]:
    """Images (n, 1, size, size) of one of eight letters somewhere, in noise."""
    rng = np.random.default_rng([seed, n, 3])
    glyphs = np.array([[int(point) for point in points] for points in FONT.values()]).reshape(-1, 7, 5)
    y = rng.integers(len(glyphs), size=n)
    x = np.zeros((n, 1, size, size))
    for image, kind in zip(x, y, strict=True):
        row, column = rng.integers(0, size - 6), rng.integers(0, size - 4)
        image[0, row : row + 7, column : column + 5] = glyphs[kind] * rng.uniform(0.6, 1.0)
    return (x + rng.normal(0, noise, x.shape)).astype("float32"), y


@cache
def photographs() -> Any:
    return load_sample_images().images


def patches(n: int, part: str = "train", size: int = 12, seed: int = 1) -> tuple[Any, Any]:
    """Patches (n, 3, size, size) from 0 to 255 of two photographs; train and val come from other columns of them."""
    rng = np.random.default_rng([seed, n])
    left, right = {"train": (0, 380), "val": (400, 640 - size), "before": (0, 380)}[part]
    y = rng.integers(2, size=n)
    corners = np.stack([rng.integers(0, 427 - size, n), rng.integers(left, right, n)], 1)
    x = np.stack([
        photographs()[kind][row : row + size, column : column + size]
        for kind, (row, column) in zip(y, corners, strict=True)
    ])  # fmt: skip
    return x.transpose(0, 3, 1, 2).astype("float32"), y


def turned(n: int, part: str = "train", seed: int = 5) -> tuple[Any, Any]:
    """Patches turned by 0, 90, 180 or 270 degrees, and by how much."""
    x, _ = patches(n, part, seed=seed)
    y = np.random.default_rng([seed, n, 7]).integers(4, size=n)
    return np.stack([np.rot90(image, k, axes=(1, 2)) for image, k in zip(x, y, strict=True)]).astype("float32"), y


def clocks(n: int, seed: int = 1, size: int = 14) -> tuple[Any, Any]:
    """Images (n, size, size, 1) of one hand, and the sine and cosine of where it points."""
    rng = np.random.default_rng([seed, n, 11])
    angle = rng.uniform(0, 2 * np.pi, n)
    row, column = np.mgrid[0:size, 0:size] - (size - 1) / 2
    along = np.cos(angle)[:, None, None] * column + np.sin(angle)[:, None, None] * row
    across = np.sin(angle)[:, None, None] * column - np.cos(angle)[:, None, None] * row
    hand = (along > 0) & (along < 6) & (np.abs(across) < 1)
    x = hand + rng.normal(0, 0.3, hand.shape)
    return x[..., None].astype("float32"), np.stack([np.sin(angle), np.cos(angle)], 1).astype("float32")


def rectangles(n: int, seed: int = 1, size: int = 16) -> tuple[Any, Any]:
    """Images (n, 1, size, size) with a rectangle that is striped, not brighter, and its mask."""
    rng = np.random.default_rng([seed, n, 13])
    masks = np.zeros((n, 1, size, size), dtype="float32")
    for mask in masks:
        row, column = rng.integers(0, size - 8, 2)
        mask[0, row : row + rng.integers(5, 9), column : column + rng.integers(5, 9)] = 1
    stripes = np.where(np.arange(size) % 2 == 0, 1.0, -1.0)
    return (masks * stripes + rng.normal(0, 0.5, masks.shape)).astype("float32"), masks


def numerals() -> Any:
    """Digits of eight by eight points, from 0 to 16."""
    x, y = load_digits(return_X_y=True)
    return train_test_split(x.astype("float32"), y, test_size=0.3, random_state=4, stratify=y)


def shells(n: int = 1500, classes: int = 3, columns: int = 5, seed: int = 4) -> Any:
    """Classes that lie around each other like shells."""
    x, y = make_gaussian_quantiles(n_samples=n, n_features=columns, n_classes=classes, random_state=seed)
    return train_test_split(x.astype("float32"), y, test_size=0.35, random_state=seed, stratify=y)


def hastie(n: int = 2400, seed: int = 4) -> Any:
    """Ten normal columns and whether their squares add up to more than 9.34; labels -1 and 1."""
    x, y = make_hastie_10_2(n, random_state=seed)
    return train_test_split(x.astype("float32"), y.astype("float32"), test_size=0.35, random_state=seed)


def currents(n: int = 1200, seed: int = 4) -> Any:
    """Four columns from 1 to 1700, the impedance of a circuit in ohms (hundreds)."""
    x, y = make_friedman2(n, noise=20.0, random_state=seed)
    return train_test_split(x.astype("float32"), y.astype("float32"), test_size=0.35, random_state=seed)


TOWNS = 12


def clients(n: int, seed: int = 1, share: float = 0.5) -> dict[str, Any]:
    """Town and trade as numbers, four measures, whether a client left (a ``share`` of them), and what was spent."""
    rng = np.random.default_rng([seed, n, 17])
    town, trade = rng.integers(TOWNS, size=n), rng.integers(5, size=n)
    measures = rng.normal(size=(n, 4))
    by_town = np.random.default_rng(17).normal(0, 1.5, TOWNS)
    pull = by_town[town] + np.array([-1, 1, 0.5, -0.5, 0])[trade] * measures[:, 0] + 1.2 * measures[:, 1] * 1.0
    pull = pull + rng.logistic(0, 0.35, n)
    left = pull > np.quantile(pull, 1 - share)
    spent = 1.5 * by_town[town] + np.abs(measures[:, 2]) * 2 + measures[:, 0] + rng.normal(0, 0.4, n)
    return {
        "town": town.astype("int64"), "trade": trade.astype("int64"), "measures": measures.astype("float32"),
        "left": left.astype("float32"), "spent": spent.astype("float32"),
    }  # fmt: skip


GOOD, BAD, NOT, PLAIN = range(1, 9), range(9, 17), (17, 18), range(19, 60)
"""Words of reviews: 0 is padding."""


def reviews(n: int, seed: int = 1, length: int = 18) -> tuple[Any, Any]:
    """Word numbers (n, length), padded at the end; praise or blame, and a word before it may turn it round."""
    rng = np.random.default_rng([seed, n, 19])
    x = np.zeros((n, length), dtype="int64")
    y = rng.integers(2, size=n)
    for row, kind in zip(x, y, strict=True):
        words = rng.choice(PLAIN, rng.integers(9, length + 1))
        for at in rng.choice(len(words) // 2, 2, replace=False) * 2:
            turned_round = rng.random() < 0.3
            words[at] = rng.choice(NOT) if turned_round else words[at]
            words[at + 1] = rng.choice(GOOD if (kind == 1) != turned_round else BAD)
        row[: len(words)] = words
    return x, y


def words_of(n: int, seed: int = 1, length: int = 10) -> tuple[Any, Any]:
    """Made-up words of three tongues as letters from 1 to 26 (n, length), padded with 0, and their tongue."""
    rng = np.random.default_rng([seed, n, 23])
    tongues = [
        ["ka", "mo", "ri", "ta", "no", "shi", "yu", "ha"],
        ["sch", "ei", "ung", "ver", "tz", "ich", "ab", "kel"],
        ["io", "ella", "no", "ri", "chi", "ata", "mo", "gli"],
    ]
    y = rng.integers(3, size=n)
    x = np.zeros((n, length), dtype="int64")
    for row, tongue in zip(x, y, strict=True):
        word = "".join(rng.choice(tongues[tongue], 4))[:length]
        row[: len(word)] = [ord(letter) - 96 for letter in word]
    return x, y


def tagged(n: int, seed: int = 1, length: int = 12) -> tuple[Any, Any]:
    """Word numbers (n, length) and a tag for each: a word means another thing after a word from 1 to 4."""
    rng = np.random.default_rng([seed, n, 29])
    x = rng.integers(1, 30, (n, length))
    before = np.concatenate([np.zeros((n, 1), dtype=int), x[:, :-1]], axis=1)
    y = np.where((before >= 1) & (before <= 4), 2, (x > 15).astype(int))
    return x, y


def brackets(n: int, seed: int = 1, length: int = 12) -> tuple[Any, Any]:
    """Numbers 1 to 4 of two kinds of bracket (n, length): closed in the right order, or with one wrong."""
    rng = np.random.default_rng([seed, n, 31])
    x = np.zeros((n, length), dtype="int64")
    y = rng.integers(2, size=n)
    for row, right in zip(x, y, strict=True):
        still_open: list[int] = []
        for at in range(length):
            if still_open and (len(still_open) == length - at or rng.random() < 0.55):
                row[at] = still_open.pop() + 2
            else:
                still_open.append(int(rng.integers(1, 3)))
                row[at] = still_open[-1]
        if not right:
            at = rng.integers(length)
            row[at] += 1 if row[at] % 2 == 1 else -1
    return x, y


def tones(n: int, seed: int = 1, length: int = 48, noise: float = 0.7) -> tuple[Any, Any]:
    """Signals (n, length, 1) whose tone rises, falls, stays or trembles."""
    rng = np.random.default_rng([seed, n, 37])
    y = rng.integers(4, size=n)
    t = np.linspace(0, 1, length)
    start = rng.uniform(5, 6, (n, 1))
    turn = {0: 3.5 * t**2, 1: -1.8 * t**2, 2: 0 * t, 3: 0.35 * np.sin(2 * np.pi * 3 * t)}
    phase = 2 * np.pi * (start * t + np.stack([turn[int(kind)] for kind in y]))
    x = np.sin(phase + rng.uniform(0, 2 * np.pi, (n, 1))) + rng.normal(0, noise, (n, length))
    return x[..., None].astype("float32"), y


def sensor(n: int = 1200, seed: int = 1, length: int = 24) -> Any:
    """Windows (n, length, 1) of a signal with two rhythms, and its next value; the last third is held out."""
    rng = np.random.default_rng([seed, 41])
    t = np.arange(n + length + 1)
    noise = np.zeros(len(t))
    for i in range(1, len(t)):
        noise[i] = 0.6 * noise[i - 1] + rng.normal(0, 0.25)
    signal = np.sin(2 * np.pi * t / 12) + 0.6 * np.sin(2 * np.pi * t / 7.3) + noise
    x = np.stack([signal[i : i + length] for i in range(n)])[..., None].astype("float32")
    y = signal[length : length + n].astype("float32")
    cut = 2 * n // 3
    return x[:cut], x[cut + length :], y[:cut], y[cut + length :]


def remembered(n: int, seed: int = 1, length: int = 20) -> tuple[Any, Any]:
    """Pairs (n, length, 2) of a number and a mark; the target is the sum of the two marked numbers."""
    rng = np.random.default_rng([seed, n, 43])
    x = np.zeros((n, length, 2), dtype="float32")
    x[..., 0] = rng.uniform(0, 1, (n, length))
    first, second = rng.integers(0, length // 2, n), rng.integers(length // 2, length, n)
    x[np.arange(n), first, 1] = x[np.arange(n), second, 1] = 1
    y = x[np.arange(n), first, 0] + x[np.arange(n), second, 0]
    return x, y.astype("float32")

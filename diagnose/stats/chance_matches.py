"""Rows that are equal: are they copies, or do rows of such a table agree by chance?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

RARE = 3
"""Rows up to which a value counts as rare: how often two of them agree is then told by all rare values together."""
NONE_SEEN = 3.0
"""Pairs that may have been expected where none was seen, with 95 % confidence (the rule of three)."""
WORK = 300_000_000
"""Values that are compared at most: about a second."""
LEVELS = (1.0, 0.1, 1e-2, 1e-3, 1e-4, 1e-6, 1e-9)
"""Limits on a row's chance partners that are tried, from the mildest."""


def agreement_odds(words: Words) -> Floats:
    """Return the odds that another row has the same value, for each value, shape ``(n,)``.

    A common value has its share of the rows. Of values that stand in few rows that share would be mere noise: their
    odds are how often two such rows agree at all, or what may have been missed where none did.

    Examples
    --------
    >>> agreement_odds(np.array([1, 1, 1, 1, 1, 2, 2, 2, 2, 2], np.uint64)).tolist()[:2]
    [0.5, 0.5]
    >>> bool(agreement_odds(np.arange(1000, dtype=np.uint64))[0] < 1e-5)
    True
    """
    n = len(words)
    _, inverse, counts = np.unique(words, return_inverse=True, return_counts=True)
    rare = counts <= RARE
    rows = int(counts[rare].sum())
    pairs = float((counts[rare] * (counts[rare] - 1)).sum()) / 2
    bound = 2 * (pairs + NONE_SEEN) / (rows * n) if rows else 0.0
    odds = np.where(rare, np.minimum(counts / n, bound), counts / n)
    return np.asarray(odds[inverse], np.float64)


def chance_partners(columns: Sequence[Words], rows: Rows, reference: Rows, odds: Sequence[Floats]) -> Floats:
    """Return how many other rows would equal each row by chance, shape ``(len(rows),)``; rather too many than too few.

    Every other row could have been equal, had it agreed where it differs: it counts with the product of the odds of
    that. Columns that follow from each other count rightly so, as rows differ in all of them or in none.

    Parameters
    ----------
    columns
        A word for each value, of distinct rows, shape ``(n,)`` each.
    rows
        Numbers of the rows in question.
    reference
        Numbers of the rows that they are compared with; they stand for all.
    odds
        `agreement_odds` of each column.
    """
    n = len(columns[0])
    found = np.zeros(len(rows))
    block = max(1, 2_000_000 // max(len(reference), 1))
    for start in range(0, len(rows), block):
        some = rows[start : start + block]
        log_odds = np.zeros((len(some), len(reference)), np.float32)
        for words, of_value in zip(columns, odds, strict=True):
            differs = words[reference][None, :] != words[some][:, None]
            log_odds += differs * np.log(of_value[some]).astype(np.float32)[:, None]
        log_odds[some[:, None] == reference[None, :]] = -np.inf
        found[start : start + block] = np.exp(log_odds).sum(axis=1)
    return found * (n / max(len(reference), 1))


def reference_rows(n: int, asked: int, columns: int, seed: int) -> Rows:
    """Return the numbers of the rows to compare with: all, or a sample where that would be too much work."""
    most = max(500, WORK // max(asked * columns, 1))
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, most, replace=False))


def copied(partners: Floats, of_all: Floats, asked: int, wrong: float) -> float:
    """Return the limit on chance partners below which equal rows are copies; 0 where they may all be chance.

    Parameters
    ----------
    partners
        Chance partners of each equal row.
    of_all
        Those of a sample of all rows.
    asked
        Rows that could have been equal to one of the others.
    wrong
        Share of the copies that may be chance.

    Examples
    --------
    >>> copied(np.array([1e-8, 1e-8, 0.4]), np.append(np.full(49, 1e-7), 0.4), 100, 0.05)
    0.1
    >>> copied(np.array([0.2, 0.4]), np.full(50, 0.3), 100, 0.05)
    0.0
    """
    for limit in LEVELS:
        found = int((partners <= limit).sum())
        expected = asked * float(of_all[of_all <= limit].sum()) / max(len(of_all), 1)
        if found and expected <= wrong * found:
            return limit
    return 0.0


def most_by_chance(first: Words, second: Words) -> float:
    """Return how many rows of ``second`` equal one of ``first`` at most by chance, whatever the two populations are.

    Two rows of different samples agree no more often than √(a · b), where a and b are how often two rows of the same
    sample agree (Cauchy & Schwarz). Both are counted, and taken at the upper end of their interval (99.9 %), as is the
    result.

    Examples
    --------
    >>> few, other = np.arange(50, dtype=np.uint64), np.arange(50, 150, dtype=np.uint64)
    >>> round(most_by_chance(few, other), 1)
    25.3
    """
    from scipy.special import gammainccinv  # noqa: PLC0415

    highest = []
    for words in (first, second):
        _, counts = np.unique(words, return_counts=True)
        pairs = float((counts.astype(np.float64) * (counts - 1)).sum()) / 2
        highest.append(float(gammainccinv(pairs + 1, 1e-3)))
    expected = 2 * float(np.sqrt(highest[0] * highest[1]))
    return expected + 3.09 * float(np.sqrt(expected))


def without_followers(numbers: Floats) -> list[int]:
    """Return the numbers of the columns whose order does not follow from an earlier one's; ``numbers`` is ``(n, d)``.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(50, 2))
    >>> without_followers(np.column_stack([x[:, 0], np.exp(x[:, 0]), x[:, 1], -x[:, 0]]))
    [0, 2]
    """
    order = np.argsort(np.argsort(numbers, axis=0, kind="stable"), axis=0, kind="stable").astype(np.float64)
    for j in range(numbers.shape[1]):  # ties share their mean rank
        _, inverse, counts = np.unique(numbers[:, j], return_inverse=True, return_counts=True)
        order[:, j] = (np.bincount(inverse, order[:, j]) / counts)[inverse]
    order -= order.mean(axis=0)
    size = np.sqrt((order**2).sum(axis=0))
    related = np.abs(order.T @ order) >= (1 - 1e-9) * np.outer(size, size)
    return [j for j in range(numbers.shape[1]) if size[j] == 0 or not related[j, :j][size[:j] > 0].any()]

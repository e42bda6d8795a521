"""How surprising a split of rows between two samples is: the hypergeometric law, fast and far into its tails."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def split_p_value(drawn: npt.ArrayLike, among: npt.ArrayLike, size: npt.ArrayLike, total: npt.ArrayLike) -> Floats:
    """Return the two-sided p-value of a count in one of two samples, twice the smaller tail.

    Given that ``among`` of ``total`` rows have a property, the number of them in a sample of ``size`` rows is
    hypergeometric where which sample a row is in has nothing to do with it: Fisher's exact test. Both tails are taken
    from Peizer's normal approximation: within 3 % of the exact tail in nine of ten tables of 30 to a million rows, and
    within 12 % at odds of 1e-11, where both samples have 20 rows or more.

    Parameters
    ----------
    drawn, among, size, total
        Whole numbers that broadcast: the rows of the sample with the property, all rows with it, rows of the sample,
        all rows.

    References
    ----------
    Ling & Pratt (1984), The Accuracy of Peizer Approximations to the Hypergeometric Distribution, JASA 79, eq. 2.

    Examples
    --------
    >>> float(round(split_p_value(8, 10, 10, 20)[()], 4))  # exact: 0.0230
    0.0227
    """
    counts = [np.asarray(value, dtype=np.float64) for value in (drawn, among, size, total)]
    lower = _lower_tail(*counts)
    drawn_, among_, size_, total_ = counts
    upper = _lower_tail(among_ - drawn_, among_, total_ - size_, total_)
    return np.asarray(np.minimum(1.0, 2 * np.minimum(lower, upper)))


def _lower_tail(drawn: Floats, among: Floats, size: Floats, total: Floats) -> Floats:
    """Return the odds of so few or fewer."""
    from scipy.special import ndtr  # noqa: PLC0415

    cells = (drawn + 0.5, among - drawn - 0.5, size - drawn - 0.5, total - size - among + drawn + 0.5)
    rows = (among, total - among, size, total - size)
    certain = (cells[1] < 0) | (cells[2] < 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = _peizer(cells, rows, total)
    return np.asarray(np.where(certain, 1.0, ndtr(np.where(certain, 0.0, z))))


def _peizer(cells: tuple[Floats, ...], margins: tuple[Floats, ...], total: Floats) -> Floats:
    a, b, c, d = cells
    with_it, without, inside, outside = margins
    fits = with_it * inside, with_it * outside, without * inside, without * outside
    likelihood = sum(_entropy(x, x * total / fit) for x, fit in zip((a, b, c, d), fits, strict=True))
    refined = [
        x + 1 / 6 + 0.02 / (x + 0.5) + 0.01 / (row + 1) + 0.01 / (column + 1)
        for x, row, column in (
            (a, with_it, inside), (b, with_it, outside), (c, without, inside), (d, without, outside),
        )
    ]  # fmt: skip
    cross = a * d - b * c
    refined_cross = refined[0] * refined[3] - refined[1] * refined[2]
    margins_product = with_it * without * inside * outside
    sizes = margins_product / ((with_it + 1 / 6) * (without + 1 / 6) * (inside + 1 / 6) * (outside + 1 / 6))
    # twice the likelihood is about cross² · total / product: where the cross vanishes, the limit of their quotient
    near = np.abs(cross) < 1e-6 * np.sqrt(margins_product)
    slope = np.sqrt(np.maximum(2 * likelihood, 0)) / np.where(near, 1.0, np.abs(cross))
    slope = np.where(near, np.sqrt(total / margins_product), slope)
    return np.asarray(refined_cross * slope * np.sqrt(sizes * (total - 1 / 6) / total))


def _entropy(count: Floats, ratio: Floats) -> Any:
    return np.where(count > 0, count * np.log(np.where(ratio > 0, ratio, 1.0)), 0.0)


def difference_interval(
    first: npt.ArrayLike, of_first: int, second: npt.ArrayLike, of_second: int, z: float
) -> tuple[Floats, Floats]:
    """Return the interval of a difference of two shares, second minus first, by Newcombe's hybrid score.

    Parameters
    ----------
    first, of_first, second, of_second
        Rows with the property, and all rows, of each sample.
    z
        Quantile of the normal law: 1.645 leaves 5 % on each side.

    References
    ----------
    Newcombe (1998), Interval estimation for the difference between independent proportions, method 10.

    Examples
    --------
    >>> [float(round(end[()], 3)) for end in difference_interval(20, 100, 40, 100, 1.96)]
    [0.073, 0.319]
    """
    shares = np.asarray(first) / of_first, np.asarray(second) / of_second
    (low_first, high_first), (low_second, high_second) = (
        _wilson(share, n, z) for share, n in zip(shares, (of_first, of_second), strict=True)
    )
    change = shares[1] - shares[0]
    return (
        np.asarray(change - np.hypot(shares[1] - low_second, high_first - shares[0])),
        np.asarray(change + np.hypot(high_second - shares[1], shares[0] - low_first)),
    )


def _wilson(share: Floats, n: int, z: float) -> tuple[Floats, Floats]:
    centre, half = share + z * z / (2 * n), z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (centre - half) / (1 + z * z / n), (centre + half) / (1 + z * z / n)

"""One exact test of many statistics at once: what relabelling the rows does to all of them together.

If both samples come from one population, which rows are called first and which second is chance. A statistic of any
kind, computed for the true labels and for random ones, then gives an exact p-value, and so does any combination of
statistics that were computed for the same labels: nothing is lost to a correction for having tried several.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]

SHARPNESS = 1.5
"""Of the soft maximum over statistics: at 1 what only one of them sees is lost, at 4 some of what all see; as measured
by benchmarks/embedding_shift.py."""
LEAST_SKEW = 0.05
"""Below it a law is as good as normal, and its number of degrees of freedom is not to be had."""
Z90 = 1.2816
"""One-sided 90 % point of the normal law: the test itself is held to 5 %, the bound says how large at least."""


@dataclass(frozen=True, eq=False)
class Statistic:
    """A squared difference of mean features, for the true labels and for random ones.

    Attributes
    ----------
    name
        Which features.
    observed
        For the true labels.
    relabelled
        Shape ``(b,)``: for random labels.
    largest
        Largest variance of a combination of the features whose weights have norm one, from the random labels; random
        labels are few, so it is rather too large.
    wobble
        Variance of the observed value beyond that of the random labels', which a true difference brings.
    """

    name: str
    observed: float
    relabelled: Floats
    largest: float
    wobble: float = 0.0

    @property
    def scores(self) -> Floats:
        """Shape ``(1 + b,)``: all values as normal scores, the true one first, by a Pearson III law."""
        values = np.concatenate([[self.observed], self.relabelled])
        spread = values.std()
        if not spread > 0:
            return np.zeros(len(values))
        standard = (values - values.mean()) / spread
        skew = max(float(np.mean(standard**3)), LEAST_SKEW)
        freedom = 4 / skew**2
        root = np.cbrt(np.maximum(standard * np.sqrt(freedom) + freedom, 1e-9) / freedom)
        return np.asarray((root - (1 - 1 / (9 * freedom))) * 3 * np.sqrt(freedom))

    @property
    def p(self) -> float:
        """Exact p-value of this statistic alone, not below 1 / (1 + b)."""
        return _rank_p(np.concatenate([[self.observed], self.relabelled]))

    @property
    def effect(self) -> tuple[float, float]:
        """A squared standardised difference of means that some feature has at least, and its lower 90 % bound.

        The feature is the weighted sum in which the samples differ most: its means differ by that many of its standard
        deviations, squared. What chance gives on average is taken off.
        """
        if not self.largest > 0:
            return 0.0, 0.0
        excess = self.observed - float(self.relabelled.mean())
        low = excess - Z90 * float(np.sqrt(self.relabelled.var() + self.wobble))
        return max(excess, 0.0) / self.largest, max(low, 0.0) / self.largest


def labellings(first: int, second: int, count: int, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Return which rows are called first: the true labels, then ``count`` random ones of equal numbers.

    Returns
    -------
    Shape ``(1 + count, first + second)``.
    """
    true = np.arange(first + second) < first
    return np.concatenate([true[None], rng.permuted(np.tile(true, (count, 1)), axis=1)])


def of_products(name: str, products: npt.NDArray[np.floating], first: int, second: int) -> Statistic:
    """Return the statistic of features whose mean differences have these products.

    Parameters
    ----------
    name
        Which features.
    products
        Shape ``(1 + b, 1 + b)``: products of the mean differences under the labels ``i`` and ``j``.
    first, second
        Rows of either sample.
    """
    squares = np.diag(products).astype(np.float64)
    random = products[1:, 1:].astype(np.float64)
    count = len(random)
    top = float(np.linalg.eigvalsh(random)[-1]) / count * first * second / (first + second)
    # a random difference is as good as an independent draw: its products with a difference d have variance d'Σd
    chance = (np.sum(random**2) - np.sum(squares[1:] ** 2)) / (count * (count - 1))
    wobble = 4 * max(float(np.mean(products[0, 1:].astype(np.float64) ** 2) - chance), 0.0)
    return Statistic(name, float(squares[0]), squares[1:], max(top, 0.0), wobble)


def largest_of(name: str, differences: npt.NDArray[np.floating], first: int, second: int) -> Statistic:
    """Return the squared difference of the one feature that differs most, in its standard deviations.

    A feature's deviation is that of its differences under all labels, the true ones among them: no label is favoured.

    Parameters
    ----------
    name
        Which features.
    differences
        Shape ``(1 + b, k)``: mean differences under every label.
    first, second
        Rows of either sample.
    """
    chance = 1 / first + 1 / second  # variance of a difference of means, in variances of the feature
    values = differences.astype(np.float64)
    spread = values.std(0)
    squares = (values / np.where(spread > 0, spread, np.inf)) ** 2
    largest = squares.max(1, initial=0.0) * chance
    # a normal value squared varies by 4 d² times its variance around a true difference d
    return Statistic(name, float(largest[0]), largest[1:], 1.0, 4 * float(largest[0]) * chance)


@dataclass(frozen=True, eq=False)
class Together:
    """All statistics as one test.

    Attributes
    ----------
    p
        Exact where random labels reach the true one's value; beyond all of them, from their tail.
    leading
        The statistic that stands out most.
    """

    p: float
    leading: Statistic


def together(statistics: Sequence[Statistic]) -> Together:
    """Combine statistics that were computed for the same labels, by a soft maximum of their normal scores.

    References
    ----------
    Biggs, Schrab & Gretton (2023), MMD-FUSE: Learning and Combining Kernels for Two-Sample Testing Without Data
    Splitting, arXiv 2306.08777
    """
    scores = np.stack([statistic.scores for statistic in statistics])
    peak = scores.max(0)
    soft = peak + np.log(np.exp(SHARPNESS * (scores - peak)).mean(0)) / SHARPNESS
    return Together(_tail_p(soft), statistics[int(scores[:, 0].argmax())])


def _rank_p(values: Floats) -> float:
    return float(np.mean(values >= values[0] * (1 - 1e-12 * np.sign(values[0]))))


def _tail_p(values: Floats) -> float:
    """Return the rank's p-value, or where no random value reaches the first that of an exponential tail.

    The scores' law falls faster than exponentially, so that this errs towards the larger p-value (Knijnenburg et al.
    2009, Fewer permutations, more accurate P-values).
    """
    p = _rank_p(values)
    random = np.sort(values[1:])
    top = random[-max(len(random) // 10, 2) :]
    mean = float(np.mean(top - top[0]))
    if p * len(values) > 1.5 or not mean > 0:
        return p
    return min(p, len(top) / len(random) * float(np.exp(-(values[0] - top[0]) / mean)))

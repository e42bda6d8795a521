"""Error against number of training samples, extrapolated: what more data would gain, with its interval.

A power law ``e(n) = a + b n^-c`` fits most learning curves (Viering & Loog 2021, table 1), but five measured sizes do
not determine its three parameters: the interval of a plain fit is either absurd or too short. So the shape is
averaged over, with odds that were learnt from curves of other data sets (empirical Bayes):

    e(n) = E [(1 - φ) + φ (n / N)^-c] + departure,   N the largest size measured,

φ being the share of today's error E that more data could take away. Departures from the law are a random walk in log₂ n
that starts at N, whose steps have the variance ``τ² E² 2^distance``, with a little independent noise. The odds of
(c, φ, τ), and of the relative gap between training and held-out error under each of them, are in ``sample_size.json``;
``calibration/sample_size.py`` regenerates them and reports how well gains and intervals hold on data sets that took no
part. E has a flat prior and is integrated out in closed form, so nothing can fail to converge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from diagnose.errors import InputError, NotEnoughEvidence
from diagnose.stats.curve_shapes import SMALLEST, evidence, gap_bin, law, learnt_shapes, walked

Floats = npt.NDArray[np.float64]

HELPS = 0.01
"""Fall of the error that counts as help: one point."""
FURTHEST = 16.0
"""Times the largest size: nothing beyond was calibrated or can be claimed from five halvings."""
TAIL = 0.025
"""Of either side of the 95 % intervals."""


class Predicted(NamedTuple):
    """An error or a gain in the unit of the errors, with its 95 % interval."""

    mean: float
    low: float
    high: float


class Doubled(NamedTuple):
    """What twice the data would gain (a fall of the error), with its 95 % interval."""

    gain: float
    low: float
    high: float
    helps: float
    """Probability that the gain is more than `HELPS`."""


@dataclass(frozen=True, eq=False)
class Extrapolated:
    """A learning curve and the shapes that it may follow.

    Attributes
    ----------
    sizes, errors
        As measured, by increasing size, shape ``(k,)``.
    """

    sizes: Floats
    errors: Floats
    shapes: _Posterior

    @property
    def largest(self) -> float:
        """The largest number of samples measured."""
        return float(self.sizes[-1])

    def at(self, n: float) -> Predicted:
        """Return the error to expect of ``n`` training samples.

        Parameters
        ----------
        n
            Between the smallest size measured and `FURTHEST` times the largest.

        Raises
        ------
        InputError
            Of an ``n`` outside.
        """
        ratio = self._checked(n)
        mean = self.shapes.level * self.shapes.law(ratio)
        spread = np.sqrt(self.shapes.level_variance * self.shapes.law(ratio) ** 2 + self.shapes.wander(ratio))
        return _interval(self.shapes.weights, mean, spread, floor=0.0)

    def doubling(self) -> Doubled:
        """Return what twice as many samples as the largest size would gain."""
        from scipy.special import ndtr  # noqa: PLC0415

        fall = 1 - self.shapes.law(2.0)
        mean = self.shapes.level * fall
        spread = np.sqrt(self.shapes.level_variance * fall**2 + self.shapes.wander(2.0))
        gain = _interval(self.shapes.weights, mean, spread)
        odds = float(self.shapes.weights @ ndtr((mean - HELPS) / spread))
        return Doubled(*gain, odds)

    def _checked(self, n: float) -> float:
        if not self.sizes[0] <= n <= FURTHEST * self.largest:
            raise InputError(
                f"the error of {n:g} samples was asked for; sizes from {self.sizes[0]:g} to {self.largest:g} were "
                f"measured, which tell of up to {FURTHEST * self.largest:g}"
            )
        return float(n) / self.largest


@dataclass(frozen=True, eq=False)
class _Posterior:
    """Of every shape its odds given the curve, and the level E that it implies, shape ``(k,)`` each."""

    exponent: Floats
    reducible: Floats
    weights: Floats
    level: Floats
    level_variance: Floats
    step: Floats
    """Variance of the walk's first step."""
    independent: float

    def law(self, ratio: float) -> Floats:
        """Return the power law at that multiple of the largest size, as a share of the error there."""
        return np.asarray(law(np.array([ratio]), self.exponent, self.reducible)[0])

    def wander(self, ratio: float) -> Floats:
        """Return the variance of the departure at that multiple of the largest size."""
        return np.asarray(self.step * (self.independent**2 + walked(abs(np.log2(ratio)))))


def sizes(
    n: npt.ArrayLike,
    errors: npt.ArrayLike,
    standard_errors: npt.ArrayLike | None = None,
    *,
    training_error: float | None = None,
) -> Extrapolated:
    """Learn what is to be learnt of a learning curve from errors at a few sizes.

    Parameters
    ----------
    n
        Numbers of training samples, shape ``(k,)``, distinct, in any order. One is enough for an answer, which is then
        mostly what curves of other data sets do; five halvings are what the calibration used.
    errors
        Held-out error at each, shape ``(k,)``, not negative: share of wrong classes, or squared error over that of
        the mean.
    standard_errors
        Of the errors; 0 where omitted.
    training_error
        At the largest size: where it is near the held-out error, more data has little to take away.

    Raises
    ------
    InputError
        Where the arrays do not fit together or hold what is no error.

    Notes
    -----
    Conditional on a shape everything is normal; the result is a mixture, its 95 % interval between its 2.5 % and 97.5 %
    points.

    References
    ----------
    Viering & Loog (2021), The Shape of Learning Curves: a Review, table 1.
    Mohr et al. (2022), LCDB 1.0: An Extensive Learning Curves Database for Classification Tasks.

    Examples
    --------
    >>> n = [50, 100, 200, 400, 800]
    >>> curve = sizes(n, [0.05 + 2 * k**-0.5 for k in n])
    >>> round(curve.doubling().gain, 3), round(curve.at(1600).mean, 3)
    (0.023, 0.097)
    """
    sized, errored, spread = _checked(n, errors, standard_errors)
    learnt = learnt_shapes()
    exponent, reducible, departure = (np.array(part) for part in (learnt.exponent, learnt.reducible, learnt.departure))
    odds = np.log(learnt.odds)
    if training_error is not None:
        odds = odds + np.log(learnt.gap_odds[gap_bin(training_error, float(errored[-1]), learnt.gap_edges)])
    scale = max(float(errored[-1]), SMALLEST)
    fit = evidence(sized / sized[-1], errored, spread, scale, (exponent, reducible, departure), learnt.independent)
    weights = np.exp(odds + fit.logarithm - (odds + fit.logarithm).max())
    posterior = _Posterior(
        exponent, reducible, weights / weights.sum(), fit.level, fit.variance, (departure * scale) ** 2,
        learnt.independent,
    )  # fmt: skip
    return Extrapolated(sized, errored, posterior)


def _interval(weights: Floats, mean: Floats, spread: Floats, floor: float = -np.inf) -> Predicted:
    """Return mean and quantiles of a mixture of normal laws, by bisection; what is below the floor counts as there."""
    from scipy.special import ndtr  # noqa: PLC0415

    low, high = np.full(2, (mean - 9 * spread).min()), np.full(2, (mean + 9 * spread).max())
    wanted = np.array([TAIL, 1 - TAIL])
    for _ in range(60):
        middle = (low + high) / 2
        below = ndtr((middle[:, None] - mean) / spread) @ weights < wanted
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    middle = np.maximum((low + high) / 2, floor)
    return Predicted(max(float(weights @ mean), floor), float(middle[0]), float(middle[1]))


def _checked(n: npt.ArrayLike, errors: npt.ArrayLike, given: npt.ArrayLike | None) -> tuple[Floats, Floats, Floats]:
    sized, errored = np.asarray(n, np.float64), np.asarray(errors, np.float64)
    spread = np.zeros(sized.shape) if given is None else np.asarray(given, np.float64)
    if sized.ndim != 1 or errored.shape != sized.shape or spread.shape != sized.shape:
        raise InputError(
            f"sizes, errors and standard errors have shapes {sized.shape}, {errored.shape} and {spread.shape}; "
            "one number of each for every size is expected"
        )
    if not len(sized):
        raise NotEnoughEvidence("no size of the training set was measured", "measure the error of one size at least")
    if not (np.isfinite(sized) & np.isfinite(errored) & np.isfinite(spread)).all():
        raise InputError("sizes, errors and standard errors must be finite numbers")
    if (sized < 1).any() or (errored < 0).any() or (spread < 0).any() or len(np.unique(sized)) < len(sized):
        raise InputError("sizes must be distinct and at least 1, errors and standard errors not negative")
    order = np.argsort(sized)
    return sized[order], errored[order], spread[order]

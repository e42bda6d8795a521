"""A linear probe of features: how well a ridge regression on them tells the label, each row by a fit without it.

Classes are learnt as centred indicator columns, the class of the highest column being said. The penalty is chosen for
every row by the squared errors of all rows but it (and its group), each in the fit without it: a row has no say in the
penalty by which it is judged, so that the choice adds no optimism of first order. Features are standardised with the
mean and spread of all rows: that uses no label.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from diagnose.errors import InputError, NotEnoughEvidence
from diagnose.stats.probe_rows import Standardising, Targets, codes_of, feature_matrix, prepared, targets_of
from diagnose.stats.ridge import Floats, Ints, Regressed, Ridge, blocks, decomposed
from diagnose.stats.shares import Estimate, balanced_share, paired_ratios, paired_shares, ratio_of, share_of

PERMUTATIONS = 39
"""Shuffled labels all of which do worse by chance once in forty."""
MOST_SHUFFLED = 2000
"""Columns of shuffled labels: of more than fifty classes there are fewer shuffles, four at least, to save memory."""


@dataclass(frozen=True)
class Chance:
    """What features that tell nothing would come to.

    Attributes
    ----------
    majority
        Error of always guessing the commonest class (of a number its mean: 1).
    permuted, lowest_permuted
        Mean and lowest error of the same probe on shuffled labels.
    p_value
        Share of shuffled labels that do as well, the real ones among them.
    """

    majority: float
    permuted: float
    lowest_permuted: float
    p_value: float


@dataclass(frozen=True, eq=False)
class Score:
    """The error on rows, with a 95 % interval.

    Attributes
    ----------
    error, low, high
        Share of wrong classes (their mean over classes if the probe is balanced), or squared error over that of the
        mean.
    predicted
        Class or value said of each row, shape ``(n,)``.
    losses
        0 or 1, or the squared error, shape ``(n,)``.
    """

    error: float
    low: float
    high: float
    predicted: npt.NDArray[Any]
    losses: Floats


@dataclass(frozen=True, eq=False)
class Probe:
    """A linear probe and what it says of each row in fits without the row.

    Attributes
    ----------
    error, low, high, predicted, losses
        As of `Score`, leaving out one row or its group at a time.
    training_error
        Of the fit to all rows on them.
    penalty
        Of the fit to all rows, in units of the mean eigenvalue of the standardised features' Gram matrix.
    degrees
        Effective degrees of freedom of that fit, intercept included.
    classes
        The classes, sorted; empty where the label is a number.
    chance
        What features that tell nothing would come to.
    n_columns, is_projected
        Columns that were learnt from, and whether they are random projections of more.
    """

    error: float
    low: float
    high: float
    predicted: npt.NDArray[Any]
    losses: Floats
    training_error: float
    penalty: float
    degrees: float
    classes: npt.NDArray[Any]
    chance: Chance
    n_columns: int
    is_projected: bool
    fit: Fit

    @property
    def is_better_than_chance(self) -> bool:
        """Whether the whole interval lies below guessing, and no shuffled labels were told as well."""
        return self.high < self.chance.majority and self.error < self.chance.lowest_permuted

    def error_on(self, features: npt.ArrayLike, labels: npt.ArrayLike) -> Score:
        """Return the error on rows that took no part; classes that the probe never saw are always wrong.

        Parameters
        ----------
        features, labels
            Shapes ``(m, d)``, with the columns of the probe's own, and ``(m,)``.
        """
        given = feature_matrix(features)
        said = self.fit.targets.said(self.fit.outputs(given))
        held = np.asarray(labels)
        if held.shape != (len(given),):
            raise InputError(
                f"{len(given)} rows of features came with labels of shape {held.shape}; one a row is expected"
            )
        if self.fit.targets.is_number:
            values = held.astype(np.float64)
            losses = (values - said) ** 2
            found = ratio_of(losses, (values - self.fit.targets.values.mean()) ** 2)
        else:
            losses = (held != said).astype(np.float64)
            found = balanced_share(losses, codes_of(held)) if self.fit.is_balanced else share_of(losses)
        return Score(*found, said, losses)


@dataclass(frozen=True, eq=False)
class Fit:
    """The fit to all rows."""

    rows: Standardising
    targets: Targets
    groups: Ints | None
    is_balanced: bool
    intercept: Floats
    slopes: Floats

    def outputs(self, features: Floats) -> Floats:
        """Return the columns that the fit says of rows, shape ``(m, k)``."""
        return np.asarray(self.intercept + self.rows.like(features) @ self.slopes)


def probe(  # noqa: PLR0913  data and how to look at it
    features: npt.ArrayLike,
    labels: npt.ArrayLike,
    *,
    groups: npt.ArrayLike | None = None,
    seed: int = 0,
    is_number: bool = False,
    balanced: bool = False,
    standardise: bool = True,
) -> Probe:
    """Probe features with ridge regression, leaving out every row (or group) in turn, in closed form.

    Parameters
    ----------
    features
        Shape ``(n, d)``, any number of columns; constant ones are left out. Where rows and columns both are over
        2,048, the columns are projected at random onto that many.
    labels
        Classes or, with ``is_number``, numbers; shape ``(n,)``.
    groups
        Rows that are left out together (copies, patients), shape ``(n,)``.
    seed
        Of the shuffled labels and of a projection.
    balanced
        Rows weigh such that all classes weigh the same, and the error is the mean of those of the classes. Least
        squares gives up classes of few rows where they overlap with a large one; this does not. Weights stay when a
        row is left out.
    standardise
        Columns to unit spread; else one factor for all, which makes the probe invariant to rotations.

    Raises
    ------
    InputError
        Where arrays do not fit together or hold what is not finite.
    NotEnoughEvidence
        Fewer than three rows, one class, one group, or only constant columns.

    References
    ----------
    Allen (1974), The Relationship between Variable Selection and Data Augmentation and a Method for Prediction.
    Alain & Bengio (2017), Understanding intermediate layers using linear classifier probes.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat([0, 1], 50)
    >>> found = probe(rng.normal(size=(100, 5)) + 3 * y[:, None], y)
    >>> found.error, found.chance.majority, found.is_better_than_chance
    (0.0, 0.5, True)
    """
    given = feature_matrix(features)
    targets = targets_of(labels, len(given), is_number=is_number)
    coded = None if groups is None else _groups_of(groups, len(given))
    roots = np.sqrt(targets.balanced_weights) if balanced else np.ones(len(given))
    standardised, rows = prepared(given, roots**2, seed=seed, standardise=standardise)
    ridge = decomposed(standardised, roots)
    regressed = ridge.of(targets.columns)
    best, outputs = _chosen(regressed, coded)
    fit = Fit(rows, targets, coded, balanced, regressed.mean, regressed.slopes(standardised, best))
    said = _said(targets, regressed, outputs, coded)
    losses, found = _judged(targets, said, coded, balanced=balanced)
    _, training = _judged(targets, targets.said(regressed.fitted(best)), coded, balanced=balanced)
    return Probe(
        *found, said, losses, training.value, best / float(ridge.squared.mean()), ridge.degrees(best),
        targets.classes, _chance(ridge, fit, best, found.value, seed), standardised.shape[1], rows.is_projected, fit,
    )  # fmt: skip


def difference(first: Probe, second: Probe) -> Estimate:
    """Return by how much the second probe's error is higher, on the same rows, with its 95 % interval.

    Two probes are told apart where the interval leaves out 0. Classes: Agresti & Min's interval of McNemar's table;
    numbers: the linearised ratio. Groups of the first probe widen both.

    Raises
    ------
    InputError
        Unless both have the same rows with the same labels.
    """
    mine, other = first.fit.targets, second.fit.targets
    if mine.is_number != other.is_number or not np.array_equal(mine.values, other.values):
        raise InputError(
            f"the probes have {len(mine.values)} and {len(other.values)} rows whose labels differ; "
            "two probes of the same rows in the same order are expected"
        )
    groups = first.fit.groups
    if mine.is_number:
        return paired_ratios(first.losses, second.losses, _of_the_mean(mine, groups), groups)
    if not first.fit.is_balanced:
        return paired_shares(first.losses, second.losses, groups)
    weights = mine.balanced_weights  # a mean over classes is a weighted mean over rows
    return paired_ratios(first.losses * weights, second.losses * weights, weights, groups)


def _chosen(regressed: Regressed, groups: Ints | None) -> tuple[float, Floats]:
    """Return the penalty of least squared error, and each row's outputs by the one that is best for all rows but it."""
    penalties, weights = regressed.ridge.penalties, regressed.ridge.roots**2
    errors = [((regressed.left_out(penalty, groups) - regressed.targets) ** 2).sum(axis=1) for penalty in penalties]
    squares = np.stack(errors, axis=1) * weights[:, None]
    total = squares.sum(axis=0)
    own = np.argmin(total - _summed(squares, groups), axis=1)
    outputs = np.empty_like(regressed.targets)
    for at in np.unique(own):  # a few: keeping the outputs of all penalties would take their number times the memory
        outputs[own == at] = regressed.left_out(penalties[at], groups)[own == at]
    return float(penalties[int(np.argmin(total))]), outputs


def _said(targets: Targets, regressed: Regressed, outputs: Floats, groups: Ints | None) -> npt.NDArray[Any]:
    """Return what outputs of fits without a row say of it, the shares of classes being those of all rows.

    Without a row its class is a little rarer. Of balanced classes that alone would have a probe that learnt nothing say
    another class than the right one of every row: an error of 1 where fresh rows have that of guessing. So the error is
    that of rows among which classes are as frequent as here, as the majority's is.
    """
    return targets.said(outputs if targets.is_number else outputs + regressed.mean_shift(groups))


def _summed(squares: Floats, groups: Ints | None) -> Floats:
    """Return for each row the squared errors of its group."""
    if groups is None:
        return squares
    summed = np.empty_like(squares)
    for rows in blocks(groups):
        summed[rows] = squares[rows].sum(axis=1, keepdims=True)
    return summed


def _judged(
    targets: Targets, said: npt.NDArray[Any], groups: Ints | None, *, balanced: bool
) -> tuple[Floats, Estimate]:
    if targets.is_number:
        losses = (targets.values - said) ** 2
        return losses, ratio_of(losses, _of_the_mean(targets, groups), groups)
    losses = (targets.values != said).astype(np.float64)
    return losses, balanced_share(losses, targets.codes) if balanced else share_of(losses, groups)


def _of_the_mean(targets: Targets, groups: Ints | None) -> Floats:
    """Squared errors of the mean of the rows without the row or its group."""
    values = targets.values
    if groups is None:
        return np.asarray(((values - values.mean()) * len(values) / (len(values) - 1)) ** 2)
    without = (values.sum() - np.bincount(groups, values)) / (len(values) - np.bincount(groups))
    return np.asarray((values - without[groups]) ** 2)


def _chance(ridge: Ridge, fit: Fit, penalty: float, error: float, seed: int) -> Chance:
    """Judge shuffled labels by the same decomposition and penalty, all at once."""
    targets, rng = fit.targets, np.random.default_rng(seed)
    count = max(4, min(PERMUTATIONS, MOST_SHUFFLED // targets.columns.shape[1]))
    orders = [_shuffled(targets, fit.groups, rng) for _ in range(count)]
    shuffled = [targets.reordered(order) for order in orders]
    regressed = ridge.of(np.concatenate([some.columns for some in shuffled], axis=1))
    outs = regressed.left_out(penalty, fit.groups)
    if not targets.is_number:
        outs = outs + regressed.mean_shift(fit.groups)
    errors = [
        _judged(some, some.said(out), fit.groups, balanced=fit.is_balanced)[1].value
        for some, out in zip(shuffled, np.split(outs, count, axis=1), strict=True)
    ]
    as_well = sum(other <= error for other in errors)
    majority = targets.majority_error(balanced=fit.is_balanced)
    return Chance(majority, float(np.mean(errors)), min(errors), (1 + as_well) / (1 + count))


def _shuffled(targets: Targets, groups: Ints | None, rng: np.random.Generator) -> Ints:
    """Return the row whose label each row gets; groups of one label each keep together."""
    n = len(targets.values)
    if groups is None:
        return np.asarray(rng.permutation(n), dtype=np.int64)
    _, firsts = np.unique(groups, return_index=True)
    if not np.array_equal(targets.values[firsts][groups], targets.values):
        return np.asarray(rng.permutation(n), dtype=np.int64)
    return np.asarray(rng.permutation(firsts)[groups], dtype=np.int64)


def _groups_of(groups: npt.ArrayLike, n: int) -> Ints:
    given = np.asarray(groups)
    if given.shape != (n,):
        raise InputError(f"{n} rows of features came with groups of shape {given.shape}; one group a row is expected")
    coded = codes_of(given)
    if coded.max() == 0:
        raise NotEnoughEvidence("all rows belong to one group", "give rows of several groups")
    return coded

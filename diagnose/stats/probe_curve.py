"""The probe's error against the number of training samples, by subsamples that lie within each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from diagnose.errors import InputError, NotEnoughEvidence
from diagnose.stats.probe_rows import codes_of, feature_matrix
from diagnose.stats.ridge import Floats, Ints
from diagnose.stats.ridge_probe import Probe, probe
from diagnose.stats.sample_size import Extrapolated, sizes

DRAWS = 5
"""Orders in which rows are added: the spread of their mean is under half of that of one."""
HALVINGS = 4
"""Sizes N/16 to N: what the extrapolation was calibrated on."""
LEAST_ROWS = 16
"""Rows of the smallest subsample, as on the calibration's curves."""
ROWS_A_CLASS = 2
"""Rows of every class in the smallest subsample on average: of fewer the error is that of absent classes."""


@dataclass(frozen=True, eq=False)
class ProbeCurve:
    """Errors of the probe at increasing numbers of training rows.

    Attributes
    ----------
    sizes, errors
        Shape ``(k,)``; the last is all rows, each judged by a fit without it, the others are judged by the rows left
        over.
    standard_errors
        Of the shape of the curve: draws and rows. What hard or easy rows do to all sizes alike is not in it, but in
        ``whole.low`` and ``whole.high``.
    whole
        The probe of all rows.
    """

    sizes: Floats
    errors: Floats
    standard_errors: Floats
    whole: Probe

    def extrapolated(self) -> Extrapolated:
        """Return the curve with the shapes that it may follow, to be asked for more samples.

        Examples
        --------
        >>> rng = np.random.default_rng(0)
        >>> y = np.arange(320) % 2
        >>> curve = probe_curve(rng.normal(size=(320, 200)) + 0.15 * y[:, None], y)
        >>> curve.sizes.tolist(), curve.extrapolated().doubling().gain > 0
        ([20.0, 40.0, 80.0, 160.0, 320.0], True)
        """
        return sizes(self.sizes, self.errors, self.standard_errors, training_error=self.whole.training_error)


def probe_curve(  # noqa: PLR0913  data and how to look at it
    features: npt.ArrayLike,
    labels: npt.ArrayLike,
    subsamples: Sequence[int] | None = None,
    *,
    groups: npt.ArrayLike | None = None,
    seed: int = 0,
    is_number: bool = False,
    draws: int = DRAWS,
    whole: Probe | None = None,
) -> ProbeCurve:
    """Measure the probe's error at a few numbers of training rows.

    Rows are put into ``draws`` random orders, in which classes alternate by their shares and groups stay together.
    The first m rows of an order fit, all others judge; all rows together are judged by leaving one out.

    Parameters
    ----------
    features, labels, groups, is_number
        As of `probe`.
    subsamples
        Numbers of rows, each below ``n``; n/16, n/8, n/4 and n/2 where omitted, as far as they are large enough.
    seed
        Of the orders.
    whole
        The probe of all rows, if it has been computed.

    Raises
    ------
    InputError
        Of sizes that are not between 3 and ``n - 1``.
    NotEnoughEvidence
        As of `probe`.
    """
    given, known = feature_matrix(features), np.asarray(labels)
    full = whole or probe(given, known, groups=groups, seed=seed, is_number=is_number)
    n = len(given)
    asked = _sizes(n, max(len(full.classes), 1), subsamples)
    rng = np.random.default_rng(seed)
    coded = None if groups is None else codes_of(np.asarray(groups))
    losses = np.full((draws, len(asked), n), np.nan)
    for draw in range(draws):
        order = _order(known, coded, rng, is_number=is_number)
        for at, m in enumerate(asked):
            fits, judged = _split(order, m, coded)
            losses[draw, at, judged] = _losses(given, known, fits, judged, is_number=is_number)
    scale = float((full.losses / full.error).mean()) if is_number and full.error > 0 else 1.0
    return _curve(np.array([*asked, n], dtype=np.float64), losses / scale, full, scale)


def _curve(sized: Floats, losses: Floats, full: Probe, scale: float) -> ProbeCurve:
    of_draws = np.nanmean(losses, axis=2)
    errors = of_draws.mean(axis=0)
    draws = len(losses)
    between = of_draws.var(axis=0, ddof=1) if draws > 1 else np.zeros(len(errors))
    seen = ~np.isnan(losses)
    by_row = np.where(seen, losses, 0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    changes = [
        (by_row[at] - full.losses / scale)[np.asarray(seen[:, at].any(axis=0), dtype=bool)] for at in range(len(errors))
    ]
    rows = np.array([change.var() / len(change) for change in changes])
    # a training set of twice the rows spreads by about half
    last = float(between[-1]) / 2 if len(between) else 0.0
    spread = np.sqrt(np.append(between / draws + rows, last))
    return ProbeCurve(sized, np.append(errors, full.error), spread, full)


def _sizes(n: int, n_classes: int, asked: Sequence[int] | None) -> list[int]:
    if asked is None:
        least = max(LEAST_ROWS, ROWS_A_CLASS * n_classes)
        return [m for m in (n // 2**k for k in range(HALVINGS, 0, -1)) if m >= least]
    if any(not 3 <= m < n for m in asked):
        raise InputError(f"subsamples of {list(asked)} rows were asked for; numbers from 3 to {n - 1} are expected")
    return sorted({int(m) for m in asked})


def _order(labels: npt.NDArray[np.generic], groups: Ints | None, rng: np.random.Generator, *, is_number: bool) -> Ints:
    """Return rows in random order; classes come by their shares, rows of a group at once."""
    n = len(labels)
    order = rng.permutation(n)
    if groups is not None:
        place = rng.permutation(int(groups.max()) + 1)
        return np.asarray(order[np.argsort(place[groups[order]], kind="stable")], dtype=np.int64)
    if is_number:
        return np.asarray(order, dtype=np.int64)
    codes = codes_of(labels)[order]
    ranks = np.empty(n)
    for code in np.unique(codes):
        mine = np.flatnonzero(codes == code)
        ranks[mine] = (np.arange(len(mine)) + rng.uniform()) / len(mine)
    return np.asarray(order[np.argsort(ranks, kind="stable")], dtype=np.int64)


def _split(order: Ints, m: int, groups: Ints | None) -> tuple[Ints, Ints]:
    """Return the first rows and those of no group among them."""
    fits, others = order[:m], order[m:]
    return fits, others if groups is None else others[~np.isin(groups[others], groups[fits])]


def _losses(features: Floats, labels: npt.NDArray[np.generic], fits: Ints, judged: Ints, *, is_number: bool) -> Floats:
    """Return the losses of rows by a probe of others; one that cannot be made guesses."""
    try:
        fitted = probe(features[fits], labels[fits], is_number=is_number)
    except NotEnoughEvidence:  # all of one class, or features that do not vary in few rows
        if is_number:
            return np.asarray((labels[judged].astype(np.float64) - labels[fits].astype(np.float64).mean()) ** 2)
        named, counts = np.unique(labels[fits], return_counts=True)
        return np.asarray(labels[judged] != named[counts.argmax()], dtype=np.float64)
    return fitted.error_on(features[judged], labels[judged]).losses

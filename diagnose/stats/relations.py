"""Did the relation of two columns change where each by itself did not? Correlations of scores, pair by pair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Pairs = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]

ALL = 200
"""Columns up to which every pair has an error of its own: five products of matrices."""
SCREENED = 2_000
"""Pairs of more columns that get one: those that stand out most by the normal law's error (1 - ρ²) √(1/n + 1/m). The
correction counts all pairs, so that to leave some out can only miss."""


@dataclass(frozen=True, eq=False)
class Relations:
    """Correlations of every pair of columns in both samples, and what their differences are worth.

    Attributes
    ----------
    first, second
        Shape ``(p, p)``: correlations in either sample.
    errors
        Shape ``(p, p)``: standard errors of their differences; 0 where a pair does not count or was screened out.
    p
        Of the largest change among all pairs, corrected for their number.
    """

    first: Floats
    second: Floats
    errors: Floats
    p: float

    @property
    def scores(self) -> Floats:
        """Shape ``(p, p)``: differences over their standard errors; 0 on the diagonal and where nothing varies."""
        return np.divide(self.second - self.first, self.errors, out=np.zeros_like(self.errors), where=self.errors > 0)

    def changed(self, alpha: float) -> list[tuple[int, int, float]]:
        """Pairs whose change holds at that rate (Bonferroni), with a lower bound of its size; most certain first."""
        from scipy.special import ndtri  # noqa: PLC0415

        limit = -float(ndtri(alpha / 2 / _pairs(len(self.first))))
        sizes = np.abs(self.scores)
        one, other = np.nonzero(np.triu(sizes > limit, 1))
        order = np.argsort(-sizes[one, other], kind="stable")
        bounds = np.abs(self.second - self.first) - limit * self.errors
        return [(int(i), int(j), float(bounds[i, j])) for i, j in zip(one[order], other[order], strict=True)]


def relations(first: Floats, second: Floats, possible: npt.NDArray[np.bool_] | None = None) -> Relations:
    """Compare all correlations of two samples.

    Every column is standardised within its sample, so that what its own mean and spread did is no change of a
    relation. The error of a correlation is that of its influence function x y - ρ (x² + y²) / 2, which needs no normal
    law; ρ is that of both samples.

    Parameters
    ----------
    first, second
        Shape ``(n, p)`` and ``(m, p)``, finite: normal scores, indicators of a level or of a missing value.
    possible
        Shape ``(p, p)``: pairs that count; not two levels of one column, whose relation is that of their shares.

    References
    ----------
    Steiger & Hakstian (1982), The asymptotic distribution of elements of a correlation matrix
    """
    from scipy.special import ndtr  # noqa: PLC0415

    ours, theirs = _standard(first), _standard(second)
    n, m = len(first), len(second)
    one, other = ours.T @ ours / n, theirs.T @ theirs / m
    joint = (n * one + m * other) / (n + m)
    counts = _usable(ours) & _usable(theirs)
    if possible is not None:
        counts &= possible
    np.fill_diagonal(counts, val=False)
    if len(joint) <= ALL:
        errors = np.sqrt(_variance(ours, joint) / n + _variance(theirs, joint) / m)
        errors[~counts] = 0
    else:
        errors = _errors(ours, theirs, joint, _most_changed(other - one, joint, counts))
    found = Relations(one, other, errors, 1.0)
    largest = float(np.abs(found.scores).max(initial=0.0))
    return Relations(one, other, errors, min(1.0, 2 * _pairs(len(one)) * float(ndtr(-largest))))


def _most_changed(change: Floats, rho: Floats, counts: npt.NDArray[np.bool_]) -> Pairs:
    i, j = np.nonzero(np.triu(counts, 1))
    scores = np.abs(change[i, j]) / np.maximum(1 - rho[i, j] ** 2, 1e-6)
    if len(scores) > SCREENED:
        some = np.sort(np.argpartition(-scores, SCREENED)[:SCREENED])
        i, j = i[some], j[some]
    return i, j


def _errors(ours: Floats, theirs: Floats, joint: Floats, pairs: Pairs) -> Floats:
    """Errors of these pairs only, from their influence functions row by row."""
    errors = np.zeros_like(joint)
    columns = ours.T.copy(), theirs.T.copy()
    for i, j in zip(*pairs, strict=True):
        rho = joint[i, j]
        variances = (
            float(np.var(side[i] * side[j] - rho / 2 * (side[i] ** 2 + side[j] ** 2))) / side.shape[1]
            for side in columns
        )
        errors[i, j] = errors[j, i] = np.sqrt(max(sum(variances), 1e-9 / len(ours)))
    return errors


def _pairs(columns: int) -> int:
    return max(columns * (columns - 1) // 2, 1)


def _standard(rows: Floats) -> Floats:
    spread = rows.std(0)
    return np.asarray((rows - rows.mean(0)) / np.where(spread > 1e-9, spread, np.inf))


def _usable(standard: Floats) -> npt.NDArray[np.bool_]:
    varies = standard.any(0)
    return np.outer(varies, varies)


def _variance(rows: Floats, rho: Floats) -> Floats:
    """Variance of the influence function, pair by pair, from sums of products of powers."""
    n = len(rows)
    squares = rows**2
    fourth = (squares**2).mean(0)
    mixed = squares.T @ squares / n
    cubes = (rows**3).T @ rows / n
    mean = rows.T @ rows / n - rho
    second = mixed - rho * (cubes + cubes.T) + rho**2 / 4 * (fourth[:, None] + 2 * mixed + fourth)
    # a pair that is one and the same has no error; rounding must not make it nothing divided by nothing
    return np.asarray(np.maximum(second - mean**2, 1e-9))

"""How well one column alone tells the label of rows that it was not fitted to."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

BINNINGS = ((64, 10), (512, 3))
"""Bins of a number at most, and rows of a bin at least: coarse ones for what is noisy, fine ones for what is sharp. The
better is taken: both are asked of rows that they were not fitted to."""


def class_skill(fit: Floats, fit_label: Codes, new: Floats, new_label: Codes, *, is_category: bool = False) -> float:
    """Return the share of the errors of guessing that the column avoids, at most 1; 0 where guessing makes none.

    Each bin of the column (each value, where there are few; values that are missing; values unknown to the fit) is
    answered with its commonest class, guessing answers with the commonest of all.

    Parameters
    ----------
    fit, fit_label
        Values, NaN where missing, and classes from 0, shape ``(n,)``: what is learnt from.
    new, new_label
        The same of the rows that are answered.
    is_category
        Whether the values are mere names, which have no neighbours.

    Examples
    --------
    >>> x = np.arange(100.0)
    >>> class_skill(x, (x > 50).astype(int), x + 0.2, (x > 50).astype(int)) > 0.9
    True
    """
    classes = int(max(fit_label.max(), new_label.max())) + 1
    guess = int(np.bincount(fit_label, minlength=classes).argmax())
    guessed = float((new_label != guess).mean())
    if guessed == 0:
        return 0.0
    wrong = []
    for home, home_new, bins in _binnings(fit, new, is_category=is_category):
        table = np.bincount(home * classes + fit_label, minlength=bins * classes).reshape(bins, classes)
        answer = np.where(table.sum(axis=1) > 0, table.argmax(axis=1), guess)
        wrong.append(float((answer[home_new] != new_label).mean()))
    return 1 - min(wrong) / guessed


def number_skill(fit: Floats, fit_label: Floats, new: Floats, new_label: Floats, *, is_category: bool = False) -> float:
    """Return R² of the label given the column: a line, or the mean of each bin, whichever fits better."""
    spread = float(((new_label - fit_label.mean()) ** 2).mean())
    if spread == 0:
        return 0.0
    answers = []
    for home, home_new, bins in _binnings(fit, new, is_category=is_category):
        rows = np.bincount(home, minlength=bins)
        means = np.bincount(home, fit_label, minlength=bins) / np.maximum(rows, 1)
        answers.append(np.where(rows > 0, means, fit_label.mean())[home_new])
    known = ~np.isnan(fit)
    if not is_category and known.sum() > 2 and np.ptp(fit[known]) > 0:
        centre, scale = float(fit[known].mean()), float(fit[known].std())
        slope, start = np.polyfit((fit[known] - centre) / scale, fit_label[known], 1)
        line = start + slope * (new - centre) / scale
        answers.append(np.where(np.isnan(line), fit_label.mean(), line))
    return 1 - min(float(((answer - new_label) ** 2).mean()) for answer in answers) / spread


def _binnings(fit: Floats, new: Floats, *, is_category: bool) -> list[tuple[Codes, Codes, int]]:
    """Return the bins of both, and how many there are: the last two are for missing and for unknown values."""
    known = np.sort(fit[~np.isnan(fit)])
    values = known[np.flatnonzero(np.append(True, known[1:] != known[:-1]))] if len(known) else known
    if is_category or (len(values) <= BINNINGS[0][0] and len(known) >= 3 * len(values)):
        at = np.searchsorted(values, new)
        is_known = values[np.minimum(at, len(values) - 1)] == new if len(values) else np.zeros(len(new), np.bool_)
        homes = (np.searchsorted(values, fit), np.where(is_known, at, len(values) + 1))
        return [_with_missing(fit, new, homes, len(values) + 2)]
    found = []
    for most, least in BINNINGS:
        number = min(most, max(2, len(known) // least))
        edges = np.unique(_quantiles(known, np.linspace(0, 1, number + 1)[1:-1]))
        homes = (np.searchsorted(edges, fit, "right"), np.searchsorted(edges, new, "right"))
        found.append(_with_missing(fit, new, homes, len(edges) + 3))
    return found


def _quantiles(ordered: Floats, shares: Floats) -> Floats:
    """Return quantiles of ascending values, between two of them by a line, as NumPy does where it must order first."""
    place = shares * (len(ordered) - 1)
    low = place.astype(np.int64)
    below, above = ordered[low], ordered[np.minimum(low + 1, len(ordered) - 1)]
    return np.asarray(below + (place - low) * (above - below))


def _with_missing(fit: Floats, new: Floats, homes: tuple[Codes, Codes], bins: int) -> tuple[Codes, Codes, int]:
    first, second = (np.where(np.isnan(side), bins - 2, home) for side, home in zip((fit, new), homes, strict=True))
    return first.astype(np.int64), second.astype(np.int64), bins

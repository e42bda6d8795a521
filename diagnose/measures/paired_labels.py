"""Labels of rows that belong together, one of training and one held out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from diagnose.data import Kind, Split
from diagnose.stats.pairing import Agreement, class_agreement, number_agreement

RowNumbers = npt.NDArray[np.int64]


def label_agreement(train: Split, held: Split, partners: RowNumbers, rows: RowNumbers) -> Agreement | None:
    """Return how much the labels of pairs agree; None without labels or with too few pairs.

    Parameters
    ----------
    train, held
        The splits.
    partners, rows
        Row numbers of each pair: of training, of the held-out split; in an order in which neighbours may depend on each
        other.
    """
    one, other = train.label, held.label
    if one is None or other is None or one.kind is not other.kind:
        return None
    known = ~one.missing[partners] & ~other.missing[rows]
    partners, rows = partners[known], rows[known]
    if one.kind is Kind.NUMBER:
        return number_agreement(one.values[partners].astype(np.float64), other.values[rows].astype(np.float64))
    at = {level: code for code, level in enumerate((*one.levels, *other.levels))}
    first = np.array([at[level] for level in one.levels], np.int64)[one.values]
    second = np.array([at[level] for level in other.levels], np.int64)[other.values[rows]]
    shares = np.bincount(first[~one.missing], minlength=len(one.levels) + len(other.levels)) / (~one.missing).sum()
    return class_agreement(first[partners], second, shares)

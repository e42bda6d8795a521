"""Labels of splits as codes or numbers that mean the same in each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from diagnose.data import Column, Kind


def label_values(labels: Sequence[Column]) -> list[npt.NDArray[np.float64]]:
    """Return each label's values, shape ``(n,)``: numbers, or codes of classes in the first one's order.

    NaN where missing. Classes that the first does not hold follow, in the order of the others.
    """
    if labels[0].kind is not Kind.CATEGORY:
        return [label.values.astype(np.float64) for label in labels]
    at: dict[str, int] = {}
    for label in labels:
        for level in label.levels:
            at.setdefault(level, len(at))
    found = []
    for label in labels:
        to = np.array([*(at[level] for level in label.levels), np.nan])
        found.append(to[label.values])  # code -1 is the last
    return found

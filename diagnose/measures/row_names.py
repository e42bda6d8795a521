"""How a finding names rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from diagnose.data import Split

SHOWN = 20
"""Rows that a finding names; the measures keep them all."""


def row_names(split: Split, rows: npt.NDArray[np.integer[Any]], most: int = SHOWN) -> tuple[str, ...]:
    """Return the names of the first rows, or their numbers from 0."""
    chosen = rows[:most].tolist()
    return tuple(split.rows[row] or str(row) for row in chosen) if split.rows is not None else tuple(map(str, chosen))

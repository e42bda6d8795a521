"""Near copies, whatever made them near."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

RowNumbers = npt.NDArray[np.int64]
How = Literal["text", "numbers", "embeddings", "images"]


@dataclass(frozen=True, eq=False)
class Found:
    """Near copies of one kind in one held-out split.

    Attributes
    ----------
    how
        What was compared.
    rows, partners
        Row numbers: held out, and of the nearest training row.
    closeness
        Of each: 1 where nothing but case, spaces or compression differs; else the share of pieces that texts have in
        common, one less the distance in tenth-neighbour distances, or one less the share of a hash's bits that differ.
    sampled
        Held-out rows that were compared (of texts, of either side, piece by piece); None where all were.
    """

    how: How
    rows: RowNumbers
    partners: RowNumbers
    closeness: npt.NDArray[np.float64]
    sampled: int | None

    def joined(self, other: Found) -> Found:
        """Return both, by row."""
        rows = np.concatenate([self.rows, other.rows])
        _, first = np.unique(rows, return_index=True)
        partners = np.concatenate([self.partners, other.partners])
        closeness = np.concatenate([self.closeness, other.closeness])
        return Found(
            self.how if len(self.rows) >= len(other.rows) else other.how,
            rows[first], partners[first], closeness[first], self.sampled or other.sampled,
        )  # fmt: skip


def none_found(how: How) -> Found:
    """Return an empty answer."""
    return Found(how, np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), None)

"""Conditions on single columns, in words, and the segments of held-out rows in which the model does worst."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from diagnose.data import Column, Kind, Split, SplitName
from diagnose.errors import NotEnoughEvidence
from diagnose.measures.row_losses import RowLosses
from diagnose.stats.segments import Segment, weak_segments

Bools = npt.NDArray[np.bool_]

LEAST_ROWS = 200
"""Halves of a hundred rows, and segments of twenty, are the least in which a doubled error rate shows."""
MOST_COLUMNS = 200
"""Columns looked at, the first ones: each adds a handful of conditions."""
SHOWN = 12
"""Rows that are pointed at in a segment."""
LEVELS = 12
"""Categories looked at in each column, the commonest first."""


@dataclass(frozen=True)
class Segments:
    """Segments of one held-out split.

    Attributes
    ----------
    split, unit
        Of the losses.
    n
        Rows with a loss.
    tested
        The segments tested, the smallest p-value first.
    columns
        By condition, the column that it is about.
    looked_at
        Number of conditions tried, before pairs.
    worst
        By segment, numbers of the split's rows in it with the largest losses, the largest first.
    """

    split: SplitName
    unit: str
    n: int
    tested: tuple[Segment, ...]
    columns: dict[str, str]
    looked_at: int
    worst: dict[tuple[str, ...], npt.NDArray[np.int64]]


def segments(held_out: tuple[Split, ...], row_losses: tuple[RowLosses, ...], seed: int) -> Segments:
    """Look for segments in either half of the rows, and test them in the other; groups stay together."""
    losses = row_losses[0]
    split = next(s for s in held_out if s.name == losses.split)
    if len(losses.values) < LEAST_ROWS:
        raise NotEnoughEvidence(
            f"{len(losses.values)} held-out rows have a loss; segments need {LEAST_ROWS}", "give more held-out rows"
        )
    rng = np.random.default_rng(seed)
    if losses.groups is None:
        half = rng.permutation(len(losses.values)) % 2 == 0
    else:
        half = (rng.permutation(int(losses.groups.max()) + 1) % 2 == 0)[losses.groups]
    conditions: dict[str, Bools] = {}
    columns: dict[str, str] = {}
    for column in split.of_kind(Kind.NUMBER, Kind.CATEGORY)[:MOST_COLUMNS]:
        for words, rows in _conditions(column, losses.rows).items():
            conditions[words], columns[words] = rows, column.name
    if not conditions:
        raise NotEnoughEvidence("the held-out data have no column to divide rows by", "give their columns")
    tested = weak_segments(losses.values, conditions, half, shares=losses.unit == "error rate", groups=losses.groups)
    worst = {segment.names: _worst(losses, conditions, segment.names) for segment in tested}
    return Segments(losses.split, losses.unit, len(losses.values), tuple(tested), columns, len(conditions), worst)


def _worst(losses: RowLosses, conditions: dict[str, Bools], names: tuple[str, ...]) -> npt.NDArray[np.int64]:
    inside = np.flatnonzero(np.logical_and.reduce([conditions[name] for name in names]))
    return losses.rows[inside[np.argsort(-losses.values[inside], kind="stable")[:SHOWN]]]


def _conditions(column: Column, rows: npt.NDArray[np.int64]) -> dict[str, Bools]:
    """Return what rows may have in common: the outer quarters and the halves of a number, the levels of a category."""
    values, missing = column.values[rows], column.missing[rows]
    found = {f"{column.name} is missing": missing} if missing.any() else {}
    if column.kind is Kind.CATEGORY:
        counts = np.bincount(values[values >= 0], minlength=len(column.levels))
        common = np.argsort(-counts, kind="stable")[:LEVELS].tolist()
        return found | {f"{column.name} = {column.levels[code]}": values == code for code in common if counts[code]}
    known = values[~missing]
    if not len(known) or known.min() == known.max():
        return found
    for edge in np.unique(np.quantile(known, (0.25, 0.5, 0.75))).tolist():
        found |= {f"{column.name} ≤ {edge:.4g}": values <= edge, f"{column.name} > {edge:.4g}": values > edge}
    return found

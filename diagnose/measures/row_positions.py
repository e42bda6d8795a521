"""Whether the place of a row, or the number that it was given, tells its label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from diagnose.data import Column, DigestArray, Kind, Split, SplitName
from diagnose.errors import NotEnoughEvidence
from diagnose.measures.label_values import label_values
from diagnose.measures.single_predictors import LEAST_ERRORS, LEAST_ROWS
from diagnose.stats.row_numbers import integers_of_hashes
from diagnose.stats.single_column import class_skill, number_skill

Floats = npt.NDArray[np.float64]

UNIQUE = 0.98
"""Share of the rows that an identifier of rows tells apart; below, it names groups."""


@dataclass(frozen=True)
class RowNumbering:
    """One numbering of the training rows, and how well a row's number alone tells its label.

    Attributes
    ----------
    name
        Of the column; ``""`` for the order in which the rows stand.
    is_input
        Whether it is among the columns that a model may be given.
    skill
        Share of what guessing gets wrong (of the variance, for numbers) that the number gets right, on rows that it was
        not fitted to.
    """

    name: str
    is_input: bool
    skill: float


def row_positions(
    train_split: Split, exact_digests: Mapping[SplitName, DigestArray], seed: int = 0
) -> tuple[RowNumbering, ...]:
    """Ask the order of the rows, every identifier of whole numbers and every column that counts rows for the label."""
    label = train_split.label
    if label is None:
        raise NotEnoughEvidence("the training data have no labels", "say which column is the label: --label NAME")
    values = label_values([label])[0]
    known = np.flatnonzero(~np.isnan(values))
    known = known[np.argsort(exact_digests["train"][known], kind="stable")]
    wanted = values[known]
    classes = label.kind is Kind.CATEGORY
    if len(known) < 2 * LEAST_ROWS:
        raise NotEnoughEvidence(f"only {len(known)} training rows have a label", f"give {2 * LEAST_ROWS} or more")
    if classes and len(wanted) - np.bincount(wanted.astype(np.int64)).max() < 2 * LEAST_ERRORS:
        raise NotEnoughEvidence("nearly all training rows are of one class", "give more rows of the other classes")
    half = np.random.default_rng(seed).permutation(len(known)) % 2 == 0
    # folders of classes are read one after the other, which says nothing of how a training shuffles them
    place = np.zeros(train_split.n) if label.made_of else np.arange(train_split.n, dtype=np.float64)
    numberings = [("", False, place)]
    for column in train_split.columns:
        numbers = _numbers(column)
        if numbers is not None:
            numberings.append((column.name, column.kind is not Kind.IDENTIFIER, numbers))
    return tuple(
        RowNumbering(name, is_input, _skill(numbers[known], wanted, half, classes=classes))
        for name, is_input, numbers in numberings
    )


def _numbers(column: Column) -> Floats | None:
    """Return the numbers of a column that names or counts rows; None of any other."""
    if column.kind is Kind.IDENTIFIER:
        distinct = np.unique(column.values[~column.missing])
        if len(distinct) < UNIQUE * len(column):
            return None
        found = integers_of_hashes(column.values)
        return None if found is None else np.where(column.missing, np.nan, found)
    if column.kind is not Kind.NUMBER or column.missing.any():
        return None
    values = column.values.astype(np.float64)
    return values if counts_rows(values) else None


def counts_rows(values: Floats) -> bool:
    """Whether numbers count rows: whole, all different, and hardly any left out between the least and the greatest.

    Of a random part of counted rows, a share s of the numbers is there: 0.3 at least, as training data hold as a rule.

    Examples
    --------
    >>> counts_rows(np.array([3.0, 1.0, 2.0, 5.0])), counts_rows(np.array([1.0, 100.0, 10_000.0]))
    (True, False)
    """
    if not np.all(values == np.trunc(values)) or len(np.unique(values)) < len(values):
        return False
    return bool(len(values) >= 0.3 * (values.max() - values.min() + 1))


def _skill(numbers: Floats, label: Floats, half: npt.NDArray[np.bool_], *, classes: bool) -> float:
    found = []
    for fit, new in ((half, ~half), (~half, half)):
        if classes:
            codes = label.astype(np.int64)
            found.append(class_skill(numbers[fit], codes[fit], numbers[new], codes[new]))
        else:
            found.append(number_skill(numbers[fit], label[fit], numbers[new], label[new]))
    return float(np.mean(found))

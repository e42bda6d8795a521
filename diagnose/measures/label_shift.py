"""How the labels of the training data differ from those of each held-out split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diagnose.data import Kind, Split, SplitName
from diagnose.errors import NotEnoughEvidence
from diagnose.measures.class_counts import ClassCounts, labelled
from diagnose.measures.class_counts import class_counts as counts_of
from diagnose.measures.column_words import category_words, number_words
from diagnose.measures.independent_rows import IndependentRows
from diagnose.stats.cells import pooled_cells
from diagnose.stats.homogeneity import CategoryShift
from diagnose.stats.two_sample import NumberShift, compare_numbers

LEAST_ROWS = 20
"""Fewer labels on a side are no distribution."""


@dataclass(frozen=True, eq=False)
class LabelShift:
    """The label of the training data against that of a held-out split.

    Attributes
    ----------
    split, n, m
        Which split, and the rows with a label on either side.
    difference
        Total variation of the classes' shares, or the Kolmogorov-Smirnov distance of the numbers, with bounds.
    words
        The difference in the label's own unit.
    counts
        Of classes; None of numbers.
    quantiles
        Of numbers: five quantiles of each side; empty of classes.
    """

    split: SplitName
    n: int
    m: int
    difference: CategoryShift | NumberShift
    words: str
    counts: ClassCounts | None = None
    quantiles: tuple[tuple[float, ...], ...] = ()


def label_shift(
    train_split: Split, held_out: tuple[Split, ...], class_counts: tuple[ClassCounts, ...],
    independent_rows: IndependentRows | None = None,
) -> tuple[LabelShift, ...]:
    """Compare the labels of every held-out split with the training data's; of groups one row each."""
    if independent_rows is not None and independent_rows.said:
        train_split, held_out = independent_rows.train, independent_rows.held_out
        class_counts = counts_of(train_split, held_out)
    label, splits = labelled(train_split, held_out)
    if label.kind is Kind.CATEGORY:
        found = tuple(of_classes(counts) for counts in class_counts if _rows(counts) >= LEAST_ROWS)
    else:
        found = tuple(shift for split in splits if (shift := _of_numbers(train_split, split)) is not None)
    if not found:
        raise NotEnoughEvidence(
            f"fewer than {LEAST_ROWS} labels on a side", f"give at least {LEAST_ROWS} labels a side"
        )
    return found


def _rows(counts: ClassCounts) -> int:
    return int(min(counts.train.sum(), counts.held.sum()))


def of_classes(counts: ClassCounts) -> LabelShift:
    """Return the comparison of counted classes."""
    difference = counts.difference
    words = category_words(counts.label, counts.levels, counts.train, counts.held, difference)
    return LabelShift(
        counts.split, int(counts.train.sum()), int(counts.held.sum()), difference, words, counts
    )  # fmt: skip


def _of_numbers(train: Split, split: Split) -> LabelShift | None:
    assert train.label is not None
    assert split.label is not None
    first, second = (c.values[~c.missing].astype(np.float64) for c in (train.label, split.label))
    if min(len(first), len(second)) < LEAST_ROWS:
        return None
    cells = pooled_cells(first, second)
    difference = compare_numbers(cells)
    at = (0.05, 0.25, 0.5, 0.75, 0.95)
    quantiles = tuple(tuple(np.quantile(side, at).tolist()) for side in (first, second))
    words = number_words(train.label.name, Kind.NUMBER, cells, difference)
    return LabelShift(split.name, len(first), len(second), difference, words, None, quantiles)

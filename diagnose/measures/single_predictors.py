"""How well each column alone tells the label, in training and held out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from diagnose.data import Column, DigestArray, Kind, Split, SplitName
from diagnose.errors import NotEnoughEvidence
from diagnose.measures.input_matrix import input_matrix
from diagnose.measures.label_values import label_values
from diagnose.stats.probes import choose, indicators, one_thread
from diagnose.stats.single_column import class_skill, number_skill

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

MOST_ROWS = 10_000
"""Of a side: skills are known to a hundredth."""
LEAST_ROWS = 50
"""Of a side."""
LEAST_ERRORS = 15
"""That guessing must make on a side: less, and a skill of 0.95 is luck."""
CANDIDATE = 0.9
"""Skill from which the other columns are asked what they can do together."""
OTHERS_ROWS = 4000


@dataclass(frozen=True)
class Predictor:
    """One column as the only input.

    Attributes
    ----------
    name, kind
        Of the column.
    within
        Share of what guessing gets wrong (of the label's variance, for numbers) that it gets right, on training rows
        that it was not fitted to.
    held
        The same on held-out rows, fitted to training; None without labels there.
    renames
        Whether each of its values stands for one class and each class for one value.
    """

    name: str
    kind: Kind
    within: float
    held: float | None
    renames: bool


@dataclass(frozen=True)
class SinglePredictors:
    """All columns, the best first.

    Attributes
    ----------
    columns
        The predictors.
    others
        Skill on held-out rows (training rows left out, without such) of all columns together but those whose own is
        above `CANDIDATE`; None where no column's is, or where no others are left.
    classes
        Whether the label is a class.
    split
        The held-out split; None without one.
    """

    columns: tuple[Predictor, ...]
    others: float | None
    classes: bool
    split: SplitName | None


@dataclass(frozen=True, eq=False)
class _Sides:
    """Rows with a label: two halves of training, and those held out."""

    train: Split
    held: Split | None
    rows: Rows
    label: Floats
    half: npt.NDArray[np.bool_]
    held_rows: Rows
    held_label: Floats
    classes: bool

    def skill(self, fit: Floats, fit_label: Floats, new: Floats, new_label: Floats, kind: Kind) -> float:
        is_category = kind is Kind.CATEGORY
        if self.classes:
            codes = fit_label.astype(np.int64), new_label.astype(np.int64)
            return class_skill(fit, codes[0], new, codes[1], is_category=is_category)
        return number_skill(fit, fit_label, new, new_label, is_category=is_category)


def single_predictors(
    train_split: Split,
    exact_digests: Mapping[SplitName, DigestArray],
    held_out: tuple[Split, ...] | None = None,
    seed: int = 0,
) -> SinglePredictors:
    """Fit each column alone to half of the training rows, ask it for the other half, and for the held-out rows."""
    sides = _sides(train_split, exact_digests["train"], held_out or (), seed)
    found = [_predictor(column, sides) for column in train_split.of_kind(Kind.NUMBER, Kind.CATEGORY, Kind.TIME)]
    if not found:
        raise NotEnoughEvidence("no columns of numbers or categories", "give the input columns")
    ordered = tuple(sorted(found, key=lambda p: (-p.within, p.name)))
    strong = {p.name for p in ordered if p.within >= CANDIDATE}
    others = _others(sides, strong, seed) if strong else None
    return SinglePredictors(ordered, others, sides.classes, sides.held.name if sides.held is not None else None)


def _sides(train: Split, digests: DigestArray, held_out: tuple[Split, ...], seed: int) -> _Sides:
    label = train.label
    if label is None:
        raise NotEnoughEvidence("the training data have no labels", "say which column is the label: --label NAME")
    held = next((s for s in held_out if s.label is not None and s.label.kind is label.kind), None)
    values = label_values([label] if held is None or held.label is None else [label, held.label])
    rows = _drawn(np.flatnonzero(~np.isnan(values[0])), seed)
    # halves by the rows' content: the order in which they stand changes nothing
    rows = rows[np.argsort(digests[rows], kind="stable")]
    if len(rows) < 2 * LEAST_ROWS:
        raise NotEnoughEvidence(f"only {len(rows)} training rows have a label", f"give {2 * LEAST_ROWS} or more")
    there = _drawn(np.flatnonzero(~np.isnan(values[1])), seed) if held is not None else np.zeros(0, np.int64)
    classes = label.kind is Kind.CATEGORY
    sides = _Sides(
        train, held if len(there) >= LEAST_ROWS else None, rows, values[0][rows], np.arange(len(rows)) % 2 == 0, there,
        values[1][there] if held is not None else np.zeros(0), classes,
    )  # fmt: skip
    if classes:
        guess = np.bincount(sides.label.astype(np.int64)).argmax()
        if int((sides.label != guess).sum()) < 2 * LEAST_ERRORS:
            raise NotEnoughEvidence("nearly all training rows are of one class", "give more rows of the other classes")
        if int((sides.held_label != guess).sum()) < LEAST_ERRORS:
            return replace(sides, held=None)
    return sides


def _drawn(rows: npt.NDArray[np.intp], seed: int) -> Rows:
    if len(rows) > MOST_ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(rows, MOST_ROWS, replace=False))
    return rows.astype(np.int64)


def _predictor(column: Column, sides: _Sides) -> Predictor:
    values, other = _values(column, sides)
    a, b = sides.half, ~sides.half
    kind = column.kind
    within = [sides.skill(values[x], sides.label[x], values[y], sides.label[y], kind) for x, y in ((a, b), (b, a))]
    held = None if other is None else sides.skill(values, sides.label, other, sides.held_label, kind)
    renames = sides.classes and _is_one_to_one(values, sides.label)
    return Predictor(column.name, column.kind, float(np.mean(within)), held, renames)


def _values(column: Column, sides: _Sides) -> tuple[Floats, Floats | None]:
    """Return the column as numbers, categories as codes of the same names, on both sides."""
    other = sides.held.column(column.name) if sides.held is not None else None
    if other is not None and other.kind is not column.kind:
        other = None
    values = label_values([column] if other is None else [column, other])
    return values[0][sides.rows], None if other is None else values[1][sides.held_rows]


def _is_one_to_one(values: Floats, label: Floats) -> bool:
    known = ~np.isnan(values)
    distinct = len(np.unique(label[known]))
    # most columns have more values than there are classes: their first rows show it
    if distinct < 2 or len(np.unique(values[known][: 10 * distinct])) > distinct:
        return False
    pairs = np.unique(np.column_stack([values[known], label[known]]), axis=0)
    return len(pairs) == distinct == len(np.unique(values[known]))


def _others(sides: _Sides, strong: set[str], seed: int) -> float | None:
    """Return what a model of all other columns makes of the rows that it was not fitted to."""
    fit = np.flatnonzero(sides.half if sides.held is None else np.ones(len(sides.half), np.bool_))
    fit = fit[:: max(1, len(fit) // OTHERS_ROWS)]
    if sides.held is None:
        matrix = input_matrix([sides.train] * 2, [sides.rows[fit], sides.rows[~sides.half]], without=strong)
        wanted = sides.label[~sides.half]
    else:
        matrix = input_matrix([sides.train, sides.held], [sides.rows[fit], sides.held_rows], without=strong)
        wanted = sides.held_label
    x, new = matrix.parts
    if not x.shape[1]:
        return None
    k = int(max(sides.label.max(), wanted.max())) + 1 if sides.classes else 1
    y = indicators(sides.label[fit], k) if sides.classes else sides.label[fit][:, None]
    with one_thread():
        chosen = choose(x, y, classes=sides.classes, seed=seed)
        answer = chosen.learner(x, y, seed)(new)
    if not sides.classes:
        return 1 - float(((answer[:, 0] - wanted) ** 2).mean() / ((wanted - y.mean()) ** 2).mean())
    guess = np.bincount(sides.label.astype(np.int64)).argmax()
    return 1 - float((answer.argmax(1) != wanted).mean()) / float((wanted != guess).mean())

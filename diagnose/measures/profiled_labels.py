"""The comparison of labels from profiles: what `class_counts` and `label_shift` are where a split has no rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from diagnose.data import Column, Kind, SplitName
from diagnose.errors import NotEnoughEvidence
from diagnose.measures.class_counts import ClassCounts
from diagnose.measures.column_words import number_words
from diagnose.measures.label_shift import LEAST_ROWS, LabelShift, of_classes
from diagnose.measures.profiled import pair
from diagnose.profiles.columns import ColumnProfile
from diagnose.profiles.names import cut
from diagnose.profiles.profile import Profile
from diagnose.run import Run
from diagnose.stats.dyadic_shift import compare_dyadic

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def class_counts(run: Run, profiles: Mapping[SplitName, Profile]) -> tuple[ClassCounts, ...]:
    """Count the classes; nothing is returned where the label is a number. Rows have codes where there are rows."""
    label, held = _labels(profiles)
    if label.kind is not Kind.CATEGORY:
        return ()
    pooled = [side.name for side in (label, *held.values()) if side.pooled]
    if pooled:
        raise NotEnoughEvidence(
            f"the label {label.name!r} has more classes than a profile counts one by one", "give the data"
        )
    return tuple(_counts(run, split, label, other) for split, other in held.items())


def label_shift(profiles: Mapping[SplitName, Profile], class_counts: tuple[ClassCounts, ...]) -> tuple[LabelShift, ...]:
    """Compare the labels of every held-out profile with those of the training profile."""
    label, held = _labels(profiles)
    if label.kind is Kind.CATEGORY:
        found = tuple(of_classes(c) for c in class_counts if min(c.train.sum(), c.held.sum()) >= LEAST_ROWS)
    else:
        found = tuple(
            _of_numbers(split, label, other)
            for split, other in held.items()
            if min(label.known, other.known) >= LEAST_ROWS
        )
    if not found:
        raise NotEnoughEvidence(
            f"fewer than {LEAST_ROWS} labels on a side", f"give at least {LEAST_ROWS} labels a side"
        )
    return found


def _labels(profiles: Mapping[SplitName, Profile]) -> tuple[ColumnProfile, dict[SplitName, ColumnProfile]]:
    train, held = pair(profiles)
    label = train.label
    if label is None or not label.known:
        raise NotEnoughEvidence("the training data have no labels", "say which column is the label: --label NAME")
    labels: dict[SplitName, ColumnProfile] = {
        split: profile.label
        for split, profile in held.items()
        if profile.label is not None and profile.label.kind is label.kind and profile.label.known
    }
    if not labels:
        raise NotEnoughEvidence("the held-out data have no labels", "say which column is the label: --label NAME")
    return label, labels


def _counts(run: Run, split: SplitName, label: ColumnProfile, other: ColumnProfile) -> ClassCounts:
    own = in_order(label.by_name)
    levels = (*own, *(level for level in in_order(other.by_name) if level not in label.by_name))
    sides = [np.array([side.by_name.get(level, 0) for level in levels], np.int64) for side in (label, other)]
    rows = run.splits[split].label if split in run.splits else None
    return ClassCounts(split, label.name, levels, sides[0], sides[1], _codes(levels, rows))


def _codes(levels: tuple[str, ...], rows: Column | None) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    if rows is None:
        return np.zeros(0, np.int64)
    at = {level: code for code, level in enumerate(levels)}
    to = np.array([*(at.get(cut(level), -1) for level in rows.levels), -1], np.int64)
    return np.asarray(to[rows.values])  # code -1 is the last


def in_order(names: Mapping[str, int]) -> list[str]:
    """Return names of classes as people list them: numbers by size, all else by spelling.

    Examples
    --------
    >>> in_order({"10": 1, "9": 4}), in_order({"b": 1, "a": 2, "9": 4})
    (['9', '10'], ['9', 'a', 'b'])
    """
    try:
        return sorted(names, key=lambda name: (float(name), name))
    except ValueError:
        return sorted(names)


def _of_numbers(split: SplitName, label: ColumnProfile, other: ColumnProfile) -> LabelShift:
    cells, difference = compare_dyadic(label.cells, other.cells, is_single=label.is_single or other.is_single)
    quantiles = tuple(tuple(side.quantile(share) for share in QUANTILES) for side in (label, other))
    words = number_words(label.name, Kind.NUMBER, cells, difference)
    return LabelShift(split, label.known, other.known, difference, words, None, quantiles)

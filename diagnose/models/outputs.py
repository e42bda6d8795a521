"""From what a model says to probabilities of classes, or numbers, and the loss of each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from diagnose.data import Column, FloatArray, Kind
from diagnose.errors import InputError
from diagnose.models.predictor import Array
from diagnose.readers.data.array_cells import array_cells
from diagnose.readers.data.joining import as_text
from diagnose.readers.data.predictions import in_order

SLACK = 1e-3
"""By which probabilities may miss a sum of 1: half precision rounds as much over a hundred classes."""
LEAST = 1e-7
"""Probability that a true class has at least where losses are computed: that of Keras, so that they agree with it."""


@dataclass(frozen=True, eq=False)
class Said:
    """What a model says of one split: as `diagnose.data.Split` has it, and what was done to get there."""

    outputs: FloatArray | None
    classes: tuple[str, ...] = ()
    losses: FloatArray | None = None
    notes: tuple[str, ...] = ()


def understood(
    raw: Mapping[str, Array],
    labels: Mapping[str, Column | None],
    known: tuple[str, ...],
    name: str,
    numbered: tuple[str, ...] = (),
) -> Mapping[str, Said]:
    """Return what a model says of each split; how it is to be read is decided over all of them.

    Parameters
    ----------
    raw
        By split: shape ``(n,)``, ``(n, 1)`` or ``(n, k)``.
    labels
        By split, None where they are not known.
    known
        Names of the classes where the model knows them.
    name
        The model's.
    numbered
        Names of the classes in the order of their numbers, where the data know them.

    Raises
    ------
    InputError
        It gives another number of classes than the labels have.
    """
    shaped = {split: _without_ones(values) for split, values in raw.items()}
    whole = np.concatenate(list(shaped.values())) if len({v.shape[1:] for v in shaped.values()}) == 1 else None
    given = [label for label in labels.values() if label is not None]
    known = _translated(known, {level for label in given for level in label.levels}, numbered)
    if whole is None or whole.ndim > 2:
        shape = next(iter(shaped.values())).shape
        return {
            split: Said(None, notes=(f"outputs of shape {shape} are left out: not one answer a row",)) for split in raw
        }
    if whole.dtype.kind not in "fiub":
        return {split: _labels(shaped[split], labels[split], given, known) for split in raw}
    if given and given[0].kind is Kind.NUMBER:
        return {split: _numbers(shaped[split], labels[split]) for split in raw}
    if whole.ndim == 1:
        return _of_one(shaped, labels, known, name)
    classes = _names(whole.shape[1], given, known, name)
    return {split: _scores(values, labels[split], classes, whole) for split, values in shaped.items()}


def _without_ones(values: Array) -> Array:
    flat = values.reshape(len(values), *[size for size in values.shape[1:] if size != 1])
    return flat.astype(np.float64) if flat.dtype.kind == "f" else flat


def _names(k: int, given: Sequence[Column], known: tuple[str, ...], name: str) -> tuple[str, ...]:
    levels = in_order({level for label in given for level in label.levels})
    first = in_order(set(given[0].levels)) if given else ()  # held-out data may hold classes that training had not
    for names in (known if set(known) & set(levels) or not levels else (), levels, first):
        if len(names) == k:
            return names
    numbers = tuple(map(str, range(k)))
    if set(levels) <= set(numbers):
        return numbers
    raise InputError(
        f"the model {name} gives {k} numbers a row, and the labels are {len(levels)} classes "
        f"({', '.join(levels[:8])}{' …' if len(levels) > 8 else ''}); expected one number a class, in their order, or "
        f"labels that are numbers from 0 to {k - 1}"
    )


def _translated(known: tuple[str, ...], levels: set[str], numbered: tuple[str, ...]) -> tuple[str, ...]:
    """Return the model's classes as the labels spell them: it may know their numbers only."""
    if known and (levels <= set(known) or not numbered):
        return known
    if not known:
        return numbered
    at = {str(place): label for place, label in enumerate(numbered)}
    return tuple(at.get(label, label) for label in known)


def _numbers(values: Array, label: Column | None) -> Said:
    if values.ndim > 1:
        return Said(None, notes=(f"{values.shape[1]} outputs a row are left out: the label is one number",))
    outputs = values.astype(np.float64)
    return Said(outputs, (), (outputs - label.values) ** 2 if label is not None else None)


def _of_one(
    shaped: Mapping[str, Array], labels: Mapping[str, Column | None], known: tuple[str, ...], name: str
) -> Mapping[str, Said]:
    """Understand one number a row: a class, or how likely the second of two is."""
    whole = np.concatenate(list(shaped.values()))
    given = [label for label in labels.values() if label is not None]
    if not given:
        return {split: Said(values.astype(np.float64)) for split, values in shaped.items()}
    if whole.dtype.kind != "f":
        return {split: _labels(values, labels[split], given, known) for split, values in shaped.items()}
    classes = known or in_order({level for label in given for level in label.levels})
    if len(classes) == 2:
        return {split: _chance(values, labels[split], classes, whole) for split, values in shaped.items()}
    if np.array_equal(whole, np.rint(whole)):
        return {split: _labels(values, labels[split], given, known) for split, values in shaped.items()}
    raise InputError(f"the model {name} gives one number a row that is no class, and the labels are {len(classes)} "
                     "classes; expected a number for each class, or the class")  # fmt: skip


def _chance(values: Array, label: Column | None, classes: tuple[str, ...], whole: Array) -> Said:
    if float(whole.min(initial=0)) >= 0 and float(whole.max(initial=1)) <= 1:
        return _said(np.column_stack([1 - values, values]), label, classes, f"outputs are the chance of {classes[1]!r}")
    note = f"outputs reach beyond 0 and 1: they are taken for the log-odds of {classes[1]!r}"
    return _scores(np.column_stack([np.zeros_like(values), values]), label, classes, None, note)


def _scores(values: Array, label: Column | None, classes: tuple[str, ...], whole: Array | None, note: str = "") -> Said:
    """Understand one number a class: probabilities, or what becomes such by softmax."""
    is_share = whole is not None and float(whole.min(initial=0)) >= 0 and float(whole.max(initial=0)) <= 1 + SLACK
    if is_share and whole is not None:
        sums = whole.sum(axis=1)
        if bool(np.all(np.abs(sums - 1) <= SLACK)):
            return _said(values.astype(np.float64), label, classes, "")
        divided = values / np.maximum(values.sum(axis=1, keepdims=True), LEAST)
        return _said(
            divided, label, classes, "outputs lie within 0 and 1 and sum to other than 1: they are divided by their sum"
        )
    shifted = values.astype(np.float64) - values.max(axis=1, keepdims=True)
    total = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    logs = shifted - total
    told = note or "outputs are no probabilities: they are taken for logits, of which softmax makes some"
    losses = _loss_of(-logs, label, classes)
    return Said(np.exp(logs), classes, losses, (told, *_unknown(label, classes)))


def _said(chances: FloatArray, label: Column | None, classes: tuple[str, ...], note: str) -> Said:
    losses = _loss_of(-np.log(np.clip(chances, LEAST, 1.0)), label, classes)
    return Said(chances, classes, losses, (*([note] if note else []), *_unknown(label, classes)))


def _loss_of(costs: FloatArray, label: Column | None, classes: tuple[str, ...]) -> FloatArray | None:
    """Return each row's cost of its own class; NaN where that is unknown, or unknown to the model."""
    if label is None:
        return None
    at = {name: place for place, name in enumerate(classes)}
    to = np.array([*(at.get(level, -1) for level in label.levels), -1])[label.values]
    found = costs[np.arange(len(costs)), np.maximum(to, 0)]
    return np.where(to >= 0, found, np.nan)


def _unknown(label: Column | None, classes: tuple[str, ...]) -> tuple[str, ...]:
    lacking = [level for level in label.levels if level not in classes] if label is not None else []
    shown = ", ".join(map(repr, lacking[:5]))
    return (f"the model does not know the classes {shown}: rows of them have no loss",) if lacking else ()


def _labels(values: Array, label: Column | None, given: Sequence[Column], known: tuple[str, ...]) -> Said:
    """Understand predicted classes: all of the chance is on them, and a row's loss is 1 where another is true."""
    texts = as_text(array_cells("outputs", values))
    there = {level for other in given for level in other.levels}
    numbers = {str(place): name for place, name in enumerate(known)} if not set(texts.levels) <= there else {}
    named = [numbers.get(level, level) for level in texts.levels]
    classes = in_order({*known, *named, *there})
    at = {name: place for place, name in enumerate(classes)}
    chosen = np.array([at[level] for level in named], np.intp)[texts.values]
    chances = np.zeros((len(values), len(classes)))
    chances[np.arange(len(values)), chosen] = 1.0
    losses = _loss_of(1 - chances, label, classes)
    return Said(chances, classes, losses, ("the model gives classes, no probabilities: a row's loss is 0 or 1",))

"""Whether a model says other things of held-out rows than of those that it is compared on: black-box shift."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from diagnose.data import Kind, Split, SplitName
from diagnose.errors import NotEnoughEvidence
from diagnose.stats.cells import pooled_cells
from diagnose.stats.homogeneity import compare_categories
from diagnose.stats.many_dimensions import compare_rows
from diagnose.stats.multiple import cauchy_combination
from diagnose.stats.two_sample import compare_numbers

Floats = npt.NDArray[np.float64]

LEAST_ROWS = 10
"""Of either side: of fewer, nothing but outputs that hardly overlap would be told apart."""
MOST_CLASSES = 100
"""The commonest by mean probability; rarer ones hardly move in a few thousand rows."""
FINEST = 1e-7
"""Probabilities nearer to 0 or 1 differ by rounding of single precision only."""
EQUAL_SCORE = 0.01
"""A model whose training score lies less than a point above its held-out score, chance allowed for, is not fitted to
the training rows in a way that its outputs would show."""


@dataclass(frozen=True)
class OutputShift:
    """Outputs on one split against those on another.

    Attributes
    ----------
    reference, split
        Which splits.
    comparable
        Whether the model treats both alike: False of training rows that it was fitted to.
    n, m
        Rows of each.
    names
        What each output stands for.
    distances, lows, p_values
        By output: Kolmogorov-Smirnov distance, lower 95 % bound of the populations' one, p-value.
    means
        By output: mean on the reference and on the split.
    p
        Of one population: every output by itself, all together, and how often each class is said, combined by
        Cauchy's law.
    low
        Share of the rows out of place, at least: the largest lower bound of a distance, or of the classes' shares.
    """

    reference: SplitName
    split: SplitName
    comparable: bool
    n: int
    m: int
    names: tuple[str, ...]
    distances: tuple[float, ...]
    lows: tuple[float, ...]
    p_values: tuple[float, ...]
    means: tuple[tuple[float, float], ...]
    p: float
    low: float


def output_shifts(
    seed: int, train_split: Split | None = None, val_split: Split | None = None, test_split: Split | None = None
) -> tuple[OutputShift, ...]:
    """Compare outputs of test with those of validation, or where one is missing held-out with training outputs."""
    given = [s for s in (train_split, val_split, test_split) if s is not None and s.outputs is not None]
    held = [split for split in given if split.name != "train"]
    pairs = [(held[0], held[1])] if len(held) > 1 else [(given[0], held[0])] if held and len(given) > 1 else []
    if not pairs:
        raise NotEnoughEvidence(
            "outputs of the model on two splits were not given",
            "give the model, or predictions of both the validation and the test data",
        )
    return tuple(_compared(*pair, np.random.default_rng([seed, 117])) for pair in pairs)


def _compared(reference: Split, split: Split, rng: np.random.Generator) -> OutputShift:
    one, other, names = _aligned(reference, split)
    if min(len(one), len(other)) < LEAST_ROWS:
        raise NotEnoughEvidence(f"fewer than {LEAST_ROWS} rows with outputs", "give predictions of more rows")
    each = [compare_numbers(pooled_cells(one[:, k].copy(), other[:, k].copy())) for k in range(len(names))]
    p, low = each[0].p, each[0].low
    if len(names) > 1:
        # outputs lie on few values near 0 and 1: of the four tests of a column their shape says most (Rabanser 2019)
        together = compare_rows(_logits(one), _logits(other), rng)
        shapes = cauchy_combination([shift.shape for shift in each], np.ones(len(each)))
        parts, lows = [shapes, together.p], [misplaced(together.low), *(shift.low for shift in each)]
        if reference.classes:
            # a class that is rarer shows in how often it is said before the probabilities' shapes do
            said = compare_categories(*(np.bincount(o.argmax(1), minlength=len(names)) for o in (one, other)))
            parts.append(said.p)
            lows.append(said.low)
        p, low = cauchy_combination(parts, np.ones(len(parts))), max(lows)
    return OutputShift(
        reference.name, split.name, reference.name != "train" or _equally_scored(reference, split),
        len(one), len(other), names,
        tuple(s.distance for s in each), tuple(s.low for s in each), tuple(s.p for s in each),
        tuple((float(one[:, k].mean()), float(other[:, k].mean())) for k in range(len(names))),
        p, low,
    )  # fmt: skip


def _aligned(reference: Split, split: Split) -> tuple[Floats, Floats, tuple[str, ...]]:
    """Return outputs as columns in the reference's order; one of two probabilities, and the commonest of many."""
    assert reference.outputs is not None
    assert split.outputs is not None
    one, other = (o.reshape(len(o), -1) for o in (reference.outputs, split.outputs))
    same = set(reference.classes) == set(split.classes) and one.shape[1] == other.shape[1]
    if not same:
        raise NotEnoughEvidence(
            f"the outputs on {reference.name} and {split.name} stand for other classes",
            "predict both splits by the same model",
        )
    if reference.classes:
        other = other[:, [split.classes.index(name) for name in reference.classes]]
    names = reference.classes or tuple(f"output {k}" for k in range(one.shape[1]))
    if one.shape[1] == 2 and reference.classes:
        kept = np.array([1])
    else:
        kept = np.sort(np.argsort(-(one.mean(0) + other.mean(0)), kind="stable")[:MOST_CLASSES])
    sound = [o[np.isfinite(o).all(1)][:, kept] for o in (one, other)]
    return sound[0], sound[1], tuple(names[k] for k in kept) if one.shape[1] > 1 else ("the prediction",)


def misplaced(effect: float) -> float:
    """Return the share of rows that a shift of so many standard deviations puts out of place: 2 Φ(d / 2) - 1."""
    return math.erf(effect / math.sqrt(8))


def _logits(outputs: Floats) -> npt.NDArray[np.float32]:
    if outputs.min() < 0 or outputs.max() > 1:
        return outputs.astype(np.float32)
    clipped = np.clip(outputs, FINEST, 1 - FINEST)
    return np.log(clipped / (1 - clipped)).astype(np.float32)


def _equally_scored(train: Split, split: Split) -> bool:
    """Whether accuracy is known on both, and that on training rows is not higher by a point, at 95 %."""
    hits = [_hits(train), _hits(split)]
    if hits[0] is None or hits[1] is None:
        return False
    gap = float(hits[0].mean() - hits[1].mean())
    error = float(np.sqrt(hits[0].var() / len(hits[0]) + hits[1].var() / len(hits[1])))
    return gap + 1.645 * error < EQUAL_SCORE


def _hits(split: Split) -> Floats | None:
    if split.label is None or split.label.kind is not Kind.CATEGORY or split.outputs is None or not split.classes:
        return None
    code = {name: i for i, name in enumerate(split.label.levels)}
    said = np.array([code.get(name, -2) for name in split.classes])[split.outputs.argmax(1)]
    return np.asarray(said == split.label.values, np.float64)

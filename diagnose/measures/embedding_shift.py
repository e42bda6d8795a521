"""Whether embeddings of the held-out rows lie where those of the training rows do, and which lie farthest away."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from diagnose.data import EmbeddingArray, Split, SplitName
from diagnose.errors import NotEnoughEvidence
from diagnose.measures.independent_rows import IndependentRows
from diagnose.stats.basis import shared_basis
from diagnose.stats.directions import Directions, along_directions
from diagnose.stats.domain import Domain, classify
from diagnose.stats.kernels import Singles
from diagnose.stats.many_dimensions import Comparison, compare_rows

LEAST_ROWS = 10
"""Of either side: the test is exact of any number, and five folds of two rows are the least that give an area."""
MOVED = 20
"""Rows that are pointed at: what a person looks through."""


@dataclass(frozen=True, eq=False)
class EmbeddingShift:
    """The embeddings of one held-out split against those of the training data.

    Attributes
    ----------
    split
        Which split.
    embedded_by, dimensions
        What made the embeddings, and their number of coordinates.
    dropped
        Rows of both sides without finite embeddings, which were left out.
    comparison
        Are they of one population?
    directions
        Along which direction do they differ most?
    domain
        How well does a classifier tell them apart?
    moved
        Shape ``(k,)``: numbers of the split's rows that look least like training rows, the farthest first.
    scores
        Shape ``(k,)``: how far the classifier sees them, in standard deviations of the training rows.
    """

    split: SplitName
    embedded_by: str
    dimensions: int
    dropped: int
    comparison: Comparison
    directions: Directions
    domain: Domain
    moved: npt.NDArray[np.integer[Any]]
    scores: npt.NDArray[np.float64]


def embedding_shifts(
    train_split: Split, held_out: tuple[Split, ...], seed: int, independent_rows: IndependentRows | None = None
) -> tuple[EmbeddingShift, ...]:
    """Compare the embeddings of every held-out split that has some with those of the training; of groups a row each."""
    rows = independent_rows or IndependentRows(train_split, held_out, {}, "")
    train_split, held_out = rows.train, rows.held_out
    given = [split for split in held_out if split.embeddings is not None]
    if train_split.embeddings is None or not given:
        raise NotEnoughEvidence(
            "no embeddings of the training and the held-out rows were given",
            "give embeddings of both splits, or a model whose features serve as such: --model MODEL",
        )
    shifts = [_compared(train_split, train_split.embeddings, split, seed + i) for i, split in enumerate(given)]
    return tuple(replace(shift, moved=rows.numbers_of(shift.split, shift.moved)) for shift in shifts)


def _compared(train: Split, reference: EmbeddingArray, split: Split, seed: int) -> EmbeddingShift:
    assert split.embeddings is not None
    if split.embeddings.shape[1] != reference.shape[1]:
        raise NotEnoughEvidence(
            f"embeddings have {reference.shape[1]} numbers in training, {split.embeddings.shape[1]} in {split.name}",
            "make the embeddings of all splits by the same layer",
        )
    (first, _), (second, numbers) = _finite(reference), _finite(split.embeddings)
    if min(len(first), len(second)) < LEAST_ROWS:
        raise NotEnoughEvidence(f"fewer than {LEAST_ROWS} rows with embeddings", "give more rows")
    rng = np.random.default_rng([seed, 116])
    basis = shared_basis(first, second, rng)
    comparison = compare_rows(first, second, rng, basis=basis)
    domain = classify(first, second, rng, basis)
    farthest = np.argsort(-domain.scores, kind="stable")[:MOVED]
    return EmbeddingShift(
        split.name, split.embedded_by or train.embedded_by or "given", reference.shape[1],
        len(reference) + len(split.embeddings) - len(first) - len(second),
        comparison, along_directions(first, second, rng, basis), domain,
        numbers[domain.rows[farthest]], domain.scores[farthest],
    )  # fmt: skip


def _finite(embeddings: EmbeddingArray) -> tuple[Singles, npt.NDArray[np.intp]]:
    """Rows without gaps, and their numbers; a sum per row tells, so that nothing as large as the input is made."""
    with np.errstate(over="ignore", invalid="ignore"):
        sound = np.isfinite(embeddings.sum(1))
    if sound.all():
        return np.asarray(embeddings, np.float32), np.arange(len(embeddings))
    return np.asarray(embeddings[sound], np.float32), np.flatnonzero(sound)

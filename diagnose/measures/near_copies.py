"""Held-out rows that are nearly a training row: edited, resized, measured again."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from diagnose.data import Column, Kind, Split, SplitName
from diagnose.errors import NotEnoughEvidence
from diagnose.measures.copies import Copies
from diagnose.measures.near_copies_found import Found, How, RowNumbers, none_found
from diagnose.measures.near_images import PERCEPTUAL, PIXELS, near_images
from diagnose.measures.near_texts import near_texts, texts_of
from diagnose.stats.neighbours import (
    FAR,
    K,
    closeness_odds,
    dimension,
    nearest,
    standardised,
    surely,
    telling_columns,
    without_tails,
)

LEAST_COLUMNS = 4
"""Numbers of a row: fewer lie close to each other by chance."""
LEAST_ROWS = 60
"""Of training: fewer have no twentieth neighbour that is one."""
VECTORS = 1e8
"""Pairs of vectors that are compared at most: half a second. Of more, held-out rows are drawn."""
VALUES = 5e9
"""Values of them that are compared at most: of rows of more than fifty numbers fewer pairs."""
PAIRS = 1e9
"""Pairs of hashes that are compared at most: some seconds."""
LEAST_ASKED = 500
"""Held-out rows that are compared at least: a share of one in a hundred shows five times."""
SAMPLE = 300
"""Training rows by which it is told how close rows lie: in how many dimensions, to one in ten."""
WRONG = 0.01
"""Share of the near copies that may be chance."""
HALF = 0.5
"""The nearest lies at most half as far as the tenth: below, no model of how rows lie is needed to call it near."""

Drawn = tuple[RowNumbers, RowNumbers, int | None]
"""Training rows and held-out rows that are compared; how many held-out rows, if not all."""


@dataclass(frozen=True, eq=False)
class NearCopies:
    """The near copies in one held-out split; exact ones are not among them.

    Attributes
    ----------
    split, n
        Which, and its rows.
    found
        The rows.
    compared
        What was compared: texts, images, embeddings, numbers.
    """

    split: SplitName
    n: int
    found: Found
    compared: tuple[How, ...]

    @property
    def share(self) -> float:
        """Of its rows; of those compared, where a sample was and texts were not."""
        return len(self.found.rows) / (
            self.found.sampled if self.found.sampled and "text" not in self.compared else self.n
        )


def near_copies(
    train_split: Split,
    held_out: tuple[Split, ...],
    copies: tuple[Copies, ...] | None = None,
    seed: int = 0,
) -> tuple[NearCopies, ...]:
    """Compare every held-out row with every training row, by texts, images' hashes, embeddings and numbers."""
    answers = []
    repeated = next((c.rows for c in copies or () if c.split == "train"), np.zeros(0, np.int64))
    for split in held_out:
        exact = next((c.rows for c in copies or () if c.split == split.name), np.zeros(0, np.int64))
        found = [f for f in (
            _texts(train_split, split, exact, seed, repeated), _images(train_split, split, exact, seed),
            _embeddings(train_split, split, exact, seed) or _table(train_split, split, exact, seed),
        ) if f is not None]  # fmt: skip
        if found:
            joined = found[0]
            for other in found[1:]:
                joined = joined.joined(other)
            answers.append(NearCopies(split.name, split.n, joined, tuple(f.how for f in found)))
    if not answers:
        raise NotEnoughEvidence(
            f"rows have no texts, images, embeddings nor {LEAST_COLUMNS} numbers by which to tell near ones",
            "give embeddings of the rows: --embedding FILE.npy",
        )
    return tuple(answers)


def _texts(train: Split, split: Split, exact: RowNumbers, seed: int, repeated: RowNumbers) -> Found | None:
    first, second = texts_of(train), texts_of(split)
    return None if first is None or second is None else near_texts(first, second, exact, seed, repeated)


def _images(train: Split, split: Split, exact: RowNumbers, seed: int) -> Found | None:
    if PERCEPTUAL not in train.digests or PERCEPTUAL not in split.digests:
        return None
    known, asked, sampled = _sampled(train.n, np.setdiff1d(np.arange(split.n), exact), PAIRS, seed)
    found = near_images(train, split, known, asked, seed)
    return None if found is None else replace(found, sampled=sampled)


def _embeddings(train: Split, split: Split, exact: RowNumbers, seed: int) -> Found | None:
    first, second = train.embeddings, split.embeddings
    if first is None or second is None or first.shape[1] != second.shape[1]:
        return None
    if train.embedded_by.startswith("hashed") or (PIXELS in train.digests and train.embedded_by.endswith("pixels")):
        return None  # of texts or images, which are compared themselves
    most = min(VECTORS, VALUES / max(first.shape[1], 1))
    drawn = _sampled(train.n, np.setdiff1d(np.arange(split.n), exact), most, seed)
    return _vectors(np.nan_to_num(first[drawn[0]]), np.nan_to_num(second[drawn[1]]), drawn, "embeddings", seed)


def _table(train: Split, split: Split, exact: RowNumbers, seed: int) -> Found | None:
    pairs = [
        (column, other)
        for column in train.columns
        if not column.made_of and (other := split.column(column.name)) is not None and other.kind is column.kind
    ]
    numbers = [pair for pair in pairs if pair[0].kind is Kind.NUMBER]
    if len(numbers) < LEAST_COLUMNS:
        return None
    most = min(VECTORS, VALUES / len(numbers))
    drawn = _sampled(train.n, np.setdiff1d(np.arange(split.n), exact), most, seed)
    sides = [np.column_stack([pair[side].values[drawn[side]] for pair in numbers]) for side in (0, 1)]
    if not min(map(len, sides)):
        return none_found("numbers")
    middle = np.nan_to_num(np.nanmedian(np.where(np.isnan(sides[0]).all(axis=0), 0, sides[0]), axis=0))
    filled = [np.where(np.isnan(side), middle, side).astype(np.float32).astype(np.float64) for side in sides]
    found = _vectors(*without_tails(filled[0], filled[1]), drawn, "numbers", seed)
    same = np.ones(len(found.rows), np.bool_)
    for column, other in pairs:
        if column.kind is Kind.CATEGORY:
            same &= _names(column, found.partners) == _names(other, found.rows)
    return Found("numbers", found.rows[same], found.partners[same], found.closeness[same], found.sampled)


def _names(column: Column, rows: RowNumbers) -> npt.NDArray[np.object_]:
    found: npt.NDArray[np.object_] = np.array([*column.levels, ""], object)[column.values[rows]]
    return found


def _vectors(
    first: npt.NDArray[np.floating], second: npt.NDArray[np.floating], drawn: Drawn, how: How, seed: int
) -> Found:
    """Compare the rows that were drawn, whose values ``first`` and ``second`` are."""
    known, asked, sampled = drawn
    if len(known) < LEAST_ROWS or not len(asked):
        return none_found(how)
    reference, queries = standardised(first.astype(np.float64), second.astype(np.float64))
    if reference.shape[1] < LEAST_COLUMNS:
        return none_found(how)
    some = np.sort(np.random.default_rng(seed).permutation(len(known))[:SAMPLE])
    dimensions = dimension(nearest(reference[some], reference, FAR, some).distances)
    found = nearest(queries, reference, FAR)
    odds = closeness_odds(found.distances, dimensions)
    some = np.flatnonzero(surely(odds, len(asked), WRONG))
    telling = telling_columns(queries[some], reference[found.row[some]], reference)
    odds[some] = closeness_odds(found.distances[some], np.minimum(telling, dimensions))
    ratio = found.distances[:, 0] / np.maximum(found.distances[:, K - 1], 1e-300)
    near = surely(odds, len(asked), WRONG) & (ratio <= HALF)
    if how == "numbers":  # equal rows are told from chance by their columns, where copies are looked for
        near &= found.distances[:, 0] > 0
    return Found(how, asked[near], known[found.row[near]], 1 - ratio[near], sampled)


def _sampled(n: int, asked: RowNumbers, most: float, seed: int) -> Drawn:
    """Return the training rows and the held-out rows that are compared, and how many held-out rows if not all.

    Held-out rows are drawn first: a copy is found if it is asked for and its original is there.
    """
    rng = np.random.default_rng(seed)
    known = np.arange(n)
    if n > most / LEAST_ASKED:
        known = np.sort(rng.permutation(n)[: int(most / LEAST_ASKED)])
    count = max(int(most / len(known)), 1)
    if len(asked) <= count:
        return known, asked, None if len(known) == n else len(asked)
    return known, np.sort(rng.permutation(asked)[:count]), count

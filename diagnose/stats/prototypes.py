"""Nearest class means of embeddings: do classes lie apart, also those that training never saw?

A prototype is the mean of a class's embeddings (Snell et al. 2017). Nothing is trained, so that the answer for classes
with a handful of rows is as good as for others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from diagnose.errors import InputError, NotEnoughEvidence
from diagnose.stats.auc import auc
from diagnose.stats.probe_rows import codes_of, feature_matrix
from diagnose.stats.shares import NORMAL_95, Estimate, Floats, Ints, share_of

Distance = Literal["cosine", "euclidean"]

SHOTS = (1, 5, 10)
"""Examples of a class, as is usual since Vinyals et al. (2016)."""
OF_NOISE = 1.35
"""Standard deviation of the accuracy of embeddings that tell nothing, leaving one out, over that of independent rows:
rows share the means. Simulated, of 2 to 4 classes and 40 to 200 rows of 20 or 500 columns: 1.20 to 1.33, and
1.6 of a single column; the test holds two of these cases."""
DRAWS = 50
"""Random choices of the examples: the standard error of their mean is a seventh of their spread."""
MOST_JUDGED = 20
"""Rows of a class that judge one choice; all draws together see most of them."""


@dataclass(frozen=True, eq=False)
class Prototypes:
    """How well the nearest class mean tells the class, each row's own being without the row.

    Attributes
    ----------
    accuracy, low, high
        With Wilson's 95 % interval. Rows that are alone in their class take part as others' prototypes only.
    chance
        Accuracy of guessing among the classes by their number.
    predicted, is_judged
        Class said of each row, and whether the row counts, shape ``(n,)``.
    classes
        Sorted.
    by_class
        Accuracy of each class, NaN where it has one row.
    """

    accuracy: float
    low: float
    high: float
    chance: float
    predicted: npt.NDArray[Any]
    is_judged: npt.NDArray[np.bool_]
    classes: npt.NDArray[Any]
    by_class: Floats

    @property
    def is_better_than_chance(self) -> bool:
        """Whether noise would seldom come to this accuracy: once in forty."""
        error = np.sqrt(self.chance * (1 - self.chance) / self.is_judged.sum())
        return bool(self.accuracy - self.chance > NORMAL_95 * OF_NOISE * error)


@dataclass(frozen=True, eq=False)
class FewShot:
    """Accuracy with few examples a class, drawn at random again and again.

    Attributes
    ----------
    shots
        Examples a class.
    accuracy, low, high
        Mean over classes and draws, and its 95 % interval: draws, and rows of the classes.
    n_classes
        Classes with more rows than that.
    chance
        One over their number.
    """

    shots: int
    accuracy: float
    low: float
    high: float
    n_classes: int
    chance: float


@dataclass(frozen=True, eq=False)
class Novelty:
    """Classes that training never saw, in embeddings.

    Attributes
    ----------
    novelty
        AUC, with its 95 % interval, of the distance to the nearest prototype of a known class, unseen rows against
        known rows of the same split: 0.5 where distance does not tell them.
    among_unseen
        Do unseen classes lie apart from each other? None where there is one only, or none with two rows.
    among_all
        Do they from each other and from known ones? Prototypes of known classes are those of training.
    few_shot
        Accuracy among the unseen classes with few examples of each.
    """

    novelty: Estimate
    among_unseen: Prototypes | None
    among_all: Prototypes
    few_shot: tuple[FewShot, ...]


def prototypes(embeddings: npt.ArrayLike, labels: npt.ArrayLike, *, distance: Distance = "cosine") -> Prototypes:
    """Tell each row's class by the nearest class mean, that of its own class being without the row.

    Parameters
    ----------
    embeddings, labels
        Shapes ``(n, d)`` and ``(n,)``.
    distance
        Cosine: rows are scaled to length one, means not centred (Snell et al. 2017 found Euclidean distance better for
        embeddings that were trained for it; of others the length is mostly the input's contrast).

    Raises
    ------
    InputError
        Where arrays do not fit together or hold what is not finite.
    NotEnoughEvidence
        One class, or no class of two rows.

    References
    ----------
    Snell, Swersky & Zemel (2017), Prototypical Networks for Few-shot Learning.

    Examples
    --------
    >>> found = prototypes([[1, 0], [1, 0.1], [0, 1], [0.1, 1]], ["a", "a", "b", "b"])
    >>> found.accuracy, found.predicted.tolist()
    (1.0, ['a', 'a', 'b', 'b'])
    """
    rows, given = _embedded(embeddings, distance), np.asarray(labels)
    classes, codes = _classes(given, len(rows))
    return _judged(rows, codes, classes, *_sums(rows, codes, len(classes)), np.ones(len(rows), bool), distance)


def few_shot(
    embeddings: npt.ArrayLike,
    labels: npt.ArrayLike,
    *,
    shots: tuple[int, ...] = SHOTS,
    distance: Distance = "cosine",
    seed: int = 0,
) -> tuple[FewShot, ...]:
    """Tell classes by prototypes of few examples, drawn at random; all other rows judge.

    Only numbers of examples for which two classes have more rows are in the result, which may be empty.
    """
    rows, given = _embedded(embeddings, distance), np.asarray(labels)
    _, codes = _classes(given, len(rows))
    rng = np.random.default_rng(seed)
    found = (_few(rows, codes, k, distance, rng) for k in shots)
    return tuple(one for one in found if one is not None)


def novelty(  # noqa: PLR0913  two splits and how to look at them
    train_embeddings: npt.ArrayLike,
    train_labels: npt.ArrayLike,
    val_embeddings: npt.ArrayLike,
    val_labels: npt.ArrayLike,
    *,
    distance: Distance = "cosine",
    seed: int = 0,
) -> Novelty:
    """Look at classes of validation that training never saw.

    Parameters
    ----------
    train_embeddings, train_labels, val_embeddings, val_labels
        Shapes ``(n, d)``, ``(n,)``, ``(m, d)`` and ``(m,)``.

    Raises
    ------
    InputError
        Where arrays do not fit together or hold what is not finite.
    NotEnoughEvidence
        Fewer than two rows of unseen classes, or of known ones, in validation.
    """
    train, val = _embedded(train_embeddings, distance), _embedded(val_embeddings, distance)
    known, given = np.asarray(train_labels), np.asarray(val_labels)
    if train.shape[1] != val.shape[1]:
        raise InputError(f"embeddings of training have {train.shape[1]} columns, those of validation {val.shape[1]}")
    if known.shape != (len(train),) or given.shape != (len(val),):
        raise InputError(
            f"{len(train)} and {len(val)} rows came with labels of shapes {known.shape} and {given.shape}; "
            "one label a row is expected"
        )
    unseen = ~np.isin(given, known)
    if unseen.sum() < 2 or (~unseen).sum() < 2:
        raise NotEnoughEvidence(
            f"validation holds {int(unseen.sum())} rows of classes that training never saw and "
            f"{int((~unseen).sum())} of others; two of both are needed",
            "give a validation set with rows of unseen and of known classes",
        )
    train_codes = codes_of(known)
    sums, counts = _sums(train, train_codes, int(train_codes.max()) + 1)
    away = _distances(val, sums / counts[:, None], distance).min(axis=1)
    area, error = auc(away, unseen)
    half = NORMAL_95 * error
    return Novelty(
        Estimate(area, max(area - half, 0.0), min(area + half, 1.0)),
        _among_unseen(val[unseen], given[unseen], distance),
        _among_all(train, known, val, given, unseen, distance),
        few_shot(val[unseen], given[unseen], distance=distance, seed=seed) if len(np.unique(given[unseen])) > 1 else (),
    )


def _among_unseen(rows: Floats, labels: npt.NDArray[Any], distance: Distance) -> Prototypes | None:
    _, counts = np.unique(labels, return_counts=True)
    return prototypes(rows, labels, distance=distance) if len(counts) > 1 and counts.max() > 1 else None


def _among_all(  # noqa: PLR0913, PLR0917  two splits and which rows are unseen
    train: Floats,
    known: npt.NDArray[Any],
    val: Floats,
    given: npt.NDArray[Any],
    unseen: npt.NDArray[np.bool_],
    distance: Distance,
) -> Prototypes:
    """Judge validation rows by means of training, and of unseen classes by those of their other validation rows."""
    labels = np.concatenate([known, given])
    classes, codes = np.unique(labels, return_inverse=True)
    codes = np.asarray(codes, dtype=np.int64).reshape(-1)
    makes = np.concatenate([np.ones(len(train), bool), unseen])
    rows = np.concatenate([train, val])
    sums, counts = _sums(rows[makes], codes[makes], len(classes))
    return _judged(val, codes[len(train) :], classes, sums, counts, unseen, distance)


def _judged(  # noqa: PLR0913, PLR0917  rows and prototypes
    rows: Floats,
    codes: Ints,
    classes: npt.NDArray[Any],
    sums: Floats,
    counts: Floats,
    inside: npt.NDArray[np.bool_],
    distance: Distance,
) -> Prototypes:
    """Judge rows by class sums; a row that is inside its class's is taken out of it."""
    away = _distances(rows, sums / np.maximum(counts, 1)[:, None], distance)
    left = counts[codes] - inside
    without = (sums[codes] - inside[:, None] * rows) / np.maximum(left, 1)[:, None]
    away[np.arange(len(rows)), codes] = _paired(rows, without, distance)
    judged = left > 0
    if not judged.any():
        raise NotEnoughEvidence("no class has two rows", "give at least two rows of a class")
    said = away.argmin(axis=1)
    right = (said == codes).astype(np.float64)
    found = share_of(right[judged])
    by_class = np.array([right[judged & (codes == c)].mean() if (judged & (codes == c)).any() else np.nan
                         for c in range(len(classes))])  # fmt: skip
    return Prototypes(*found, 1 / len(classes), classes[said], judged, classes, by_class)


def _few(rows: Floats, codes: Ints, shots: int, distance: Distance, rng: np.random.Generator) -> FewShot | None:
    counts = np.bincount(codes)
    large = np.flatnonzero(counts > shots)
    if len(large) < 2:
        return None
    members = [np.flatnonzero(codes == c) for c in large]
    draws = np.empty((DRAWS, len(large)))
    for draw in range(DRAWS):
        split = [np.split(rng.permutation(of), [shots]) for of in members]
        means = np.stack([rows[examples].mean(axis=0) for examples, _ in split])
        judged = [others[:MOST_JUDGED] for _, others in split]
        at = np.repeat(np.arange(len(large)), [len(some) for some in judged])
        right = _distances(rows[np.concatenate(judged)], means, distance).argmin(axis=1) == at
        draws[draw] = np.bincount(at, right) / np.bincount(at)
    mean = float(draws.mean())
    within = draws.mean(axis=0)
    n = np.maximum(counts[large] - shots, 1)
    variance = draws.mean(axis=1).var(ddof=1) / DRAWS + (within * (1 - within) / n).sum() / len(large) ** 2
    half = NORMAL_95 * float(np.sqrt(variance))
    return FewShot(shots, mean, max(mean - half, 0.0), min(mean + half, 1.0), len(large), 1 / len(large))


def _embedded(embeddings: npt.ArrayLike, distance: Distance) -> Floats:
    """Return embeddings as numbers, for cosine of length one."""
    if distance not in ("cosine", "euclidean"):
        raise InputError(f"distance '{distance}' is not known; 'cosine' or 'euclidean' is expected")
    rows = feature_matrix(embeddings)
    if distance == "euclidean":
        return rows
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.finfo(np.float64).tiny))


def _classes(labels: npt.NDArray[Any], n: int) -> tuple[npt.NDArray[Any], Ints]:
    if labels.shape != (n,):
        raise InputError(f"{n} rows came with labels of shape {labels.shape}; one label a row is expected")
    classes, codes = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        raise NotEnoughEvidence(f"all {n} rows have the label {classes[0]}", "give rows of two classes at least")
    return classes, np.asarray(codes, dtype=np.int64).reshape(-1)


def _sums(rows: Floats, codes: Ints, k: int) -> tuple[Floats, Floats]:
    sums = np.zeros((k, rows.shape[1]))
    np.add.at(sums, codes, rows)
    return sums, np.bincount(codes, minlength=k).astype(np.float64)


def _distances(rows: Floats, means: Floats, distance: Distance) -> Floats:
    """Return distances ``(n, k)``: one less the cosine, or squared."""
    if distance == "cosine":
        lengths = np.maximum(np.linalg.norm(means, axis=1), np.finfo(np.float64).tiny)
        return np.asarray(1 - rows @ (means / lengths[:, None]).T)
    squares = (rows**2).sum(axis=1)[:, None] - 2 * rows @ means.T + (means**2).sum(axis=1)
    return np.asarray(np.maximum(squares, 0.0))


def _paired(rows: Floats, means: Floats, distance: Distance) -> Floats:
    """Return the distance of each row to the mean of the same place, shape ``(n,)``."""
    if distance == "cosine":
        lengths = np.maximum(np.linalg.norm(means, axis=1), np.finfo(np.float64).tiny)
        return np.asarray(1 - (rows * means).sum(axis=1) / lengths)
    return np.asarray(((rows - means) ** 2).sum(axis=1))

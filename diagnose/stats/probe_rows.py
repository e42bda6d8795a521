"""Features and labels made ready for a linear probe: checked, standardised, and labels as columns to learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from diagnose.errors import InputError, NotEnoughEvidence
from diagnose.stats.probes import indicators

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MOST_COLUMNS = 2048
"""Columns of ResNet-50's last block; a Gram matrix of that side takes seconds. Distances between rows are kept to
within some per cent by a random projection onto as many (Johnson & Lindenstrauss 1984)."""
LEAST_ROWS = 3
"""Leaving one out leaves two, by which a spread is told."""
CONSTANT = 1e-6
"""Spread relative to the largest value, below which a column of single precision is constant but for rounding."""


@dataclass(frozen=True, eq=False)
class Standardising:
    """How features were standardised, so that others are made alike.

    Attributes
    ----------
    mean, scale
        What was taken off and divided by, shape ``(columns,)``.
    varied
        Columns of the given features that are not constant.
    projection
        Shape ``(varied columns, columns)``, or none.
    n_given
        Columns of the given features.
    """

    mean: Floats
    scale: Floats
    varied: npt.NDArray[np.bool_]
    projection: Floats | None
    n_given: int

    @property
    def is_projected(self) -> bool:
        """Whether columns are random projections of more."""
        return self.projection is not None

    def like(self, features: Floats) -> Floats:
        """Return other rows, standardised as these were."""
        if features.shape[1] != self.n_given:
            raise InputError(f"the rows have {features.shape[1]} columns, those of the probe {self.n_given}")
        scaled = (features[:, self.varied] - self.mean) / self.scale
        return scaled if self.projection is None else np.asarray(scaled @ self.projection)


@dataclass(frozen=True, eq=False)
class Targets:
    """Labels and the columns by which they are learnt.

    Attributes
    ----------
    values
        As given, shape ``(n,)``.
    classes
        Sorted; empty where the label is a number.
    codes
        Class of each row from 0; zeros where the label is a number.
    columns
        What is learnt, shape ``(n, k)``.
    """

    values: npt.NDArray[Any]
    classes: npt.NDArray[Any]
    codes: Ints
    columns: Floats

    @property
    def is_number(self) -> bool:
        """Whether the label is a number and not a class."""
        return not len(self.classes)

    @property
    def balanced_weights(self) -> Floats:
        """Weights of mean one by which every class has the same sum, shape ``(n,)``."""
        if self.is_number:
            return np.ones(len(self.values))
        n = np.bincount(self.codes)
        return np.asarray(len(self.codes) / (len(n) * n[self.codes]))

    def said(self, outputs: Floats) -> npt.NDArray[Any]:
        """Return the class or value that outputs ``(m, k)`` stand for."""
        return outputs[:, 0] if self.is_number else np.asarray(self.classes[outputs.argmax(axis=1)])

    def reordered(self, order: Ints) -> Targets:
        """Return the labels of other rows."""
        return Targets(self.values[order], self.classes, self.codes[order], self.columns[order])

    def majority_error(self, *, balanced: bool) -> float:
        """Return the error of always saying the commonest class, or the mean."""
        if self.is_number:
            return 1.0
        n = np.bincount(self.codes)
        return 1 - 1 / len(n) if balanced else float(1 - n.max() / n.sum())


def feature_matrix(features: npt.ArrayLike) -> Floats:
    """Return features as a matrix of finite numbers.

    Raises
    ------
    InputError
        Of another shape, or of values that are not finite.
    NotEnoughEvidence
        Of no column or no row.
    """
    given = np.asarray(features)
    if given.ndim != 2:
        raise InputError(
            f"features have shape {given.shape}; a matrix of rows and columns is expected: pool or flatten them"
        )
    if given.dtype.kind not in "fiub":
        raise InputError(f"features are of type {given.dtype}; numbers are expected")
    if not given.size:
        raise NotEnoughEvidence(f"features have shape {given.shape}, which holds no number", "give rows with features")
    made = given.astype(np.float64)
    bad = int((~np.isfinite(made)).any(axis=1).sum())
    if bad:
        raise InputError(f"{bad} of {len(made)} rows of features hold values that are not finite")
    return made


def targets_of(labels: npt.ArrayLike, n: int, *, is_number: bool) -> Targets:
    """Return labels with the columns by which they are learnt.

    Raises
    ------
    InputError
        Where they are not one a row, or numbers that are not finite.
    NotEnoughEvidence
        Of fewer than three rows, or all the same.
    """
    given = np.asarray(labels)
    if given.shape != (n,):
        raise InputError(f"{n} rows of features came with labels of shape {given.shape}; one label a row is expected")
    if n < LEAST_ROWS:
        raise NotEnoughEvidence(f"{n} rows are too few for a probe", f"give at least {LEAST_ROWS} rows")
    if is_number and given.dtype.kind not in "fiub":
        raise InputError(f"labels are of type {given.dtype}; numbers are expected of a regression")
    if given.dtype.kind == "f" and not np.isfinite(given).all():
        raise InputError(f"{int((~np.isfinite(given)).sum())} of {n} labels are not finite")
    classes, codes = np.unique(given, return_inverse=True)
    if len(classes) < 2:
        raise NotEnoughEvidence(f"all {n} rows have the label {classes[0]}", "give rows of two classes at least")
    if is_number:
        values = given.astype(np.float64)
        return Targets(values, classes[:0], np.zeros(n, np.int64), values[:, None])
    coded = np.asarray(codes, dtype=np.int64).reshape(-1)
    return Targets(given, classes, coded, indicators(coded, len(classes)))


def codes_of(values: npt.NDArray[Any]) -> Ints:
    """Return codes from 0 of what is the same, shape ``(n,)``."""
    return np.asarray(np.unique(values, return_inverse=True)[1], dtype=np.int64).reshape(-1)


def prepared(features: Floats, weights: Floats, *, seed: int, standardise: bool) -> tuple[Floats, Standardising]:
    """Return features of weighted mean zero and unit spread, without constant columns, and how they were made.

    Raises
    ------
    NotEnoughEvidence
        If no column varies.
    """
    varied = np.asarray(np.ptp(features, axis=0) > CONSTANT * np.abs(features).max(axis=0))
    if not varied.any():
        raise NotEnoughEvidence(
            f"all {features.shape[1]} features are the same in all {len(features)} rows",
            "give features that tell rows apart: these may come from a dead block",
        )
    kept = features[:, varied]
    mean = weights @ kept / len(kept)
    centred = kept - mean
    spread = np.sqrt(weights @ centred**2 / len(kept))
    scale = spread if standardise else np.full(len(spread), float(np.sqrt((spread**2).mean())))
    centred /= scale
    projection = None
    if min(centred.shape) > MOST_COLUMNS:
        rng = np.random.default_rng(seed)
        projection = rng.standard_normal((centred.shape[1], MOST_COLUMNS)) / np.sqrt(MOST_COLUMNS)
        centred = np.asarray(centred @ projection)
    return centred, Standardising(mean, scale, varied, projection, features.shape[1])

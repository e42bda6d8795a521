"""Losses and scores of scikit-learn's estimators, by what they can say of a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from diagnose.data import FloatArray

LEAST = 1e-15
"""Least probability in a log loss: one certain mistake must not make it infinite."""
MOST_ROWS = 20_000
"""Rows that a loss is computed from, evenly spaced: its standard error is then below 1 % of the spread of one row."""


Pair = tuple[Any, Any]
"""Inputs and labels."""


def pair(data: Any) -> Pair | None:
    """Return inputs and labels that are at hand as such; paths and tables with a label column serve the report."""
    return (data[0], data[1]) if isinstance(data, (tuple, list)) and len(data) == 2 else None


def thinned(x: Any, y: Any, most: int = MOST_ROWS) -> tuple[Any, npt.NDArray[Any]]:
    """Return at most so many rows, evenly spaced, as the kind of table that they are."""
    labels = np.asarray(y)
    if len(labels) <= most:
        return x, labels
    rows = np.linspace(0, len(labels) - 1, most).astype(np.int64)
    return (x.iloc[rows] if hasattr(x, "iloc") else x[rows]), labels[rows]


def scores(model: Any, x: Any, y: Any) -> dict[str, float]:
    """Return the loss, where there is one, and the score of a fitted estimator on rows.

    A classifier's loss is the log loss where it has probabilities, else the hinge loss of its decisions, one class
    against the rest as such estimators are trained; a regressor's is the squared error.
    """
    if not hasattr(model, "classes_"):
        return values_scores(model.predict(x), y)
    if hasattr(model, "predict_proba"):
        return chances_scores(model.predict_proba(x), model.classes_, y)
    found = {"accuracy": float(np.mean(np.asarray(model.predict(x)) == y))}
    if hasattr(model, "decision_function"):
        found["loss"] = _hinge(np.asarray(model.decision_function(x), dtype=np.float64), model.classes_, y)
    return found


def joined(pieces: list[Pair]) -> Pair | None:
    """Return the rows of all batches as one where they are arrays, else those of the last."""
    if len(pieces) > 1 and all(isinstance(x, np.ndarray) for x, _ in pieces):
        return np.concatenate([x for x, _ in pieces]), np.concatenate([np.asarray(y) for _, y in pieces])
    return pieces[-1] if pieces else None


def mean_scores(model: Any, pieces: list[Pair]) -> dict[str, float]:
    """Return the mean over batches, weighted by their rows."""
    rows = [len(y) for _, y in pieces]
    each = [scores(model, *thinned(x, y)) for x, y in pieces]
    return {name: sum(n * s.get(name, 0.0) for n, s in zip(rows, each, strict=True)) / sum(rows) for name in each[-1]}


def staged_scores(model: Any, x: Any, y: Any) -> Iterator[Mapping[str, float]]:
    """Yield the same after every round of boosting; nothing where the estimator has no rounds."""
    if hasattr(model, "staged_predict_proba"):
        yield from (chances_scores(stage, model.classes_, y) for stage in model.staged_predict_proba(x))
    elif hasattr(model, "staged_predict") and not hasattr(model, "classes_"):
        yield from (values_scores(stage, y) for stage in model.staged_predict(x))


def values_scores(predicted: Any, y: npt.NDArray[Any]) -> dict[str, float]:
    """Return the mean squared error, and R² where the truth varies.

    Examples
    --------
    >>> values_scores(np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 3.0]))
    {'loss': 0.3333333333333333, 'r2': 0.5}
    """
    truth = np.asarray(y, dtype=np.float64)
    loss = float(np.mean((np.asarray(predicted, dtype=np.float64).reshape(truth.shape) - truth) ** 2))
    spread = float(np.mean((truth - truth.mean(axis=0)) ** 2))
    return {"loss": loss, "r2": 1 - loss / spread} if spread > 0 else {"loss": loss}


def chances_scores(chances: Any, classes: Any, y: npt.NDArray[Any]) -> dict[str, float]:
    """Return the log loss and the accuracy; a label that training never saw has the least probability.

    Examples
    --------
    >>> chances_scores(np.array([[0.5, 0.5], [0.25, 0.75]]), np.array(["cat", "dog"]), np.array(["cat", "dog"]))
    {'loss': 0.4904146265058631, 'accuracy': 1.0}
    """
    given = np.asarray(chances, dtype=np.float64)
    if y.ndim > 1:  # several labels a row, each on or off
        on = np.clip(given, LEAST, 1 - LEAST)
        loss = -np.mean(np.where(y != 0, np.log(on), np.log(1 - on)))
        return {"loss": float(loss), "accuracy": float(np.mean(np.all((given > 0.5) == (y != 0), axis=1)))}
    known, code = _codes(classes, y)
    own = np.where(known, given[np.arange(len(y)), code], 0.0)
    hit = known & (given.argmax(axis=1) == code)
    return {"loss": float(-np.mean(np.log(np.clip(own, LEAST, 1)))), "accuracy": float(np.mean(hit))}


def _hinge(decisions: FloatArray, classes: Any, y: npt.NDArray[Any]) -> float:
    known, code = _codes(classes, y)
    if decisions.ndim == 1:
        signs = np.where(code == 1, 1.0, -1.0)
        return float(np.mean(np.where(known, np.maximum(0, 1 - signs * decisions), 1 + np.abs(decisions))))
    signs = np.where(known[:, None] & (code[:, None] == np.arange(decisions.shape[1])), 1.0, -1.0)
    return float(np.mean(np.maximum(0, 1 - signs * decisions)))


def _codes(classes: Any, y: npt.NDArray[Any]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.intp]]:
    names = np.asarray(classes)
    code = np.minimum(np.searchsorted(names, y), len(names) - 1)
    return names[code] == y, code

"""Stand-ins that take seconds: the last layer alone, refitted on the model's features.

They speak of remedies that concern the last layer or the training rows, and of nothing that changes the features.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from diagnose.stats.probes import one_thread
from diagnose.trials.candidates import Candidate
from diagnose.trials.effects import Effect, paired

REFITS = 10
"""Bootstrap samples of the training rows, each refitted with and without the remedy."""
MOST_ROWS = 2_000
"""Training rows that are refitted on: a fit of 500 features and ten classes then takes about a second."""
DECAY = 0.01
"""Where the run's own decay is not known: the usual one of AdamW."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class HeadData:
    """Features in front of the last layer, ``(n, d)``, and labels, ``(n,)``, of training and validation rows."""

    train_features: npt.ArrayLike
    train_labels: npt.ArrayLike
    val_features: npt.ArrayLike
    val_labels: npt.ArrayLike


@dataclass(frozen=True, eq=False)
class Rows:
    """Training rows of one refit: features, class codes, weights, and their numbers in the training set."""

    x: Floats
    y: npt.NDArray[Any]
    weights: Floats
    number: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Head:
    """How the last layer is fitted: decay, share of a target that is spread over all classes."""

    decay: float
    smoothing: float = 0.0


Turned = Callable[[Rows, Head], tuple[Rows, Head]]


def stood_in(
    data: HeadData, candidates: Sequence[Candidate], base: Mapping[str, Any], seed: int = 0
) -> dict[str, Effect]:
    """Return what refitting the last layer says of each candidate that concerns it, by key; in accuracy."""
    turns = {c.key: turn for c in candidates if (turn := turn_of(c.changes)) is not None}
    if not turns:
        return {}
    x, y = np.asarray(data.train_features, np.float64), np.asarray(data.train_labels)
    held, truth = np.asarray(data.val_features, np.float64), np.asarray(data.val_labels)
    mean, scale = x.mean(0), np.maximum(x.std(0), 1e-9)
    x, held = (x - mean) / scale, (held - mean) / scale
    rng = np.random.default_rng(seed)
    head = Head(float(base.get("weight_decay") or DECAY), float(base.get("label_smoothing") or 0.0))
    differences: dict[str, list[float]] = {key: [] for key in turns}
    with one_thread():
        for _ in range(REFITS):
            drawn = np.sort(rng.integers(0, len(x), min(len(x), MOST_ROWS)))
            rows = Rows(x[drawn], y[drawn], np.ones(len(drawn)), drawn)
            before = accuracy(rows, head, held, truth)
            for key, turn in turns.items():
                after = accuracy(*turn(rows, head), held, truth)
                differences[key].append(after - before)
    return {key: paired(found, n_val=len(truth)) for key, found in differences.items()}


def turn_of(changes: Mapping[str, Any]) -> Turned | None:
    """Return what a remedy does to a refit; None where it concerns more than the last layer and the rows."""
    turns = [_TURNS[key](value) for key, value in changes.items() if key in _TURNS]
    if not turns or len(turns) < len(changes):
        return None

    def all_of_them(rows: Rows, head: Head) -> tuple[Rows, Head]:
        for turn in turns:
            rows, head = turn(rows, head)
        return rows, head

    return all_of_them


def accuracy(rows: Rows, head: Head, held: Floats, truth: npt.NDArray[Any]) -> float:
    """Fit a softmax regression on the rows, and return the share of held-out rows that it names."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

    x, y, weights = rows.x, rows.y, rows.weights
    classes = np.unique(y)
    if len(classes) < 2:
        return float(np.mean(truth == y[0])) if len(y) else 0.0
    if head.smoothing > 0:
        # a soft target is the same loss as every class once, weighted
        spread = head.smoothing / len(classes)
        x = np.concatenate([x, *[x] * len(classes)])
        y = np.concatenate([y, *[np.full(len(rows.y), one) for one in classes]])
        weights = np.concatenate([weights * (1 - head.smoothing), *[weights * spread] * len(classes)])
    # decay d of a mean loss is a penalty of n d / 2: C = 1 / (n d)
    penalty = 1 / max(float(rows.weights.sum()) * head.decay, 1e-9)
    model = LogisticRegression(C=penalty, tol=1e-2, max_iter=100)
    import warnings  # noqa: PLC0415

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # not converged: a stand-in need not
        model.fit(x, y, sample_weight=weights)
    return float(np.mean(model.predict(held) == truth))


def _decayed(value: Any) -> Turned:
    return lambda rows, head: (rows, replace(head, decay=max(float(value), 1e-9)))


def _smoothed(value: Any) -> Turned:
    return lambda rows, head: (rows, replace(head, smoothing=float(value)))


def _weighted(value: Mapping[Any, float]) -> Turned:
    by_name = {str(key): float(weight) for key, weight in value.items()}

    def turn(rows: Rows, head: Head) -> tuple[Rows, Head]:
        factor = np.array([by_name.get(str(label), 1.0) for label in rows.y.tolist()])
        return replace(rows, weights=rows.weights * factor), head

    return turn


def _deduplicated(value: Any) -> Turned:
    def turn(rows: Rows, head: Head) -> tuple[Rows, Head]:
        if not value:
            return rows, head
        # a bootstrap draws a row twice: that is no copy, so drawn rows count with their number
        _, first = np.unique(np.round(rows.x, 9), axis=0, return_index=True)
        kept = np.isin(rows.number, rows.number[first])
        return _chosen(rows, kept), head

    return turn


def _dropped(value: Any) -> Turned:
    gone = np.asarray(numbers_of(value), dtype=np.int64)
    return lambda rows, head: (_chosen(rows, ~np.isin(rows.number, gone)), head)


def _reweighted(value: Any) -> Turned:
    weights = weights_of(value)

    def turn(rows: Rows, head: Head) -> tuple[Rows, Head]:
        factor = np.array([weights.get(int(number), 1.0) for number in rows.number])
        return replace(rows, weights=rows.weights * factor), head

    return turn


def _chosen(rows: Rows, kept: npt.NDArray[np.bool_]) -> Rows:
    return Rows(rows.x[kept], rows.y[kept], rows.weights[kept], rows.number[kept])


_TURNS: Mapping[str, Callable[[Any], Turned]] = {
    "weight_decay": _decayed,
    "label_smoothing": _smoothed,
    "class_weights": _weighted,
    "deduplicate": _deduplicated,
    "drop_rows": _dropped,
    "sample_weights": _reweighted,
}


def numbers_of(value: Mapping[str, Any]) -> list[int]:
    """Return the numbers of the rows that a setting names, from itself or from its file."""
    if "file" in value:
        return [int(line["row"]) for line in _table(value["file"])]
    rows = value.get("rows", [])
    return [int(row) for row in rows] if not isinstance(rows, int) else []


def weights_of(value: Mapping[str, Any]) -> dict[int, float]:
    """Return weights by the number of the row, from the file that a setting names."""
    return {int(line["row"]): float(line["weight"]) for line in _table(value["file"])} if "file" in value else {}


def _table(path: str) -> list[dict[str, str]]:
    import csv  # noqa: PLC0415

    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))

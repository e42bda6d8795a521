"""The curves that a fitted scikit-learn estimator keeps, or that its rounds of boosting give back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

import numpy as np

from diagnose.hooks.sklearn.card import last_step
from diagnose.hooks.sklearn.scores import Pair, scores, staged_scores, thinned
from diagnose.readers.estimators import from_estimator

Row = tuple[float, dict[str, float]]


def has_rounds(estimator: Any) -> bool:
    """Whether it can say what it would have predicted after each round."""
    return hasattr(estimator, "staged_predict_proba") or (
        hasattr(estimator, "staged_predict") and not hasattr(estimator, "classes_")
    )


def history(model: Any, train: Pair | None, val: Pair | None) -> tuple[str, list[Row]]:
    """Return what the epochs of a fitted estimator count, and each one's values.

    Boosting is asked for its predictions after every round. Others give what they kept; the validation data, where they
    are given, are asked about once, at the end.
    """
    estimator = last_step(model)
    if has_rounds(estimator):
        return "iteration", _rounds(model, train, val)
    unit, rows = _kept(estimator)
    last = rows[-1][0] if rows else float(_iterations(estimator))
    final = rows.pop()[1] if rows else {}
    known = {name for _, values in rows for name in values} | set(final)
    asked: dict[str, float] = {}
    if train is not None and not known & {"loss", "train_loss"}:
        asked |= scores(model, *thinned(*train))
    if val is not None:
        asked |= {f"val_{name}": value for name, value in scores(model, *thinned(*val)).items()}
    final |= {name: value for name, value in asked.items() if name not in known}
    return unit, [*rows, (last, final)]


def _rounds(model: Any, train: Pair | None, val: Pair | None) -> list[Row]:
    own, held_out = _staged(model, train, ""), _staged(model, val, "val_")
    rounds: Iterator[tuple[Mapping[str, float], Mapping[str, float]]] = zip_longest(own, held_out, fillvalue={})
    return [(float(number), {**first, **second}) for number, (first, second) in enumerate(rounds, 1)]


def _staged(model: Any, data: Pair | None, prefix: str) -> Iterator[Mapping[str, float]]:
    if data is None:
        return
    x, y = thinned(*data)
    rows = x if last_step(model) is model or len(model.steps) == 1 else model[:-1].transform(x)
    for found in staged_scores(last_step(model), rows, y):
        yield {f"{prefix}{name}": value for name, value in found.items()}


def _kept(estimator: Any) -> tuple[str, list[Row]]:
    """Return the curves that it kept, as the reader of fitted estimators finds them."""
    found = from_estimator(estimator)
    if not found:
        return "epoch", []
    columns = dict(found[0].columns)
    unit = "iteration" if "iteration" in columns else "epoch"
    steps = columns.pop(unit, None)
    length = max((len(cells) for cells in columns.values()), default=0)
    rows: list[Row] = []
    for row in range(length):
        step = steps[row] if steps is not None else row + 1
        values = {name: cells[row] for name, cells in columns.items()}
        rows.append((float(step or row + 1), {n: float(v) for n, v in values.items() if isinstance(v, (int, float))}))
    return unit, rows


def _iterations(estimator: Any) -> int:
    made = getattr(estimator, "n_iter_", 1)
    try:
        return max(int(made), 1)
    except TypeError:  # one for each class
        return max((int(each) for each in np.ravel(made)), default=1)

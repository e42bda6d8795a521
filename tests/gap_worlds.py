"""Splits whose gap has known parts: a label by ``2 x0 + 1.5 x1 x2``, and what validation changes of it."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from diagnose import testing
from diagnose.analyzer import Analyzer, examine
from diagnose.analyzers.changed_labels import ChangedLabels
from diagnose.analyzers.costly_shift import CostlyShift
from diagnose.analyzers.fitted_to_the_sample import FittedToTheSample
from diagnose.data import Column, Kind, Split
from diagnose.finding import Finding, Outcome, Severity
from diagnose.measurements import Measurements
from diagnose.measures import MEASURES

CLASSES = ("no", "yes")


def logistic(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def rows(
    rng: Any, n: int, *, shrink: float = 1.0, move: float = 0.0, slope: float = 0.0, task: str = "classes"
) -> tuple[Any, Any]:
    """Draw inputs, of which x0 is shrunk and x1 moved, and labels, of which the slope of x0 is lessened."""
    x = rng.normal(size=(n, 4))
    x[:, 0] *= shrink
    x[:, 1] += move
    z = 2 * x[:, 0] + 1.5 * x[:, 1] * x[:, 2] - slope * x[:, 0]
    y = (rng.random(n) < logistic(z)).astype(int) if task == "classes" else z + rng.normal(size=n)
    return x, y


def memorised(x: Any, y: Any) -> Any:
    """Return the nearest neighbour's prediction: right on every training row, and often wrong elsewhere."""
    return KNeighborsClassifier(1).fit(x, y).predict


def linear(x: Any, y: Any) -> Any:
    """Return a logistic regression's: too simple to fit its sample."""
    return LogisticRegression().fit(x, y).predict


def split_of(
    name: Literal["train", "val", "test"], x: Any, y: Any, says: Any = None, losses: Any = None, task: str = "classes"
) -> Split:
    """Return rows as a split."""
    columns = tuple(Column(f"x{i}", Kind.NUMBER, values) for i, values in enumerate(x.T))
    if task == "numbers":
        return Split(name, len(x), columns, Column("y", Kind.NUMBER, y), outputs=says, losses=losses)
    label = Column("y", Kind.CATEGORY, y.astype(np.int32), CLASSES)
    outputs = None if says is None else np.eye(2)[says]
    return Split(name, len(x), columns, label, outputs, CLASSES if says is not None else (), losses)


def splits(model: Any, n: int = 700, seed: int = 0, **changed: float) -> dict[str, Split]:
    """Return training and validation rows, and what a model says of them; without a model, no outputs."""
    rng = np.random.default_rng(seed)
    x, y = rows(rng, n)
    there, y_there = rows(rng, n, **changed)
    if model is None:
        return {"train": split_of("train", x, y), "val": split_of("val", there, y_there)}
    predict = model(x, y)
    return {"train": split_of("train", x, y, predict(x)), "val": split_of("val", there, y_there, predict(there))}


WORLDS: dict[str, tuple[Any, dict[str, float]]] = {
    "overfitting": (memorised, {}),
    "inputs": (linear, {"shrink": 0.5, "move": 1.2}),
    "labels": (linear, {"slope": 1.8}),
    "inputs, no model": (None, {"shrink": 0.4, "move": 0.7}),
    "apart": (linear, {"move": 8.0}),
}
RULES: tuple[Analyzer, ...] = (FittedToTheSample(), CostlyShift(), ChangedLabels())
Judged = dict[str, tuple[list[Finding], Outcome]]


def judged(given: dict[str, Split]) -> Judged:
    """Return what the three rules say, by code."""
    measurements = Measurements(testing.run_of_data(**given), MEASURES)
    return {rule.code: examine(rule, measurements) for rule in RULES}


@cache
def world(name: str) -> Judged:
    """Return what they say of a world, of as many rows a side as tell it."""
    model, changed = WORLDS[name]
    return judged(splits(model, ROWS.get(name, 700), **changed))


ROWS = {"overfitting": 400, "inputs, no model": 500}


def kept_and_left(seed: int = 0) -> dict[str, Split]:
    """Return training rows that a model remembers, validation rows like them, and test rows far from both."""
    rng = np.random.default_rng(seed)
    (x, y), (like, y_like), (far, y_far) = rows(rng, 250), rows(rng, 250), rows(rng, 250, move=6.0)
    predict = memorised(x, y)
    return {
        "train": split_of("train", x, y, predict(x)),
        "val": split_of("val", like, y_like, predict(like)),
        "test": split_of("test", far, y_far, predict(far)),
    }


def named(found: Judged) -> list[str]:
    """Return the codes that claim more than information."""
    return [code for code, (findings, _) in found.items() if findings and findings[0].severity is not Severity.INFO]


def parts_of(finding: Finding) -> tuple[dict[str, float | None], float | None]:
    """Return a finding's parts of the gap by name, and the gap."""
    by_name = {m.name: m.value for m in finding.evidence}
    parts = {name: v for name, v in by_name.items() if name.startswith(("fitting", "other", "unexplained"))}
    return parts, next(v for name, v in by_name.items() if name.endswith("minus training"))

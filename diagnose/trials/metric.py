"""The score by which trainings are compared, and reading it off what a training returns."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from diagnose.errors import InputError
from diagnose.finding import Diagnosis
from diagnose.readers import read_runs
from diagnose.run import Curve, History
from diagnose.scores import principal, scores

Better = Literal["lower", "higher"]


@dataclass(frozen=True)
class Metric:
    """A held-out score: the curve's name in the diagnosed log, what it measures, and which way is better."""

    name: str
    quantity: str
    split: str
    better: Better

    @property
    def words(self) -> str:
        """The score in words."""
        split = {"val": "validation"}.get(self.split, self.split)
        return f"{split} {self.quantity}"

    @property
    def sign(self) -> int:
        """One where higher is better, minus one where lower is."""
        return 1 if self.better == "higher" else -1


@dataclass(frozen=True)
class Outcome:
    """What one training came to.

    Attributes
    ----------
    score
        At the best step: what is compared.
    steps, values
        The whole curve.
    """

    score: float
    steps: tuple[float, ...]
    values: tuple[float, ...]

    @property
    def last(self) -> float:
        """The score at the end."""
        return self.values[-1]

    def at(self, step: float) -> float | None:
        """Return the score at a step, of the nearest logged one; None where the training did not get there."""
        if not self.steps or self.steps[-1] < step:
            return None
        nearest = int(np.argmin(np.abs(np.asarray(self.steps) - step)))
        return self.values[nearest]


def metric_of(diagnosis: Diagnosis, name: str | None = None, better: str | None = None) -> Metric:
    """Return the score that the diagnosis is about: the one named, else the one that people judge by first.

    Raises
    ------
    InputError
        No held-out curve has that name, or there is none and nothing is said.
    """
    known = scores(diagnosis)
    if name is None:
        first = next(iter(principal(known)), None)
        if first is None:
            raise InputError(
                "the diagnosis has no held-out curve, so that nothing says which score counts; name it and say which "
                'way is better: metric="val_accuracy", better="higher"'
            )
        return Metric(first.curve, first.quantity, first.split, _way(better, first.better))
    for one in known:
        if name in (one.curve, one.quantity, f"val_{one.quantity}"):
            return Metric(one.curve, one.quantity, one.split, _way(better, one.better))
    if better is None:
        there = ", ".join(one.curve for one in known) or "none"
        raise InputError(
            f"metric={name!r}: the diagnosis has no held-out curve of that name; it has: {there}. Name one of them, or "
            'say which way is better too: better="higher"'
        )
    return Metric(name, name.removeprefix("val_"), "val", _way(better, "higher"))


def _way(said: str | None, known: str) -> Better:
    if said not in (None, "lower", "higher"):
        raise InputError(f'better={said!r}: expected "lower" or "higher"')
    return "lower" if (said or known) == "lower" else "higher"


def outcome_of(history: Any, metric: Metric) -> Outcome:
    """Read what a training returned.

    Parameters
    ----------
    history
        What `diagnose.audit` takes as ``history``; or a single number, the score itself.
    metric
        Which of its curves is looked for: that of the same name, else of the same split and quantity.

    Raises
    ------
    InputError
        There is no such score in it, or not one finite value.
    """
    if isinstance(history, (int, float, np.integer, np.floating)) and not isinstance(history, bool):
        return _finite(metric, np.zeros(1), np.array([float(history)]))
    if history is None:
        raise InputError(
            'train returned nothing; expected what diagnose.audit takes as history, such as {"val_loss": [0.9, 0.7]}, '
            "or one number"
        )
    log = read_runs(_lists(history)).runs[0].history
    curve = _curve(log, metric)
    if curve is None:
        there = ", ".join(c.name for c in log.curves if c.split != "train") or "no held-out curve"
        raise InputError(
            f"train returned {there}; expected {metric.name!r}, by which trainings "
            "are compared; return it too, or name another curve: metric=…"
        )
    return _finite(metric, np.asarray(curve.steps), np.asarray(curve.values))


def _lists(history: Any) -> Any:
    """Let a mapping of single numbers be curves of one point."""
    if isinstance(history, Mapping) and history and all(isinstance(v, (int, float)) for v in history.values()):
        return {key: [value] for key, value in history.items()}
    return history


def _curve(log: History, metric: Metric) -> Curve | None:
    held = [c for c in log.curves if c.split != "train"]
    named = next((c for c in log.curves if c.name == metric.name), None)
    return named or next((c for c in held if (c.split, c.quantity) == (metric.split, metric.quantity)), None)


def _finite(metric: Metric, steps: Any, values: Any) -> Outcome:
    finite = np.isfinite(values)
    if not finite.any():
        raise InputError(f"{metric.words} is never a finite number")
    steps, values = steps[finite], values[finite]
    score = float(values.max() if metric.better == "higher" else values.min())
    assert math.isfinite(score)
    return Outcome(score, tuple(map(float, steps)), tuple(map(float, values)))

"""Probabilities fitted on labelled runs: a logistic model per question, its constants in ``calibrated.json``.

``calibration/fit.py`` regenerates the file and prints how well the probabilities hold on runs it did not fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec
import numpy as np

FLOOR = 0.002
"""No probability is reported below this or above one minus it: some two thousand labelled runs can't support more."""


class LogisticModel(msgspec.Struct, frozen=True):
    """Intercept and weights of one question, by feature name."""

    intercept: float
    weights: dict[str, float]

    def probability(self, features: Mapping[str, float]) -> float:
        """1 / (1 + exp(-(intercept + Σ weight × feature))), kept within the floor."""
        logit = self.intercept + sum(weight * features[name] for name, weight in self.weights.items())
        return float(np.clip(1 / (1 + np.exp(-np.clip(logit, -30, 30))), FLOOR, 1 - FLOOR))


@cache
def models() -> dict[str, LogisticModel]:
    """Load all fitted models, by question."""
    raw = files("diagnose.stats").joinpath("calibrated.json").read_bytes()
    return msgspec.json.decode(raw, type=dict[str, LogisticModel])


def probability(question: str, features: Mapping[str, float]) -> float:
    """Return the calibrated probability that the answer to a question is yes.

    Parameters
    ----------
    question
        A model's name: ``"overfitting"``, ``"undertraining"`` …
    features
        Every feature the model weighs, finite.
    """
    return models()[question].probability(features)


def squash(value: float) -> float:
    """Map [0, ∞) to [0, 1) by x / (1 + x); negative values are 0.

    Examples
    --------
    >>> squash(1.0), squash(-3.0)
    (0.5, 0.0)
    """
    return max(value, 0.0) / (1.0 + max(value, 0.0))

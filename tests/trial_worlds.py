"""Simulated trainings with known effects, and diagnoses whose remedies they understand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

import diagnose
from diagnose.finding import Basis, Cause, Diagnosis, Remedy
from diagnose.trials.candidates import fingerprint

EPOCHS = 10
HISTORY = {
    "loss": list(np.exp(-np.arange(EPOCHS) / 4.0)),
    "val_loss": list(0.1 + np.exp(-np.arange(EPOCHS) / 4.0)),
    "val_accuracy": list(0.8 - 0.6 * np.exp(-np.arange(EPOCHS) / 4.0)),
}
CONTEXT = {"learning_rate": 0.1, "dropout": 0.0, "weight_decay": 0.0, "batch_size": 32, "n_train": 500}


def remedy(action: Mapping[str, Any], title: str = "") -> Remedy:
    return Remedy(dict(action), title or " ".join(map(str, action)), "why", (Cause.OVERFITTING,), Basis.RULE_OF_THUMB)


@cache
def audited() -> Diagnosis:
    return diagnose.audit(history=HISTORY, context=CONTEXT)


def diagnosed(*actions: Mapping[str, Any]) -> Diagnosis:
    """Return a diagnosis with just these remedies."""
    return replace(audited(), remedies=tuple(remedy(action) for action in actions))


def world(
    effects: Mapping[str, float], noise: float = 0.01, level: float = 0.7, *, curve: bool = True
) -> Callable[..., Any]:
    """Return a training whose score rises by the effect of every key that differs from the run's own.

    Each seed has a level of its own, which pairs take out, and each training noise, which they do not.
    """

    def train(config: Mapping[str, Any]) -> Any:
        seed = config["seed"]
        changed = {key: config.get(key) for key in effects}
        gain = sum(effects[key] for key, value in changed.items() if value not in (None, CONTEXT.get(key)))
        own = np.random.default_rng([seed, int(fingerprint(changed), 16) % 2**31])
        score = level + 0.05 * np.random.default_rng(seed).normal() + gain + noise * own.normal()
        if not curve:
            return float(score)
        return {"val_accuracy": list(score - 0.6 * np.exp(-np.arange(EPOCHS) / 2.0))}

    return train


class Memory:
    """A ledger without Optuna: for simulations of thousands of trainings."""

    def finished(self, candidate: str, seed: int) -> None:
        return None

    def begin(self, candidate: str, seed: int, title: str, expected: float | None = None) -> Memory:
        return self

    def report(self, epoch: int, score: float) -> bool:
        return False

    def end(self, result: Any) -> None:
        return None

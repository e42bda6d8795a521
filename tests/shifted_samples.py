"""Tables and embeddings with known shifts, for the tests of what compares them."""

from __future__ import annotations

from typing import Any

import numpy as np

from diagnose.data import Split


def table(n: int, seed: int, *, correlation: float = 0.8, numbers: int = 5) -> dict[str, Any]:
    """Return a mixed table whose columns ``x0`` and ``x1`` are correlated; their margins do not depend on it."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, numbers))
    x[:, 1] = correlation * x[:, 0] + np.sqrt(1 - correlation**2) * x[:, 1]
    columns: dict[str, Any] = {f"x{k}": x[:, k].copy() for k in range(numbers)}
    columns["x2"][rng.random(n) < 0.1] = np.nan
    columns["city"] = np.array(["Bonn", "Rome", "Oslo"])[rng.integers(0, 3, n)]
    columns["member"] = np.where(rng.random(n) < 0.3, "yes", "no")
    return columns


def embeddings(n: int, seed: int, d: int = 40) -> np.ndarray:
    """Return rectified features of four classes, some directions much stronger than others."""
    world, rng = np.random.default_rng(99), np.random.default_rng([seed, 1])
    weights = world.normal(size=(12, d)) / 4
    centres = world.normal(size=(4, 12))
    hidden = (centres[rng.integers(0, 4, n)] + rng.normal(size=(n, 12))) * np.arange(1, 13) ** -0.5 * 2
    return np.maximum(hidden @ weights + 0.3 * rng.normal(size=(n, d)) + 0.2, 0).astype(np.float32)


def embedded(name: Any, vectors: np.ndarray, **fields: Any) -> Split:
    """Return a split of embeddings only."""
    return Split(name, len(vectors), embeddings=vectors.astype(np.float32), **fields)


def probabilities(n: int, seed: int, shift: float = 0.0, sharpness: float = 1.0) -> np.ndarray:
    """Return probabilities of three classes; the shift is to the logit of the last one."""
    logits = np.random.default_rng([seed, 2]).normal(size=(n, 3)) * sharpness
    logits[:, 2] += shift
    odds = np.exp(logits)
    return odds / odds.sum(1, keepdims=True)

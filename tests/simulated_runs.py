"""Training histories whose truth is known, for the tests of measures and analyzers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from diagnose import testing
from diagnose.analyzer import Analyzer
from diagnose.run import Context, Curve, Phase, Run

History = dict[str, list[float]]

SCALES = st.floats(0.01, 1000.0)
SHIFTS = st.floats(-50.0, 50.0)


def decay(n: int, start: float = 2.0, floor: float = 0.3, half_lives: float = 8.0) -> np.ndarray:
    """Return an exponential decay that passes so many half-lives in the run."""
    return floor + (start - floor) * 0.5 ** (half_lives * np.arange(n) / max(n - 1, 1))


def noise(n: int, size: float, seed: int = 0) -> np.ndarray:
    return size * np.random.default_rng(seed).normal(size=n)


def history(train: Any, val: Any, score: Any = None, val_score: Any = None) -> History:
    columns = {"loss": train, "val_loss": val, "accuracy": score, "val_accuracy": val_score}
    return {name: [float(v) for v in values] for name, values in columns.items() if values is not None}


def healthy(n: int = 60, seed: int = 0) -> History:
    """Training and validation fall together and level off; both scores follow."""
    return history(
        decay(n, 2.0, 0.30) + noise(n, 0.004, seed), decay(n, 2.05, 0.36) + noise(n, 0.01, seed + 1),
        1 - decay(n, 0.8, 0.08), 1 - decay(n, 0.8, 0.10) + noise(n, 0.003, seed + 2),
    )  # fmt: skip


def steep_first_epoch(n: int = 40, seed: int = 0) -> History:
    """Nearly all is learnt in the first epoch."""
    run = healthy(n, seed)
    run["loss"][0], run["val_loss"][0] = 9.0, 6.0
    return run


def validation_better(n: int = 60, seed: int = 0) -> History:
    """Dropout and running means: validation lies below training all along."""
    run = healthy(n, seed)
    run["val_loss"] = [v - 0.25 for v in run["val_loss"]]
    return run


def wide_constant_gap(n: int = 60, seed: int = 0) -> History:
    """Another distribution from the start: validation is worse by a constant and falls as training does."""
    run = healthy(n, seed)
    run["val_loss"] = [v + 0.4 for v in (decay(n, 1.95, 0.30) + noise(n, 0.01, seed + 1))]
    return run


def noisy_validation(n: int = 60, seed: int = 0) -> History:
    """A small validation set: noise of a tenth of the gain."""
    run = healthy(n, seed)
    run["val_loss"] = list(decay(n, 2.05, 0.36) + noise(n, 0.06, seed + 1))
    return run


def two_descents(n: int = 120, seed: int = 0) -> History:
    """Epoch-wise double descent: a hump between a quarter and a half of the run, and a lower second valley."""
    t = np.linspace(0, 1, n)
    hump = 0.5 * np.exp(-(((t - 0.35) / 0.08) ** 2))
    run = healthy(n, seed)
    run["val_loss"] = list(0.5 + 1.4 * np.exp(-12 * t) + hump + 0.35 * (1 - t) + noise(n, 0.008, seed))
    return run


def overfit(n: int = 60, turn: int = 20, seed: int = 0, rise: float = 0.6, size: float = 0.01) -> History:
    """Validation falls to epoch ``turn`` and rises after it while training falls on; the score drops a little."""
    t = np.arange(n)
    down = 0.6 + 1.4 * (1 - np.minimum(t, turn) / turn) ** 2
    up = rise * np.maximum(t - turn, 0) / (n - turn)
    accuracy = 0.8 - 0.5 * (1 - np.minimum(t, turn) / turn) ** 2 - 0.1 * np.maximum(t - turn, 0) / (n - turn)
    return history(
        decay(n, 2.0, 0.02, 5.0) + noise(n, 0.004, seed), down + up + noise(n, size, seed + 1),
        1 - decay(n, 0.7, 0.005, 5.0), accuracy + noise(n, 0.004, seed + 2),
    )  # fmt: skip


def flat(n: int = 60, seed: int = 0, size: float = 0.02) -> History:
    """Noise around a level: nothing is learnt, nothing is lost."""
    return history(2.3 + noise(n, size, seed), 2.3 + noise(n, size, seed + 1), 0.1 + noise(n, 0.002, seed + 2),
                   0.1 + noise(n, 0.002, seed + 3))  # fmt: skip


QUIET: Mapping[str, History] = {
    "healthy": healthy(),
    "healthy, other seed": healthy(seed=7),
    "short": healthy(12),
    "long": healthy(700),
    "steep first epoch": steep_first_epoch(),
    "validation better": validation_better(),
    "wide constant gap": wide_constant_gap(),
    "noisy validation": noisy_validation(),
}
"""Runs in which no fault of training is to be found."""

EARLY: Mapping[str, History] = {
    f"first {n} epochs": {k: v[:n] for k, v in healthy().items()} for n in (1, 2, 3, 4, 5, 8)
}
"""A healthy run in progress."""

ODD: Mapping[str, History] = {
    "constant": history([1.0] * 9, [1.0] * 9),
    "zeros": history([0.0] * 9, [0.0] * 9),
    "negative": history(decay(30) - 9, decay(30) - 8.9),
    "one point": history([1.0], [1.0]),
    "not a number on the way": {k: [*v[:9], float("nan"), *v[10:]] for k, v in healthy(30).items()},
    "infinite on the way": {k: [*v[:9], float("inf"), *v[10:]] for k, v in healthy(30).items()},
    "not a number anywhere": history([float("nan")] * 9, [float("nan")] * 9),
    "huge": history([1e300, 1.0, 1e300, 2.0, 3.0], [1.0, 1e200, -1e300, 2.0, 3.0]),
    "training only": {"loss": healthy()["loss"]},
    "validation only": {"val_loss": healthy()["val_loss"]},
}
"""Logs at the edge of what can be measured; no analyzer may crash on one."""


def moved(run: History, scale: float, shift: float) -> History:
    """Return the run with both losses scaled and shifted."""
    return {k: [scale * x + shift for x in v] if k.endswith("loss") else v for k, v in run.items()}


def with_extra_columns(run: History) -> History:
    """Return the run with columns that say nothing of it."""
    n = len(next(iter(run.values())))
    return {"grad_norm": list(noise(n, 1.0, 5)), **run, "gpu_memory": [float(i % 7) for i in range(n)]}


def assert_same(analyzer: Analyzer, one: Any, other: Any, context: Any = None) -> None:
    """Assert that an analyzer says the same of two histories, with the same probability."""
    first = testing.examine(analyzer, history=one, context=context)
    second = testing.examine(analyzer, history=other, context=context)
    assert first.outcome.status is second.outcome.status, f"{first.outcome.why} | {second.outcome.why}"
    assert len(first.findings) == len(second.findings)
    for a, b in zip(first.findings, second.findings, strict=True):
        assert abs(a.probability - b.probability) < 0.02, f"{a.claim} | {b.claim}"


def assert_never_crashes(analyzer: Analyzer, context: Any = None) -> None:
    """Assert that an analyzer ends in an outcome on every odd log, and that its numbers are finite."""
    for name, run in {**ODD, **EARLY, **QUIET}.items():
        findings, outcome = testing.examine(analyzer, history=simple_run(run, context))
        assert outcome.status.value != "broken", f"{name}: {outcome.why}"
        for finding in findings:
            numbers = [m.value for m in finding.evidence] + [m.limit for m in finding.evidence]
            assert all(x is None or np.isfinite(x) for x in numbers), f"{name}: {finding.evidence}"


def simple_run(run: History, context: Any = None, rate: Any = None, phases: tuple[Phase, ...] = ()) -> Run:
    """Return a run without asking a reader, which may leave broken columns out."""
    quantities = {"loss": "loss", "accuracy": "accuracy"}
    curves = []
    for name, values in run.items():
        split = "val" if name.startswith("val_") else "train"
        quantity = quantities.get(name.removeprefix("val_"))
        if quantity:
            better = "lower" if quantity == "loss" else "higher"
            steps = np.arange(1.0, len(values) + 1)
            curves.append(Curve(name, split, quantity, better, steps, np.array(values)))  # type: ignore[arg-type]
    made = testing.run_of({"loss": [1.0, 0.5]})
    logged = (
        None if rate is None else Curve("lr", "train", "lr", "lower", np.arange(1.0, len(rate) + 1), np.array(rate))
    )
    past = replace(made.history, curves=tuple(curves), learning_rate=logged, phases=phases)
    return replace(made, history=past, context=context if isinstance(context, Context) else Context(**(context or {})))

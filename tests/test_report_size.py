"""The sizes that reports promise, for logs as they are: read, audited and rendered."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

import diagnose
from diagnose import analyzers
from diagnose.finding import Diagnosis
from diagnose.gated import Gate
from diagnose.reports.html import many_html, to_html

PAGES = analyzers.pages()


def log(n: int, seed: int, *, rise: float = 0.0) -> dict[str, list[float]]:
    """Make a noisy run with every digit that a logger writes: what compresses worst as a path."""
    rng = random.Random(seed)
    gone = [i / n for i in range(n)]
    train = [0.05 + 1.6 * math.exp(-9 * t) + rng.gauss(0, 0.02) for t in gone]
    val = [0.6 + 1.2 * math.exp(-12 * t) + rise * max(0.0, t - 0.3) + rng.gauss(0, 0.03) for t in gone]
    accuracy = [0.99 - 0.7 * math.exp(-9 * t) + rng.gauss(0, 0.01) for t in gone]
    val_accuracy = [0.78 - 0.5 * math.exp(-12 * t) + rng.gauss(0, 0.01) for t in gone]
    return {"loss": train, "val_loss": val, "accuracy": accuracy, "val_accuracy": val_accuracy}


def size(page: str) -> int:
    return len(page.encode())


def test_a_run_of_200_epochs_stays_below_300_kb():
    context = {"n_train": 4000, "n_val": 1000, "n_classes": 10, "batch_size": 32, "learning_rate": 1e-3}
    made = diagnose.audit(history=log(200, 1, rise=1.0), context={**context, "framework": "keras"})
    assert made.findings, "a run with something to show"
    assert size(to_html(made, explain=PAGES)) <= 300_000


def test_500_000_points_stay_below_1_mb():
    made = diagnose.audit(history=log(125_000, 2, rise=1.0))
    assert sum(curve.points_logged for curve in made.run.curves) == 500_000
    assert size(to_html(made, explain=PAGES)) <= 1_000_000


def test_1_000_columns_stay_below_1_mb():
    rng = random.Random(3)
    history = log(60, 3)
    for i in range(498):
        history[f"class_{i}/f1"] = [rng.random() for _ in range(60)]
        history[f"val_class_{i}/f1"] = [rng.random() for _ in range(60)]
    made = diagnose.audit(history=history)
    assert len(history) == 1000
    assert len(made.run.columns) >= 1000
    assert size(to_html(made, explain=PAGES)) <= 1_000_000


@pytest.fixture(scope="module")
def audited() -> list[Diagnosis]:
    return [diagnose.audit(history=log(200, seed, rise=rise)) for seed, rise in enumerate((0.0, 0.5, 1.0, 2.0))]


def sweep_of(audited: list[Diagnosis], count: int) -> list[Diagnosis]:
    rng = random.Random(5)
    runs = []
    for i in range(count):
        one = audited[i % len(audited)]
        context = {
            "learning_rate": 10 ** rng.uniform(-5, -1), "batch_size": 2 ** rng.randrange(4, 9),
            "weight_decay": rng.choice([0.0, 1e-4, 1e-2]), "optimizer": rng.choice(["adam", "adamw", "sgd"]),
            "epochs": 200, "other": {"dropout": rng.random(), "width": rng.randrange(32, 512), "depth": i % 9},
        }  # fmt: skip
        best = {name: {"value": b["value"] + rng.gauss(0, 0.1), "step": b["step"]} for name, b in one.run.best.items()}
        name = f"sweeps/resnet18-cifar10/2026-03-{i % 28 + 1:02d}/run-{i:04d}/training.csv"
        runs.append(replace(one, run=replace(one.run, name=name, context=context, best=best)))
    return runs


def test_1_000_runs_of_200_epochs_stay_below_3_mb(audited):
    why = "validation loss gave back 31% (28 to 34) of its usual gain after epoch 57 of 200 while training loss fell"
    gate = Gate(passed=False, sentence=f"Gate failed: OVF101 {why}, and 12 more")
    page = many_html([replace(run, gate=gate) for run in sweep_of(audited, 1000)])
    assert page.count('class="dot-plot"') == 6
    assert page.count('class="spark"') == 1000
    assert size(page) <= 3_000_000

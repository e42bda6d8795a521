"""Train the same thing again: what does a gate say of another seed, and of a run that was made worse on purpose?

Each case draws data and settings as `trained.py` does and trains them with two seeds, which differ in the initial
weights and in the order of the batches and in nothing else, then twice more with one change that may make it worse.
The log holds what a user sees; what the change did is known from the test set that the log does not show.

    python calibration/reruns.py                 trains → reruns.jsonl.gz, 20 minutes of two idle cores
    python calibration/reruns.py --table         judges the saved pairs → docs/gate-calibration.md
    python calibration/reruns.py --elsewhere     the same of the runs in DIAGNOSE_DATA
"""

from __future__ import annotations

import argparse
import gzip
import json
import warnings
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from multiprocessing import Pool
from typing import Any

import gate_elsewhere
import gate_table
import numpy as np
from gate_pairs import PAIRS, cases
from trained import Drawn, draw, fit

FIRST_CASE = 100_000
"""Draws that trained.py, whose runs the probabilities were fitted on, never made."""
CASES = 300
SHORTEST = 5
"""Epochs of a run that is kept, as in trained.py."""


def _fewer_data(drawn: Drawn, rng: np.random.Generator) -> Drawn:
    train, val, test = drawn.parts
    kept = rng.permutation(train)[: max(20, len(train) // 3)]
    batch = min(drawn.settings["batch_size"], len(kept))
    return replace(drawn, parts=(kept, val, test), settings={**drawn.settings, "batch_size": batch})


def _noisy_labels(drawn: Drawn, rng: np.random.Generator) -> Drawn:
    wrong = rng.permutation(drawn.parts[0])[: len(drawn.parts[0]) * 3 // 10]
    labels = drawn.labels.copy()
    labels[wrong] = rng.choice(drawn.classes, len(wrong))
    return replace(drawn, labels=labels)


def _set(**settings: Callable[[Any], Any]) -> Callable[[Drawn, np.random.Generator], Drawn]:
    def changed(drawn: Drawn, _rng: np.random.Generator) -> Drawn:
        return replace(drawn, settings=drawn.settings | {k: f(drawn.settings[k]) for k, f in settings.items()})

    return changed


CHANGES: dict[str, Callable[[Drawn, np.random.Generator], Drawn]] = {
    "a third of the training data": _fewer_data,
    "three in ten training labels drawn anew": _noisy_labels,
    "no weight decay": _set(alpha=lambda _: 0.0),
    "eight times as wide": _set(hidden_layer_sizes=lambda sizes: tuple(min(8 * size, 1024) for size in sizes)),
    "ten times the learning rate": _set(learning_rate_init=lambda rate: 10 * rate),
    "three times as long": lambda drawn, _rng: replace(drawn, epochs=3 * drawn.epochs),
}
PER_CASE = 2


def train_case(case: int) -> dict[str, Any]:
    """Train one case: twice the same, and twice with a change."""
    drawn = draw(case)
    rng = np.random.default_rng([case, 1])
    chosen = [list(CHANGES)[i] for i in rng.permutation(len(CHANGES))[:PER_CASE]]
    wanted = {"first": drawn, "again": drawn} | {name: CHANGES[name](drawn, rng) for name in chosen}
    runs = {name: _trained(d, np.random.RandomState([case, i])) for i, (name, d) in enumerate(wanted.items())}
    kept = {name: run for name, run in runs.items() if len(run["log"]["loss"]) >= SHORTEST}
    return {"case": case, "kind": drawn.task, "n_test": len(drawn.parts[2]), "runs": kept}


def _trained(drawn: Drawn, seed: np.random.RandomState) -> dict[str, Any]:
    history = fit(drawn, seed)
    chosen = drawn.settings
    sizes = [drawn.x.shape[1], *chosen["hidden_layer_sizes"], len(drawn.classes)]
    context = {
        "n_train": len(drawn.parts[0]),
        "n_val": len(drawn.parts[1]),
        "n_classes": len(drawn.classes),
        "batch_size": chosen["batch_size"],
        "learning_rate": float(f"{chosen['learning_rate_init']:.3g}"),
        "optimizer": chosen["solver"],
        "weight_decay": float(f"{chosen['alpha']:.3g}"),
        "parameters": sum((a + 1) * b for a, b in pairwise(sizes)),
    }
    log = {key: [float(f"{v:.4g}") for v in values] for key, values in history.items() if "test" not in key}
    best = int(np.argmin(history["val_loss"])) if history["val_loss"] else 0
    test = {q: [history[f"test_{q}"][i] for i in (-1, best)] for q in ("loss", "accuracy") if history["val_loss"]}
    return {"context": context, "log": log, "test": test}


def main() -> None:
    """Train all cases, or judge the saved ones."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--table", action="store_true", help="judge the saved pairs and write docs/gate-calibration.md")
    parser.add_argument("--elsewhere", action="store_true", help="judge the runs in DIAGNOSE_DATA and write there too")
    arguments = parser.parse_args()
    if arguments.table:
        gate_table.write({name: block() for name, block in gate_table.blocks(cases()).items()})
    if arguments.elsewhere:
        gate_table.write(gate_elsewhere.blocks())
    if not (arguments.table or arguments.elsewhere):
        train(arguments.cases)


def train(number: int) -> None:
    """Train all cases and save them."""
    warnings.simplefilter("ignore")
    with Pool(2) as pool, gzip.open(PAIRS, "wt") as stream:
        for i, case in enumerate(pool.imap(train_case, range(FIRST_CASE, FIRST_CASE + number))):
            if {"first", "again"} <= case["runs"].keys():
                stream.write(json.dumps(case, separators=(",", ":")) + "\n")
            if i % 50 == 49:  # a sign of life
                print(i + 1, "cases", flush=True)


if __name__ == "__main__":
    main()

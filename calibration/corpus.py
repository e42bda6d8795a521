"""The labelled runs that constants are fitted on, as (run, labels, group) with the group deciding the split.

The data lie outside the repository (`DIAGNOSE_DATA`, see README.md beside this file); nothing of them is copied here.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from diagnose.auditing import principal
from diagnose.readers import read_runs
from diagnose.run import Context, Curve, History, Run

DATA = Path(os.environ.get("DIAGNOSE_DATA", Path(__file__).parents[2] / "shared" / "data"))


@dataclass(frozen=True)
class Labelled:
    """One run with what is known to be true of it.

    ``labels`` maps a question (``"overfitting"``, ``"undertraining"`` …) to True or False; a question that the label
    can't answer is absent. ``group`` is the repository, task or workload: never split. ``held_out`` runs fit nothing.
    """

    run: Run
    labels: dict[str, bool]
    group: str
    source: str
    main: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def held_out(self) -> bool:
        """Decided by a hash of the group: about four in ten groups."""
        return int(hashlib.sha256(self.group.encode()).hexdigest(), 16) % 10 < 4


def rated() -> Iterator[Labelled]:
    """Read the real logs with two raters; only what both said counts."""
    folder = DATA / "runs"
    mains = {
        "poor_fit": "underfitting",
        "overfit": "overfitting",
        "undertrained": "undertraining",
        "unstable": "instability",
        "broken": "evaluation",
        "healthy": "healthy",
    }
    for name, label in json.loads((folder / "labels.json").read_text()).items():
        run = principal(read_runs(folder / name).runs)
        labels = {}
        if label["overfit"] in ("clear", "none"):
            labels["overfitting"] = label["overfit"] == "clear"
        for field_name, question in (
            ("undertrained", "undertraining"),
            ("unstable", "instability"),
            ("poor_fit", "underfitting"),
            ("broken", "evaluation"),
            ("val_better", "val_better"),
        ):
            if label[field_name] is not None:
                labels[question] = label[field_name] == "yes"
        yield Labelled(
            run, labels, label["source"]["repository"], "rated", mains.get(label["main"] or ""), {"id": name, **label}
        )


def simulated() -> Iterator[Labelled]:
    """OverfitGuard's histories of small tabular tasks."""
    for row in _rows("overfit_simulated"):
        task = re.sub(r"\d+_\d+\.json$", "", Path(row["id"]).name)
        run = Run(row["id"], _history(row["history"], {"train_loss": "train loss", "val_loss": "val loss"}))
        yield Labelled(run, {"overfitting": row["label"] == "overfit"}, task, "simulated", facts={"id": row["id"]})


def algoperf() -> Iterator[Labelled]:
    """AlgoPerf trials, labelled by what the test loss did after the best validation checkpoint."""
    for row in _rows("algoperf_dev"):
        raw = row["history"]
        loss = "loss" if "validation/loss" in raw else "ctc_loss"
        names = {f"train/{loss}": "train loss", f"validation/{loss}": "val loss"}
        for score in ("wer", "ssim"):
            names |= {f"train/{score}": f"train {score}", f"validation/{score}": f"val {score}"}
        run = Run(row["id"], _history(raw, names, steps="global_step"), _hyperparameters(row["hparams"]))
        val, test = (_numbers(raw[f"{split}/{loss}"]) for split in ("validation", "test"))
        train = _numbers(raw[f"train/{loss}"])
        known = np.flatnonzero(np.isfinite(val) & np.isfinite(test) & np.isfinite(train))
        if len(known) < 5:
            continue
        best, last = known[np.argmin(val[known])], known[-1]
        ratio = float(test[last] / test[best])
        facts = {"id": row["id"], "ratio": ratio, "train_ratio": float(train[last] / train[best])}
        score = next((s for s in ("wer", "ssim") if f"validation/{s}" in raw), None)
        if score:
            sign = 1 if score == "wer" else -1
            values = _numbers(raw[f"test/{score}"]) * sign
            facts["score_change"] = float(values[last] - values[best])
        labels = {}
        if ratio <= 1.01:
            labels["overfitting"] = False
        elif ratio > 1.05 and facts["train_ratio"] <= 1.02:
            labels["overfitting"] = True
        yield Labelled(run, labels, row["workload"].rsplit("_", 1)[0], "algoperf", facts=facts)


def seeded() -> Iterator[Labelled]:
    """MNIST models with one seeded fault each; harm is the validation accuracy lost against the unharmed original."""
    rows = list(_rows("seeded_faults_mnist"))
    reference: dict[str, list[float]] = {}
    for row in rows:
        if row["mutant"] == "origin":
            reference.setdefault(row["id"].split("/")[0], []).append(_numbers(row["history"]["val_accuracy"])[-1])
    for row in rows:
        model = row["id"].split("/")[0]
        harm = float(np.median(reference[model]) - _numbers(row["history"]["val_accuracy"])[-1])
        run = principal(read_runs(row["history"]).runs)
        yield Labelled(
            run,
            {},
            model,
            "seeded",
            facts={"id": row["id"], "fault": row["label"], "mutant": row["mutant"], "harm": harm},
        )


def trained() -> Iterator[Labelled]:
    """Small networks of our own (`trained.py`), labelled by what a large test set's loss did after the best epoch."""
    names = {"loss": "train loss", "val_loss": "val loss", "accuracy": "train accuracy", "val_accuracy": "val accuracy"}
    with gzip.open(Path(__file__).parent / "trained.jsonl.gz", "rt") as stream:
        for row in map(json.loads, stream):
            raw, settings = row["history"], row["settings"]
            val, test, train = (np.array(raw[key]) for key in ("val_loss", "test_loss", "loss"))
            best = int(np.argmin(val))
            ratio, fell = float(test[-1] / test[best]), float(train[-1] / train[best])
            labels = {}
            if ratio <= 1.01:
                labels["overfitting"] = False
            elif ratio > 1.05 and fell <= 1.0:
                labels["overfitting"] = True
            context = Context(n_train=settings["n_train"], n_val=settings["n_val"], n_classes=settings["n_classes"])
            yield Labelled(
                Run(row["id"], _history(raw, names), context),
                labels,
                row["task"],
                "trained",
                facts={"id": row["id"], "ratio": ratio, "train_ratio": fell, **settings},
            )


def _rows(name: str) -> Iterator[dict[str, Any]]:
    with gzip.open(DATA / f"{name}.jsonl.gz", "rt") as stream:
        for line in stream:
            yield json.loads(line)


def _numbers(values: list[Any]) -> np.ndarray:
    return np.array([np.nan if v is None else float(v) for v in values])


def _history(raw: dict[str, list[Any]], names: dict[str, str], steps: str | None = None) -> History:
    curves = []
    for column, meaning in names.items():
        if column not in raw:
            continue
        split, quantity = meaning.split()
        values = _numbers(raw[column])
        logged = np.array([v is not None for v in raw[column]])
        at = _numbers(raw[steps]) if steps else np.arange(len(values), dtype=float)
        better = "higher" if quantity in ("accuracy", "ssim") else "lower"
        curves.append(Curve(column, split, quantity, better, at[logged], values[logged]))  # type: ignore[arg-type]
    return History(tuple(curves), unit="step" if steps else "epoch")


def _hyperparameters(raw: dict[str, Any]) -> Context:
    return Context(
        learning_rate=raw.get("learning_rate"),
        weight_decay=raw.get("weight_decay"),
        dropout=raw.get("dropout_rate"),
        label_smoothing=raw.get("label_smoothing"),
        warmup=raw.get("warmup_factor"),
    )

"""Fit the constants of `diagnose.stats.calibrated` on labelled runs, and report on runs that took no part.

    DIAGNOSE_DATA=path/to/data python calibration/fit.py [--write]

Without ``--write`` nothing changes: the figures are printed only. What the labels mean stands in README.md beside this
file.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from corpus import Labelled, algoperf, rated, simulated, trained
from scipy.optimize import minimize

from diagnose.errors import NotEnoughEvidence
from diagnose.measurements import Measurements
from diagnose.measures import MEASURES
from diagnose.stats.calibrated import FLOOR

TARGET = Path(__file__).parents[1] / "diagnose" / "stats" / "calibrated.json"
FOLDS = 8


@dataclass(frozen=True)
class Question:
    """One logistic model: the label it answers to, its features and their signs, how much each source weighs."""

    name: str
    label: str
    features: Callable[[Measurements], dict[str, float]]
    signs: dict[str, int]
    weights: dict[str, float]
    ridge: float = 0.3
    by_hand: tuple[float, ...] = ()
    """Intercept and weights set by reasoning where too few positive runs exist to fit them; reported all the same."""


def _turned(m: Measurements) -> dict[str, float]:
    signs = m.get("overfitting_signs")
    if not signs.has_turned:
        raise NotEnoughEvidence("the curve has not turned")
    return signs.turn_features


QUESTIONS = (
    Question(
        "overfitting_gap",
        "overfitting",
        lambda m: m.get("overfitting_signs").gap_features,
        {"turn": 1, "gap_share": 1, "late_gap_share": 1},
        {"rated": 12.0, "simulated": 0.5, "algoperf": 0.25, "trained": 0.3},
    ),
    Question(
        "overfitting_turn",
        "overfitting",
        _turned,
        {"late_turn": 1, "late_gap_share": 1},
        {"rated": 3.0, "simulated": 0.1, "algoperf": 0.25, "trained": 0.5},
    ),
    Question(
        "undertraining", "undertraining", lambda m: m.get("progress").features, {"late": 1}, {"rated": 1.0}, ridge=0.1
    ),
    Question(
        "instability",
        "instability",
        lambda m: m.get("instability").features,
        {"deviation": 1, "spikes": 1},
        {"rated": 1.0},
        by_hand=(-4.1, 1.0, 3.5),
    ),
)


@dataclass(frozen=True, eq=False)
class Table:
    """Features, labels, weights and groups of every run that has both; shape ``(n, ...)``."""

    x: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    runs: list[Labelled]


def tabulate(question: Question, runs: Iterable[tuple[Labelled, Measurements]]) -> Table:
    """Measure every labelled run."""
    x, y, weight, kept = [], [], [], []
    for labelled, measurements in runs:
        if question.label not in labelled.labels or labelled.source not in question.weights:
            continue
        try:
            features = question.features(measurements)
        except NotEnoughEvidence:
            continue
        x.append([features[name] for name in question.signs])
        y.append(labelled.labels[question.label])
        weight.append(question.weights[labelled.source])
        kept.append(labelled)
    return Table(np.array(x), np.array(y, dtype=float), np.array(weight), kept)


def fit(question: Question, table: Table, chosen: np.ndarray) -> np.ndarray:
    """Penalised maximum likelihood with the stated signs; intercept first."""
    if question.by_hand:
        return np.array(question.by_hand)
    x, y, w = table.x[chosen], table.y[chosen], table.weight[chosen]

    def loss(theta: np.ndarray) -> tuple[float, np.ndarray]:
        logit = theta[0] + x @ theta[1:]
        value = w @ (np.logaddexp(0, logit) - y * logit) + question.ridge / 2 * theta[1:] @ theta[1:]
        residual = w * (1 / (1 + np.exp(-logit)) - y)
        gradient = np.concatenate([[residual.sum()], x.T @ residual + question.ridge * theta[1:]])
        return float(value), gradient

    bounds = [(None, None)] + [(0, None) if sign > 0 else (None, 0) for sign in question.signs.values()]
    return minimize(loss, np.zeros(len(bounds)), jac=True, bounds=bounds, method="L-BFGS-B").x


def predict(theta: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Probabilities, within the floor that the package keeps."""
    return np.clip(1 / (1 + np.exp(-(theta[0] + x @ theta[1:]))), FLOOR, 1 - FLOOR)


def cross_fitted(question: Question, table: Table) -> np.ndarray:
    """Every run's probability from a model that saw no run of its group."""
    groups = np.array([hash_of(run.group) % FOLDS for run in table.runs])
    out = np.empty(len(table.y))
    for fold in range(FOLDS):
        if (groups == fold).any():
            out[groups == fold] = predict(fit(question, table, groups != fold), table.x[groups == fold])
    return out


def hash_of(text: str) -> int:
    """Return a hash that is the same in every process."""
    return sum((i + 1) * byte for i, byte in enumerate(text.encode())) * 2_654_435_761 >> 8


def figures(y: np.ndarray, p: np.ndarray) -> dict[str, float]:
    """F1 at one half, recall, false-alarm rate, Brier score and expected calibration error (ten equal-count bins)."""
    said, true = p >= 0.5, y > 0.5
    hits = int((said & true).sum())
    order = np.argsort(p, kind="stable")
    bins = np.array_split(order, min(10, len(p)))
    return {
        "runs": len(y),
        "positive": int(true.sum()),
        "F1": 2 * hits / max(int(said.sum() + true.sum()), 1),
        "recall": hits / max(int(true.sum()), 1),
        "false alarms": int((said & ~true).sum()) / max(int((~true).sum()), 1),
        "Brier": float(np.mean((p - y) ** 2)),
        "ECE": float(sum(len(b) / len(p) * abs(p[b].mean() - y[b].mean()) for b in bins)),
    }


def main() -> None:
    """Fit, report, and with ``--write`` replace the constants."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="replace diagnose/stats/calibrated.json")
    arguments = parser.parse_args()
    runs = [(r, Measurements(r.run, MEASURES)) for source in (rated, simulated, algoperf, trained) for r in source()]
    constants = {}
    for question in QUESTIONS:
        table = tabulate(question, runs)
        kept_out = np.array([run.held_out for run in table.runs])
        half = predict(fit(question, table, ~kept_out), table.x)
        crossed = cross_fitted(question, table)
        theta = fit(question, table, np.ones(len(table.y), dtype=bool))
        print(
            f"\n{question.name}: intercept {theta[0]:.2f}, "
            + ", ".join(f"{name} {value:.2f}" for name, value in zip(question.signs, theta[1:], strict=True))
        )
        for source in question.weights:
            mine = np.array([run.source == source for run in table.runs])
            for title, p, rows in (("held out", half, mine & kept_out), ("cross-fitted", crossed, mine)):
                if rows.any():
                    shown = figures(table.y[rows], p[rows])
                    print(f"  {source:10s} {title:12s} " + "  ".join(f"{k} {v:.3g}" for k, v in shown.items()))
            wrong = mine & ((crossed >= 0.5) != (table.y > 0.5))
            if source == "rated":
                for i in np.flatnonzero(wrong):
                    print(
                        "     ",
                        table.runs[i].facts["id"],
                        int(table.y[i]),
                        f"{crossed[i]:.2f}",
                        np.round(table.x[i], 2),
                    )
        constants[question.name] = {
            "intercept": round(float(theta[0]), 3),
            "weights": {name: round(float(value), 3) for name, value in zip(question.signs, theta[1:], strict=True)},
        }
    if arguments.write:
        TARGET.write_text(json.dumps(constants, indent=1) + "\n")


if __name__ == "__main__":
    main()

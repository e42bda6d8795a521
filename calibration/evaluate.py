"""Judge every labelled run by constants that no run of its group helped to fit, and print the table of the docs.

    DIAGNOSE_DATA=… python evaluate.py [--write]

This runs the whole product (`diagnose.auditing.diagnose_run`), not a model alone: a false alarm of any analyzer counts.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
from corpus import Labelled, algoperf, rated, seeded, simulated, trained
from fit import FOLDS, QUESTIONS, figures, fit, hash_of, tabulate
from sklearn.metrics import roc_auc_score

from diagnose.auditing import diagnose_run
from diagnose.finding import Diagnosis
from diagnose.measurements import Measurements
from diagnose.measures import MEASURES
from diagnose.run import History, Run
from diagnose.stats import calibrated


@contextmanager
def constants_without(fold: int, tables: dict[str, object]) -> Iterator[None]:
    """Use constants fitted on every group but this fold's."""
    models = {}
    for question in QUESTIONS:
        table = tables[question.name]
        kept = np.array([hash_of(run.group) % FOLDS != fold for run in table.runs])
        theta = fit(question, table, kept)
        weights = dict(zip(question.signs, (float(v) for v in theta[1:]), strict=True))
        models[question.name] = calibrated.LogisticModel(float(theta[0]), weights)
    with patch.object(calibrated, "models", lambda: models):
        yield


def judge_all(
    runs: list[Labelled], tables: dict[str, object], change: Callable[[Run], Run] = lambda run: run
) -> list[Diagnosis]:
    """One cross-fitted diagnosis a run."""
    out: list[Diagnosis | None] = [None] * len(runs)
    for fold in range(FOLDS):
        with constants_without(fold, tables):
            for i, labelled in enumerate(runs):
                if hash_of(labelled.group) % FOLDS == fold:
                    out[i] = diagnose_run(change(labelled.run))
    return out


def probability(diagnosis: Diagnosis, cause: str) -> float:
    """Return the verdict's probability; 0 where it was not examined."""
    return diagnosis.verdicts[cause].probability or 0.0


def row(title: str, y: np.ndarray, p: np.ndarray) -> str:
    """One line of the table."""
    f = figures(y, p)
    return (
        f"| {title} | {f['runs']} | {f['positive']} | {f['F1']:.3f} | {f['recall']:.3f} | {f['false alarms']:.3f} "
        f"| {f['Brier']:.3f} | {f['ECE']:.3f} |"
    )


def first_half(run: Run) -> Run:
    """Return the run as it stood half-way."""
    history = run.history
    start = min(float(c.steps[0]) for c in history.curves if len(c))
    middle = (start + history.last_step) / 2
    return replace(run, history=History(tuple(c.between(start, middle) for c in history.curves), history.unit))


def report_rated(runs: list[Labelled], said: list[Diagnosis]) -> None:
    """Against the raters."""
    for question in ("overfitting", "undertraining", "instability", "underfitting", "evaluation"):
        rows = [i for i, run in enumerate(runs) if question in run.labels]
        y = np.array([runs[i].labels[question] for i in rows], dtype=float)
        print(row(f"raters: {question}", y, np.array([probability(said[i], question) for i in rows])))
    known = [(run.main, d.main, run.facts["id"]) for run, d in zip(runs, said, strict=True) if run.main]
    right = sum(a == b for a, b, _ in known)
    print(
        f"\nMain problem right: {right} of {len(known)} ({right / len(known):.1%}). Confusions:",
        dict(Counter(f"{a} → {b}" for a, b, _ in known if a != b)),
    )
    print("Which:", {name: f"{a} → {b}" for a, b, name in known if a != b}, file=sys.stderr)
    rows = [
        (run.labels["overfitting"], probability(d, "overfitting"), run.facts["id"])
        for run, d in zip(runs, said, strict=True)
        if "overfitting" in run.labels
    ]
    print("Overfitting wrong:", [(n, y, round(p, 2)) for y, p, n in rows if (p >= 0.5) != y], file=sys.stderr)
    for question in ("undertraining", "instability"):
        print(
            question,
            "wrong:",
            [
                (r.facts["id"], r.labels[question], round(probability(d, question), 2))
                for r, d in zip(runs, said, strict=True)
                if question in r.labels and (probability(d, question) >= 0.5) != r.labels[question]
            ],
            file=sys.stderr,
        )


def report_algoperf(runs: list[Labelled], said: list[Diagnosis]) -> None:
    """At the end of the run."""
    clean = [i for i, run in enumerate(runs) if run.labels.get("overfitting") is False]
    alarms = sum(probability(said[i], "overfitting") >= 0.5 for i in clean)
    confirmed = sum(said[i].verdicts["overfitting"].level == "confirmed" for i in clean)
    print(
        f"\nAlgoPerf, clean at the end (test loss within 1 % of its best): {len(clean)}; overfitting likely or "
        f"confirmed {alarms} ({alarms / len(clean):.2%}), confirmed {confirmed} ({confirmed / len(clean):.2%})."
    )
    worse = [i for i, run in enumerate(runs) if run.facts["ratio"] > 1.05]
    for title, chosen in (
        ("training not rising", [i for i in worse if runs[i].facts["train_ratio"] <= 1.02]),
        ("training rising too (divergence)", [i for i in worse if runs[i].facts["train_ratio"] > 1.02]),
    ):
        named = sum(probability(said[i], "overfitting") >= 0.5 for i in chosen)
        other = sum(
            max(probability(said[i], c) for c in ("overfitting", "instability", "learning_rate")) >= 0.5 for i in chosen
        )
        print(
            f"AlgoPerf, test loss over 5 % above its best, {title}: {len(chosen)}; overfitting named {named}, "
            f"overfitting, instability or learning rate named {other}."
        )
    improving = [i for i in worse if runs[i].facts.get("score_change", 1.0) < 0]
    print(
        f"Loss says overfit, task metric improves: {len(improving)}; confirmed "
        f"{sum(said[i].verdicts['overfitting'].level == 'confirmed' for i in improving)}."
    )


def report_half_way(corpora: dict[str, list[Labelled]], tables: dict[str, object]) -> None:
    """How well the probability half-way tells the runs that will end overfitted, beside the one-line rule."""
    print("\n| half-way, AUC for the label at the end | runs | positive | diagnose | last / least validation loss |")
    print("|---|---|---|---|---|")
    for name, label in (
        ("algoperf", lambda run: run.facts["ratio"] > RISEN),
        ("trained", lambda run: run.facts["ratio"] > RISEN),
        ("simulated", lambda run: run.labels["overfitting"]),
    ):
        runs = corpora[name]
        y = np.array([label(run) for run in runs])
        p = np.array([probability(d, "overfitting") for d in judge_all(runs, tables, first_half)])
        rule = np.array([_last_over_best(first_half(run.run)) for run in runs])
        counts = f"{len(y)} | {y.sum()}"
        print(f"| {name}, all together | {counts} | {roc_auc_score(y, p):.3f} | {roc_auc_score(y, rule):.3f} |")
        if name == "algoperf":
            groups = np.array([run.group for run in runs])
            ours, theirs = _within(y, p, groups), _within(y, rule, groups)
            print(f"| {name}, within a workload | {counts} | {ours:.3f} | {theirs:.3f} |")


RISEN = 1.05
"""Test loss at the end over that at the best validation checkpoint: the label of AlgoPerf and of our own runs."""


def _within(y: np.ndarray, score: np.ndarray, groups: np.ndarray) -> float:
    """Mean AUC inside the groups, weighted by their positive runs."""
    mixed = [g for g in np.unique(groups) if 0 < y[groups == g].sum() < (groups == g).sum()]
    weights = [y[groups == g].sum() for g in mixed]
    return float(np.average([roc_auc_score(y[groups == g], score[groups == g]) for g in mixed], weights=weights))


def _last_over_best(run: Run) -> float:
    curve = run.history.find("val", "loss")
    values = curve.finite.values if curve is not None else np.array([1.0])
    return float(values[-1] / values.min()) if len(values) else 1.0


def report_seeded(runs: list[Labelled], said: list[Diagnosis]) -> None:
    """Seeded learning-rate and epoch faults: the harmful named, the harmless not."""
    harm = 0.02
    counts: Counter[str] = Counter()
    for run, diagnosis in zip(runs, said, strict=True):
        fault = run.facts["fault"]
        cause = {"lr": "learning_rate", "epoch": "undertraining"}.get(fault)
        harmful = run.facts["harm"] > harm
        if cause and harmful:
            counts[f"{fault} harmful"] += 1
            counts[f"{fault} harmful, named"] += probability(diagnosis, cause) >= 0.5
        if fault in ("origin", "lr", "epoch") and not harmful:
            counts["harmless"] += 1
            alarm = max(
                probability(diagnosis, "learning_rate"),
                probability(diagnosis, "undertraining") if fault != "origin" else 0,
            )
            counts["harmless, alarm"] += alarm >= 0.5
            if alarm >= 0.5:
                counts[f"alarm on {run.facts['mutant']}"] += 1
    print(f"\nSeeded faults (harmful: validation accuracy over {harm:.0%} below the original's median):", dict(counts))


TARGET = Path(__file__).parents[1] / "docs" / "calibration.md"
BEGIN, END = "<!-- results: generated by calibration/evaluate.py -->\n", "<!-- end of results -->"


def main() -> None:
    """Print everything; with ``--write`` put it into the docs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="replace the results in docs/calibration.md")
    arguments = parser.parse_args()
    shown = io.StringIO()
    with redirect_stdout(shown):
        report()
    print(shown.getvalue())
    if arguments.write:
        before, _, rest = TARGET.read_text().partition(BEGIN)
        TARGET.write_text(before + BEGIN + shown.getvalue() + END + rest.partition(END)[2])


def report() -> None:
    """Judge all corpora and print the results as Markdown."""
    corpora = {source.__name__: list(source()) for source in (rated, simulated, algoperf, trained, seeded)}
    measured = [(r, Measurements(r.run, MEASURES)) for name, runs in corpora.items() if name != "seeded" for r in runs]
    tables = {question.name: tabulate(question, measured) for question in QUESTIONS}
    print(
        "| question | runs | positive | F1 | recall | false alarms | Brier | ECE |\n|---|---|---|---|---|---|---|---|"
    )
    said = {name: judge_all(runs, tables) for name, runs in corpora.items()}
    for name in ("simulated", "trained"):
        rows = [i for i, run in enumerate(corpora[name]) if "overfitting" in run.labels]
        y = np.array([corpora[name][i].labels["overfitting"] for i in rows], dtype=float)
        print(row(f"{name}: overfitting", y, np.array([probability(said[name][i], "overfitting") for i in rows])))
    report_rated(corpora["rated"], said["rated"])
    report_algoperf(corpora["algoperf"], said["algoperf"])
    report_half_way(corpora, tables)
    report_seeded(corpora["seeded"], said["seeded"])


if __name__ == "__main__":
    main()

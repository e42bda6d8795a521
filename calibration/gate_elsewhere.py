"""The default gate on runs of others (`DIAGNOSE_DATA`): rated logs, AlgoPerf's repeated studies, seeded faults."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from corpus import Labelled, _rows, algoperf, rated, seeded, simulated, trained
from evaluate import judge_all
from fit import QUESTIONS, tabulate
from gate_pairs import constants, failing_alone, fails_against, share

from diagnose.auditing import diagnose_run
from diagnose.finding import Diagnosis
from diagnose.measurements import Measurements
from diagnose.measures import MEASURES

FAULTS = ("undertrained", "poor_fit", "unstable", "broken")


def is_faulty(label: dict[str, Any]) -> bool | None:
    """Say whether a gate should fail a rated log. Decided before the gate was run on them, from the rubric alone.

    Yes where both raters saw clear overfitting, or said yes to undertrained, poor fit, unstable or broken: each is
    something that the rubric's engineer would have repaired before the model is used. No where both called it healthy
    and none of these holds; mild overfitting beside it, or validation better than training, is no fault. None, and left
    out, where the raters differ on what decides, or where mild overfitting is what they would tell the owner first.
    """
    if label["overfit"] == "clear" or any(label[fault] == "yes" for fault in FAULTS):
        return True
    return False if label["main"] == "healthy" else None


def blocks() -> dict[str, str]:
    """Return what stands between the markers of the page, by name."""
    return {"rated": rated_logs(), "elsewhere": "\n".join([*studies(), "", *faults()])}


def rated_logs() -> str:
    """Sensitivity and specificity of the default gate, without a reference."""
    runs = list(rated())
    corpora = [
        (run, Measurements(run.run, MEASURES)) for source in (rated, simulated, algoperf, trained) for run in source()
    ]
    crossed = judge_all(runs, {question.name: tabulate(question, corpora) for question in QUESTIONS})
    lines = ["| constants | faulty logs that fail | sound logs that pass |", "|---|---|---|"]
    wrong: dict[str, list[str]] = {}
    for title, said in (("of other groups only", crossed), ("shipped", [diagnose_run(run.run) for run in runs])):
        fails = [failing_alone(diagnosis) for diagnosis in said]
        truth = [is_faulty(run.facts) for run in runs]
        hit = [bool(f) for f, faulty in zip(fails, truth, strict=True) if faulty is True]
        passed = [not f for f, faulty in zip(fails, truth, strict=True) if faulty is False]
        lines.append(f"| {title} | {share(sum(hit), len(hit))} | {share(sum(passed), len(passed))} |")
        wrong[title] = [
            f"{run.facts['id']} ({run.facts['main'] or 'raters differ'}: {', '.join(sorted(set(f))) or 'passes'})"
            for run, f, faulty in zip(runs, fails, truth, strict=True)
            if faulty is not None and bool(f) != faulty
        ]
    left = sum(is_faulty(run.facts) is None for run in runs)
    lines += [
        "",
        f"{left} logs are left out. Wrong with constants of other groups: {'; '.join(wrong['of other groups only'])}.",
    ]
    return "\n".join(lines)


def studies() -> list[str]:
    """AlgoPerf: the same submission, workload and hyperparameters in two studies, of equal length within a tenth."""
    facts = {row["id"]: row for row in _rows("algoperf_dev")}
    groups: dict[tuple[str, ...], dict[str, Labelled]] = defaultdict(dict)
    for run in algoperf():
        row = facts[run.facts["id"]]
        key = (row["submission"], row["workload"], json.dumps(row["hparams"], sort_keys=True))
        groups[key].setdefault(row["study"], run)
    lines = ["| AlgoPerf, the same settings in another study | anything | new finding | score | without the rule |",
             "|---|---|---|---|---|"]  # fmt: skip
    total: list[tuple[Diagnosis, Diagnosis]] = []
    for family in ("criteo1tb", "fastmri", "librispeech"):
        both = [pair for key, group in sorted(groups.items()) if key[1].startswith(family) for pair in _in_twos(group)]
        lines.append(_line(family, both))
        total += both
    return [*lines, _line("all", total)]


def _in_twos(group: dict[str, Labelled]) -> list[tuple[Diagnosis, Diagnosis]]:
    names = sorted(group)
    both = [(group[a], group[b]) for a, b in zip(names[::2], names[1::2], strict=False)]
    ends = [sorted((a.run.history.last_step, b.run.history.last_step)) for a, b in both]
    return [(diagnose_run(a.run), diagnose_run(b.run)) for (a, b), (low, high) in zip(both, ends, strict=True)
            if low > 0.9 * high]  # fmt: skip


def _line(title: str, both: Sequence[tuple[Diagnosis, Diagnosis]]) -> str:
    fails = [fails_against(now, first) for first, now in both]
    with constants(PART=-math.inf):
        unruled = sum(map(bool, (fails_against(now, first) for first, now in both)))
    counts = (sum(map(bool, fails)), sum("new finding" in f for f in fails), sum("score" in f for f in fails), unruled)
    return f"| {title} | {' | '.join(share(count, len(both)) for count in counts)} |"


def faults() -> list[str]:
    """MNIST models with a seeded fault, each against an unharmed original; and the originals among themselves."""
    by: dict[tuple[str, str], list[tuple[float, Diagnosis]]] = defaultdict(list)
    for run in seeded():
        by[run.group, run.facts["mutant"]].append((run.facts["harm"], diagnose_run(run.run)))
    both: dict[str, list[tuple[Diagnosis, Diagnosis]]] = defaultdict(list)
    for (model, mutant), runs in by.items():
        origin = by[model, "origin"]
        for i, (harm, now) in enumerate(runs):
            if mutant == "origin":
                both["the original again"].append((origin[i - 1][1], now))
            else:
                grade = "over 2 points" if harm > 0.02 else "0.5 to 2 points" if harm > 0.005 else "less"
                both[f"a fault that costs {grade}"].append((origin[i][1], now))
    lines = ["| seeded faults (MNIST) | anything | new finding | score | without the rule |", "|---|---|---|---|---|"]
    return lines + [_line(title, both[title]) for title in sorted(both, reverse=True)]

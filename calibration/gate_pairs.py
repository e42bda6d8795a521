"""Saved pairs of runs, and what the gate says of the second against the first."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

from diagnose import reference, rulings, scores
from diagnose.auditing import audit
from diagnose.finding import Diagnosis
from diagnose.gated import Change, Judged, Ruling
from diagnose.gating import judge
from diagnose.measures.chance import wilson
from diagnose.policy import SEVERITIES, Policy
from diagnose.reference import KnownFinding, Reference, from_diagnoses, known, subject

PAIRS = Path(__file__).parent / "reruns.jsonl.gz"
HALVES = {"digits": "A", "blobs": "A", "cancer": "B", "wide": "B"}
"""Kinds of data whole: constants are chosen on half A, and the figures of half B are what the page claims."""
VIEWS = ("losses and accuracies, n_val known", "n_val unknown", "losses only", "best weights kept")
TRIGGERS = ("new finding", "worse: severity", "worse: probability", "worse: value", "score")
ANY_DAY = date(2026, 1, 1)


@dataclass(frozen=True)
class Pair:
    """A first run and one of the same case trained later; ``change`` is empty where only the seed differs.

    ``lost`` is what the test accuracy lost, in shares, ``loss_ratio`` the test loss over that of the first.
    """

    half: str
    change: str
    first: Diagnosis
    now: Diagnosis
    lost: float
    loss_ratio: float


def cases(path: Path = PAIRS) -> list[dict[str, Any]]:
    """Read the saved cases."""
    with gzip.open(path, "rt") as stream:
        return [json.loads(line) for line in stream]


def pairs(rows: Sequence[dict[str, Any]], half: str, view: str = VIEWS[0], *, changed: bool = True) -> list[Pair]:
    """Diagnose one half as somebody would see it who logs what the view names."""
    at = 1 if view == VIEWS[3] else 0  # the test figures: at the end, at the best validation loss
    out = []
    for row in rows:
        if HALVES[row["kind"]] != half:
            continue
        first = row["runs"]["first"]
        before, test = _seen(first, view), first["test"]
        for name, run in row["runs"].items():
            if name == "first" or (name != "again" and not changed):
                continue
            lost = test["accuracy"][at] - run["test"]["accuracy"][at]
            ratio = run["test"]["loss"][at] / max(test["loss"][at], 1e-9)
            out.append(Pair(half, "" if name == "again" else name, before, _seen(run, view), lost, ratio))
    return out


def _seen(run: dict[str, Any], view: str) -> Diagnosis:
    log, context = run["log"], dict(run["context"])
    if view in {VIEWS[1], VIEWS[2]}:
        del context["n_val"]
    if view == VIEWS[2]:
        log = {name: values for name, values in log.items() if "loss" in name}
    if view == VIEWS[3]:
        context["best_weights_kept"] = True
    return audit(history=log, context=context)


def passes(diagnosis: Diagnosis) -> bool:
    """Whether the default gate passes a run without a reference."""
    return not failing_alone(diagnosis)


def failing_alone(diagnosis: Diagnosis) -> list[str]:
    """Return the codes that fail the default gate without a reference."""
    found = judge(diagnosis, Policy(), [], today=ANY_DAY, alone=True)
    return [finding.code for finding in found.failing]


def fails_against(now: Diagnosis, before: Diagnosis) -> set[str]:
    """Return which triggers fail the default gate with ``--against`` the first run."""
    return _fails(now, from_diagnoses([before], "first"))


def fails_baseline(now: Diagnosis, before: Diagnosis) -> set[str]:
    """Return the same with the ``--baseline`` that ``--write-baseline`` wrote of the first run."""
    accepted = judge(before, Policy(), [], today=ANY_DAY, alone=True).failing
    return _fails(now, Reference("baseline", {before.run.name: tuple(map(known, accepted))}))


def _fails(now: Diagnosis, before: Reference) -> set[str]:
    gate = judge(now, Policy(), [before], today=ANY_DAY, alone=True).gate
    assert gate is not None
    triggers = {"score" if p.kind == "regression" else p.kind for p in gate.problems}
    held = [k for findings in before.findings.values() for k in findings]
    for finding, judged in zip(now.findings, gate.judged, strict=True):
        if judged.ruling is Ruling.FAILS:
            same = [k for k in held if k.code == finding.code and k.subject == subject(finding)]
            triggers.add(_trigger(judged, finding.severity, finding.probability, same))
    return triggers


def _trigger(judged: Judged, severity: Any, probability: float, same: Sequence[KnownFinding]) -> str:
    if judged.change is not Change.WORSE:
        return "new finding"
    if all(SEVERITIES.index(severity) > SEVERITIES.index(k.severity) for k in same):
        return "worse: severity"
    risen = all(probability > k.probability + reference.RISE for k in same)
    return "worse: probability" if risen else "worse: value"


@contextmanager
def constants(**values: float) -> Iterator[None]:
    """Judge by other constants than the shipped ones: RISE, GROWTH, SIGMAS, MOVED or PART."""
    homes = {"SIGMAS": scores, "MOVED": scores, "PART": rulings}
    with ExitStack() as stack:
        for name, value in values.items():
            stack.enter_context(patch.object(homes.get(name, reference), name, value))
        yield


def share(hits: int, of: int) -> str:
    """Write a share with its 95 % interval (Wilson), in percent.

    Examples
    --------
    >>> share(9, 200)
    '9 of 200: 4.5 % (2.4–8.3)'
    """
    if not of:
        return "–"
    low, high = wilson(hits / of, of)
    return f"{hits} of {of}: {100 * hits / of:.1f} % ({100 * max(low, 0):.1f}–{100 * min(high, 1):.1f})"

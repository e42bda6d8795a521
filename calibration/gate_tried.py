"""A rule that the gate does not follow (yet), measured on the same pairs: a new finding fails where the score fell too.

Two changes. (1) Where the sampling error of a score is not known (a loss, or no n_val), the noise within a run says
little about another seed, so a drop must also be a share of what the reference's curve moved. (2) A finding that is new
or worse, of a cause whose harm is a worse held-out score, fails only where that score fell by part of its limit.
"""

from __future__ import annotations

import math

import numpy as np
from gate_pairs import ANY_DAY

from diagnose.finding import Cause, Diagnosis, PlottedCurve
from diagnose.gated import Ruling
from diagnose.gating import judge
from diagnose.measures.curves import score_rank
from diagnose.policy import Policy
from diagnose.reference import from_diagnoses
from diagnose.stats.noise import jitter

SIGMAS = 2.5
"""Standard deviations of a difference; those of another seed on the same validation rows are smaller than of two
samples."""
MOVED = 0.2
"""Share of what the reference's curve moved that a drop must exceed where its sampling error is unknown."""
PART = 0.5
"""Part of the limit by which the score must have fallen for a new finding to fail. All three: the table of half A."""
ELSEWHERE = {Cause.LEAKAGE, Cause.EVALUATION, Cause.TRAINING_PROGRAM, Cause.LABEL_ERRORS, Cause.COVARIATE_SHIFT,
             Cause.LABEL_SHIFT, Cause.CONCEPT_SHIFT}  # fmt: skip
"""Causes whose harm a held-out score does not show: leakage raises it."""


def fails(
    now: Diagnosis, before: Diagnosis, *, sigmas: float = SIGMAS, moved: float = MOVED, part: float = PART
) -> bool:
    """Whether the second run fails by the tried rule."""
    drop, limit = fall(now, before, sigmas, moved)
    if drop > limit:
        return True
    gate = judge(now, Policy(), [from_diagnoses([before], "first")], today=ANY_DAY, alone=True).gate
    assert gate is not None
    failing = [f for f, j in zip(now.findings, gate.judged, strict=True) if j.ruling is Ruling.FAILS]
    return any(drop > part * limit or finding.cause in ELSEWHERE for finding in failing)


def fall(now: Diagnosis, before: Diagnosis, sigmas: float = SIGMAS, moved: float = MOVED) -> tuple[float, float]:
    """Return by how much the principal held-out curve got worse, and the limit; infinite both where none is shared."""
    earlier = {(c.split, c.quantity, c.name): c for c in before.run.curves}
    shared = [c for c in now.run.curves if c.split != "train" and (c.split, c.quantity, c.name) in earlier]
    if not shared:
        return math.inf, math.inf
    curve = min(shared, key=lambda c: (c.quantity == "loss", score_rank(c.quantity)))
    then = earlier[curve.split, curve.quantity, curve.name]
    a, b = _outcome(before, then), _outcome(now, curve)
    if a is None or b is None:
        return math.inf, math.inf
    noise = sigmas * math.hypot(_noise(before, then, a), _noise(now, curve, b))
    least = 0.0 if _is_share(before, then) and _is_share(now, curve) else moved * float(np.ptp(_finite(then)))
    return (a - b if curve.better == "higher" else b - a), max(noise, least)


def _outcome(diagnosis: Diagnosis, curve: PlottedCurve) -> float | None:
    if diagnosis.run.context.get("best_weights_kept") is True:
        return diagnosis.run.best.get(curve.name, {}).get("value")
    return diagnosis.run.final.get(curve.name)


def _finite(curve: PlottedCurve) -> np.ndarray:
    return np.array([v for v in curve.values if v is not None])


def _is_share(diagnosis: Diagnosis, curve: PlottedCurve) -> bool:
    values = _finite(curve)
    return (
        bool(diagnosis.run.context.get("n_val")) and curve.better == "higher" and 0 <= min(values) <= max(values) <= 1
    )


def _noise(diagnosis: Diagnosis, curve: PlottedCurve, value: float) -> float:
    within = jitter(_finite(curve))
    if not _is_share(diagnosis, curve):
        return within
    n = diagnosis.run.context["n_val"]
    smoothed = (value * n + 1) / (n + 2)
    return max(within, math.sqrt(smoothed * (1 - smoothed) / n))

"""Scores that got worse since a previous run."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from diagnose.finding import Diagnosis, PlottedCurve
from diagnose.gated import Problem
from diagnose.measures.curves import score_rank
from diagnose.stats.noise import jitter

SIGMAS = 4.0
"""Standard deviations of a difference that counts as worse. Of trainings repeated with another seed none of 159 fails
by it where ``n_val`` is known; where it is not 30, and 60 of losses alone: the noise within a run says little about
another seed (docs/gate-calibration.md)."""
ADVICE = (
    "find what changed between the two runs; if it is meant, renew the reference, or accept it with [gate.regression]"
)


def uncompared(now: Diagnosis, before: Diagnosis, accepted: Mapping[str, float]) -> tuple[str, ...]:
    """Return the curves or quantities of which a drop is accepted and that the two runs do not share."""
    shared = _names(curve for curve, _ in _pairs(now, before))
    return tuple(name for name in accepted if name not in shared)


def regressions(now: Diagnosis, before: Diagnosis, accepted: Mapping[str, float]) -> Iterator[Problem]:
    """Compare what the held-out curves ended at (at best, where the best weights are kept) with a previous run.

    Parameters
    ----------
    now, before
        The two runs.
    accepted
        Largest drop by quantity or name of a curve, in its own unit. Without one that the previous run holds, only its
        principal score is compared (the loss where there is none), with the noise of both curves: epoch-to-epoch jitter
        and, where the number of samples is known, the binomial error of a share. A curve that the previous run holds
        and this one does not, or that ends without a number, is a problem: what cannot be compared does not pass.
    """
    names = _names(curve for curve in before.run.curves if curve.split != "train")
    for name in uncompared(now, before, accepted):
        if name in names:
            yield _lost(name, "log it again, or take it out of [gate.regression]")
    pairs = _pairs(now, before)
    if names.isdisjoint(accepted):
        principal = _principal(before)
        pairs = [pair for pair in pairs if pair[1] in principal][:1]
        if principal and not pairs:
            yield _lost(principal[0].name, "log it again under this name, or renew the reference")
    for curve, earlier in pairs:
        drop = accepted.get(curve.name, accepted.get(curve.quantity))
        if drop is None and not names.isdisjoint(accepted):
            continue
        problem = _compared(now, before, curve, earlier, drop)
        if problem is not None:
            yield problem


def _names(curves: Iterable[PlottedCurve]) -> set[str]:
    return {name for curve in curves for name in (curve.name, curve.quantity)}


def _lost(name: str, todo: str) -> Problem:
    return Problem("regression", f"{name} cannot be compared: the previous run holds it, and this one does not", todo)


def _principal(diagnosis: Diagnosis) -> list[PlottedCurve]:
    """Return the held-out curves that a run is judged by first: those of one score, the losses where there is none."""
    curves = [curve for curve in diagnosis.run.curves if curve.split != "train"]
    ranks = [(curve.quantity == "loss", score_rank(curve.quantity)) for curve in curves]
    return [curve for curve, rank in zip(curves, ranks, strict=True) if rank == min(ranks)]


def _pairs(now: Diagnosis, before: Diagnosis) -> list[tuple[PlottedCurve, PlottedCurve]]:
    earlier = {(curve.split, curve.quantity, curve.name): curve for curve in before.run.curves}
    keys = [(curve, (curve.split, curve.quantity, curve.name)) for curve in now.run.curves if curve.split != "train"]
    return [(curve, earlier[key]) for curve, key in keys if key in earlier]


def _compared(
    now: Diagnosis, before: Diagnosis, curve: PlottedCurve, earlier: PlottedCurve, accepted: float | None
) -> Problem | None:
    value, then = _outcome(now, curve), _outcome(before, earlier)
    if then is None:
        return None
    if value is None or not math.isfinite(value):
        return Problem("regression", f"{curve.name} ended without a number, and at {then:.4g} before", ADVICE)
    drop = then - value if curve.better == "higher" else value - then
    noise = SIGMAS * math.hypot(_noise(now, curve, value), _noise(before, earlier, then))
    limit = noise if accepted is None else accepted
    if drop <= limit:
        return None
    said = "its noise explains" if accepted is None else "accepted is"
    claim = f"{curve.name} went from {then:.4g} to {value:.4g}, worse by {drop:.2g}; {said} {limit:.2g}"
    return Problem("regression", claim, ADVICE)


def _outcome(diagnosis: Diagnosis, curve: PlottedCurve) -> float | None:
    if diagnosis.run.context.get("best_weights_kept") is True:
        return diagnosis.run.best.get(curve.name, {}).get("value")
    return diagnosis.run.final.get(curve.name)


def _noise(diagnosis: Diagnosis, curve: PlottedCurve, value: float) -> float:
    finite = np.array([v for v in curve.values if v is not None], dtype=np.float64)
    n_val = diagnosis.run.context.get("n_val")
    is_share = curve.better == "higher" and len(finite) > 0 and finite.min() >= 0 and finite.max() <= 1
    # one more success and failure: a share of 0 or 1 has an error too
    share = (value * n_val + 1) / (n_val + 2) if is_share and n_val else 0.0
    sampling = math.sqrt(share * (1 - share) / n_val) if is_share and n_val else 0.0
    return max(jitter(finite), sampling)

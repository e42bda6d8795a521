"""Stretches of training with one set of hyperparameters: stated by the log or a hook, else cut where the rate jumps."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from diagnose.run import Curve, History, Phase

JUMP = 3.0
"""A learning rate that changes by this factor between two logged points is a scheduled step or a new phase; smooth
decay over ten points or more changes by less."""
MOST_STEPS = 12
"""A rate that jumps more often is a cyclic or noisy schedule, not a sequence of phases."""


def phases(history: History) -> tuple[Phase, ...]:
    """At least one phase, in order, covering the run."""
    if history.phases:
        return history.phases
    start = min((float(c.steps[0]) for c in history.curves if len(c)), default=0.0)
    whole = Phase(start, max(history.last_step, start))
    rate = history.learning_rate
    if rate is None or len(rate.finite) < 2:
        return (whole,)
    return _cut_at_jumps(whole, rate.finite)


def _cut_at_jumps(whole: Phase, rate: Curve) -> tuple[Phase, ...]:
    values, steps = rate.values, rate.steps
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.abs(np.diff(np.log(values)))
    jumps = np.flatnonzero((factor > np.log(JUMP)) & np.isfinite(factor)) + 1
    if not 0 < len(jumps) <= MOST_STEPS:
        return (replace(whole, learning_rate=float(np.median(values))),)
    edges = [0, *jumps.tolist(), len(values)]
    cut = []
    for start, end in pairwise(edges):
        because = f"learning rate {values[start - 1]:.3g} → {values[start]:.3g}" if start else ""
        begin = float(steps[start]) if start else whole.start
        last = float(steps[end - 1]) if end < len(values) else whole.end
        cut.append(Phase(begin, max(last, begin), because, learning_rate=float(values[start])))
    return tuple(cut)

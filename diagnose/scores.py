"""What a run's held-out curves ended at, and how far another seed explains a difference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from diagnose.finding import Diagnosis, PlottedCurve
from diagnose.measures.curves import score_rank
from diagnose.run import FloatArray
from diagnose.stats.noise import jitter

SIGMAS = 2.5
"""Standard deviations of a difference that counts as worse. Of trainings repeated with another seed 1 of 159 fails by
it where ``n_val`` is known; 4 would find a quarter of the runs that are really worse (docs/gate-calibration.md)."""
MOVED = 0.2
"""Share of what the earlier curve moved that a drop must exceed where the sampling error is unknown (a loss, or no
``n_val``): the jitter within a run says little about another seed. Chosen with `SIGMAS`."""


@dataclass(frozen=True)
class Score:
    """Where one held-out curve ended: at its best where the best weights are kept.

    ``noise`` is the standard deviation of ``value`` as far as the run shows it: the jitter from epoch to epoch, or the
    binomial error of a share of ``n_val`` samples, in which case ``is_sampled``. ``moved`` is the curve's whole range.
    """

    curve: str
    split: str
    quantity: str
    better: str
    value: float | None
    noise: float
    moved: float
    is_sampled: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is compared by."""
        return self.split, self.quantity, self.curve

    @property
    def rank(self) -> tuple[bool, int]:
        """How early a run is judged by it: scores that people judge by, other scores, losses."""
        return self.quantity == "loss", score_rank(self.quantity)


@dataclass(frozen=True)
class Drop:
    """By how much a score is worse than before (negative: better), and how much another seed explains."""

    curve: str
    then: float
    now: float
    drop: float
    limit: float


def scores(diagnosis: Diagnosis) -> tuple[Score, ...]:
    """Return the scores of a run's held-out curves, in its order."""
    return tuple(_score(diagnosis, curve) for curve in diagnosis.run.curves if curve.split != "train")


def principal(found: Sequence[Score]) -> tuple[Score, ...]:
    """Return those that a run is judged by first: of one quantity, the losses where there is no score."""
    first = min((score.rank for score in found), default=None)
    return tuple(score for score in found if score.rank == first)


def fall(now: Sequence[Score], before: Sequence[Score]) -> Drop | None:
    """Compare the principal score of the run before; None where there is none, or one is no number."""
    current = {score.key: score for score in now}
    shared = next((score for score in principal(before) if score.key in current), None)
    return None if shared is None else drop(current[shared.key], shared)


def drop(now: Score, before: Score) -> Drop | None:
    """Compare a score with the same one of a previous run; None where one is no number."""
    if now.value is None or before.value is None or not math.isfinite(now.value - before.value):
        return None
    difference = before.value - now.value if now.better == "higher" else now.value - before.value
    noise = SIGMAS * math.hypot(now.noise, before.noise)
    least = 0.0 if now.is_sampled and before.is_sampled else MOVED * before.moved
    return Drop(now.curve, before.value, now.value, difference, max(noise, least))


def _score(diagnosis: Diagnosis, curve: PlottedCurve) -> Score:
    run = diagnosis.run
    kept = run.context.get("best_weights_kept") is True
    value = run.best.get(curve.name, {}).get("value") if kept else run.final.get(curve.name)
    finite = np.array([v for v in curve.values if v is not None], dtype=np.float64)
    sampling = _sampling(curve, finite, value, run.context.get("n_val"))
    noise = max(jitter(finite), sampling or 0.0)
    moved = float(np.ptp(finite)) if len(finite) else 0.0
    return Score(
        curve.name, curve.split, curve.quantity, curve.better, value,
        noise=float(f"{noise:.4g}"), moved=float(f"{moved:.4g}"), is_sampled=sampling is not None,
    )  # fmt: skip


def _sampling(curve: PlottedCurve, finite: FloatArray, value: float | None, n_val: int | None) -> float | None:
    """Binomial error of a share of ``n_val`` samples; None where it is no share or their number is unknown."""
    if (
        not n_val
        or value is None
        or curve.better != "higher"
        or not len(finite)
        or finite.min() < 0
        or finite.max() > 1
    ):
        return None
    share = (value * n_val + 1) / (n_val + 2)  # one more success and failure: a share of 0 or 1 has an error too
    return math.sqrt(share * (1 - share) / n_val)

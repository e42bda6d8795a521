"""Scores that got worse since a previous run."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from diagnose.gated import Problem
from diagnose.scores import Score, drop, principal

ADVICE = (
    "find what changed between the two runs; if it is meant, renew the reference, or accept it with [gate.regression]"
)


def uncompared(now: Sequence[Score], before: Sequence[Score], accepted: Mapping[str, float]) -> tuple[str, ...]:
    """Return the curves or quantities of which a drop is accepted and that the two runs do not share."""
    keys = {score.key for score in before}
    shared = _names(score for score in now if score.key in keys)
    return tuple(name for name in accepted if name not in shared)


def regressions(now: Sequence[Score], before: Sequence[Score], accepted: Mapping[str, float]) -> Iterator[Problem]:
    """Compare what the held-out curves ended at with a previous run.

    Parameters
    ----------
    now, before
        The scores of the two runs.
    accepted
        Largest drop by quantity or name of a curve, in its own unit. Without one that the previous run holds, only its
        principal score is compared, with what another seed explains, see `diagnose.scores`. A curve that the previous
        run holds and this one does not, or that ends without a number, is a problem: what cannot be compared does not
        pass.
    """
    names = _names(before)
    for name in uncompared(now, before, accepted):
        if name in names:
            yield _lost(name, "log it again, or take it out of [gate.regression]")
    earlier = {score.key: score for score in before}
    pairs = [(score, earlier[score.key]) for score in now if score.key in earlier]
    if names.isdisjoint(accepted):
        first = principal(before)
        pairs = [pair for pair in pairs if pair[1] in first][:1]
        if first and not pairs:
            yield _lost(first[0].curve, "log it again under this name, or renew the reference")
    for score, then in pairs:
        largest = accepted.get(score.curve, accepted.get(score.quantity))
        if largest is None and not names.isdisjoint(accepted):
            continue
        problem = _compared(score, then, largest)
        if problem is not None:
            yield problem


def _names(scores: Iterable[Score]) -> set[str]:
    return {name for score in scores for name in (score.curve, score.quantity)}


def _lost(name: str, todo: str) -> Problem:
    return Problem("regression", f"{name} cannot be compared: the previous run holds it, and this one does not", todo)


def _compared(now: Score, before: Score, accepted: float | None) -> Problem | None:
    if before.value is None:
        return None
    if now.value is None or not math.isfinite(now.value):
        return Problem("regression", f"{now.curve} ended without a number, and at {before.value:.4g} before", ADVICE)
    found = drop(now, before)
    if found is None:
        return None
    limit = found.limit if accepted is None else accepted
    if found.drop <= limit:
        return None
    said = "another seed explains" if accepted is None else "accepted is"
    went = f"{found.curve} went from {found.then:.4g} to {found.now:.4g}"
    return Problem("regression", f"{went}, worse by {found.drop:.2g}; {said} {limit:.2g}", ADVICE)

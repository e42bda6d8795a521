"""Segments of rows whose loss is higher than elsewhere: looked for in one half of the rows, tested in the other."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Name = tuple[str, ...]

CARRIED = 5
"""Segments that each half hands to the other: with both ways ten tests, so that the smallest p-value may be 0.005."""
PAIRED = 6
"""The worst single conditions, which are also joined in pairs."""
ERROR_95 = 1.6449
"""One-sided 95 % quantile of the normal law."""


@dataclass(frozen=True)
class Segment:
    """One segment, by rows that had no part in finding it.

    Attributes
    ----------
    names
        The conditions, all of which hold.
    n
        Its rows among those it was tested on.
    inside, outside
        Mean losses.
    low
        One-sided 95 % lower bound of the difference.
    p
        p-value after Holm over all segments tested.
    """

    names: Name
    n: int
    inside: float
    outside: float
    low: float
    p: float


def weak_segments(
    losses: Floats, conditions: Mapping[str, Bools], half: Bools, *, least: int = 20, shares: bool = False
) -> list[Segment]:
    """Return the segments that were tested, the smallest p-value first.

    Parameters
    ----------
    losses
        Shape ``(n,)``.
    conditions
        By name, the rows for which each holds, shape ``(n,)``.
    half
        Rows of the one half, shape ``(n,)``.
    least
        Rows of a segment in each half.
    shares
        Whether losses are 0 or 1: tested exactly then (Fisher).
    """
    found: dict[tuple[Name, bool], Segment] = {}
    for seek in (half, ~half):
        test = ~seek
        for names in _worst(losses, conditions, seek, least):
            inside = np.logical_and.reduce([conditions[name] for name in names])
            if min((inside & test).sum(), (~inside & test).sum()) >= least:
                found[names, bool(seek[0])] = _tested(names, losses[inside & test], losses[~inside & test], shares)
    return _holm(list(found.values()))


def _worst(losses: Floats, conditions: Mapping[str, Bools], seek: Bools, least: int) -> list[Name]:
    """Return the segments of highest standardised difference in one half: single conditions, and pairs of the worst."""
    singles: dict[Name, float] = {(name,): _z(losses, rows, seek, least) for name, rows in conditions.items()}
    worst = sorted(singles, key=lambda names: (-singles[names], names))[:PAIRED]
    pairs: dict[Name, float] = {
        (a, b): _z(losses, conditions[a] & conditions[b], seek, least)
        for (a,), (b,) in itertools.combinations(sorted(worst), 2)
    }
    both = singles | pairs
    ranked = sorted((names for names in both if both[names] > 0), key=lambda names: (-both[names], names))
    return ranked[:CARRIED]


def _z(losses: Floats, inside: Bools, seek: Bools, least: int) -> float:
    here, there = losses[inside & seek], losses[~inside & seek]
    if min(len(here), len(there)) < least:
        return -math.inf
    error = math.sqrt(here.var() / len(here) + there.var() / len(there))
    return float(here.mean() - there.mean()) / error if error > 0 else -math.inf


def _tested(names: Name, here: Floats, there: Floats, shares: bool) -> Segment:
    difference = float(here.mean() - there.mean())
    error = math.sqrt(here.var(ddof=1) / len(here) + there.var(ddof=1) / len(there))
    if shares:
        from scipy.stats import hypergeom  # noqa: PLC0415

        hits, missed = int(here.sum()), int(there.sum())
        p = float(hypergeom.sf(hits - 1, len(here) + len(there), hits + missed, len(here)))
    else:
        p = 0.5 * math.erfc(difference / error / math.sqrt(2)) if error > 0 else 1.0
    return Segment(names, len(here), float(here.mean()), float(there.mean()), difference - ERROR_95 * error, p)


def _holm(tested: list[Segment]) -> list[Segment]:
    ordered = sorted(tested, key=lambda s: (s.p, s.names))
    found, running = [], 0.0
    for rank, s in enumerate(ordered):
        running = max(running, min(1.0, s.p * (len(ordered) - rank)))
        found.append(Segment(s.names, s.n, s.inside, s.outside, s.low, running))
    return found

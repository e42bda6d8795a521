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
Ints = npt.NDArray[np.int64]
Name = tuple[str, ...]

CARRIED = 5
"""Segments that each half hands to the other: with both ways ten tests, so that the smallest p-value may be 0.005."""
PAIRED = 6
"""The worst single conditions, which are also joined in pairs."""
LEAST_GROUPS = 10
"""On either side of a segment: of fewer the spread between groups is hardly known."""
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


def weak_segments(  # noqa: PLR0913  losses, what divides them, and how they were drawn
    losses: Floats,
    conditions: Mapping[str, Bools],
    half: Bools,
    *,
    least: int = 20,
    shares: bool = False,
    groups: Ints | None = None,
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
    groups
        Shape ``(n,)``, from 0 on: rows of one group depend on each other, and errors are those of groups (Liang & Zeger
        1986), by a t law of as many degrees as the rarer side has groups, less one.
    """
    found: dict[tuple[Name, bool], Segment] = {}
    for seek in (half, ~half):
        test = ~seek
        for names in _worst(losses, conditions, seek, least):
            inside = np.logical_and.reduce([conditions[name] for name in names])
            if min((inside & test).sum(), (~inside & test).sum()) >= least:
                halves = losses[inside & test], losses[~inside & test]
                if groups is None:
                    found[names, bool(seek[0])] = _tested(names, *halves, shares)
                else:
                    of = groups[inside & test], groups[~inside & test]
                    found[names, bool(seek[0])] = _tested_by_groups(names, halves, of)
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


def _tested_by_groups(names: Name, halves: tuple[Floats, Floats], groups: tuple[Ints, Ints]) -> Segment:
    """Compare the means; what each group adds to their difference, on both sides together, is one draw."""
    from scipy.stats import t as student  # noqa: PLC0415

    here, there = halves
    difference = float(here.mean() - there.mean())
    number = np.unique(np.concatenate(groups), return_inverse=True)[1]
    count = min(len(np.unique(of)) for of in groups)
    added = np.concatenate([(here - here.mean()) / len(here), -(there - there.mean()) / len(there)])
    sums = np.bincount(number, added)
    if count < LEAST_GROUPS:
        return Segment(names, len(here), float(here.mean()), float(there.mean()), -math.inf, 1.0)
    error = math.sqrt(float(sums @ sums) * len(sums) / (len(sums) - 1))
    law = student(count - 1)
    p = float(law.sf(difference / error)) if error > 0 else 1.0
    low = difference - float(law.ppf(0.95)) * error
    return Segment(names, len(here), float(here.mean()), float(there.mean()), low, p)


def _holm(tested: list[Segment]) -> list[Segment]:
    ordered = sorted(tested, key=lambda s: (s.p, s.names))
    found, running = [], 0.0
    for rank, s in enumerate(ordered):
        running = max(running, min(1.0, s.p * (len(ordered) - rank)))
        found.append(Segment(s.names, s.n, s.inside, s.outside, s.low, running))
    return found

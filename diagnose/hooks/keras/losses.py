"""The losses of single batches, out of the running means that Keras logs."""

from __future__ import annotations

import math
from collections.abc import Sequence

from diagnose.journal.records import Losses

MOST = 512
"""Losses of one epoch that are kept."""


def batch_losses(
    means: Sequence[tuple[int, float]],
    *,
    first_step: float,
    begun: float,
    batches: int,
    last_share: float = 1.0,
) -> Losses | None:
    """Return the loss of each batch of an epoch; None where there is nothing to tell.

    Keras logs the mean over the samples since the epoch began: ``n m(n) - p m(p)`` over ``n - p`` is what came between.

    Parameters
    ----------
    means
        Index of the last batch that a mean holds, from 0, and the mean.
    first_step
        Optimizer steps before the epoch.
    begun
        Epochs done before it.
    batches
        Of the epoch.
    last_share
        Samples of the epoch's last batch, as a share of those of the others.

    Examples
    --------
    >>> batch_losses([(0, 2.0), (1, 3.0)], first_step=0, begun=0, batches=2).values
    [2.0, 4.0]
    """
    known: list[tuple[int, float]] = []
    before, total = 0.0, 0.0
    for last, mean in sorted(set(means)):
        seen = last + 1.0 - (1 - last_share) * (last + 1 >= batches)
        if seen <= before or not math.isfinite(mean):
            break
        known.append((last, (seen * mean - total) / (seen - before)))
        before, total = seen, seen * mean
    if not known:
        return None
    kept = known if len(known) <= MOST else [known[at * len(known) // MOST] for at in range(MOST)]
    return Losses(
        steps=[first_step + last + 1 for last, _ in kept],
        epochs=[begun + min(1.0, (last + 1) / max(1, batches)) for last, _ in kept],
        values=[value for _, value in kept],
    )

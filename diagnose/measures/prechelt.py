"""Prechelt's stopping criteria, as they are known: for information, since they change with the loss's shift."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diagnose.run import Curve

STRIP = 5
"""Prechelt's k: the epochs over which training progress is measured (1998, eq. 3)."""
MOST = 1e6
"""A ratio of losses beyond says that the best one is zero, not how much was lost."""


@dataclass(frozen=True)
class Prechelt:
    """Generalisation loss and progress quotient at the end of training (Prechelt 1998, eqs 2 to 4).

    Attributes
    ----------
    best_step, best, last
        Step and value of the best validation loss, and its last value.
    generalization_loss
        GL = 100 (last / best - 1), percent; None unless all losses are positive.
    progress_quotient
        PQ = GL / (1000 (mean / min of the last five training losses - 1)); None without them.
    """

    best_step: float
    best: float
    last: float
    generalization_loss: float | None
    progress_quotient: float | None


def prechelt(val_loss: Curve, train_loss: Curve | None = None) -> Prechelt:
    """Compute both from the curves as logged."""
    at = int(np.argmin(val_loss.values))
    best, last = float(val_loss.values[at]), float(val_loss.values[-1])
    loss = 100 * (last / best - 1) if best > 0 and last / best < MOST else None
    quotient = None
    if loss is not None and train_loss is not None and len(train_loss) >= STRIP:
        strip = train_loss.values[-STRIP:]
        lowest = float(strip.min())
        progress = 1000 * (float(strip.mean()) / lowest - 1) if lowest > 0 else 0.0
        quotient = loss / progress if progress > 0 else None
    return Prechelt(float(val_loss.steps[at]), best, last, loss, quotient)

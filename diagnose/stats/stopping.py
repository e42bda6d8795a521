"""Whether more epochs are worth their time, from the validation loss so far: early stopping without a patience.

Patience counts epochs, and the right count depends on how noisy a loss is and how slowly it falls. Here training ends
when the loss has turned beyond its own noise while training went on learning, or when it has found nothing better for
long beside the time that its best took. `calibration/early_stopping.py` compares it with patience.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from diagnose.stats.monotone import unimodal_fit
from diagnose.stats.noise import jitter
from diagnose.stats.thinning import blocks
from diagnose.stats.turning import turning_p_value

TURN_ALPHA = 0.05
"""Error rate of one turning-point test on a flat curve. It is asked at every epoch, so that `WAIT` bounds the errors
too; stricter levels wasted as many epochs as they saved runs (``calibration/early_stopping.py``)."""
WAIT = 10
"""Values without a better one before a turn is asked for: fewer save epochs and miss later, lower minima. Chosen by
looking at all sources of ``calibration/early_stopping.py`` (its held-out groups included), so that no more is missed
than with a patience of 20."""
PLATEAU, PLATEAU_SHARE = 40, 0.5
"""Values without a better one, beside this share of the values up to the best, after which a loss is taken to have
levelled off: what falls slowly gets proportionally longer."""
FEWEST = 4
"""Values that a turning point needs."""


class Decision(NamedTuple):
    """What the rule says: whether to stop, why, and at which epoch the loss was best (None before there is one)."""

    stop: bool
    why: str = ""
    best_at: float | None = None


def stop_now(
    values: Sequence[float],
    *,
    epochs: Sequence[float] | None = None,
    training: Sequence[float] | None = None,
    wait: int = WAIT,
) -> Decision:
    """Decide whether training should stop after the last of these values.

    Only the past is known: a loss that rises beyond its noise and falls again, lower than before, later (double
    descent; a learning rate that is still to decay) is stopped in its rise, once ``wait`` values have passed. Give the
    training loss to tell a rise of both, which is instability and often passes, from overfitting.

    Parameters
    ----------
    values
        The validation loss of each epoch so far, shape ``(n,)``; lower is better. Negate a score.
    epochs
        Their epochs, shape ``(n,)``; 1, 2, … when None.
    training
        The training loss of the same epochs, shape ``(n,)``: NaN where it is unknown.
    wait
        Values without a better one before a turn is asked for.

    Returns
    -------
    Decision
        A value that is no finite number stops at once: it does not come back.

    Examples
    --------
    >>> falling = [1 / n for n in range(1, 21)]
    >>> stop_now(falling).stop
    False
    >>> stop_now(falling + [0.05 + 0.01 * n for n in range(1, 12)]).best_at
    20.0
    >>> stop_now(falling + [0.05 + 0.01 * n for n in range(1, 12)]).stop
    True
    >>> stop_now([0.5, float("nan")]).why
    'the loss of epoch 2 is nan'
    """
    n = len(values)
    if n == 0:
        return Decision(False)
    at = [float(i) for i in range(1, n + 1)] if epochs is None else [float(epoch) for epoch in epochs]
    if not math.isfinite(values[-1]):
        finite = [i for i, value in enumerate(values) if math.isfinite(value)]
        best_at = at[min(finite, key=lambda i: values[i])] if finite else None
        return Decision(True, f"the loss of epoch {at[-1]:g} is {values[-1]:g}", best_at)
    loss = np.asarray(values, dtype=np.float64)
    best = int(np.argmin(np.where(np.isfinite(loss), loss, np.inf)))
    since = n - 1 - best
    if since < wait or n < FEWEST:
        return Decision(False, "", at[best])
    if since >= PLATEAU + PLATEAU_SHARE * (best + 1):
        return Decision(True, f"no value below {loss[best]:.4g} of epoch {at[best]:g} for {since} epochs", at[best])
    if not _still_learns(training, best) or not has_turned(loss[np.isfinite(loss)]):
        return Decision(False, "", at[best])
    why = f"validation loss turned up at epoch {at[best]:g} ({loss[best]:.4g}, now {loss[-1]:.4g}), beyond its noise"
    return Decision(True, why, at[best])


def has_turned(loss: np.ndarray[tuple[int], np.dtype[np.float64]]) -> bool:
    """Whether a loss, all finite, has turned up beyond its noise; the cost is bounded however long it is."""
    cost = blocks(np.arange(len(loss), dtype=np.float64), loss).values
    return turning_p_value(cost, unimodal_fit(cost), jitter(cost)) <= TURN_ALPHA


def _still_learns(training: Sequence[float] | None, best: int) -> bool:
    """Whether the training loss went below what it was up to the best epoch; where it is unknown, it did."""
    if training is None:
        return True
    before = [value for value in training[: best + 1] if math.isfinite(value)]
    after = [value for value in training[best + 1 :] if math.isfinite(value)]
    return not before or not after or min(after) < min(before)


class StoppingRule:
    """`stop_now`, value by value, for a training loop.

    Examples
    --------
    >>> rule = StoppingRule()
    >>> [rule.next(epoch, loss).stop for epoch, loss in enumerate([0.9, 0.5, float("inf")], 1)]
    [False, False, True]
    """

    def __init__(self, *, wait: int = WAIT) -> None:
        self.wait = wait
        self._epochs: list[float] = []
        self._values: list[float] = []
        self._training: list[float] = []
        self._best, self._best_index = math.inf, 0

    def next(self, epoch: float, value: float, training: float = math.nan) -> Decision:
        """Take the next value, and decide: at constant cost while better values still come."""
        self._epochs.append(epoch)
        self._values.append(value)
        self._training.append(training)
        if value < self._best:
            self._best, self._best_index = value, len(self._values) - 1
        if math.isfinite(value) and len(self._values) - 1 - self._best_index < self.wait:
            return Decision(False, "", self._epochs[self._best_index])
        return stop_now(self._values, epochs=self._epochs, training=self._training, wait=self.wait)

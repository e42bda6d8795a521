"""What the losses did where a phase begins: a jump, and whether they came back."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from diagnose.errors import NotEnoughEvidence
from diagnose.run import Curve, FloatArray, Phase
from diagnose.stats.noise import jitter

WINDOW = 3
"""Points on each side of a boundary: the fewest whose median ignores one outlier."""


@dataclass(frozen=True)
class Jump:
    """One boundary between two phases.

    Attributes
    ----------
    phase
        The phase that begins there.
    before, after, best_after, end_after
        Median loss of the last points before, of the first points after; best and last median within the new phase.
    sigma
        Noise of one value before the boundary.
    curve
        Name of the loss.
    trainable_changed
        Whether the log states that other layers train from there on.
    restarts
        Whether the new phase starts as high as the very first one did: a new training, not a new stage.
    """

    phase: Phase
    before: float
    after: float
    best_after: float
    end_after: float
    sigma: float
    curve: str
    trainable_changed: bool
    restarts: bool


def jumps(
    phases: tuple[Phase, ...], val_loss: Curve | None = None, train_loss: Curve | None = None
) -> tuple[Jump, ...]:
    """Measure the validation loss (the training loss without one) at every boundary."""
    curve = val_loss or train_loss
    if curve is None:
        raise NotEnoughEvidence("the log holds no loss", "log the training and validation loss every epoch")
    if len(phases) < 2:
        raise NotEnoughEvidence(
            "the log shows one phase of training only",
            "log the learning rate, or say where layers were unfrozen (the Keras and PyTorch callbacks record it)",
        )
    found = []
    for earlier, later in pairwise(phases):
        old = curve.between(earlier.start, np.nextafter(later.start, -np.inf)).values
        new = curve.between(later.start, later.end).values
        if len(old) >= WINDOW and len(new) >= WINDOW:
            found.append(_jump(curve, earlier, later, old, new))
    if not found:
        raise NotEnoughEvidence(
            f"no two phases have {WINDOW} points each", "train each phase for three epochs at least"
        )
    return tuple(found)


def _jump(curve: Curve, earlier: Phase, later: Phase, old: FloatArray, new: FloatArray) -> Jump:
    start = float(np.median(curve.values[:WINDOW]))
    before, after = float(np.median(old[-WINDOW:])), float(np.median(new[:WINDOW]))
    changed = None not in (earlier.trainable_layers, later.trainable_layers)
    return Jump(
        phase=later,
        before=before,
        after=after,
        best_after=float(min(np.median(part) for part in np.array_split(new, max(len(new) // WINDOW, 1)))),
        end_after=float(np.median(new[-WINDOW:])),
        sigma=jitter(old) if len(old) > WINDOW else jitter(curve.values),
        curve=curve.name,
        trainable_changed=changed and earlier.trainable_layers != later.trainable_layers,
        restarts="restart" in later.because and after >= before + 0.8 * (start - before) > before,
    )

"""Units that are dead or saturated, by layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diagnose.data import FloatArray
from diagnose.errors import NotEnoughEvidence
from diagnose.measures.layer_samples import RECORD, StageSamples, late, middle

TOGETHER = 0.5
"""Half of a layer's units: from the step at which so many are dead, the layer is."""


@dataclass(frozen=True, eq=False)
class UnitShare:
    """A share of one layer's units or outputs over a stage.

    Attributes
    ----------
    layer
        Its name.
    steps, values
        Shape ``(n,)``, what is known.
    at_start, at_end
        The first value, and the median of the last half.
    since
        The first step from which at least half were so to the end; None where that never held.
    """

    layer: str
    steps: FloatArray
    values: FloatArray
    at_start: float
    at_end: float
    since: float | None


@dataclass(frozen=True)
class UnitActivity:
    """The layers whose units can be dead (hidden ones and output), and hidden ones that can saturate, in order."""

    dead: tuple[UnitShare, ...]
    saturated: tuple[UnitShare, ...]


def unit_activity(layer_samples: tuple[StageSamples, ...]) -> UnitActivity:
    """Measure the last stage.

    Raises
    ------
    NotEnoughEvidence
        Neither was recorded: the model has no such activation that a hook could see.
    """
    part = layer_samples[-1]
    dead = tuple(_shares(part, "dead_share", len(part.table.layers)))
    saturated = tuple(_shares(part, "saturated_share", part.first_output))
    if not dead and not saturated:
        raise NotEnoughEvidence("no activation was recorded that can be dead or saturated", RECORD)
    return UnitActivity(dead, saturated)


def _shares(part: StageSamples, quantity: str, end: int) -> list[UnitShare]:
    found = []
    values, half = part.table.of(quantity), late(part)
    for at, layer in enumerate(part.table.layers[:end]):
        known = np.isfinite(values[:, at])
        if not known.any():
            continue
        column, steps = values[known, at], part.table.steps[known]
        at_end = middle(values[half, at])
        at_end = float(column[-1]) if np.isnan(at_end) else at_end
        found.append(UnitShare(layer, steps, column, float(column[0]), at_end, _since(steps, column)))
    return found


def _since(steps: FloatArray, values: FloatArray) -> float | None:
    alive = np.flatnonzero(values < TOGETHER)
    first = 0 if not len(alive) else int(alive[-1]) + 1
    return float(steps[first]) if first < len(steps) else None

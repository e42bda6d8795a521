"""How much one step changes the weights, as a share of what they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diagnose.data import FloatArray
from diagnose.errors import NotEnoughEvidence
from diagnose.measures.layer_samples import RECORD, StageSamples, middle, middles

FIRST_STEPS = 10
"""Adam's first steps have the size of the learning rate whatever the gradient (Kingma & Ba 2015, §2.1), and a fresh
network moves most: they are left out where later ones were seen."""


@dataclass(frozen=True, eq=False)
class UpdatePace:
    """Update-to-weight ratios of the layers that multiply and are trained.

    Attributes
    ----------
    part
        The stage that was measured.
    layers
        Their names.
    steps, epochs
        Shape ``(n,)``.
    ratios
        Shape ``(n, layers)``; NaN where unknown.
    levels
        Their median over the layers, shape ``(n,)``.
    typical
        Median over samples of the median over layers.
    largest
        The largest median over layers of any sample: a decayed or warming schedule counts by its peak.
    peak, peak_step
        The largest median over layers of any sample, the first steps too, and its step.
    by_layer
        Median of each layer over samples.
    distance
        Median over layers of how far they are from their start at the last sample; NaN where unknown.
    rate
        The learning rate that most of them have; None where unknown.
    """

    part: StageSamples
    layers: tuple[str, ...]
    steps: FloatArray
    epochs: FloatArray
    ratios: FloatArray
    levels: FloatArray
    typical: float
    largest: float
    peak: float
    peak_step: float
    by_layer: FloatArray
    distance: float
    rate: float | None


def update_pace(layer_samples: tuple[StageSamples, ...]) -> UpdatePace:
    """Measure the stage with the most samples, of equals the last.

    Raises
    ------
    NotEnoughEvidence
        No update of a trained layer was recorded.
    """
    for part in sorted(layer_samples, key=lambda p: (-p.n, -p.stage.step)):
        ratios = np.where(np.isfinite(ratios := part.table.of("update_ratio")), ratios, np.nan)
        known = [at for at in part.trained if np.isfinite(ratios[:, at]).any()]
        if known:
            return _pace(part, ratios[:, known], known)
    raise NotEnoughEvidence("no update of a trained layer was recorded", RECORD)


def _pace(part: StageSamples, ratios: FloatArray, places: list[int]) -> UpdatePace:
    levels = np.array([middle(row) for row in ratios])
    peak = int(np.nanargmax(levels))
    rows = np.isfinite(levels) & (part.table.steps - part.stage.step > FIRST_STEPS)
    if not rows.any():
        rows = np.isfinite(levels)
    names = tuple(part.table.layers[at] for at in places)
    rates = [rate for name in names if (rate := part.rate_of(name)) is not None]
    return UpdatePace(
        part=part,
        layers=names,
        steps=part.table.steps[rows],
        epochs=part.table.epochs[rows],
        ratios=ratios[rows],
        levels=levels[rows],
        typical=float(np.median(levels[rows])),
        largest=float(levels[rows].max()),
        peak=float(levels[peak]),
        peak_step=float(part.table.steps[peak]),
        by_layer=middles(ratios[rows]),
        distance=middle(part.table.of("distance")[rows][-1, places]),
        rate=float(np.median(rates)) if rates else None,
    )

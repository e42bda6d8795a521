"""How a training begins: the weights' scale, and what becomes of the signal on its way through fresh layers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from diagnose.data import FloatArray
from diagnose.errors import NotEnoughEvidence
from diagnose.measures.layer_samples import RECORD, StageSamples
from diagnose.model_card import LayerCard, Role

LATEST = 10
"""Later steps show what training made of the start."""
EQUAL = 1e-5
"""Single precision's rounding over a few hundred additions."""


@dataclass(frozen=True, eq=False)
class LayerStart:
    """The first sample of the layers that multiply and are trained, in forward order; NaN where unknown.

    Attributes
    ----------
    part, step
        The first stage, and the step of the sample.
    layers
        Names.
    scale
        Root mean square of the weight's values.
    gain
        Norm of the weight over the square root of its units: the factor by which independent inputs of size one grow.
        1 by Glorot & Bengio (2010) in a square layer, √2 by He et al. (2015), 0.6 by PyTorch's default.
    activation_std
        Of the layer's outputs.
    gradient
        Norm.
    spread
        Share of the outputs' variation that is between samples.
    equal_units
        Whether all units of a layer say the same of every sample.
    zero
        Whether the weight is nothing but zeros.
    """

    part: StageSamples
    step: float
    layers: tuple[str, ...]
    scale: FloatArray
    gain: FloatArray
    activation_std: FloatArray
    gradient: FloatArray
    spread: FloatArray
    equal_units: tuple[bool, ...]
    zero: tuple[bool, ...]

    @property
    def is_normalised(self) -> bool:
        """Whether normalisation layers bring the signal back to its size, however small the weights are."""
        return any(card.role in (Role.NORMALISATION, Role.BATCH_NORMALISATION) for card in self.part.card.layers)

    @property
    def growth(self) -> float:
        """Outputs of the last layer over those of the first, in standard deviations; NaN where unknown."""
        known = self.activation_std[np.isfinite(self.activation_std) & (self.activation_std > 0)]
        return float(known[-1] / known[0]) if len(known) > 1 else math.nan


def layer_start(layer_samples: tuple[StageSamples, ...]) -> LayerStart:
    """Measure the first stage.

    Raises
    ------
    NotEnoughEvidence
        The first steps were not sampled, or no layer that multiplies is trained.
    """
    part = layer_samples[0]
    step = float(part.table.steps[0])
    if step - part.stage.step > LATEST or part.stage.step > 0:
        raise NotEnoughEvidence(f"the first sample of the layers is of step {step:.0f}", RECORD)
    places = [at for at in part.trained if np.isfinite(part.table.of("weight")[0, at])]
    if not places:
        raise NotEnoughEvidence("no weight of a trained layer was recorded", RECORD)

    def first(quantity: str) -> FloatArray:
        return part.table.of(quantity)[0, places]

    weight, size = first("weight"), first("size")
    units = np.array([_units(part.cards[at], part.card.framework) for at in places])
    with np.errstate(divide="ignore", invalid="ignore"):
        scale, gain = weight / np.sqrt(size), weight / np.sqrt(units)
    spread, std = first("spread"), first("activation_std")
    return LayerStart(
        part, step, tuple(part.table.layers[at] for at in places), scale, gain, std, first("gradient"), spread,
        tuple(bool(s >= 1 - EQUAL and d > 0 and u > 1) for s, d, u in zip(spread, std, units, strict=True)),
        tuple(bool(w == 0) for w in weight),
    )  # fmt: skip


def _units(card: LayerCard | None, framework: str) -> float:
    """Units of a layer: channels of a convolution, else the last axis; NaN where the shape is unknown."""
    shape = None if card is None else card.output_shape
    if card is None or not shape:
        return math.nan
    first = card.role is Role.CONVOLUTION and framework == "torch"
    width = shape[0] if first else shape[-1]
    return math.nan if width is None else float(width)

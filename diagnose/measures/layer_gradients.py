"""How the gradient goes through the depth of a network, and how it changed while the network trained."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from diagnose.data import FloatArray
from diagnose.errors import NotEnoughEvidence
from diagnose.measures.layer_samples import RECORD, StageSamples, root_mean_square

LEAST_LAYERS = 3
"""Fewer have no depth to go through."""
_SCORES = re.compile(r"(?:^|[._/])(?:query|key|q|k|wq|wk|[qk]_(?:proj|lin)|(?:query|key)_(?:proj|dense))$")
"""Layers that attention's scores are made of. Beside the way of the gradient, which goes through the values: theirs is
near nothing where attention is uniform, as at the beginning of a training (Noci et al. 2022, arXiv 2206.03126)."""


@dataclass(frozen=True, eq=False)
class GradientFlow:
    """Gradients of the layers that multiply and are trained, in forward order; rows without any gradient are left out.

    Queries and keys of attention are left out too: they lie beside the way.

    Attributes
    ----------
    layers
        Their names.
    steps, epochs
        Shape ``(n,)``.
    per_value
        Root mean square of a gradient's values, shape ``(n, layers)``.
    ratios
        Shape ``(n,)``: that of the first layers over that of the last ones (geometric means of a quarter of the layers
        each). About 1 where the gradient passes unchanged, 0 where none arrives.
    total
        Norm over all these layers, shape ``(n,)``.
    """

    layers: tuple[str, ...]
    steps: FloatArray
    epochs: FloatArray
    per_value: FloatArray
    ratios: FloatArray
    total: FloatArray

    @property
    def ratio(self) -> float:
        """The median over the samples."""
        return float(np.median(self.ratios))

    @property
    def typical(self) -> FloatArray:
        """Median of each layer over the samples, shape ``(layers,)``."""
        return np.median(self.per_value, axis=0)

    def below(self, share: float) -> tuple[str, ...]:
        """Return the layers whose gradient is less than this share of the largest behind them, nearest input first."""
        typical = self.typical
        behind = np.maximum.accumulate(typical[::-1])[::-1]
        return tuple(name for name, own, top in zip(self.layers, typical, behind, strict=True) if own < share * top)

    @property
    def growth(self) -> float:
        """The largest total norm over that of the first samples' median: how the gradient grew while it trained."""
        begin = float(np.median(self.total[: max(1, len(self.total) // 4)]))
        return float(self.total.max() / begin) if begin > 0 else 1.0


def gradient_flow(layer_samples: tuple[StageSamples, ...]) -> GradientFlow:
    """Measure the last stage that trains at least three layers.

    Raises
    ------
    NotEnoughEvidence
        No stage trains three layers whose gradients were recorded.
    """
    for part in reversed(layer_samples):
        values = root_mean_square(part, "gradient")
        known = [at for at in part.trained
                 if np.isfinite(values[:, at]).any() and not _SCORES.search(part.table.layers[at])]  # fmt: skip
        if len(known) < LEAST_LAYERS:
            continue
        rows = np.isfinite(values[:, known]).all(axis=1) & (values[:, known] > 0).any(axis=1)
        if not rows.any():
            continue
        picked = values[rows][:, known]
        norms = part.table.of("gradient")[rows][:, known]
        quarter = max(1, len(known) // 4)
        return GradientFlow(
            tuple(part.table.layers[at] for at in known),
            part.table.steps[rows],
            part.table.epochs[rows],
            picked,
            _geometric(picked[:, :quarter]) / np.maximum(_geometric(picked[:, -quarter:]), 1e-300),
            np.sqrt((norms**2).sum(axis=1)),
        )
    raise NotEnoughEvidence(f"no stage trains {LEAST_LAYERS} layers whose gradients were recorded", RECORD)


def _geometric(values: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore"):
        found: FloatArray = np.exp(np.log(values).mean(axis=1))
    return found

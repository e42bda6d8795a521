"""What regularisation does to the weights, beside what the data do."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from diagnose.data import FloatArray
from diagnose.errors import NotEnoughEvidence
from diagnose.measures.layer_samples import RECORD, StageSamples, late, middle, middles
from diagnose.model_card import Role


@dataclass(frozen=True, eq=False)
class DecayShare:
    """Of the last stage.

    Attributes
    ----------
    layers
        Trained layers that multiply, in order.
    decay_ratio
        Median of each in the later half: what weight decay alone takes off in a step over the whole change; NaN where
        unknown.
    taken
        Median over the layers of the share of their weights that decay takes off in a step: rate times decay; NaN where
        unknown.
    left
        Norm of each weight at its last sample over its first; NaN where unknown.
    penalty
        What the L2 penalties of the layers add to the loss at the end; None where no layer has one that is known.
    dropout
        The highest dropout rate of the card.
    weight_decay
        The largest of the optimizer's groups.
    """

    layers: tuple[str, ...]
    decay_ratio: FloatArray
    taken: float
    left: FloatArray
    penalty: float | None
    dropout: float
    weight_decay: float


def decay_share(layer_samples: tuple[StageSamples, ...]) -> DecayShare:
    """Measure it.

    Raises
    ------
    NotEnoughEvidence
        The last stage trains no layer that multiplies.
    """
    part = layer_samples[-1]
    places = list(part.trained)
    if not places:
        raise NotEnoughEvidence("no layer that multiplies is trained in the last stage", RECORD)
    weight = part.table.of("weight")[:, places]
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.where(weight[0] > 0, weight[-1] / weight[0], np.nan)
    rates = [card.settings.get("rate") for card in part.card.layers if card.role is Role.DROPOUT]
    groups = () if part.card.optimizer is None else part.card.optimizer.groups
    return DecayShare(
        tuple(part.table.layers[at] for at in places),
        middles(part.table.of("decay_ratio")[late(part)][:, places]),
        middle((part.table.of("decay_ratio") * part.table.of("update_ratio"))[:, places]),
        left,
        _penalty(part),
        max((float(rate) for rate in rates if isinstance(rate, (int, float))), default=0.0),
        max((group.weight_decay for group in groups), default=0.0),
    )


def _penalty(part: StageSamples) -> float | None:
    total, is_known = 0.0, False
    weights = part.table.of("weight")[late(part)]
    for at, card in enumerate(part.cards):
        factor = None if card is None else card.settings.get("l2")
        norm = middle(weights[:, at])
        if isinstance(factor, (int, float)) and factor > 0 and math.isfinite(norm):
            total, is_known = total + float(factor) * norm**2, True
    return total if is_known else None

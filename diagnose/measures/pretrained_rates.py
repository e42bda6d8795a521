"""At which learning rate the layers are tuned that brought their weights along."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diagnose.errors import NotEnoughEvidence
from diagnose.measures.layer_samples import COMPARED, RECORD, StageSamples, card_rate, layer_samples
from diagnose.model_card import ModelCard
from diagnose.recording import Recording, Stage
from diagnose.run import Context


@dataclass(frozen=True)
class TunedLayers:
    """The pretrained layers that one stage tunes.

    Attributes
    ----------
    epoch, because
        When the stage began, and what began it.
    layers
        Names, in forward order.
    rate
        The highest learning rate of theirs; None where it is unknown.
    head_rate
        The highest of the new layers'; None where there is none or it is unknown.
    optimizer
        Its name.
    distance
        Median over them of how far they went from their pretrained weights; None where that was not recorded.
    new
        Whether the model has fresh layers too, or the user says that it was pretrained: else its weights may be its
        own, of a training that was resumed.
    """

    epoch: float
    because: str
    layers: tuple[str, ...]
    rate: float | None
    head_rate: float | None
    optimizer: str
    distance: float | None
    new: bool


def pretrained_rates(recording: Recording, context: Context) -> tuple[TunedLayers, ...]:
    """Look at every stage that tunes pretrained layers; none where all layers are fresh or frozen.

    Raises
    ------
    NotEnoughEvidence
        The recording holds no model card.
    """
    if not recording.stages:
        raise NotEnoughEvidence("the recording holds no model card", RECORD)
    first = recording.stages[0].card
    brought = _brought_along(first, context)
    fresh = {c.name for c in first.layers if c.parameters and c.is_initial and c.role in COMPARED}
    try:
        samples = {part.stage.step: part for part in layer_samples(recording)}
    except NotEnoughEvidence:
        samples = {}
    new = bool(fresh) or context.pretrained is True
    made = (_of(stage, brought, fresh, samples.get(stage.step), new=new) for stage in recording.stages)
    return tuple(stage for stage in made if stage is not None)


def _brought_along(card: ModelCard, context: Context) -> set[str]:
    """Layers whose weights are known not to be fresh; where that can't be told, a backbone that the user says is."""
    return {
        c.name for c in card.layers
        if c.role in COMPARED and c.parameters and (
            c.is_initial is False
            or (c.is_initial is None and context.pretrained is True and bool(c.backbone or card.backbones))
        )
    }  # fmt: skip


def _of(
    stage: Stage, brought: set[str], fresh: set[str], part: StageSamples | None, *, new: bool
) -> TunedLayers | None:
    card = stage.card
    tuned = tuple(c.name for c in card.layers if c.name in brought and c.trainable_parameters)
    if not tuned or card.optimizer is None:
        return None
    rates = [r for name in tuned if (r := card_rate(card, name)) is not None]
    head = [r for name in fresh if (r := card_rate(card, name)) is not None]
    distance = None
    if part is not None:
        away = part.table.of("distance")[-1]
        known = [away[at] for at, name in enumerate(part.table.layers) if name in tuned and np.isfinite(away[at])]
        distance = float(np.median(known)) if known else None
    return TunedLayers(
        stage.epoch, stage.because, tuned, max(rates, default=None), max(head, default=None), card.optimizer.name,
        distance, new,
    )  # fmt: skip

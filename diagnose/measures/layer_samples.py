"""What layers did, by stage of training, beside the card that says what each layer is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from diagnose.data import FloatArray
from diagnose.errors import NotEnoughEvidence
from diagnose.model_card import LayerCard, ModelCard, Role
from diagnose.recording import LayerTable, Recording, Stage

RECORD = "record the training with a hook: diagnose.hooks.keras, .torch, .lightning or .transformers"
COMPARED = (Role.DENSE, Role.CONVOLUTION, Role.RECURRENT, Role.ATTENTION)
"""Layers whose weights multiply what comes in. Embeddings get sparse gradients and normalisation starts at one: their
numbers mean something else."""


@dataclass(frozen=True, eq=False)
class StageSamples:
    """The samples of one stage.

    Attributes
    ----------
    stage
        With the model card that held then.
    table
        Its samples only; shape ``(n, layers)``.
    """

    stage: Stage
    table: LayerTable

    @property
    def card(self) -> ModelCard:
        """What the model was."""
        return self.stage.card

    @property
    def n(self) -> int:
        """Number of samples."""
        return len(self.table.steps)

    @cached_property
    def cards(self) -> tuple[LayerCard | None, ...]:
        """The card of each layer of the table; None where the model's card does not know it."""
        known = {layer.name: layer for layer in self.card.layers}
        return tuple(known.get(name) for name in self.table.layers)

    @cached_property
    def trained(self) -> tuple[int, ...]:
        """Places of the layers that multiply and get a gradient, in forward order."""
        return tuple(at for at, c in enumerate(self.cards)
                     if c is not None and c.role in COMPARED and c.trainable_parameters)  # fmt: skip

    @cached_property
    def first_output(self) -> int:
        """Place of the last layer that multiplies: from it on, layers make the output; the number of layers if none."""
        found = [at for at, c in enumerate(self.cards) if c is not None and c.role in COMPARED]
        return found[-1] if found else len(self.table.layers)

    def rate_of(self, layer: str) -> float | None:
        """Return the learning rate that the layer's group was set to; None where it is unknown."""
        return card_rate(self.card, layer)


def card_rate(card: ModelCard, layer: str) -> float | None:
    """Return the learning rate that a layer's parameter group was set to; None where it is unknown."""
    groups = () if card.optimizer is None else card.optimizer.groups
    for group in groups:
        if layer in group.layers:
            return group.learning_rate
    return groups[0].learning_rate if len(groups) == 1 and not groups[0].layers else None


def layer_samples(recording: Recording) -> tuple[StageSamples, ...]:
    """Split the samples by stage; stages without one are left out.

    Returns
    -------
    tuple of StageSamples
        At least one, in order.

    Raises
    ------
    NotEnoughEvidence
        The recording holds no samples of layers, or no model card.
    """
    table, stages = recording.layers, recording.stages
    if table is None or not len(table.steps) or not table.layers:
        raise NotEnoughEvidence("the recording holds no samples of layers", RECORD)
    if not stages:
        raise NotEnoughEvidence("the recording holds no model card", RECORD)
    table, found = _in_forward_order(table, stages[-1].card), []
    for at, stage in enumerate(stages):
        after = stages[at + 1].step if at + 1 < len(stages) else np.inf
        # a sample of the very step at which a stage begins may be of either
        rows = (table.steps > stage.step if at else table.steps >= 0) & (table.steps < after)
        if rows.any():
            part = LayerTable(table.layers, table.steps[rows], table.epochs[rows],
                              {name: values[rows] for name, values in table.values.items()})  # fmt: skip
            found.append(StageSamples(stage, part))
    if not found:
        raise NotEnoughEvidence("no sample of layers lies within a stage", RECORD)
    return tuple(found)


def _in_forward_order(table: LayerTable, card: ModelCard) -> LayerTable:
    """Order the layers as the card does; those that it does not know come last."""
    place = {layer.name: at for at, layer in enumerate(card.layers)}
    order = sorted(range(len(table.layers)), key=lambda at: place.get(table.layers[at], len(place)))
    return LayerTable(tuple(table.layers[at] for at in order), table.steps, table.epochs,
                      {name: values[:, order] for name, values in table.values.items()})  # fmt: skip


def root_mean_square(part: StageSamples, quantity: str) -> FloatArray:
    """Return a norm over the square root of the weight's size: what one value has, whatever the layer's size."""
    size = part.table.of("size")
    with np.errstate(invalid="ignore", divide="ignore"):
        values: FloatArray = np.where(size > 0, part.table.of(quantity) / np.sqrt(size), np.nan)
    return values


def late(part: StageSamples, share: float = 0.5) -> slice:
    """Return the rows of the last share of the samples, at least one."""
    return slice(min(part.n - 1, int(part.n * (1 - share))), None)


def middle(values: FloatArray) -> float:
    """Return the median of what is known; NaN where nothing is."""
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else float("nan")


def middles(values: FloatArray) -> FloatArray:
    """Return the median of what is known of each column; NaN where nothing is."""
    return np.array([middle(column) for column in values.T])

"""Blocks of a model: layers that belong together by their names, as people speak of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from diagnose.block_names import block_of
from diagnose.model_card import LayerCard


@dataclass(frozen=True)
class Block:
    """Layers of one name in forward order, some without weights."""

    name: str
    layers: tuple[LayerCard, ...]

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def trainable_parameters(self) -> int:
        """Number of weights that get a gradient."""
        return sum(layer.trainable_parameters for layer in self.layers)


def blocks_of(layers: tuple[LayerCard, ...]) -> tuple[Block, ...]:
    """Return the blocks in forward order; a name that comes back after another is another block."""
    grouped = groupby(layers, key=lambda layer: block_of(layer.name))
    return tuple(Block(name, tuple(members)) for name, members in grouped)

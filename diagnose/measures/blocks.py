"""Blocks of a model: layers that belong together by their names, as people speak of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby

from diagnose.model_card import LayerCard

_FLAT = re.compile(r"(?P<block>(?:.*?_)?(?:block|stage)_?\d+[a-z]?)_")
"""Names without a path that tell their block all the same: ``block5_conv1``, ``conv4_block6_1_conv``."""


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


def block_of(name: str) -> str:
    """Return the block that a layer belongs to by its name: the path through its first number, else itself.

    Examples
    --------
    >>> block_of("layer4.0.bn1"), block_of("bert.encoder.layer.3.attention.query"), block_of("fc")
    ('layer4.0', 'bert.encoder.layer.3', 'fc')
    >>> block_of("vgg16/block5_conv1"), block_of("block_13_expand"), block_of("conv4_block6_1_conv")
    ('vgg16/block5', 'block_13', 'conv4_block6')
    """
    path, separator, leaf = name.rpartition("/")
    flat = _FLAT.match(leaf)
    if flat:
        return f"{path}{separator}{flat['block']}"
    parts = leaf.split(".")
    numbered = next((at for at, part in enumerate(parts) if part.isdecimal()), None)
    if numbered is None or len(parts) == 1:
        return f"{path}{separator}{'.'.join(parts[:-1]) or leaf}"
    return f"{path}{separator}{'.'.join(parts[: numbered + 1])}"


def blocks_of(layers: tuple[LayerCard, ...]) -> tuple[Block, ...]:
    """Return the blocks in forward order; a name that comes back after another is another block."""
    grouped = groupby(layers, key=lambda layer: block_of(layer.name))
    return tuple(Block(name, tuple(members)) for name, members in grouped)

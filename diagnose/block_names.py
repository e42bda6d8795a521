"""The block that a layer belongs to, as its name tells."""

from __future__ import annotations

import re

_FLAT = re.compile(r"(?P<block>(?:.*?_)?(?:block|stage)_?\d+[a-z]?|expanded_conv(?:_\d+)?)_")
"""Names without a path that tell their block all the same: ``block5_conv1``, ``conv4_block6_1_conv``."""


def block_of(name: str) -> str:
    """Return the block that a layer belongs to by its name: the path through its first number, else itself.

    Examples
    --------
    >>> block_of("layer4.0.bn1"), block_of("bert.encoder.layer.3.attention.query"), block_of("fc")
    ('layer4.0', 'bert.encoder.layer.3', 'fc')
    >>> block_of("vgg16/block5_conv1"), block_of("block_13_expand"), block_of("conv4_block6_1_conv")
    ('vgg16/block5', 'block_13', 'conv4_block6')
    >>> block_of("expanded_conv_project"), block_of("dense_1")
    ('expanded_conv', 'dense_1')
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

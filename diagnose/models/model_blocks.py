"""The blocks of a user's model: found from its own parts, named as it names them."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from diagnose.errors import InputError
from diagnose.models.block_parts import MOST_BLOCKS, ModelBlock
from diagnose.models.keras_blocks import keras_blocks
from diagnose.models.torch_blocks import torch_blocks

__all__ = ["MOST_BLOCKS", "ModelBlock", "blocks_of_model", "framework_of"]


def blocks_of_model(
    model: Any,
    blocks: Sequence[str] | None = None,
    *,
    order: Sequence[str] = (),
    structured: Mapping[str, bool] | None = None,
) -> tuple[ModelBlock, ...]:
    """Return the blocks of a model in forward order, the head last.

    Blocks are what the module tree says: the items of lists (``blocks.0``, ``layer1.0``, ``bert.encoder.layer.3``),
    named modules and layers that hold others, and in flat Keras models layers of one prefix (``block_13_expand``).
    Normalisation, activations and pooling go with the layer before them. Where there are more than `MOST_BLOCKS`, the
    smallest neighbours are merged, which the name shows (``blocks.0–2``).

    Parameters
    ----------
    model
        A Keras model that is built, or a PyTorch module.
    blocks
        Names of blocks, or prefixes of layers' names, that are to be blocks; the rest stays as it is found.
    order, structured
        What running it has shown: names of layers in forward order, and whether a layer's output has places or steps.
        Without it, PyTorch layers come in the order of their definition.

    Raises
    ------
    InputError
        It is no network, is not built, or has no layers of a name in ``blocks``.
    """
    if isinstance(blocks, str):
        blocks = (blocks,)
    if framework_of(model) == "keras":
        return keras_blocks(model, blocks, order, structured)
    return torch_blocks(model, blocks, order, structured)


def framework_of(model: Any) -> str:
    """Return ``"keras"`` or ``"torch"``.

    Raises
    ------
    InputError
        It is neither.
    """
    keras: Any = sys.modules.get("keras")
    torch: Any = sys.modules.get("torch")
    if hasattr(keras, "Model") and isinstance(model, keras.Model):
        return "keras"
    if hasattr(torch, "nn") and isinstance(model, torch.nn.Module):
        return "torch"
    what = f"{type(model).__module__}.{type(model).__qualname__}".removeprefix("builtins.")
    raise InputError(f"model={what}: it has no blocks; expected a Keras model or a PyTorch module")

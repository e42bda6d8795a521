"""A Keras model, as it is compiled, as a `ModelCard`."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from diagnose.model_card import ModelCard, Role
from diagnose.models.keras_card_compiled import held_by, inner_optimizer, loss_card, metric_names, optimizer_card
from diagnose.models.keras_card_layers import (
    activation_of,
    blocks,
    card_of_layer,
    children,
    is_model,
    leaves,
    role_of,
    shape_of,
    snake,
)

BACKBONES: Mapping[str, tuple[frozenset[str], frozenset[str]]] = MappingProxyType(
    {
        name: (frozenset(has.split()), frozenset(lacks.split()))
        for name, has, lacks in (
            ("vgg16", "block1_conv1 block3_conv3 block5_conv3", "block5_conv4"),
            ("vgg19", "block1_conv1 block5_conv4", ""),
            ("resnet50", "conv1_bn conv4_block6_out conv5_block3_out", "conv4_block7_out"),
            ("resnet101", "conv1_bn conv4_block23_out conv5_block3_out", "conv4_block24_out"),
            ("resnet152", "conv1_bn conv4_block36_out conv5_block3_out", ""),
            ("resnet50v2", "post_bn conv4_block6_out conv5_block3_out", "conv4_block7_out"),
            ("resnet101v2", "post_bn conv4_block23_out conv5_block3_out", "conv4_block24_out"),
            ("resnet152v2", "post_bn conv4_block36_out conv5_block3_out", ""),
            ("mobilenet", "conv_dw_13 conv_pw_13", ""),
            ("mobilenetv2", "block_16_project out_relu", ""),
            ("mobilenetv3", "expanded_conv_project activation_17", ""),
            ("efficientnetv2", "stem_conv block1a_project_conv block2a_expand_conv top_conv", "block1a_dwconv"),
            ("efficientnet", "stem_conv block1a_dwconv block7a_project_conv top_conv", ""),
            ("xception", "block1_conv1 block14_sepconv2", ""),
            ("inception_v3", "mixed0 mixed10", ""),
            ("inception_resnet_v2", "mixed_5b conv_7b", ""),
            ("densenet121", "conv4_block24_concat conv5_block16_concat", "conv4_block25_concat"),
            ("densenet169", "conv4_block32_concat conv5_block32_concat", "conv4_block33_concat"),
            ("densenet201", "conv4_block48_concat conv5_block32_concat", ""),
        )
    }
)
"""Layers by which an architecture of `keras.applications` is known, and those that only a larger sister has."""
BY_NAME = (
    "vgg16", "vgg19", "resnet50v2", "resnet101v2", "resnet152v2", "resnet50", "resnet101", "resnet152", "mobilenetv3",
    "mobilenetv2", "mobilenet", "efficientnetv2", "efficientnet", "xception", "inception_resnet_v2", "inception_v3",
    "densenet121", "densenet169", "densenet201", "nasnet", "convnext", "regnet",
)  # fmt: skip
TRANSPARENT = (Role.RESHAPE, Role.DROPOUT, Role.INPUT, Role.POOLING)
"""Roles of layers that leave the range of values as it is."""
PLAIN_LAYERS = ("Identity", "Masking", "Cast")


def card_of(model: Any, *, traced: Collection[int] | None = None, class_weights: bool = False) -> ModelCard:
    """Return the card of a Keras model, compiled or not.

    Parameters
    ----------
    model
        A `keras.Model`.
    traced
        Identities of the variables that its compiled training step updates; found out where None.
    class_weights
        Whether `fit` was given some.
    """
    found = leaves(model)
    held = held_by(inner_optimizer(model))
    trainable = {id(v) for v in model.trainable_variables}
    has_optimizer = inner_optimizer(model) is not None
    optimized = ({id(v) for v in held} if held is not None else trainable) if has_optimizer else None
    outputs = _outputs(model)
    width = _width(model, outputs)
    n_outputs = max(1, len(outputs))
    cards = tuple(card_of_layer(leaf, trainable, optimized) for leaf in found)
    return ModelCard(
        name=str(model.name),
        framework="keras",
        layers=cards,
        top_level=tuple(layer.name for layer in children(model)),
        backbones=dict(_backbones(model)),
        input_shapes=tuple(_input_shapes(model)),
        output_width=width if n_outputs == 1 else None,
        output_activation=_output_activation(model, outputs) if n_outputs == 1 else None,
        loss=loss_card(model, width, class_weights=class_weights) if n_outputs == 1 else None,
        optimizer=optimizer_card(model, found),
        metrics=metric_names(model),
        stale_layers=tuple(_stale(model, found, trainable, traced)),
        is_mixed_precision=any(card.dtype in ("float16", "bfloat16") for card in cards),
        n_outputs=n_outputs,
    )


def _stale(model: Any, found: Any, trainable: set[int], traced: Collection[int] | None) -> Iterator[str]:
    """Give the layers whose ``trainable`` changed after TensorFlow had traced the training step.

    PyTorch asks for the trainable weights in every step, and JAX refuses to go on: there nothing can be stale.
    """
    held = held_by(inner_optimizer(model))
    if not _is_traced(model) or (held is None and traced is None):
        return
    updated = {id(v) for v in held or ()} if traced is None else set(traced)
    for leaf in found:
        if any((id(v) in updated) != (id(v) in trainable) for v in leaf.weights):
            yield leaf.name


def _is_traced(model: Any) -> bool:
    cells = getattr(getattr(model, "train_function", None), "__closure__", None) or ()
    for cell in cells:
        counted = getattr(_content(cell), "experimental_get_tracing_count", None)
        if counted is not None and counted() > 0:
            return True
    return False


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # empty
        return None


def _backbones(model: Any) -> Iterator[tuple[str, str]]:
    known: list[str] = []
    for path, block in blocks(model):
        if any(path.startswith(f"{name}/") for name in known):  # a part of one that is known
            continue
        names = {layer.name for layer in children(block)}
        by_layers = next((name for name, (has, lacks) in BACKBONES.items() if has <= names and not lacks & names), "")
        plain = str(block.name).lower().replace("-", "").replace("_v", "v")
        by_name = next((name for name in BY_NAME if plain.startswith(name.replace("_v", "v"))), "")
        if by_layers or (by_name and path):
            known.append(path)
            yield path, by_layers or by_name


def _outputs(model: Any) -> list[Any]:
    if getattr(model, "_functional", None) is not None:  # Sequential
        model = model._functional  # noqa: SLF001
    try:
        outputs = model.outputs
    except (AttributeError, ValueError):
        return []
    return list(outputs or ()) if isinstance(outputs, (list, tuple)) else []


def _input_shapes(model: Any) -> Iterator[tuple[int | None, ...]]:
    try:
        inputs = model.inputs
    except (AttributeError, ValueError):
        return
    for tensor in inputs or ():
        shape = shape_of(getattr(tensor, "shape", None))
        if shape is not None:
            yield shape


def _width(model: Any, outputs: list[Any]) -> int | None:
    if outputs:
        shape = shape_of(outputs[0].shape)
        return shape[-1] if shape else None
    last = next((layer for layer in reversed(children(model)) if role_of(layer) not in TRANSPARENT), None)
    units = getattr(last, "units", None)
    return int(units) if isinstance(units, int) and type(model).__name__ == "Sequential" else None


def _output_activation(model: Any, outputs: list[Any]) -> str | None:
    if outputs:
        return _of_tensor(outputs[0])
    if type(model).__name__ != "Sequential":
        return None
    last = next((layer for layer in reversed(children(model)) if not _is_transparent(layer)), None)
    return None if last is None else activation_of(last) or None


def _of_tensor(tensor: Any) -> str | None:
    """Return what a symbolic output went through last, back through layers that leave values as they are."""
    for _ in range(20):
        history = getattr(tensor, "_keras_history", None)
        if history is None:
            return None
        operation = history.operation
        if is_model(operation):
            inner = _outputs(operation)
            return _of_tensor(inner[0]) if len(inner) == 1 else None
        if not _is_transparent(operation):
            return _of_operation(operation)
        taken = operation._inbound_nodes[history.node_index].input_tensors  # noqa: SLF001
        if not taken:
            return "linear"
        tensor = taken[0]
    return None


def _is_transparent(layer: Any) -> bool:
    return role_of(layer) in TRANSPARENT or type(layer).__name__ in PLAIN_LAYERS


def _of_operation(operation: Any) -> str | None:
    keras: Any = sys.modules["keras"]
    if isinstance(operation, keras.Layer):
        if role_of(operation) in (Role.NORMALISATION, Role.BATCH_NORMALISATION, Role.RESCALING):
            return "linear"
        return activation_of(operation) or None
    name = snake(type(operation).__name__)
    return name if callable(getattr(keras.activations, name, None)) else None

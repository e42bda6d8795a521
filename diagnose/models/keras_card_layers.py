"""The layers of a Keras model: found in order, and told in words that hold for every framework."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from diagnose.model_card import LayerCard, Role, Setting
from diagnose.models.keras_card_initial import looks_initial

NORMALISATIONS = ("LayerNormalization", "GroupNormalization", "RMSNormalization", "UnitNormalization")
DROPOUTS = ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout", "GaussianDropout")
ROLES: Mapping[str, Role] = MappingProxyType(
    {
        "Dense": Role.DENSE,
        "EinsumDense": Role.DENSE,
        "BaseConv": Role.CONVOLUTION,
        "BaseConvTranspose": Role.CONVOLUTION,
        "BaseDepthwiseConv": Role.CONVOLUTION,
        "BaseSeparableConv": Role.CONVOLUTION,
        "RNN": Role.RECURRENT,
        "Bidirectional": Role.RECURRENT,
        "MultiHeadAttention": Role.ATTENTION,
        "GroupedQueryAttention": Role.ATTENTION,
        "Attention": Role.ATTENTION,
        "Embedding": Role.EMBEDDING,
        "BatchNormalization": Role.BATCH_NORMALISATION,
        **dict.fromkeys(NORMALISATIONS, Role.NORMALISATION),
        **dict.fromkeys(DROPOUTS, Role.DROPOUT),
        **dict.fromkeys(("Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax"), Role.ACTIVATION),
        "BasePooling": Role.POOLING,
        "BaseGlobalPooling": Role.POOLING,
        **dict.fromkeys(("Flatten", "Reshape", "Permute", "RepeatVector"), Role.RESHAPE),
        "Rescaling": Role.RESCALING,
        "Normalization": Role.RESCALING,
        "BaseImagePreprocessingLayer": Role.AUGMENTATION,
        **dict.fromkeys(("GaussianNoise", "RandomAugmentation", "Pipeline"), Role.AUGMENTATION),
        "InputLayer": Role.INPUT,
    }
)
"""Classes to roles; a subclass has the role of the first of its ancestors that is named here."""
PLAIN = ("CenterCrop", "Resizing", "AutoContrast")
"""Preprocessing of images that changes every image in the same way: no augmentation."""
OWN_WEIGHTS = ""
"""Name of the entry for weights that a model or block holds beside its layers, below the block's own name."""


class Leaf(NamedTuple):
    """A layer without children, or the weights that a block holds itself: its name, its own variables, its model."""

    name: str
    layer: Any
    weights: tuple[Any, ...]
    statistics: tuple[Any, ...]
    backbone: str


def leaves(model: Any) -> list[Leaf]:
    """Return the layers without children in the order of ``model.layers``; a layer that is used twice is told once."""
    seen: set[int] = set()
    found: list[Leaf] = []
    for leaf in _within(model, "", ""):
        if id(leaf.layer) not in seen:
            seen.add(id(leaf.layer))
            found.append(leaf)
    return found


def blocks(model: Any) -> Iterator[tuple[str, Any]]:
    """Give the models within a model by their path, the model itself as ``""`` first."""
    yield "", model
    for layer in children(model):
        if is_model(layer):
            for path, inner in blocks(layer):
                yield f"{layer.name}/{path}" if path else layer.name, inner


def children(layer: Any) -> list[Any]:
    """Return the direct children that are layers; Keras's own layers have none, whatever they are made of."""
    if is_model(layer):
        return list(layer.layers)
    if type(layer).__module__.partition(".")[0] == "keras":
        return []
    return [child for child in getattr(layer, "_layers", ()) if hasattr(child, "weights")]


def is_model(layer: Any) -> bool:
    """Whether it is a Keras model."""
    keras = sys.modules.get("keras")
    return keras is not None and isinstance(layer, keras.Model)


def _within(parent: Any, prefix: str, backbone: str) -> Iterator[Leaf]:
    for layer in children(parent):
        name = prefix + layer.name
        if not children(layer):
            if prefix and role_of(layer) is Role.INPUT:
                continue
            weights = tuple(v for one in layer._flatten_layers() for v in one._trainable_variables)  # noqa: SLF001
            held = {id(v) for v in weights}
            statistics = tuple(v for v in layer.weights if id(v) not in held)
            yield Leaf(name, layer, weights, statistics, backbone)
            continue
        yield from _within(layer, f"{name}/", name if is_model(layer) else backbone)
    own = tuple(getattr(parent, "_trainable_variables", ()))
    if own:
        yield Leaf(prefix.rstrip("/") or parent.name, parent, own, (), backbone)


def role_of(layer: Any) -> Role:
    """Return what a layer is for."""
    names = [kind.__name__ for kind in type(layer).__mro__]
    if any(name in PLAIN for name in names):
        return Role.OTHER
    if "Wrapper" in names and "Bidirectional" not in names and hasattr(layer, "layer"):
        return role_of(layer.layer)
    return next((ROLES[name] for name in names if name in ROLES), Role.OTHER)


def activation_of(layer: Any) -> str:
    """Return the activation of a layer by its canonical name; empty where it has none."""
    kind = type(layer).__name__
    if kind == "ReLU":
        return "relu6" if getattr(layer, "max_value", None) == 6 else "relu"
    if kind in ("LeakyReLU", "PReLU", "ELU", "Softmax"):
        return {"LeakyReLU": "leaky_relu", "PReLU": "prelu", "ELU": "elu", "Softmax": "softmax"}[kind]
    activation = getattr(layer, "activation", None)
    if activation is None:
        inner = getattr(layer, "layer", None) or getattr(layer, "forward_layer", None)
        return activation_of(inner) if inner is not None and inner is not layer else ""
    if hasattr(activation, "call"):  # a layer as activation
        return activation_of(activation) or snake(type(activation).__name__)
    return str(getattr(activation, "__name__", "")) or snake(type(activation).__name__)


def card_of_layer(leaf: Leaf, trainable: set[int], optimized: set[int] | None) -> LayerCard:
    """Return the card of one layer.

    Parameters
    ----------
    leaf
        The layer.
    trainable
        Identities of the variables that the model gives a gradient.
    optimized
        Of those that the optimizer holds; None where there is none.
    """
    layer = leaf.layer
    return LayerCard(
        name=leaf.name,
        kind=type(layer).__name__,
        role=role_of(layer),
        parameters=sum(map(size, leaf.weights)),
        trainable_parameters=sum(size(v) for v in leaf.weights if id(v) in trainable),
        optimized_parameters=None if optimized is None else sum(size(v) for v in leaf.weights if id(v) in optimized),
        is_trainable=bool(layer.trainable),
        activation=activation_of(layer),
        output_shape=_output_shape(layer),
        dtype=str(getattr(layer, "compute_dtype", "")),
        is_initial=looks_initial(layer, leaf.weights, leaf.statistics),
        backbone=leaf.backbone,
        settings=dict(_settings(layer)),
    )


def size(variable: Any) -> int:
    """Return the number of values of a variable."""
    return math.prod(int(n) for n in variable.shape)


def snake(name: str) -> str:
    """Return a class's name as Keras spells functions.

    Examples
    --------
    >>> snake("GlorotUniform"), snake("SparseCategoricalCrossentropy"), snake("AUC")
    ('glorot_uniform', 'sparse_categorical_crossentropy', 'auc')
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def shape_of(shape: Any) -> tuple[int | None, ...] | None:
    """Return a shape without its batch axis; None where it is none of one tensor."""
    if not isinstance(shape, (tuple, list)) or not all(n is None or isinstance(n, int) for n in shape):
        return None
    return tuple(None if n is None else int(n) for n in shape[1:])


def _output_shape(layer: Any) -> tuple[int | None, ...] | None:
    node = next(iter(getattr(layer, "_inbound_nodes", ())), None)
    tensors: list[Any] = list(getattr(node, "output_tensors", ()))
    return shape_of(getattr(tensors[0], "shape", None)) if len(tensors) == 1 else None


def _settings(layer: Any) -> Iterator[tuple[str, Setting]]:
    for name in ("rate", "momentum", "epsilon", "scale", "offset"):
        value = getattr(layer, name, None)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            yield name, float(value)
    for part in ("kernel", "bias", "activity", "embeddings"):
        regularizer = getattr(layer, f"{part}_regularizer", None)
        for norm in ("l1", "l2"):
            value = getattr(regularizer, norm, None)
            if value is not None and hasattr(value, "__float__"):
                yield norm if part in ("kernel", "embeddings") else f"{part}_{norm}", float(value)
    initializer = getattr(layer, "kernel_initializer", None) or getattr(layer, "embeddings_initializer", None)
    if initializer is not None:
        yield "initializer", snake(str(getattr(initializer, "__name__", "") or type(initializer).__name__))
    if type(layer).__name__ == "Normalization":
        yield from _standardising(layer)


def _standardising(layer: Any) -> Iterator[tuple[str, Setting]]:
    """Give the mean and deviation of a `Normalization` layer, over its features where there are several."""
    import numpy as np  # noqa: PLC0415  a card without such a layer needs none

    for name, of in (("mean", "mean"), ("variance", "variance")):
        value = getattr(layer, of, None)
        if value is not None and not callable(value):
            yield name, float(np.mean(np.asarray(value.detach().cpu() if hasattr(value, "detach") else value)))
    yield "is_adapted", bool(getattr(layer, "built", False) and getattr(layer, "mean", None) is not None)

"""What a model is: its layers in forward order, its loss, its optimizer. Plain immutable data, read off by inspectors.

Names of kinds, activations and losses are the same for every framework, so that one rule judges all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Setting = float | str | bool | None


class Role(StrEnum):
    """What a layer is for, whatever its class is called."""

    DENSE = "dense"
    CONVOLUTION = "convolution"
    RECURRENT = "recurrent"
    ATTENTION = "attention"
    EMBEDDING = "embedding"
    NORMALISATION = "normalisation"
    BATCH_NORMALISATION = "batch normalisation"
    DROPOUT = "dropout"
    ACTIVATION = "activation"
    POOLING = "pooling"
    RESHAPE = "reshape"
    RESCALING = "rescaling"
    AUGMENTATION = "augmentation"
    INPUT = "input"
    OTHER = "other"


class Wants(StrEnum):
    """What a loss expects of the model's outputs."""

    LOGITS = "logits"
    PROBABILITIES = "probabilities"
    LOG_PROBABILITIES = "log probabilities"
    VALUES = "values"


class Labels(StrEnum):
    """How labels are written, or how a loss expects them."""

    INDICES = "indices"
    ONE_HOT = "one-hot"
    BINARY = "binary"
    MULTI_HOT = "multi-hot"
    VALUES = "values"
    SIGNS = "signs"


@dataclass(frozen=True)
class LayerCard:
    """One layer without children, as its user finds it.

    Attributes
    ----------
    name
        The path to it: ``"layer4.0.bn1"`` (PyTorch), ``"block5_conv1"`` or ``"vgg16/block5_conv1"`` (Keras, nested).
    kind
        Its class as the framework calls it: ``"Conv2d"``.
    role
        What it is for.
    parameters
        Number of its values that are weights; statistics of normalisation are none.
    trainable_parameters
        Of those, how many the framework gives a gradient: ``requires_grad``, ``trainable_weights``.
    optimized_parameters
        Of its weights, how many values the optimizer holds; None where no optimizer is known.
    is_trainable
        The flag as it is set on the layer; of PyTorch, whether any of its weights has ``requires_grad``.
    activation
        Of the layer itself, canonical and lower case: ``"relu"``, ``"softmax"``, ``"linear"``; empty where it has none.
    output_shape
        Without the batch axis; None where unknown, as is an axis.
    is_initial
        Whether its weights look as freshly initialised; None where that can't be told. Weights loaded or pretrained
        don't.
    backbone
        The model or block within the model that it belongs to, ``"vgg16"``; empty at the top.
    settings
        What matters of its configuration: ``{"rate": 0.5, "l2": 1e-4, "momentum": 0.99, "initializer": "zeros"}``.
    """

    name: str
    kind: str
    role: Role = Role.OTHER
    parameters: int = 0
    trainable_parameters: int = 0
    optimized_parameters: int | None = None
    is_trainable: bool = True
    activation: str = ""
    output_shape: tuple[int | None, ...] | None = None
    dtype: str = ""
    is_initial: bool | None = None
    backbone: str = ""
    settings: Mapping[str, Setting] = field(default_factory=dict)


@dataclass(frozen=True)
class LossCard:
    """The loss, in canonical names.

    Attributes
    ----------
    name
        ``"categorical_crossentropy"``, ``"sparse_categorical_crossentropy"``, ``"binary_crossentropy"``,
        ``"negative_log_likelihood"``, ``"mean_squared_error"``, ``"mean_absolute_error"``, ``"huber"``, ``"hinge"``,
        ``"kl_divergence"``; a class or function name as written where it is none of these.
    wants
        What it expects of the outputs, None where unknown: ``from_logits`` decides it in Keras, the class in PyTorch.
    labels
        How it expects the labels, None where several ways are right or it is unknown.
    spelt
        As the user's code spells it: ``"CrossEntropyLoss()"``.
    settings
        ``{"label_smoothing": 0.1, "from_logits": True, "reduction": "mean", "class_weights": True}``.
    """

    name: str
    wants: Wants | None = None
    labels: Labels | None = None
    spelt: str = ""
    settings: Mapping[str, Setting] = field(default_factory=dict)


@dataclass(frozen=True)
class GroupCard:
    """One parameter group of an optimizer.

    Attributes
    ----------
    learning_rate, weight_decay, momentum
        As set when the card was made.
    parameters
        Values in it.
    layers
        Names of the layers whose weights it holds.
    decayed_vectors
        Values of biases and of normalisation layers that its weight decay acts on.
    frozen_parameters
        Values in it that get no gradient.
    """

    learning_rate: float | None = None
    weight_decay: float = 0.0
    momentum: float | None = None
    parameters: int = 0
    layers: tuple[str, ...] = ()
    decayed_vectors: int = 0
    frozen_parameters: int = 0


@dataclass(frozen=True)
class OptimizerCard:
    """The optimizer.

    Attributes
    ----------
    name
        As the framework calls it: ``"Adam"``, ``"AdamW"``, ``"SGD"``.
    groups
        Its parameter groups; one in Keras.
    missing
        Names of trainable weights of the model that no optimizer holds.
    twice
        Names of weights that are in it more than once.
    foreign
        Values in it that are no weights of the model: of another model, or of the model before it was replaced.
    clip_norm
        The norm at which gradients are clipped, where it is known.
    schedule
        The learning rate's schedule, by its class; empty where there is none.
    is_decoupled
        Whether weight decay is decoupled from the gradient (Loshchilov & Hutter 2019).
    """

    name: str
    groups: tuple[GroupCard, ...] = ()
    missing: tuple[str, ...] = ()
    twice: tuple[str, ...] = ()
    foreign: int = 0
    clip_norm: float | None = None
    schedule: str = ""
    is_decoupled: bool = False


@dataclass(frozen=True)
class ModelCard:
    """A model, and how it is trained, at one moment.

    Attributes
    ----------
    name, framework
        ``framework`` is ``"keras"`` or ``"torch"``; Lightning and Hugging Face models are of PyTorch.
    layers
        Those without children, in forward order where that is known, else in the order of definition.
    top_level
        Names of the direct children in the order in which the user's code counts them (``model.layers[-4:]``).
    backbones
        Architectures recognised in it, canonical and lower case, by the ``backbone`` of their layers ("" for the model
        itself): ``{"vgg16": "vgg16"}``.
    input_shapes
        Without the batch axis.
    output_width
        Size of the last axis of its output; None where unknown.
    output_activation
        What the model's outputs went through last, also outside of layers: ``"softmax"``, ``"sigmoid"``,
        ``"log_softmax"``, ``"linear"`` (nothing), ``"relu"`` …; None where unknown.
    loss, optimizer
        None where unknown.
    metrics
        Canonical names.
    stale_layers
        Layers whose ``trainable`` was changed after the training step was compiled, so that it has no effect.
    is_mixed_precision
        Whether it computes in half precision.
    n_outputs
        Number of outputs; rules about the one output hold for 1 only.
    """

    name: str
    framework: str
    layers: tuple[LayerCard, ...] = ()
    top_level: tuple[str, ...] = ()
    backbones: Mapping[str, str] = field(default_factory=dict)
    input_shapes: tuple[tuple[int | None, ...], ...] = ()
    output_width: int | None = None
    output_activation: str | None = None
    loss: LossCard | None = None
    optimizer: OptimizerCard | None = None
    metrics: tuple[str, ...] = ()
    stale_layers: tuple[str, ...] = ()
    is_mixed_precision: bool = False
    n_outputs: int = 1

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def trainable_parameters(self) -> int:
        """Number of weights that get a gradient."""
        return sum(layer.trainable_parameters for layer in self.layers)

    def layer(self, name: str) -> LayerCard | None:
        """Return the layer of that name, or None."""
        return next((layer for layer in self.layers if layer.name == name), None)

    def with_weights(self) -> tuple[LayerCard, ...]:
        """Return the layers that hold weights, in order."""
        return tuple(layer for layer in self.layers if layer.parameters)

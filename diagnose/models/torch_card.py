"""The card of a PyTorch model: layers, loss and optimizers, as they stand when it is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from diagnose.model_card import LayerCard, ModelCard, Role
from diagnose.models.torch_initial import looks_initial
from diagnose.models.torch_layers import (
    Leaf,
    activation_of,
    architecture,
    inner,
    leaves,
    role_of,
    settings_of,
    width_of,
)
from diagnose.models.torch_losses import loss_card
from diagnose.models.torch_optimizers import as_list, optimizer_card, size

MULTIPLYING = (Role.DENSE, Role.CONVOLUTION, Role.RECURRENT, Role.ATTENTION)


@dataclass
class Seen:
    """What running the model has shown of it, beside what its parts say.

    Attributes
    ----------
    order
        Names of layers as they came in a forward pass.
    shapes
        Of the outputs, without the batch axis, by layer.
    activations
        Functions that a layer's outputs went into directly, by layer.
    initial
        Whether a layer's weights looked fresh when the hook began, by layer.
    input_shapes, output_width, output_activation
        As of `ModelCard`.
    loss, loss_settings
        The function that was called as loss, and with what.
    schedule
        Class of the learning rate's schedule.
    """

    order: tuple[str, ...] = ()
    shapes: dict[str, tuple[int | None, ...]] = field(default_factory=dict)
    activations: dict[str, str] = field(default_factory=dict)
    initial: dict[str, bool | None] = field(default_factory=dict)
    input_shapes: tuple[tuple[int | None, ...], ...] = ()
    output_width: int | None = None
    output_activation: str | None = None
    loss: str | None = None
    loss_settings: Mapping[str, Any] = field(default_factory=dict)
    schedule: str = ""
    is_mixed_precision: bool = False


def card_of(
    model: Any,
    loss: Any = None,
    optimizers: Any = None,
    *,
    output_activation: str | None = None,
    seen: Seen | None = None,
) -> ModelCard:
    """Return the card of a module.

    Parameters
    ----------
    model
        The module; of a wrapper the one inside is told.
    loss
        The criterion, a function, or its name; None where unknown.
    optimizers
        One, several or None.
    output_activation
        What the outputs went through last, where that is known better than the modules tell.
    seen
        What running it has shown.
    """
    model, seen = inner(model), seen or Seen()
    found = _ordered(leaves(model), seen.order)
    several = as_list(optimizers)
    held = {id(weight) for one in several for group in one.param_groups for weight in group["params"]}
    backbones = _backbones(model)
    layers = tuple(_layer(leaf, held if several else None, backbones, seen) for leaf in found)
    return ModelCard(
        name=type(model).__name__,
        framework="torch",
        layers=layers,
        top_level=tuple(name for name, _ in model.named_children()),
        backbones=MappingProxyType(backbones),
        input_shapes=seen.input_shapes,
        output_width=seen.output_width or _output_width(found),
        output_activation=output_activation or seen.output_activation or _output_activation(found, model),
        loss=loss_card(loss if loss is not None else seen.loss, seen.loss_settings),
        optimizer=optimizer_card(model, found, several, seen.schedule),
        is_mixed_precision=seen.is_mixed_precision
        or any(layer.dtype in ("float16", "bfloat16") for layer in layers if layer.parameters),
    )


def _ordered(found: list[Leaf], order: Sequence[str]) -> list[Leaf]:
    if not order:
        return found
    place = {name: at for at, name in enumerate(order)}
    before = -1.0
    ranks: dict[str, float] = {}
    for leaf in found:  # one that did not run stays behind the one that it is defined after
        before = ranks[leaf.name] = float(place[leaf.name]) if leaf.name in place else before + 1e-6
    return sorted(found, key=lambda leaf: ranks[leaf.name])


def _layer(leaf: Leaf, held: set[int] | None, backbones: Mapping[str, str], seen: Seen) -> LayerCard:
    weights = [weight for _, weight in leaf.weights]
    initial = seen.initial[leaf.name] if leaf.name in seen.initial else looks_initial(leaf.module, leaf.weights)
    within = [path for path in backbones if path and leaf.name.startswith(f"{path}.")]
    return LayerCard(
        name=leaf.name,
        kind=type(leaf.module).__name__.removeprefix("Parametrized"),
        role=role_of(leaf.module),
        parameters=sum(map(size, weights)),
        trainable_parameters=sum(size(weight) for weight in weights if weight.requires_grad),
        optimized_parameters=None if held is None else sum(size(weight) for weight in weights if id(weight) in held),
        is_trainable=any(weight.requires_grad for weight in weights) if weights else True,
        activation=activation_of(leaf.module) or seen.activations.get(leaf.name, ""),
        output_shape=seen.shapes.get(leaf.name) or _shape(leaf.module),
        dtype=str(weights[0].dtype).removeprefix("torch.") if weights else "",
        is_initial=initial,
        backbone=max(within, key=len, default=""),
        settings=MappingProxyType(settings_of(leaf.module)),
    )


def _shape(module: Any) -> tuple[int | None, ...] | None:
    width, role = width_of(module), role_of(module)
    if width is None:
        return None
    if role is Role.CONVOLUTION:
        kernel = getattr(module, "kernel_size", ())
        return (width, *(None for _ in (kernel if isinstance(kernel, tuple) else ())))
    return (width,) if role is Role.DENSE else None


def _backbones(model: Any) -> dict[str, str]:
    """Return the architectures by the path of their module; one within another is part of it."""
    names = {name for name, _ in model.named_modules()}
    found: dict[str, str] = {}
    for path, module in model.named_modules():
        if any(not known or path.startswith(f"{known}.") for known in found):
            continue
        if next(module.children(), None) is not None and (known := architecture(module, names if not path else ())):
            found[path] = known
    return found


def _output_width(found: Sequence[Leaf]) -> int | None:
    last = next((leaf for leaf in reversed(found) if role_of(leaf.module) in MULTIPLYING), None)
    return None if last is None else width_of(last.module)


def _output_activation(found: Sequence[Leaf], model: Any) -> str | None:
    """Return what the last layer is, where the model is a plain sequence; elsewhere order of definition says little."""
    ending = [leaf for leaf in found if role_of(leaf.module) not in (Role.DROPOUT, Role.RESHAPE)]
    if not ending:
        return None
    last = role_of(ending[-1].module)
    if last is Role.ACTIVATION and activation_of(ending[-1].module) in ("softmax", "log_softmax", "sigmoid"):
        return activation_of(ending[-1].module)
    if type(model).__name__ != "Sequential":
        return None
    if last is Role.ACTIVATION:
        return activation_of(ending[-1].module)
    return "linear" if last in (Role.DENSE, Role.CONVOLUTION) else None

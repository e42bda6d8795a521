"""PyTorch's optimizers: their groups, and how they stand to a model's weights."""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from diagnose.model_card import GroupCard, OptimizerCard, Role
from diagnose.models.torch_layers import Leaf, role_of

MOST_NAMES = 200


def as_list(optimizers: Any) -> list[Any]:
    """Return one optimizer, several or none as a list; each without the wrappers that libraries put around it."""
    if optimizers is None:
        return []
    several = optimizers if isinstance(optimizers, (list, tuple)) else [optimizers]
    return [found for one in several if (found := unwrapped(one)) is not None]


def unwrapped(optimizer: Any) -> Any:
    """Return PyTorch's own optimizer within a wrapper that has it as ``.optimizer``."""
    while not type(optimizer).__module__.startswith("torch.optim"):
        within = getattr(optimizer, "optimizer", None)
        if within is None or not hasattr(within, "param_groups"):
            break
        optimizer = within
    return optimizer


def size(weight: Any) -> int:
    """Return the number of values of a weight; 0 while a lazy one has none."""
    torch: Any = sys.modules["torch"]
    return 0 if isinstance(weight, torch.nn.parameter.UninitializedTensorMixin) else int(math.prod(weight.shape))


def optimizer_card(
    model: Any, leaves: Sequence[Leaf], optimizers: Sequence[Any], schedule: str = ""
) -> OptimizerCard | None:
    """Return the card of a model's optimizers: their groups one behind the other; None where there is none."""
    if not optimizers:
        return None
    names = {id(weight): name for name, weight in model.named_parameters()}
    layers = {id(weight): leaf for leaf in leaves for _, weight in leaf.weights}
    held = Counter(id(weight) for one in optimizers for group in one.param_groups for weight in group["params"])
    missing = [name for name, weight in model.named_parameters() if weight.requires_grad and not held[id(weight)]]
    twice = [names[key] for key, times in held.items() if times > 1 and key in names]
    foreign = sum(
        size(weight) for one in optimizers for group in one.param_groups for weight in group["params"]
        if id(weight) not in names
    )  # fmt: skip
    kinds = dict.fromkeys(type(one).__name__ for one in optimizers)
    return OptimizerCard(
        name=" and ".join(kinds),
        groups=tuple(_group(group, layers) for one in optimizers for group in one.param_groups),
        missing=tuple(missing[:MOST_NAMES]),
        twice=tuple(twice[:MOST_NAMES]),
        foreign=foreign,
        schedule=schedule or next((said for one in optimizers if (said := schedule_of(one))), ""),
        is_decoupled=any(_is_decoupled(one) for one in optimizers),
    )


def schedule_of(optimizer: Any) -> str:
    """Say that a schedule is set on an optimizer's learning rate; its class is not known to the optimizer."""
    return "LRScheduler" if any("initial_lr" in group for group in optimizer.param_groups) else ""


def _is_decoupled(optimizer: Any) -> bool:
    named = "adamw" in type(optimizer).__name__.lower() or type(optimizer).__name__ in ("Lion", "Adafactor", "Muon")
    return named or any(bool(group.get("decoupled_weight_decay")) for group in optimizer.param_groups)


def _group(group: dict[str, Any], layers: dict[int, Leaf]) -> GroupCard:
    weights = group["params"]
    decay = number(group.get("weight_decay")) or 0.0
    momentum = group.get("momentum", group.get("betas"))
    return GroupCard(
        learning_rate=number(group.get("lr")),
        weight_decay=decay,
        momentum=number(momentum[0] if isinstance(momentum, (tuple, list)) else momentum),
        parameters=sum(map(size, weights)),
        layers=tuple(dict.fromkeys(layers[id(weight)].name for weight in weights if id(weight) in layers)),
        decayed_vectors=sum(map(size, _vectors(weights, layers))) if decay else 0,
        frozen_parameters=sum(size(weight) for weight in weights if not weight.requires_grad),
    )


def _vectors(weights: Iterable[Any], layers: dict[int, Leaf]) -> Iterable[Any]:
    normalising = (Role.NORMALISATION, Role.BATCH_NORMALISATION)
    for weight in weights:
        leaf = layers.get(id(weight))
        if leaf is not None and weight.requires_grad and (weight.ndim <= 1 or role_of(leaf.module) in normalising):
            yield weight


def number(value: Any) -> float | None:
    """Return a setting as a number; None where it is none."""
    try:
        return None if value is None or isinstance(value, bool) else float(value)
    except (TypeError, ValueError, RuntimeError):
        return None

"""What the layers give in one forward pass of training: looked at by hooks that are there for this pass only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from diagnose.hooks.torch.sight import Sight
from diagnose.hooks.torch.tensors import main_output, numbers, torch
from diagnose.hooks.torch.weights import Rows
from diagnose.model_card import Role
from diagnose.models.torch_layers import Leaf, activation_of, role_of

MOST_SAMPLES = 32
MOST_UNITS = 4096
MOST_VALUES = 32_768
"""Of one layer that are looked at."""
MOST_PLACES = 65_536
"""Values that a batch's own mean and variance are computed from, of one normalisation."""
CHANNELS_FIRST = ("Conv1d", "ConvTranspose1d", "BatchNorm1d", "MaxPool1d", "AvgPool1d", "AdaptiveAvgPool1d")
FUNCTIONS = {
    torch.nn.functional.relu: "relu", torch.relu: "relu", torch.relu_: "relu", torch.Tensor.relu: "relu",
    torch.Tensor.relu_: "relu", torch.nn.functional.gelu: "gelu", torch.nn.functional.silu: "silu",
    torch.nn.functional.leaky_relu: "leaky_relu", torch.nn.functional.elu: "elu", torch.sigmoid: "sigmoid",
    torch.Tensor.sigmoid: "sigmoid", torch.nn.functional.sigmoid: "sigmoid", torch.tanh: "tanh",
    torch.Tensor.tanh: "tanh", torch.nn.functional.tanh: "tanh", torch.nn.functional.relu6: "relu6",
}  # fmt: skip
"""Activations that programs call as functions."""


class Activations:
    """One look at a forward pass.

    Attributes
    ----------
    order, shapes, functions
        Names of layers as they came, shapes of their outputs without the batch axis, and the functions that these went
        into directly.
    first
        The first layer that multiplies, and what it was given.
    """

    def __init__(self, leaves: Sequence[Leaf], guard: Any) -> None:
        self._leaves, self._guard = leaves, guard
        self._hooks: list[Any] = []
        self._sight = Sight(dict.fromkeys(FUNCTIONS, self._function))
        self._found: list[tuple[str, dict[str, Any]]] = []
        self._modes: dict[str, float] = {}
        self._last: tuple[str, Any] = ("", None)
        self._channels_first = True
        self.order: dict[str, None] = {}
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.functions: dict[str, str] = {}
        self.first: tuple[str, Any] | None = None
        self.is_over = False
        self._root: Leaf | None = None

    def begin(self, root: Any, given: tuple[Any, ...]) -> None:
        """Put the hooks on, as a pass of a model begins; of the model itself, which is being called, there are none."""
        for leaf in self._leaves:
            if leaf.module is root:
                if next(root.children(), None) is None:
                    self._root = leaf
                    self._before(leaf)(root, given)
                continue
            self._hooks.append(leaf.module.register_forward_pre_hook(self._before(leaf)))
            self._hooks.append(leaf.module.register_forward_hook(self._after(leaf)))
        self._sight.on()

    def end(self, output: Any = None) -> None:
        """Take them off; of a model that is one layer, its output is what there is to see."""
        if self._root is not None and output is not None:
            self._after(self._root)(self._root.module, (), output)
        self._sight.off()
        for hook in self._hooks:
            hook.remove()
        self._hooks = []
        self._last = ("", None)
        self.is_over = True

    def rows(self, rows: Rows) -> None:
        """Add what was seen; of a layer that ran several times in the pass, the mean."""
        values = iter(numbers([t for _, found in self._found for t in found.values()]))
        seen: dict[str, dict[str, list[float]]] = {}
        for name, found in self._found:
            for quantity in found:
                seen.setdefault(name, {}).setdefault(quantity, []).append(next(values))
        for name, quantities in seen.items():
            row = rows.setdefault(name, {})
            row |= {quantity: math.fsum(many) / len(many) for quantity, many in quantities.items()}
        for name, mode in self._modes.items():
            rows.setdefault(name, {})["in_training_mode"] = mode

    def _before(self, leaf: Leaf) -> Any:
        is_batch_norm = role_of(leaf.module) is Role.BATCH_NORMALISATION
        multiplies = role_of(leaf.module) in (Role.DENSE, Role.CONVOLUTION, Role.RECURRENT, Role.ATTENTION)

        def before(module: Any, given: tuple[Any, ...]) -> None:
            if torch.compiler.is_compiling():
                return
            self._last = ("", None)
            with self._guard("look at what layers are given"), torch.no_grad():
                self._modes[leaf.name] = float(module.training)
                tensor = main_output(given)
                if tensor is None:
                    return
                if multiplies and self.first is None:
                    self.first = leaf.name, tensor.detach()
                if is_batch_norm:
                    self._found.append((leaf.name, _statistics(module, tensor.detach())))

        return before

    def _after(self, leaf: Leaf) -> Any:
        own = activation_of(leaf.module)

        def after(module: Any, given: tuple[Any, ...], output: Any) -> None:
            del given
            if torch.compiler.is_compiling():
                return
            with self._guard("look at what layers give"), torch.no_grad():
                tensor = main_output(output)
                if tensor is None or tensor.ndim < 2 or not tensor.is_floating_point():
                    return
                self._channels_first = self._channels_come_first(module, tensor)
                self.order.setdefault(leaf.name)
                self.shapes[leaf.name] = tuple(tensor.shape[1:])
                found = _described(tensor.detach(), 1 if self._channels_first else tensor.ndim - 1)
                if own in ("sigmoid", "tanh", "softmax"):
                    found["saturated_share"] = _saturated(tensor.detach(), own)
                self._found.append((leaf.name, found))
                self._last = leaf.name, tensor

        return after

    def _channels_come_first(self, module: Any, tensor: Any) -> bool:
        if tensor.ndim == 3:
            if type(module).__name__ in CHANNELS_FIRST:
                return True
            return self._channels_first and role_of(module) not in (Role.DENSE, Role.RECURRENT, Role.NORMALISATION,
                                                                 Role.EMBEDDING, Role.ATTENTION)  # fmt: skip
        return tensor.ndim > 3 and role_of(module) not in (Role.DENSE, Role.NORMALISATION)

    def _function(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        answer = function(*args, **kwargs)
        name, tensor = self._last
        if not args or args[0] is not tensor:
            return answer
        with self._guard("look at functions of activations"), torch.no_grad():
            said = FUNCTIONS[function]
            self.functions.setdefault(name, said)
            found = _described(answer.detach(), 1 if self._channels_first else answer.ndim - 1)
            behind = {key: found[key] for key in ("zero_share", "dead_share")} if said in ("relu", "relu6") else {}
            if said in ("sigmoid", "tanh"):
                behind["saturated_share"] = _saturated(answer.detach(), said)
            self._found[-1][1].update(behind)
        return answer


def _described(tensor: Any, units: int) -> dict[str, Any]:
    """Return the quantities of one output, from a part of it; units that look dead are looked at in all of it.

    Parameters
    ----------
    tensor
        Samples along the first axis.
    units
        The axis of the units; the others are places.
    """
    whole = tensor.movedim(units, 1).flatten(2) if tensor.ndim > 2 else tensor.unsqueeze(2)
    samples, width, places = whole.shape
    step = max(1, width // MOST_UNITS)
    part = whole[:: max(1, samples // MOST_SAMPLES), ::step][:MOST_SAMPLES]
    part = part[:, :, :: max(1, math.ceil(part.shape[0] * part.shape[1] * places / MOST_VALUES))].float().contiguous()
    std = part.std(correction=0)
    between = part.std(0, correction=0).square().mean().sqrt()
    zero = part == 0
    idle = zero.all(2).all(0)
    count = idle.sum()
    if whole.numel() > part.numel() and bool(count):
        at = idle.nonzero().flatten() * step
        count = (whole.index_select(1, at) == 0).all(2).all(0).sum()
    return {
        "activation_mean": part.mean(),
        "activation_std": std,
        "spread": torch.where(std > 0, between / std, torch.zeros_like(std)),
        "zero_share": zero.float().mean(),
        "dead_share": count / idle.numel(),
    }


def _saturated(tensor: Any, kind: str) -> Any:
    part = tensor[:MOST_SAMPLES]
    if kind == "softmax":
        part = part.amax(1)
        return (part > 0.99).float().mean()
    flat = part.reshape(-1)
    flat = flat[:: max(1, flat.numel() // MOST_VALUES)]
    return ((flat.abs() > 0.98) if kind == "tanh" else ((flat < 0.01) | (flat > 0.99))).float().mean()


def _statistics(module: Any, given: Any) -> dict[str, Any]:
    """Compare a batch's mean and variance with the running ones, before the pass changes them."""
    mean, variance = getattr(module, "running_mean", None), getattr(module, "running_var", None)
    if mean is None or variance is None or isinstance(mean, torch.nn.parameter.UninitializedTensorMixin):
        return {}
    places = given.flatten(2) if given.ndim > 2 else given.unsqueeze(2)
    step = max(1, math.ceil(given.numel() / MOST_PLACES))
    part = places[:, :, ::step].float().contiguous()
    safe = variance.float() + float(module.eps)
    shift = part.mean((0, 2)) - mean.float()
    return {
        "statistics_shift": (shift.square() / safe).mean().sqrt(),
        "statistics_scale": (part.var((0, 2)) / safe).median(),
    }


class Statistics:
    """The running statistics of the normalisations, as they were when the hook began."""

    def __init__(self, leaves: Sequence[Leaf]) -> None:
        self._start = {
            leaf.name: (leaf.module, leaf.module.running_mean.clone(), leaf.module.running_var.clone())
            for leaf in leaves
            if role_of(leaf.module) is Role.BATCH_NORMALISATION
            and isinstance(getattr(leaf.module, "running_mean", None), torch.Tensor)
            and not isinstance(leaf.module.running_mean, torch.nn.parameter.UninitializedTensorMixin)
        }

    def moved(self, rows: Rows) -> None:
        """Add how far the running means have come."""
        tensors = [
            ((module.running_mean - mean).square() / (variance + module.eps)).mean().sqrt()
            for module, mean, variance in self._start.values()
        ]
        for name, value in zip(self._start, numbers(tensors), strict=True):
            rows.setdefault(name, {})["statistics_moved"] = value

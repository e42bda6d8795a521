"""A forward pass that is watched: what each layer gives, in numbers, while no state of the model changes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from diagnose.model_card import Role
from diagnose.models.keras_card_layers import Leaf, activation_of, role_of

ENDS = {"sigmoid": (0.01, 0.99), "softmax": (0.01, 0.99), "tanh": (-0.98, 0.98)}
"""Within 1 % of the ends of the range of an activation."""
MODAL = (Role.BATCH_NORMALISATION, Role.DROPOUT)
"""Roles of layers that do something else in training than in evaluation."""
FOREIGN = ("TorchModuleWrapper", "TFSMLayer")
"""Layers whose state is not Keras's to keep: a model with one is not run an extra time."""


def can_be_run(leaves: Sequence[Leaf]) -> bool:
    """Whether a pass more leaves no trace in the model."""
    return not any(kind.__name__ in FOREIGN for leaf in leaves for kind in type(leaf.layer).__mro__)


@contextmanager
def watched(leaves: Sequence[Leaf], tell: Callable[[Leaf, Any, Any, Any], None]) -> Iterator[None]:
    """Call ``tell(layer, input, output, training)`` for each layer's first call within the block."""
    seen: set[int] = set()

    def around(at: int, leaf: Leaf, call: Any) -> Any:
        def watching(*args: Any, **kwargs: Any) -> Any:
            said = call(*args, **kwargs)
            if at not in seen:
                seen.add(at)
                tell(leaf, args[0] if args else None, said, kwargs.get("training"))
            return said

        return watching

    patched = [leaf.layer for leaf in leaves if "call" not in vars(leaf.layer)]
    places = {id(leaf.layer): at for at, leaf in enumerate(leaves)}
    held = {id(leaf.layer): leaf for leaf in leaves}
    try:
        for layer in patched:  # past the layer's own __setattr__, which would track it
            object.__setattr__(layer, "call", around(places[id(layer)], held[id(layer)], layer.call))
        yield
    finally:
        for layer in patched:
            if "call" in vars(layer):
                object.__delattr__(layer, "call")


def in_numbers(leaf: Leaf, taken: Any, given: Any, training: Any) -> dict[str, Any]:
    """Return the quantities of one layer's output as scalars of the backend; none where it is no batch of numbers."""
    keras: Any = sys.modules["keras"]
    ops = keras.ops
    found: dict[str, Any] = {}
    if not _is_batch(given):
        return found
    out = ops.cast(ops.stop_gradient(given), "float32")
    axis = _channel_axis(leaf.layer, len(out.shape))
    mean, std = ops.mean(out), ops.std(out)
    found["activation_mean"], found["activation_std"] = mean, std
    between = ops.sqrt(ops.mean(ops.var(out, axis=0)))
    found["spread"] = ops.divide_no_nan(between, std)
    zero = ops.equal(out, 0.0)
    found["zero_share"] = ops.mean(ops.cast(zero, "float32"))
    others = [at for at in range(len(out.shape)) if at != axis]
    found["dead_share"] = ops.mean(ops.cast(ops.all(zero, axis=others), "float32"))
    ends = ENDS.get(activation_of(leaf.layer))
    if ends is not None:
        beyond = ops.logical_or(ops.less(out, ends[0]), ops.greater(out, ends[1]))
        found["saturated_share"] = ops.mean(ops.cast(beyond, "float32"))
    role = role_of(leaf.layer)
    if role is Role.BATCH_NORMALISATION and hasattr(leaf.layer, "moving_variance"):
        found.update(_against_statistics(ops, leaf.layer, taken))
    if role in MODAL and training is not None:  # a frozen batch normalisation runs in evaluation mode in Keras
        is_training = bool(training) and (role is Role.DROPOUT or bool(leaf.layer.trainable))
        found["in_training_mode"] = float(is_training)
    return found


def _against_statistics(ops: Any, layer: Any, taken: Any) -> dict[str, Any]:
    if not _is_batch(taken):
        return {}
    x = ops.cast(ops.stop_gradient(taken), "float32")
    axis = layer.axis if isinstance(layer.axis, int) else -1
    others = [at for at in range(len(x.shape)) if at != axis % len(x.shape)]
    mean, variance = ops.mean(x, axis=others), ops.var(x, axis=others)
    running = ops.cast(layer.moving_variance, "float32") + layer.epsilon
    shift = (mean - ops.cast(layer.moving_mean, "float32")) / ops.sqrt(running)
    return {
        "statistics_shift": ops.sqrt(ops.mean(ops.square(shift))),
        "statistics_scale": ops.median(variance / running),
    }


def _is_batch(values: Any) -> bool:
    dtype = str(getattr(values, "dtype", ""))
    return "float" in dtype and len(getattr(values, "shape", ())) >= 2


def _channel_axis(layer: Any, ndim: int) -> int:
    is_first = getattr(layer, "data_format", None) == "channels_first" and ndim > 2
    return 1 if is_first else ndim - 1

"""A look at the model with a few training samples: gradients, activations and outputs, in numbers."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

import numpy as np

from diagnose.data import FloatArray
from diagnose.hooks.keras.outputs import output_facts
from diagnose.hooks.keras.passes import Passed, Passes
from diagnose.hooks.keras.watch import can_be_run
from diagnose.models.keras_card_layers import Leaf, size
from diagnose.randomness import kept_random_states
from diagnose.recording import GradientNoise, OutputFacts

SAMPLES = 32
"""Samples of the probe batch: two halves for the noise of gradients; spread between samples within an eighth."""
Batch = tuple[Any, Any, Any]


class Look(NamedTuple):
    """What a look found: quantity to layer to value; the outputs; the noise of the gradients."""

    layers: dict[str, dict[str, float]]
    outputs: tuple[OutputFacts, ...]
    noise: GradientNoise | None


class Probe:
    """The same few samples, shown to the model again and again.

    Parameters
    ----------
    model
        Compiled and built.
    leaves
        Its layers.
    batch
        ``(x, y, sample weight)`` as arrays; the last two may be None.
    class_weight
        As `fit` was given.
    """

    def __init__(self, model: Any, leaves: Sequence[Leaf], batch: Batch, class_weight: Any = None) -> None:
        self.leaves, self._passes = leaves, Passes(model, leaves)
        self.n = len(_first(batch[0]))
        half = self.n // 2
        weighted = (*batch[:2], _weights(batch, class_weight))
        self.whole = prepared(weighted)
        self.halves = [prepared(rows(weighted, slice(0, half))), prepared(rows(weighted, slice(half, 2 * half)))]
        self.labels = batch[1]
        self.can_run = can_be_run(leaves)
        self.has_loss = self.n >= 4

    def look(self, model: Any, step: float, epoch: float) -> Look:
        """Look at the model as it is."""
        if not self._passes.is_of(model):
            self._passes = Passes(model, self.leaves)
        with kept_states():
            seen = self._passes.forward(model, self.whole)
            outputs = [self._outputs(seen.outputs, self.labels, step, epoch, "probe")]
            if not self.has_loss or not model.trainable_variables or not _tells_its_loss(model):
                return Look(_layers([seen]), tuple(o for o in outputs if o), None)
            first = self._passes.backward(model, self.halves[0])
            second = self._passes.backward(model, self.halves[1], _with_seeds(model, first.state))
            layers = _layers([first, second])
            squares = [_squares(one.gradients) for one in (first, second)]
            products = _products(first.gradients, second.gradients)
        together = [math.sqrt(max(0.0, (a + b + 2 * c) / 4)) for a, b, c in zip(*squares, products, strict=True)]
        layers["gradient"] = self._gradients(model, together)
        half = len(self.labels) // 2 if isinstance(self.labels, np.ndarray) else None
        outputs.append(self._outputs(first.outputs, None if half is None else self.labels[:half], step, epoch, "train"))
        noise = GradientNoise(step, epoch, self.n // 2, 2, (sum(squares[0]) + sum(squares[1])) / 2, sum(products))
        is_known = math.isfinite(noise.squared) and math.isfinite(noise.product)
        return Look(layers, tuple(o for o in outputs if o), noise if is_known else None)

    def _gradients(self, model: Any, norms: Sequence[float]) -> dict[str, float]:
        of = {id(v): norm for v, norm in zip(model.trainable_variables, norms, strict=True)}
        found = {}
        for leaf in self.leaves:
            largest = max(leaf.weights, key=size) if leaf.weights else None
            if largest is not None and id(largest) in of:
                found[leaf.name] = of[id(largest)]
        return found

    def _outputs(
        self, given: Any, labels: Any, step: float, epoch: float, on: Literal["train", "probe"]
    ) -> OutputFacts | None:
        if isinstance(given, (list, tuple, dict)):
            return None
        return output_facts(numpy_of(given), labels if isinstance(labels, np.ndarray) else None, step, epoch, on)


def _tells_its_loss(model: Any) -> bool:
    """Whether the loss can be computed beside training: it is compiled, added by layers, or a method of its own.

    One that only the model's own ``train_step`` forms cannot.
    """
    own = type(model).compute_loss is not sys.modules["keras"].Model.compute_loss
    return own or getattr(model, "_compile_loss", None) is not None or bool(model.losses)


def prepared(batch: Batch) -> Batch:
    """Return a batch in tensors of the backend, floats in Keras's own precision."""
    keras: Any = sys.modules["keras"]

    def tensor(values: Any) -> Any:
        array = np.asarray(values)
        if array.dtype.kind == "f":
            array = array.astype(keras.config.floatx())
        return keras.ops.convert_to_tensor(array)

    x, y, weight = (None if part is None else keras.tree.map_structure(tensor, part) for part in batch)
    return x, y, weight


def rows(batch: Batch, which: Any) -> Batch:
    """Return some rows of a batch of arrays."""
    tree: Any = sys.modules["keras"].tree
    x, y, weight = (None if part is None else tree.map_structure(lambda v: v[which], part) for part in batch)
    return x, y, weight


@contextmanager
def kept_states() -> Iterator[None]:
    """Put random states back after a block: Python's, NumPy's, PyTorch's, and TensorFlow's own seeds."""
    tf: Any = sys.modules.get("tensorflow")
    context = tf.python.eager.context.context() if hasattr(tf, "python") else None
    own = getattr(context, "_rng", None)
    held = own.getstate() if own is not None else None
    with kept_random_states():
        try:
            yield
        finally:
            if own is not None:
                own.setstate(held)


def numpy_of(tensor: Any) -> Any:
    """Return a tensor of the backend as an array of 32-bit floats."""
    keras: Any = sys.modules["keras"]
    return np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(tensor, "float32")))


def _layers(passes: Sequence[Passed]) -> dict[str, dict[str, float]]:
    """Return quantity to layer to value, the mean of the passes."""
    names = [(layer, quantity) for layer, values in passes[0].layers.items() for quantity in values]
    if not names:
        return {}
    read = [_numbers([one.layers[layer][quantity] for layer, quantity in names]) for one in passes]
    found: dict[str, dict[str, float]] = {}
    for (layer, quantity), value in zip(names, np.mean(read, axis=0), strict=True):
        found.setdefault(quantity, {})[layer] = float(value)
    return found


def _numbers(scalars: Sequence[Any]) -> FloatArray:
    """Return scalars of the backend as an array, in one transfer."""
    if not scalars:
        return np.zeros(0)
    ops: Any = sys.modules["keras"].ops
    return np.asarray(ops.convert_to_numpy(ops.stack([ops.cast(one, "float32") for one in scalars])), dtype=np.float64)


def _squares(gradients: Sequence[Any]) -> list[float]:
    return _products(gradients, gradients)


def _products(some: Sequence[Any], others: Sequence[Any]) -> list[float]:
    ops: Any = sys.modules["keras"].ops
    zero = ops.zeros((), dtype="float32")
    scalars = [
        zero if a is None or b is None else ops.sum(ops.cast(a, "float32") * ops.cast(b, "float32"))
        for a, b in zip(some, others, strict=True)
    ]
    return [float(value) for value in _numbers(scalars)]


def _with_seeds(model: Any, state: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Return the model's values, with random seeds as a pass left them: the next one drops other units."""
    others = [
        after if str(v.name) == "seed_generator_state" and after is not None else v.value
        for v, after in zip(model.non_trainable_variables, state, strict=True)
    ]
    return [v.value for v in model.trainable_variables], others


def _weights(batch: Batch, class_weight: Any) -> Any:
    x, y, weight = batch
    if weight is not None or not isinstance(class_weight, Mapping) or not isinstance(y, np.ndarray):
        return weight
    classes = y.argmax(-1) if y.ndim > 1 and y.shape[-1] > 1 else y.reshape(len(_first(x)))
    return np.array([class_weight.get(int(c), 1.0) for c in classes], dtype=np.float32)


def _first(values: Any) -> Any:
    while isinstance(values, (list, tuple, dict)):
        values = next(iter(values.values())) if isinstance(values, dict) else values[0]
    return values

"""Keras models: asked in inference mode, by a model of their own layers that also gives what the last one takes."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from diagnose.models.predictor import Answer, Predictor, pooled


class KerasInspector:
    """`keras.Model`, on any backend."""

    def recognises(self, model: Any) -> bool:
        """Whether it is a Keras model."""
        keras = sys.modules.get("keras")
        return keras is not None and hasattr(keras, "Model") and isinstance(model, keras.Model)

    @contextmanager
    def opened(self, model: Any) -> Iterator[Predictor]:
        """Ask in inference mode; weights, statistics and the compiled functions of the model are not touched."""
        keras: Any = sys.modules["keras"]
        layer = _last_with_weights(model)
        beside = _with_what_it_takes(keras, model, layer)

        def ask(batch: Any) -> Answer:
            given = dict(batch) if isinstance(batch, Mapping) else list(batch) if isinstance(batch, tuple) else batch
            if beside is not None:
                features, said = beside.predict_on_batch(given)
                return Answer(np.asarray(_first(said)), pooled(np.asarray(features)))
            said = model(keras.tree.map_structure(keras.ops.convert_to_tensor, given), training=False)
            return Answer(np.asarray(keras.ops.convert_to_numpy(_first(said))))

        featured_by = f"input of the layer {layer.name!r}" if beside is not None else ""
        yield Predictor(model.name, ask, lambda: featured_by, image_size=_image_size(model))


def _first(said: Any) -> Any:
    if isinstance(said, Mapping):
        return next(iter(said.values()))
    return said[0] if isinstance(said, (list, tuple)) else said


def _last_with_weights(model: Any) -> Any:
    return next((layer for layer in reversed(model.layers) if layer.weights), None)


def _with_what_it_takes(keras: Any, model: Any, layer: Any) -> Any:
    """Return a model of the same layers that gives what a layer takes, and the output; None if it is not to be had."""
    if layer is None or isinstance(layer, keras.Model):
        return None
    try:
        taken = layer.input
        if isinstance(taken, (list, tuple, dict)):
            return None
        return keras.Model(model.inputs, [taken, _first(model.outputs)])
    except (AttributeError, ValueError):  # a model of code, without a graph of layers; or a layer used twice
        return None


def _image_size(model: Any) -> tuple[int, int, int] | None:
    shape = getattr(model, "input_shape", None)
    if isinstance(shape, tuple) and len(shape) == 4 and all(isinstance(side, int) for side in shape[1:]):
        return shape[1], shape[2], shape[3]
    return None

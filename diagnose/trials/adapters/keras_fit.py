"""A compiled Keras model and arrays, as a training: every one begins from a copy with the weights as they are now."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from diagnose.block_names import block_of
from diagnose.errors import InputError
from diagnose.trials.adapters.rows import (
    ROWS,
    WEIGHTS,
    Array,
    fingerprint_of,
    given_rows,
    kept_rows,
    row_weights,
    standardised,
)  # fmt: skip
from diagnose.trials.stand_ins import HeadData

SHIFT = 0.1
"""Share of height and width by which images are shifted at most."""
UNDERSTOOD = frozenset(
    {"seed", "epochs", "batch_size", "learning_rate", "weight_decay", "dropout", "label_smoothing", "schedule",
     "augmentation", "freeze", "freeze_through", "trainable", "clip_gradient_norm", "weight_average_decay",
     "divide_inputs", "standardise"}
)  # fmt: skip


def of_keras(model: Any, train: Any, val: Any, **settings: Any) -> KerasTraining:
    """Make a training of a compiled Keras model.

    Parameters
    ----------
    model
        Compiled, functional or sequential. A copy is trained each time, from the weights that it has now: give it as
        it was before it was trained. With ``fresh=True`` they are drawn anew from each seed instead.
    train, val
        ``(inputs, labels)`` each, as arrays.
    settings
        The run's own ``batch_size`` and ``epochs``; all else is read from the model.

    Raises
    ------
    InputError
        The model is not compiled, or can't be copied.
    """
    return KerasTraining(model, train, val, settings)


class KerasTraining:
    """``train(config, report)`` of a Keras model; see `of_keras`."""

    understands = UNDERSTOOD | ROWS | WEIGHTS

    def __init__(self, model: Any, train: Any, val: Any, settings: Mapping[str, Any]) -> None:
        self._keras = importlib.import_module("keras")
        if getattr(model, "optimizer", None) is None:
            raise InputError(f"the Keras model {getattr(model, 'name', '')!r} is not compiled: call compile first")
        self._model = model
        self._compiled = model.get_compile_config()
        self._weights = [np.array(weights) for weights in model.get_weights()]
        self._x, self._y = given_rows(train, "train")
        self._held, self._truth = given_rows(val, "val")
        own = dict(settings)
        self._is_fresh = bool(own.pop("fresh", False))
        self.settings = {"batch_size": 32, "epochs": 10, **self._known(), **own}
        self.fingerprint = fingerprint_of(
            str(model.get_config() if hasattr(model, "get_config") else model), str(self._compiled), *self._weights,
            self._x, self._y, self._held, self._truth, self._is_fresh,
        )  # fmt: skip

    def _known(self) -> dict[str, Any]:
        rate = self._model.optimizer.get_config().get("learning_rate")
        decay = self._model.optimizer.get_config().get("weight_decay")
        found = {"weight_decay": float(decay or 0.0)}
        drops = [layer.rate for layer in self._model.layers if isinstance(layer, self._keras.layers.Dropout)]
        found["dropout"] = float(max(drops, default=0.0))
        return found | ({"learning_rate": float(rate)} if isinstance(rate, (int, float)) else {})

    def __call__(self, config: Mapping[str, Any], report: Callable[..., None] | None = None) -> dict[str, list[float]]:
        """Train a copy, and return its history by epoch."""
        keras = self._keras
        keras.utils.set_random_seed(int(config.get("seed", 0)))
        kept = kept_rows(self._x, config)
        y, truth, loss = self._targets(config, self._y[kept], self._truth)
        x, held = self._prepared(config, kept)
        model = self._copied(config)
        self._compile(model, config, loss, steps=max(-(-len(x) // int(config["batch_size"])), 1))
        weights = row_weights(self._y[kept], kept, config)
        callbacks = [] if report is None else [keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: report(epoch + 1, dict(logs or {})))]  # fmt: skip
        fitted = model.fit(
            x, y, sample_weight=weights, validation_data=(held, truth), epochs=int(config["epochs"]),
            batch_size=int(config["batch_size"]), verbose=0, callbacks=callbacks,
        )  # fmt: skip
        return {name: [float(value) for value in values] for name, values in fitted.history.items()}

    def _prepared(self, config: Mapping[str, Any], kept: Any) -> tuple[Array, Array]:
        x, held = self._x[kept], self._held
        if config.get("divide_inputs"):
            by = np.float32(config["divide_inputs"])
            x, held = np.asarray(x / by), np.asarray(held / by)
        if config.get("standardise"):
            x, held = standardised(x, held, tuple(range(x.ndim - 1)) if x.ndim > 2 else (0,))
        return x, held

    def _targets(self, config: Mapping[str, Any], y: Array, truth: Array) -> tuple[Array, Array, Any]:
        """Smooth the targets of training alone, so that the loss on validation stays comparable."""
        smoothing = float(config.get("label_smoothing") or 0.0)
        loss = self._compiled.get("loss")
        if not smoothing:
            return y, truth, None
        name = str(loss["config"].get("name", "") if isinstance(loss, Mapping) else loss)
        inner = loss["config"] if isinstance(loss, Mapping) else {}
        classes = int(self._model.output_shape[-1])
        if "sparse" in name:
            y, truth = (np.eye(classes, dtype=np.float32)[part.reshape(-1).astype(int)] for part in (y, truth))
            from_logits = bool(inner.get("from_logits", False))
            return _smoothed(y, smoothing), truth, self._keras.losses.CategoricalCrossentropy(from_logits=from_logits)
        if "crossentropy" not in name:
            raise InputError(f"labels of the loss {name!r} can't be smoothed")
        return _smoothed(np.asarray(y, np.float32), smoothing), truth, None

    def _compile(self, model: Any, config: Mapping[str, Any], loss: Any, steps: int) -> None:
        keras = self._keras
        if loss is None:
            model.compile_from_config(self._compiled)
        else:
            optimizer = type(self._model.optimizer).from_config(self._model.optimizer.get_config())
            model.compile(optimizer, loss, metrics=["accuracy"] if self._compiled.get("metrics") else None)
        changed = {}
        rate = config.get("learning_rate")
        if rate is not None:
            cosine = "cosine" in str(config.get("schedule") or "")
            schedule = keras.optimizers.schedules.CosineDecay
            changed["learning_rate"] = schedule(float(rate), steps * int(config["epochs"])) if cosine else float(rate)
        if config.get("weight_decay") is not None:
            changed["weight_decay"] = float(config["weight_decay"]) or None
        if config.get("clip_gradient_norm"):
            changed["global_clipnorm"] = float(config["clip_gradient_norm"])
        if config.get("weight_average_decay"):
            decay = float(config["weight_average_decay"])
            changed |= {"use_ema": True, "ema_momentum": decay, "ema_overwrite_frequency": steps}
        settings = {**model.optimizer.get_config(), **changed}
        model.optimizer = type(model.optimizer).from_config(settings)

    def _copied(self, config: Mapping[str, Any]) -> Any:
        """Return a copy with other dropout, augmentation and trainable layers where a configuration says so."""
        keras = self._keras
        graph = keras.Model(self._model.inputs, self._model.outputs)
        rate = config.get("dropout")
        has_dropout = any(isinstance(layer, keras.layers.Dropout) for layer in graph.layers)
        head = next((layer for layer in reversed(graph.layers) if layer.weights), None)

        def layer_of(layer: Any) -> Any:
            settings = layer.get_config()
            if rate is not None and isinstance(layer, keras.layers.Dropout):
                settings["rate"] = float(rate)
            return type(layer).from_config(settings)

        def called(layer: Any, *given: Any, **named: Any) -> Any:
            if rate and not has_dropout and head is not None and layer.name == head.name:
                given = (keras.layers.Dropout(float(rate))(given[0]), *given[1:])
            return layer(*given, **named)

        try:
            copied = keras.models.clone_model(graph, clone_function=layer_of, call_function=called)
        except (NotImplementedError, ValueError, TypeError) as error:
            raise InputError(f"the Keras model {self._model.name!r} can't be copied: {error}") from error
        if not self._is_fresh:
            copied.set_weights(self._weights)
        for layer, before in zip(
            [one for one in copied.layers if one.weights], [one for one in graph.layers if one.weights], strict=True
        ):
            layer.trainable = before.trainable
        self._freeze(copied, config)
        return self._augmented(copied, config)

    def _freeze(self, model: Any, config: Mapping[str, Any]) -> None:
        layers = [layer for layer in model.layers if layer.weights]
        if config.get("freeze"):
            for layer in layers[:-1]:
                layer.trainable = False
        if (through := config.get("freeze_through")) is not None:
            for layer in layers[: _place(layers, through) + 1]:
                layer.trainable = False
        if (wanted := config.get("trainable")) is not None:
            given = [wanted] if isinstance(wanted, str) else list(wanted)
            for one in given:
                _place(layers, one)
            for layer in layers:
                layer.trainable = any(_is_in(layer.name, one) for one in given)

    def _augmented(self, model: Any, config: Mapping[str, Any]) -> Any:
        how = config.get("augmentation")
        if not how or how == self.settings.get("augmentation"):
            return model
        if isinstance(how, Mapping) or len(model.inputs) != 1 or len(model.inputs[0].shape) != 4:
            raise InputError("this training varies images, (rows, height, width, channels), by flips and shifts alone")
        layers = self._keras.layers
        inputs = self._keras.Input(model.inputs[0].shape[1:])
        varied = layers.RandomTranslation(SHIFT, SHIFT)(layers.RandomFlip("horizontal")(inputs))
        return self._keras.Model(inputs, model(varied))

    def features(self) -> HeadData | None:
        """Return what the last layer takes, of both splits; None of a model whose weights are drawn anew."""
        from diagnose.models.keras import KerasInspector  # noqa: PLC0415

        if self._is_fresh:
            return None
        labels = [part.argmax(-1) if part.ndim > 1 and part.shape[-1] > 1 else part.reshape(-1)
                  for part in (self._y, self._truth)]  # fmt: skip
        found = []
        with KerasInspector().opened(self._model) as predictor:
            for rows in self._prepared(self.settings, np.arange(len(self._x))):
                parts = [predictor.ask(rows[at : at + 256]).features for at in range(0, len(rows), 256)]
                if any(part is None for part in parts):
                    return None
                found.append(np.concatenate([part for part in parts if part is not None]))
        return HeadData(found[0], labels[0], found[1], labels[1])


def _smoothed(y: Array, smoothing: float) -> Array:
    classes = y.shape[-1] if y.ndim > 1 and y.shape[-1] > 1 else 2
    return np.asarray(y * (1 - smoothing) + smoothing / classes, np.float32)


def _is_in(name: str, part: str) -> bool:
    return name == part or block_of(name) == part or name.startswith(f"{part}/")


def _place(layers: list[Any], part: str) -> int:
    places = [at for at, layer in enumerate(layers) if _is_in(layer.name, part)]
    if not places:
        raise InputError(f"the model has no layer {part!r}; it has: {', '.join(layer.name for layer in layers[:12])}")
    return places[-1]

"""The ``History`` object that Keras's ``fit`` returns, recognised without importing Keras."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from diagnose.errors import InputError
from diagnose.readers.cells import as_cell
from diagnose.readers.protocol import Cell, RawLog

_OPTIMIZER_SETTINGS = ("learning_rate", "weight_decay")


def is_keras_history(value: Any) -> bool:
    """Whether an object is Keras's ``History``, or has its shape: a ``history`` dict beside ``params`` or ``epoch``."""
    history = getattr(value, "history", None)
    return isinstance(history, Mapping) and (
        hasattr(value, "params") or hasattr(value, "epoch") or type(value).__name__ == "History"
    )


def keras_history(value: Any) -> RawLog:
    """Return the columns of a Keras ``History``; epochs count from 1, as Keras's progress output does."""
    columns: dict[str, list[Cell]] = {}
    for name, cells in value.history.items():
        columns[str(name)] = [as_cell(cell) for cell in cells]
    longest = max((len(cells) for cells in columns.values()), default=0)
    if not longest:
        raise InputError(
            "the Keras History is empty: fit() has not finished an epoch; expected history.history to hold loss"
        )
    columns = {name: [*cells, *[None] * (longest - len(cells))] for name, cells in columns.items()}
    epochs = getattr(value, "epoch", None)
    if isinstance(epochs, list) and len(epochs) == longest and "epoch" not in columns:
        columns["epoch"] = [float(epoch) + 1 for epoch in epochs]
    settings = {**_params(value), **_model_settings(getattr(value, "model", None))}
    return RawLog(
        "history",
        "Keras History",
        "Keras History object",
        columns,
        hyperparameters=settings,
        origins=dict.fromkeys(settings, "Keras History"),
    )


def _params(value: Any) -> dict[str, Any]:
    params = getattr(value, "params", None)
    return (
        {str(k): v for k, v in params.items() if isinstance(v, (str, int, float))}
        if isinstance(params, Mapping)
        else {}
    )


def _model_settings(model: Any) -> dict[str, Any]:
    """Optimiser settings and parameter counts of the model, as far as it shows them."""
    found: dict[str, Any] = {}
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None:
        found["optimizer"] = type(optimizer).__name__
        config = optimizer.get_config() if hasattr(optimizer, "get_config") else {}
        found.update({k: config[k] for k in _OPTIMIZER_SETTINGS if isinstance(config.get(k), (int, float))})
    for name, attribute in (("parameters", "weights"), ("trainable_parameters", "trainable_weights")):
        weights = getattr(model, attribute, None)
        if isinstance(weights, list) and weights and all(hasattr(w, "shape") for w in weights):
            found[name] = sum(math.prod(int(n) for n in w.shape) for w in weights)
    return found

"""Do a layer's weights look freshly initialised? Judged by the range and spread that its own initializer draws from."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

MOST_VALUES = 200_000
"""Values of a weight that are looked at."""
TRUNCATION = 0.87962566103423978
"""Standard deviation of a normal cut at two of its own: Keras divides by it, so that the drawn values have the one that
was asked for."""
SIGMAS = 6.0
"""Standard errors by which a fresh weight's spread may differ from its initializer's: 2e-9 of them differ by more."""


def looks_initial(layer: Any, weights: tuple[Any, ...], statistics: tuple[Any, ...]) -> bool | None:
    """Return whether a layer's weights look freshly initialised; None where that can't be told.

    Parameters
    ----------
    layer
        A Keras layer.
    weights, statistics
        Its own variables: those that can be trained, and the others.
    """
    if not weights and not statistics:
        return None
    told: list[bool | None] = []
    for variable in (*weights, *statistics):
        said = _of_variable(layer, variable)
        if said is False:
            return False
        told.append(said)
    return True if all(told) and told else None


def _of_variable(layer: Any, variable: Any) -> bool | None:
    initializer = _initializer(layer, str(variable.name))
    if initializer is None or not str(variable.dtype).startswith(("float", "bfloat")):
        return None
    values = sample(variable)
    name = type(initializer).__name__
    constant = {"Zeros": 0.0, "Ones": 1.0, "Constant": getattr(initializer, "value", None)}.get(name)
    if constant is not None and np.ndim(constant) > 0:
        return False  # an array of values that somebody brought, such as word vectors
    if constant is not None:
        return bool(np.all(values == np.float32(constant)))
    drawn = _drawn(initializer, tuple(int(n) for n in variable.shape))
    if drawn is None:
        return None
    bound, spread = drawn
    if values.size < 2 or not np.isfinite(values).all() or np.abs(values).max() > bound * 1.001:
        return False
    error = SIGMAS / math.sqrt(2 * values.size)
    return bool(abs(float(np.sqrt(np.mean(values.astype(np.float64) ** 2))) / spread - 1) <= error)


def sample(variable: Any) -> Any:
    """Return at most `MOST_VALUES` values of a variable, evenly spaced, as an array."""
    value = variable.value
    flat = np.asarray(value.detach().cpu() if hasattr(value, "detach") else value).reshape(-1)
    values = flat[:: max(1, flat.size // MOST_VALUES)]
    return values.astype(np.float32) if values.dtype != np.float64 else values


def _initializer(layer: Any, variable: str) -> Any:
    known = {
        "kernel": "kernel_initializer", "bias": "bias_initializer", "embeddings": "embeddings_initializer",
        "gamma": "gamma_initializer", "beta": "beta_initializer", "moving_mean": "moving_mean_initializer",
        "moving_variance": "moving_variance_initializer", "depthwise_kernel": "depthwise_initializer",
        "pointwise_kernel": "pointwise_initializer", "scale": "scale_initializer",
    }.get(variable)  # fmt: skip
    found = getattr(layer, known, None) if known else None
    return getattr(layer, "depthwise_initializer", None) if variable == "kernel" and found is None else found


def _drawn(initializer: Any, shape: tuple[int, ...]) -> tuple[float, float] | None:
    """Return the largest value that an initializer draws, and the standard deviation, about zero."""
    name = type(initializer).__name__
    scale = getattr(initializer, "scale", None)
    if isinstance(scale, (int, float)) and hasattr(initializer, "mode"):
        variance = scale / _fan(initializer.mode, shape)
        if initializer.distribution == "uniform":
            return math.sqrt(3 * variance), math.sqrt(variance)
        if initializer.distribution == "truncated_normal":
            return 2 * math.sqrt(variance) / TRUNCATION, math.sqrt(variance)
        return 7 * math.sqrt(variance), math.sqrt(variance)
    if name == "RandomUniform" and initializer.minval == -initializer.maxval:
        return float(initializer.maxval), float(initializer.maxval) / math.sqrt(3)
    if name in ("RandomNormal", "TruncatedNormal") and not getattr(initializer, "mean", 0):
        spread = float(initializer.stddev)
        return (2 * spread, spread * TRUNCATION) if name == "TruncatedNormal" else (7 * spread, spread)
    return None


def _fan(mode: str, shape: tuple[int, ...]) -> float:
    if len(shape) < 2:
        ins = outs = float(shape[0]) if shape else 1.0
    else:
        field = math.prod(shape[:-2])
        ins, outs = float(field * shape[-2]), float(field * shape[-1])
    return max(1.0, {"fan_in": ins, "fan_out": outs}.get(mode, (ins + outs) / 2))

"""Hear what the layers of a Keras model are given and give while it runs, and leave them as they were."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from diagnose.models.block_taps import Event
from diagnose.models.keras_blocks import has_statistics
from diagnose.models.keras_card_layers import children, role_of

Key = tuple[str, str, int]


@dataclass
class Listening:
    """What the layers of one run were given and gave."""

    wanted: Collection[Key] | None = None
    events: list[Event] = field(default_factory=list)
    tensors: dict[Key, Any] = field(default_factory=dict)
    moments: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    _calls: dict[tuple[str, str], int] = field(default_factory=dict)

    def hear(self, way: Any, path: str, layer: Any, given: Any) -> None:
        """Take note of a tensor; keep it where it is wanted."""
        call = self._calls.get((way, path), 0)
        self._calls[way, path] = call + 1
        tensor = _first(given)
        shape = None if tensor is None else tuple(tensor.shape)
        self.events.append(Event(way, path, call, shape, not children(layer), role_of(layer)))
        if tensor is not None and (self.wanted is None or (way, path, call) in self.wanted):
            self.tensors[way, path, call] = tensor


@contextmanager
def listened(layers: Mapping[str, Any], heard: Listening, every: int) -> Iterator[None]:
    """Listen to what layers are given and give; only to those that are wanted where that is known."""
    wanted = None if not heard.wanted else {path for _, path, _ in heard.wanted}
    before: list[tuple[Any, Any]] = []
    try:
        for path, layer in layers.items():
            keeps = every > 0 and has_statistics(layer)
            if wanted is None or path in wanted or keeps:
                before.append((layer, layer.__dict__.get("call")))
                layer.__dict__["call"] = _listening(layer, path, heard, every if keeps else 0)
        yield
    finally:
        for layer, own in before:
            if own is None:
                del layer.__dict__["call"]
            else:
                layer.__dict__["call"] = own


def _listening(layer: Any, path: str, heard: Listening, every: int) -> Callable[..., Any]:
    original = layer.call

    def call(*args: Any, **kwargs: Any) -> Any:
        heard.hear("in", path, layer, (*args, *kwargs.values()))
        if every and path not in heard.moments and args:
            heard.moments[path] = _moments(args[0], every, layer)
        said = original(*args, **kwargs)
        heard.hear("out", path, layer, said)
        return said

    return call


def _moments(tensor: Any, every: int, layer: Any) -> tuple[Any, Any]:
    keras: Any = sys.modules["keras"]
    axis = getattr(layer, "axis", -1)
    axis = (axis[0] if isinstance(axis, (list, tuple)) else axis) % len(tensor.shape)
    axes = [at for at in range(len(tensor.shape)) if at != axis]
    mean, variance = keras.ops.moments(keras.ops.cast(tensor[::every], "float32"), axes=axes)
    return mean, variance


def _first(said: Any) -> Any:
    """Return the first tensor of floats in what a layer took or gave; None without one."""
    if hasattr(said, "shape") and hasattr(said, "dtype"):
        return said if "float" in str(said.dtype) else None
    parts = said.values() if isinstance(said, Mapping) else said if isinstance(said, (tuple, list)) else ()
    return next((tensor for part in parts if (tensor := _first(part)) is not None), None)

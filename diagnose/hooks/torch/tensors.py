"""Tensors within what a model gets and gives, and a few values drawn from large ones."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from diagnose.extras import require
from diagnose.models.pytorch import LOGITS

torch: Any = require("torch", extra="torch", what="recording what PyTorch trains")
MOST_DRAWN = 4096
"""Values of a tensor that are looked at: a norm estimated from them is off by about 1 %."""
DEEPEST = 4


def tensors_in(value: Any, name: str = "input", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Give the tensors within nested mappings, sequences and named outputs, with their names."""
    if isinstance(value, torch.Tensor):
        yield name, value
    elif depth < DEEPEST and isinstance(value, Mapping):
        for key, item in value.items():
            yield from tensors_in(item, str(key), depth + 1)
    elif depth < DEEPEST and isinstance(value, (list, tuple)):
        for at, item in enumerate(value):
            yield from tensors_in(item, name if len(value) == 1 else f"{name}.{at}", depth + 1)


def main_output(value: Any) -> Any:
    """Return the tensor that a model's answer is about: its logits where it names them, else the first of numbers."""
    if isinstance(value, torch.Tensor):
        return value
    if isinstance(value, Mapping):
        named = next((value[name] for name in LOGITS if isinstance(value.get(name), torch.Tensor)), None)
    else:
        named = next((found for name in LOGITS if isinstance(found := getattr(value, name, None), torch.Tensor)), None)
    if named is not None:
        return named
    return next((tensor for _, tensor in tensors_in(value) if tensor.is_floating_point() and tensor.ndim), None)


def batch_size(value: Any) -> int:
    """Return the number of samples that a model is given at once; 0 where that can't be told."""
    return next((int(tensor.shape[0]) for _, tensor in tensors_in(value) if tensor.ndim), 0)


def is_plain(tensor: Any) -> bool:
    """Whether a tensor lies whole on this device: parts of a distributed one are not looked at."""
    return not hasattr(tensor, "placements") and tensor.layout == torch.strided and not tensor.is_meta


class Drawn:
    """Values at places that are drawn once for every size of tensor."""

    def __init__(self) -> None:
        self._places: dict[tuple[int, Any], Any] = {}

    def of(self, tensor: Any) -> Any:
        """Return at most `MOST_DRAWN` values as a new tensor of one axis, in single precision or better."""
        found = tensor.detach()
        if found.ndim == 4 and not found.is_contiguous():
            found = found.permute(0, 2, 3, 1)  # channels last: flat without a copy
        flat, size = found.reshape(-1), found.numel()
        if size > MOST_DRAWN:
            key = (size, flat.device)
            if key not in self._places:
                drawn = np.random.default_rng(size).choice(size, MOST_DRAWN, replace=False, shuffle=False)
                self._places[key] = torch.from_numpy(np.sort(drawn)).to(flat.device)
            flat = flat.index_select(0, self._places[key])
        return flat.to(torch.float64 if flat.dtype == torch.float64 else torch.float32, copy=size <= MOST_DRAWN)


def scale_of(size: int) -> float:
    """Return the factor from a norm over drawn values to that over all of them."""
    return math.sqrt(size / MOST_DRAWN) if size > MOST_DRAWN else 1.0


def numbers(tensors: list[Any]) -> list[float]:
    """Return the values of tensors of one element each, fetched at once."""
    if not tensors:
        return []
    return [float(value) for value in torch.stack([t.detach().reshape(()).double() for t in tensors]).tolist()]

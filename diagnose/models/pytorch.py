"""PyTorch modules: asked in evaluation mode, without gradients, and left as they were."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

from diagnose.models.predictor import Answer, Predictor, pooled

LOGITS = ("logits", "prediction_logits", "prediction", "out", "scores")
"""Where models that answer by name keep what they say."""


class TorchInspector:
    """`torch.nn.Module`, TorchScript included."""

    def recognises(self, model: Any) -> bool:
        """Whether it is a module."""
        torch = sys.modules.get("torch")
        return torch is not None and isinstance(model, torch.nn.Module)

    @contextmanager
    def opened(self, model: Any) -> Iterator[Predictor]:
        """Ask with every part in evaluation mode; flags, buffers and the random state are put back."""
        torch: Any = sys.modules["torch"]
        flags = [(part, part.training) for part in model.modules()]
        buffers = [(buffer, buffer.detach().clone()) for buffer in model.buffers()]
        seen: dict[str, Any] = {}
        hooks = [
            part.register_forward_pre_hook(_keeper(seen, name))
            for name, part in model.named_modules()
            if isinstance(part, torch.nn.Linear)
        ]
        first = next(model.parameters(), None)
        where = first.device if first is not None else torch.device("cpu")
        number = first.dtype if first is not None and first.dtype.is_floating_point else torch.float32
        dtypes = {"whole": None}

        def ask(batch: Any) -> Answer:
            seen.clear()
            try:
                said = _called(model, _tensors(batch, torch, where, number, dtypes["whole"]))
            except RuntimeError:
                if dtypes["whole"] is not None or not _has_whole_numbers(batch):
                    raise
                dtypes["whole"] = number  # numbers that are whole by chance, not places in a table
                said = _called(model, _tensors(batch, torch, where, number, number))
            features = _array(next(reversed(seen.values()))) if seen else None
            return Answer(_array(_of_answer(said)), pooled(features) if features is not None else None)

        def featured_by() -> str:
            last = next(reversed(seen), None)
            return "" if last is None else f"input of the layer '{last or type(model).__name__}'"

        devices = [where] if where.type == "cuda" else []
        try:
            with suppress(NotImplementedError):  # an exported programme has one mode, that in which it was exported
                model.eval()
            with torch.no_grad(), torch.random.fork_rng(devices=devices):
                torch.manual_seed(0)  # for parts that draw even in evaluation
                yield Predictor(type(model).__name__, ask, featured_by)
        finally:
            for hook in hooks:
                hook.remove()
            for part, was_training in flags:
                part.training = was_training
            with torch.no_grad():
                for buffer, before in buffers:
                    if not torch.equal(buffer, before):
                        buffer.copy_(before)


def _keeper(seen: dict[str, Any], name: str) -> Any:
    def keep(part: Any, given: tuple[Any, ...]) -> None:
        del part
        seen.pop(name, None)  # so that the last one asked is the last one kept
        if given:
            seen[name] = given[0]

    return keep


def _called(model: Any, given: Any) -> Any:
    if isinstance(given, dict):
        return model(**given)
    return model(*given) if isinstance(given, tuple) else model(given)


def _tensors(batch: Any, torch: Any, where: Any, number: Any, whole: Any) -> Any:
    if isinstance(batch, Mapping):
        return {name: _tensors(values, torch, where, number, whole) for name, values in batch.items()}
    if isinstance(batch, tuple):
        return tuple(_tensors(values, torch, where, number, whole) for values in batch)
    tensor = batch if isinstance(batch, torch.Tensor) else torch.as_tensor(np.ascontiguousarray(batch))
    if tensor.is_floating_point() or tensor.dtype == torch.uint8:  # bytes are pixels, and never places in a table
        return tensor.to(where, number)
    return tensor.to(where, whole) if whole is not None and tensor.dtype != torch.bool else tensor.to(where)


def _has_whole_numbers(batch: Any) -> bool:
    return isinstance(batch, np.ndarray) and batch.dtype.kind in "iu"


def _of_answer(said: Any) -> Any:
    if isinstance(said, Mapping):
        return next((said[name] for name in LOGITS if name in said), next(iter(said.values())))
    named = next((getattr(said, name) for name in LOGITS if hasattr(said, name)), None)
    if named is not None:
        return named
    return said[0] if isinstance(said, (tuple, list)) else said


def _array(tensor: Any) -> Any:
    detached = tensor.detach().cpu()
    return detached.float().numpy() if detached.dtype.is_floating_point else detached.numpy()

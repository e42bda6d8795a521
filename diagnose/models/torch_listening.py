"""Run a PyTorch model as it would be used, hear what is called in what order, and leave everything as it was."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

from diagnose.errors import InputError
from diagnose.models.block_taps import Event
from diagnose.models.predictor import failures
from diagnose.models.pytorch import _called, _has_whole_numbers, _tensors
from diagnose.models.torch_layers import role_of


@contextmanager
def asked(module: Any) -> Iterator[Callable[[Any], Any]]:
    """Give what asks the model a batch, in evaluation mode; modes, buffers and random states are put back."""
    torch: Any = sys.modules["torch"]
    flags = [(part, part.training) for part in module.modules()]
    buffers = [(buffer, buffer.detach().clone()) for buffer in module.buffers()]
    first = next(module.parameters(), None)
    where = first.device if first is not None else torch.device("cpu")
    number = first.dtype if first is not None and first.dtype.is_floating_point else torch.float32
    whole: dict[str, Any] = {"as": None}

    def ask(batch: Any) -> Any:
        try:
            try:
                return _called(module, _tensors(batch, torch, where, number, whole["as"]))
            except RuntimeError:
                if whole["as"] is not None or not _has_whole_numbers(batch):
                    raise
                whole["as"] = number  # numbers that are whole by chance, not places in a table
                return _called(module, _tensors(batch, torch, where, number, number))
        except failures() as error:
            raise InputError(
                f"data: the model {type(module).__name__} does not take these rows: {type(error).__name__}: "
                f"{str(error).strip()[:300]}\nGive rows as the model takes them, such as the loader it was trained with"
            ) from error

    try:
        module.eval()
        devices = [where] if where.type == "cuda" else []
        with torch.no_grad(), torch.random.fork_rng(devices=devices):
            torch.manual_seed(0)
            yield ask
    finally:
        for part, was_training in flags:
            part.training = was_training
        with torch.no_grad():
            for buffer, before in buffers:
                if not torch.equal(buffer, before):
                    buffer.copy_(before)


def events_of(module: Any, ask: Callable[[Any], Any], some: Any) -> tuple[list[Event], int]:
    """Run a few rows and tell what was called in what order, and the number of rows."""
    events: list[Event] = []
    entered: dict[str, int] = {}
    left: dict[str, int] = {}
    hooks = []
    for path, part in module.named_modules():
        if path:
            hooks.append(part.register_forward_pre_hook(_hearing(events, "in", path, entered), with_kwargs=True))
            hooks.append(part.register_forward_hook(_hearing(events, "out", path, left)))
    try:
        ask(some)
    finally:
        for hook in hooks:
            hook.remove()
    first = next(iter(some.values())) if isinstance(some, Mapping) else some[0] if isinstance(some, tuple) else some
    return events, len(first)


def _hearing(events: list[Event], way: Literal["in", "out"], path: str, counted: dict[str, int]) -> Any:
    def hear(part: Any, args: tuple[Any, ...], other: Any) -> None:  # other: keywords before, and what it said behind
        given = (*args, *other.values()) if way == "in" else other
        events.append(Event(way, path, counted.get(path, 0), _shape(given), is_leaf_module(part), role_of(part)))
        counted[path] = counted.get(path, 0) + 1

    return hear


def _shape(said: Any) -> tuple[int, ...] | None:
    tensor = first_tensor(said)
    return None if tensor is None else tuple(int(side) for side in tensor.shape)


def first_tensor(said: Any) -> Any:
    """Return the first tensor of floats in what a module took or gave; None without one."""
    torch: Any = sys.modules["torch"]
    if isinstance(said, torch.Tensor):
        return said if said.is_floating_point() else None
    parts = said.values() if isinstance(said, Mapping) else said if isinstance(said, (tuple, list)) else ()
    return next((tensor for part in parts if (tensor := first_tensor(part)) is not None), None)


def is_leaf_module(part: Any) -> bool:
    """Whether a module has no modules of its own."""
    return all(name == "parametrizations" for name, _ in part.named_children())

"""Runs a model beside its training so that nothing of it is changed: flags, buffers, attributes, random states."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from diagnose.hooks.torch.tensors import torch
from diagnose.randomness import kept_random_states

OWN = ("_parameters", "_buffers", "_modules")
MOST_KEPT = 50_000_000
"""Values of buffers that are copied at most: a model with more is not run."""


def can_run(model: Any) -> bool:
    """Whether a model may be run apart from the program: no hooks of others would see it, and its buffers are small."""
    if sum(buffer.numel() for buffer in model.buffers()) > MOST_KEPT:
        return False
    return all(_is_known(hook) for module in model.modules()
               for hook in (*module._forward_hooks.values(), *module._forward_pre_hooks.values()))  # fmt: skip # noqa: SLF001


def _is_known(hook: Any) -> bool:
    home = getattr(hook, "__module__", None) or type(hook).__module__
    return str(home).startswith(("torch.", "diagnose.")) or type(hook).__module__.startswith("torch.")


@contextmanager
def undisturbed(model: Any, *, training: bool | None = False) -> Iterator[None]:
    """Let a model be run within a block, without gradients, and put back all that it changes.

    Parameters
    ----------
    training
        The mode that all of its parts are in within the block; None: as they are.
    """
    modules = list(model.modules())
    flags = [module.training for module in modules]
    kept = [_Kept(module) for module in modules]
    with ExitStack() as stack:
        stack.enter_context(kept_random_states())
        if torch.cuda.is_available() and torch.cuda.is_initialized():
            stack.enter_context(torch.random.fork_rng())
        stack.enter_context(torch.no_grad())
        try:
            if training is not None:
                for module in modules:
                    module.training = training
            yield
        finally:
            for module, flag, before in zip(modules, flags, kept, strict=True):
                before.put_back(module)
                module.training = flag


class _Kept:
    """What a module holds beside its weights."""

    def __init__(self, module: Any) -> None:
        own = {key: value for key, value in vars(module).items() if not key.endswith("_hooks") and key not in OWN}
        self._plain = own
        self._lists = {key: list(value) for key, value in own.items() if type(value) is list}
        self._mappings = {key: dict(value) for key, value in own.items() if type(value) is dict}
        buffers = dict(module._buffers)  # noqa: SLF001  also those that it replaces
        self._buffers = buffers
        tensors = [t for t in (*buffers.values(), *own.values()) if isinstance(t, torch.Tensor) and not t.requires_grad]
        self._tensors = [(t, _version(t), t.detach().clone()) for t in tensors]

    def put_back(self, module: Any) -> None:
        for key in [key for key in vars(module) if key not in self._plain and not key.endswith("_hooks")]:
            if key not in OWN:
                del vars(module)[key]
        vars(module).update(self._plain)
        for key, items in self._lists.items():
            vars(module)[key][:] = items
        for key, mapping in self._mappings.items():
            held = vars(module)[key]
            held.clear()
            held.update(mapping)
        module._buffers.update(self._buffers)  # noqa: SLF001
        for tensor, version, copy in self._tensors:
            if version is None or tensor._version != version:  # noqa: SLF001  the count of changes in place
                tensor.copy_(copy)


def _version(tensor: Any) -> int | None:
    return None if tensor.is_inference() else int(tensor._version)  # noqa: SLF001

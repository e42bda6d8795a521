"""Sees calls of PyTorch's functions go by, wherever the program makes them: losses, and backward passes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from diagnose.hooks.torch.tensors import torch

Seer = Callable[[Any, tuple[Any, ...], dict[str, Any]], Any]
"""What is called in a function's place, with it and its arguments; it calls the function and gives its answer."""


class Sight(torch.overrides.TorchFunctionMode):  # type: ignore[misc]
    """Watches some functions in this thread while it is on; others go by at the cost of one look into a table.

    Parameters
    ----------
    watched
        Function to what is called in its place.
    """

    def __init__(self, watched: Mapping[Any, Seer]) -> None:
        super().__init__()
        self._watched = watched

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Called by PyTorch for every function of tensors."""  # noqa: D401
        seer = self._watched.get(func)
        if seer is None or torch.compiler.is_compiling():
            return func(*args, **(kwargs or {}))
        return seer(func, args, kwargs or {})

    def on(self) -> None:
        """Begin to see; a second time changes nothing."""
        if self not in _stack():
            torch.overrides._push_mode(self)  # noqa: SLF001  entered and left apart, unlike in a block

    def off(self) -> bool:
        """Stop seeing; modes that the program entered later stay. Whether it was on."""
        above = []
        stack = _stack()
        if self not in stack:
            return False
        while (top := torch.overrides._pop_mode()) is not self:  # noqa: SLF001
            above.append(top)
        for mode in reversed(above):
            torch.overrides._push_mode(mode)  # noqa: SLF001
        return True


def _stack() -> list[Any]:
    found: list[Any] = torch.overrides._get_current_function_mode_stack()  # noqa: SLF001
    return found

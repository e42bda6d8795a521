"""Hooks that belong to one model alone: a copy of it, or one that was saved whole, does not have them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any


class Own:
    """A hook of a module.

    ``copy.deepcopy(model)``, as for averages of weights, and ``torch.save(model)`` take a module's hooks along. Instead
    of this one they get a function of the standard library that takes anything and does nothing.

    Parameters
    ----------
    hook
        What is called.
    """

    def __init__(self, hook: Callable[..., Any]) -> None:
        self._hook = hook

    def __call__(self, *args: Any) -> Any:
        """Call the hook."""
        return self._hook(*args)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return contextlib.nullcontext().__exit__

    def __reduce__(self) -> Any:
        """A saved model loads where this package is not installed."""  # noqa: D401
        return getattr, (contextlib.nullcontext(), "__exit__")

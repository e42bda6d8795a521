"""Methods of PyTorch's own classes that a program calls and that have no hooks: loaders, gradient scalers, schedules.

While somebody listens, a class has a method in place of its own that tells and calls it; afterwards it has its own.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from diagnose.hooks.torch.tensors import torch

Listener = Callable[[Any, tuple[Any, ...]], Callable[[], None] | None]
"""Is told the object and the arguments before the call; what it returns is called behind it."""


class Overheard:
    """One method of one class.

    Parameters
    ----------
    owner, method
        The class, and the method's name.
    """

    def __init__(self, owner: Any, method: str) -> None:
        self._owner, self._method = owner, method
        self._own: Any = None
        self._ours: Any = None
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Tell a listener of every call from now on."""
        if not self._listeners:
            self._own = vars(self._owner)[self._method]
            self._ours = self._telling(self._own)
            setattr(self._owner, self._method, self._ours)
        self._listeners.append(listener)

    def forget(self, listener: Listener) -> None:
        """Tell a listener no more; behind the last one, the class is as it was."""
        if listener not in self._listeners:
            return
        self._listeners.remove(listener)
        if not self._listeners and vars(self._owner)[self._method] is self._ours:
            setattr(self._owner, self._method, self._own)

    def _telling(self, own: Any) -> Any:
        @functools.wraps(own)
        def telling(it: Any, *args: Any, **kwargs: Any) -> Any:
            after = [listener(it, args) for listener in tuple(self._listeners)]
            answer = own(it, *args, **kwargs)
            for told in after:
                if told is not None:
                    told()
            return answer

        return telling


LOADERS = Overheard(torch.utils.data.DataLoader, "__iter__")
SCALERS = Overheard(torch.amp.GradScaler if hasattr(torch.amp, "GradScaler") else torch.cuda.amp.GradScaler, "step")
SCHEDULES = Overheard(torch.optim.lr_scheduler.LRScheduler, "step")

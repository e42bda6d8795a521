"""Which modules a Lightning module's training step calls, where it calls parts of itself instead of ``self(x)``."""

from __future__ import annotations

from typing import Any

from diagnose.hooks.torch.probe import TorchProbe
from diagnose.hooks.torch.tensors import torch


class Tops:
    """The modules that are called in one step and by no other module, in their order.

    Parameters
    ----------
    module
        The module whose parts are meant, and itself; parts without weights are losses and metrics.
    """

    def __init__(self, module: Any) -> None:
        self._module = module
        self._known = {id(part) for part in module.modules() if any(True for _ in part.parameters())}
        self._called: list[Any] = []
        self._depth = 0
        every = torch.nn.modules.module
        self._handles = [
            every.register_module_forward_pre_hook(self._begins),
            every.register_module_forward_hook(self._ends, always_call=True),
        ]

    def close(self) -> None:
        """Look no more."""
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def connect(self, probe: TorchProbe) -> None:
        """Let a probe take the calls from the first one's begin to the last one's end for the module's forward pass.

        Where several are called more than once, as a generator and its judge are, there is no one pass.
        """
        different = list({id(part): part for part in self._called}.values())
        if not different or different[0] is self._module or (1 < len(different) < len(self._called)):
            return
        first, last = different[0], different[-1]
        probe.events._handles += [  # noqa: SLF001  taken off with the probe's own
            first.register_forward_pre_hook(probe.events._before, with_kwargs=True),  # noqa: SLF001
            last.register_forward_hook(probe.events._after, with_kwargs=True, always_call=True),  # noqa: SLF001
        ]
        if first is last:
            probe.looks._model = first  # noqa: SLF001
        else:
            probe.looks._fixed = _NeverAsked()  # type: ignore[assignment]  # noqa: SLF001

    def _begins(self, module: Any, given: Any) -> None:
        del given
        if id(module) in self._known:
            if not self._depth:
                self._called.append(module)
            self._depth += 1

    def _ends(self, module: Any, given: Any, answer: Any) -> None:
        del given, answer
        if id(module) in self._known:
            self._depth = max(0, self._depth - 1)


class _NeverAsked:
    """In place of the batch that the model is asked about again: parts that follow each other can't be asked as one."""

    def asked(self, *_: Any) -> None:
        """Give no answer."""

"""What sees a PyTorch model train: hooks on the model, its optimizers and the functions of the loss."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

from diagnose.hooks.session import Advice, Session
from diagnose.hooks.torch.data import DataWatch
from diagnose.hooks.torch.epochs import Flow
from diagnose.hooks.torch.events import Events
from diagnose.hooks.torch.looks import Looks
from diagnose.hooks.torch.passes import Passes
from diagnose.hooks.torch.progress import Progress
from diagnose.hooks.torch.stages import Stages
from diagnose.hooks.torch.steps import Steps
from diagnose.hooks.torch.tensors import torch
from diagnose.journal.records import Epoch
from diagnose.model_card import Role
from diagnose.models.torch_card import Seen
from diagnose.models.torch_initial import looks_initial
from diagnose.models.torch_layers import inner, leaves, role_of
from diagnose.models.torch_optimizers import as_list

PAUSE = 0.25
"""Seconds between two epochs, of those that the program does not tell, that the run is judged after."""
Ended = Callable[[Advice], None]


class TorchProbe:
    """Looks at one model while it trains and tells a session; the program's own loop stays as it is.

    Parameters
    ----------
    session
        Where everything is told.
    model
        The module; of a wrapper (``DistributedDataParallel``, a compiled module) the one inside.
    optimizers
        One, several, or None: whichever steps and holds weights of the model is found.
    loss
        The criterion, for the model card.

    Attributes
    ----------
    advised
        Is called with the advice of every epoch whose end was seen here, and not told by the program; it may raise.
    """

    def __init__(self, session: Session, model: Any, optimizers: Any = None, *, loss: Any = None) -> None:
        self.session, self.model, self.loss = session, inner(model), loss
        self.advised: Ended | None = None
        self.progress = Progress(session)
        self._is_broken = True
        self._judged = -math.inf
        self._began = time.perf_counter()
        with session.guard("read the model"):
            self._read(model)
            self._is_broken = False
            self.watch_optimizers(optimizers)

    def _read(self, model: Any) -> None:
        session, loss = self.session, self.loss
        found = leaves(self.model)
        seen = Seen(initial={leaf.name: looks_initial(leaf.module, leaf.weights) for leaf in found})
        roles = [role_of(leaf.module) for leaf in found]
        is_sequential = Role.CONVOLUTION not in roles and any(r in (Role.RECURRENT, Role.ATTENTION) for r in roles)
        is_sequential = is_sequential or any(type(leaf.module).__name__.endswith("Conv1d") for leaf in found)
        self.flow = Flow(session.options.train, session.options.val)
        self.data = DataWatch(session, is_sequential=is_sequential)
        self.stages = Stages(session, self.model, loss, seen)
        self.passes = Passes(self.model, self.progress, seen, self.flow, self.data)
        is_compiled = _is_compiled(model) or _is_compiled(self.model)
        self.steps = Steps(session, found, self.progress, self.stages, can_watch_layers=not is_compiled)
        self.looks = Looks(session, self.model, found, self)
        self.events = Events(session, model if type(model).__name__ == "OptimizedModule" else self.model, loss, self)

    def attach(self) -> None:
        """Put the hooks on."""
        if not self._is_broken:
            with self.session.guard("put hooks on the model"):
                self.events.attach()

    def detach(self) -> None:
        """Take all of them off; nothing is left behind."""
        if not self._is_broken:
            self.events.detach()
            with self.session.guard("tell the counters"):
                self.steps.forget()
                self.looks.flush()
                self.progress.tell()

    def epoch_begins(self, steps: int | None = None) -> None:
        """Tell that an epoch begins, where the program knows it; from here on epochs are no longer guessed.

        Parameters
        ----------
        steps
            Optimizer steps that it will have.
        """
        if not self._is_broken:
            self.passes.is_told = True
            if steps:
                self.progress.expected = float(steps)

    def epoch_ended(self, values: Mapping[str, Any] | None = None) -> Advice:
        """Tell that an epoch has ended, and with what; values that were seen here are added where they are missing.

        Raises
        ------
        Unhealthy
            Something was found, and ``on_finding`` is ``"raise"``.
        """
        if not self._is_broken:
            self.passes.is_told = True
        return self._ended(values or {}, judges=True)

    def watch_optimizers(self, optimizers: Any) -> None:
        """Name the optimizers, in addition to those that were named before."""
        if not self._is_broken:
            self.stages.watch(as_list(optimizers))

    def epoch_was_seen(self) -> None:
        """Tell that an epoch has ended, as the batches show.

        Raises
        ------
        Unhealthy
            Something was found, and ``on_finding`` is ``"raise"``.
        """
        now = time.perf_counter()
        judges = now - self._judged >= PAUSE or self.session.options.stop_early
        advice = self._ended({}, judges=judges)
        if judges:
            self._judged = time.perf_counter()
        if self.advised is not None:
            self.advised(advice)

    def close(self) -> None:
        """Tell the epoch that is going on, where the program has told none of them."""
        if not self._is_broken and not self.passes.is_told and self.progress.steps_in_epoch:
            self._ended({}, judges=False)

    def _ended(self, values: Mapping[str, Any], *, judges: bool) -> Advice:
        """Add what was seen here to an epoch's values, and tell it."""
        seen: dict[str, float] = {}
        guard = self.session.guard
        seconds, self._began = time.perf_counter() - self._began, time.perf_counter()
        rate = None
        step, epoch = self.progress.step, self.progress.epoch + 1
        if not self._is_broken:
            with guard("sum the epoch up"):
                seen = self.passes.epoch_ended()
                rate = self.stages.rate()
            with guard("tell the model"):
                if not self.stages.is_told:
                    self.stages.check(self.progress)
            with guard("tell the epoch's data"), self.steps.due.spending("data"):
                self.looks.flush()
                self.data.epoch_ended(epoch, is_shuffled=self.flow.is_shuffled)
                self.progress.counts |= self.data.overlap.counts()
            with guard("ask the model of its first batch"):
                self.looks.ask((step, epoch))
        self.progress.epoch_ended()
        missing = _missing(seen, values)
        told, own = {**missing, **values}, tuple(missing)
        if not judges:
            self.session.write(Epoch(epoch, step, told, rate, seconds, own))
            return Advice()
        return self.session.epoch_ended(epoch, step, told, learning_rate=rate, seconds=seconds, computed=own)


def _missing(seen: Mapping[str, float], values: Mapping[str, Any]) -> dict[str, float]:
    """Return what the program does not say itself, in whatever spelling."""
    known = {name.lower().replace("/", "_").replace("valid_", "val_").replace("eval_", "val_") for name in values}
    known |= {name.removeprefix("train_") for name in known} | {
        f"{name}uracy" for name in known if name.endswith("acc")
    }
    return {name: value for name, value in seen.items() if name not in known}


def _is_compiled(model: Any) -> bool:
    if type(model).__name__ == "OptimizedModule":
        return True
    if not isinstance(model, torch.nn.Module):
        return False
    return any(getattr(m, "_compiled_call_impl", None) is not None or isinstance(m, torch.jit.ScriptModule)
               for m in model.modules())  # fmt: skip

"""The hooks themselves: what PyTorch calls as a model trains, each guarded, and how they are taken off again."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from diagnose.hooks.session import Session
from diagnose.hooks.torch.graph import reaches
from diagnose.hooks.torch.overheard import LOADERS, SCALERS, SCHEDULES
from diagnose.hooks.torch.own import Own
from diagnose.hooks.torch.sight import Sight
from diagnose.hooks.torch.tensors import batch_size, torch
from diagnose.models.torch_layers import inner
from diagnose.models.torch_losses import FUNCTIONS

LEARNING = 2
"""Training passes in which losses are looked for within the model too."""
ELEMENTWISE = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")
"""Losses that broadcast a target beside an output of another shape, with no more than a warning."""
_OPTIMIZERS: Any = importlib.import_module("torch.optim.optimizer")


class Events:
    """Puts hooks on a model, on all optimizers and on the functions of losses, and tells a probe.

    Parameters
    ----------
    model
        That which the program calls: of a compiled one the compiler's wrapper, whose hooks are not compiled.
    loss
        The criterion; one that calls none of PyTorch's functions is seen where it is a module.
    probe
        What is told.
    """

    def __init__(self, session: Session, model: Any, loss: Any, probe: Any) -> None:
        self._session, self._called, self._loss, self._probe = session, model, loss, probe
        self._model = inner(model)
        watched: dict[Any, Any] = {getattr(torch.nn.functional, name): self._lost for name in FUNCTIONS}
        watched |= {torch.Tensor.backward: self._backward, torch.randperm: self._drawn}
        self._sight = Sight(watched)
        self._handles: list[Any] = []
        self._is_on = self._is_blind = self._is_within = self._has_inner_loss = self._is_by_parts = False
        self._depth = self._passes = 0
        self._stepping: list[int] = []
        self._open: set[int] = set()
        self._has_backward = self._is_step_open = False
        self._thread = 0

    def attach(self) -> None:
        """Put the hooks on."""
        if self._is_on:
            return
        self._is_on, self._thread = True, threading.get_ident()
        if not isinstance(self._model, torch.jit.ScriptModule):
            model = self._called
            self._handles = [
                model.register_forward_pre_hook(Own(self._before), with_kwargs=True),
                model.register_forward_hook(Own(self._after), with_kwargs=True, always_call=True),
            ]
        if isinstance(self._loss, torch.nn.Module) and not type(self._loss).__module__.startswith("torch.nn"):
            self._handles.append(self._loss.register_forward_hook(Own(self._criterion)))
        self._handles.append(_OPTIMIZERS.register_optimizer_step_pre_hook(self._step_begins))
        self._handles.append(_OPTIMIZERS.register_optimizer_step_post_hook(self._step_ended))
        LOADERS.listen(self._loader)
        SCALERS.listen(self._scaler)
        SCHEDULES.listen(self._schedule)
        self._sight.on()

    def detach(self) -> None:
        """Take them off."""
        self._end_step()
        self._is_on = False
        self._sight.off()
        for handle in self._handles:
            handle.remove()
        self._handles = []
        LOADERS.forget(self._loader)
        SCALERS.forget(self._scaler)
        SCHEDULES.forget(self._schedule)

    @contextmanager
    def blind(self) -> Iterator[None]:
        """See nothing within a block: what runs there is the hook's own."""
        was_blind, self._is_blind = self._is_blind, True
        was_on = self._sight.off()
        try:
            yield
        finally:
            self._is_blind = was_blind
            if was_on:
                self._sight.on()

    def _before(self, module: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        del module
        if torch.compiler.is_compiling() or self._sees_nothing():
            return
        self._depth += 1
        if self._depth > 1:
            return
        self._end_step()
        probe = self._probe
        ended: list[bool] = []
        now = None
        with self._session.guard("look at what the model is given"):
            now = probe.passes.begins(args, kwargs, lambda: ended.append(True))
        if ended:
            probe.epoch_was_seen()
        if now is None:
            return
        if not now.is_evaluation and not now.is_open:
            self._passes += 1
            with self._session.guard("begin a look"):
                probe.steps.pass_begins(self._model, args or tuple(kwargs.values()))
        if not self._sees_within(is_evaluation=now.is_evaluation):
            self._sight.off()

    def _sees_nothing(self) -> bool:
        """Whether passes are of no concern: the hook's own, behind the end, or of copies in other threads."""
        return self._is_blind or not self._is_on or threading.get_ident() != self._thread

    def _sees_within(self, *, is_evaluation: bool) -> bool:
        """Whether losses are looked for within a pass; PyTorch's fast evaluation of attention bears no watching."""
        if is_evaluation:
            return self._has_inner_loss and not _has_fast_attention(self._model)
        return self._has_inner_loss or self._passes <= LEARNING

    def _after(self, module: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], output: Any) -> None:
        del module, args, kwargs
        if torch.compiler.is_compiling() or self._sees_nothing():
            return
        self._depth = max(0, self._depth - 1)
        if self._depth:
            return
        probe = self._probe
        with self._session.guard("look at what the model gives"):
            seen = probe.steps.pass_ended(output)
            probe.passes.ended(output)
            if seen is not None:
                probe.looks.forward(seen, probe.passes.now)
        if not self._is_within:
            self._sight.on()

    def _lost(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        value = function(*args, **kwargs)
        if not self._is_blind:
            if self._passes == 0 and self._depth == 0:
                self._pass_of_parts(value, args, kwargs)
            with self._session.guard("look at the loss"):
                self._note_loss(function.__name__, args, kwargs, value)
        return value

    def _pass_of_parts(self, value: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """Take a loss as a pass, where the program calls the model's parts and never the model."""
        ended: list[bool] = []
        with self._session.guard("look at a model called by its parts"):
            if value.requires_grad:
                self._is_by_parts = self._is_by_parts or reaches(value, self._model.parameters())
            if not self._is_by_parts or self._session.guard.has_failed("look at what the model is given"):
                return
            now = self._probe.passes.begins((), {}, lambda: ended.append(True))
            now.samples = batch_size((*args, *kwargs.values()))
            self._probe.passes.ended(None)
        if ended:
            self._probe.epoch_was_seen()

    def _note_loss(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], value: Any) -> None:
        self._has_inner_loss = self._has_inner_loss or self._depth > 0
        scores = args[0] if args else next(iter(kwargs.values()))
        labels = args[1] if len(args) > 1 else kwargs.get("target")
        labels = labels if isinstance(labels, torch.Tensor) else None
        if name in ELEMENTWISE and labels is not None and scores.ndim != labels.ndim and min(scores.ndim, labels.ndim):
            self._probe.progress.count("broadcast_losses")
        settings = {key: item for key, item in kwargs.items() if key not in ("input", "target")}
        self._probe.passes.lost(name, (scores, labels), value, settings)

    def _criterion(self, module: Any, given: tuple[Any, ...], value: Any) -> None:
        """Note that the user's own criterion was called: the losses within it were parts of it."""
        if torch.compiler.is_compiling() or self._is_blind or not isinstance(value, torch.Tensor):
            return
        with self._session.guard("look at the criterion"):
            tensors = [tensor for tensor in given if isinstance(tensor, torch.Tensor)]
            if tensors:
                self._probe.passes.forget_parts()
                self._note_loss(type(module).__name__, tuple(tensors), {}, value)

    def _backward(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self._is_blind:
            return function(*args, **kwargs)
        with self._session.guard("look at a backward pass"):
            self._backward_begins(args[0])
        if self._probe.passes.took_end():
            self._probe.epoch_was_seen()
        self._is_within = True
        try:
            answer = function(*args, **kwargs)
        finally:
            self._is_within = False
        with self._session.guard("look at gradients"):
            self._probe.steps.backward_ended()
        return answer

    def _backward_begins(self, loss: Any) -> None:
        probe = self._probe
        found = probe.passes.trained(loss)
        if found is None:
            probe.steps.backward_begins(0)
            return
        passes, losses = found
        self._has_backward = True
        probe.progress.count("backward_passes")
        samples = sum(one.samples for one in passes)
        probe.stages.batch_size = max(probe.stages.batch_size, samples)
        probe.steps.backward_begins(samples)
        with self._session.guard("look at a batch"):
            probe.looks.batch(passes, losses, loss)

    def _drawn(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        answer = function(*args, **kwargs)
        with self._session.guard("see a new order"):
            if not self._depth and not self._is_blind:
                self._probe.flow.drawn(int(answer.numel()), self._probe.stages.batch_size)
        return answer

    def _step_begins(self, optimizer: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        if torch.compiler.is_compiling() or not self._is_on:
            return
        with self._session.guard("look at a step"):
            if not self._probe.stages.holds(optimizer):
                self._probe.progress.count("steps_of_others")
                return
            self._stepping.append(id(optimizer))
            if len(self._stepping) > 1 and self._stepping[-2] == id(optimizer):
                return  # a step that calls that of the class it comes from
            has_closure = (len(args) > 1 and args[1] is not None) or kwargs.get("closure") is not None
            if not has_closure:
                self._sight.off()
            self._begin(optimizer, has_closure=has_closure)

    def _begin(self, optimizer: Any, *, has_closure: bool) -> None:
        probe = self._probe
        if self._has_backward or id(optimizer) in self._open or not self._open:
            self._end_step()
            self._open = set()
            self._has_backward = False
            probe.progress.stepped()
        self._open.add(id(optimizer))
        if not has_closure:
            if probe.passes.pending:  # a backward pass that was not seen
                found = probe.passes.trained(None)
                if found is not None:
                    probe.steps.backward_begins(sum(one.samples for one in found[0]))
            if all(weight.grad is None for group in optimizer.param_groups for weight in group["params"]):
                probe.progress.count("steps_without_gradients")
            probe.looks.gradients()
        probe.steps.step_begins()

    def _step_ended(self, optimizer: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        del args, kwargs
        if torch.compiler.is_compiling() or not self._stepping or self._stepping[-1] != id(optimizer):
            return
        self._stepping.pop()
        if id(optimizer) in self._stepping:
            return
        self._sight.on()
        self._is_step_open = True
        if len(self._open) >= len(self._probe.stages.optimizers):
            self._end_step()

    def _end_step(self) -> None:
        """Look at a step's end: behind the last of several optimizers, or where the next pass or step begins."""
        if not self._is_step_open:
            return
        self._is_step_open = False
        probe = self._probe
        with self._session.guard("look at a step's end"):
            probe.steps.step_ended()
            if probe.progress.steps_in_epoch <= 1 or probe.progress.step % 10 == 0:
                probe.stages.check(probe.progress)

    def _loader(self, loader: Any, args: tuple[Any, ...]) -> None:
        del args
        with self._session.guard("see a loader"):
            if not self._is_blind:
                self._probe.flow.loader_begins(loader)

    def _schedule(self, schedule: Any, args: tuple[Any, ...]) -> None:
        del args
        with self._session.guard("see a schedule"):
            if any(one is getattr(schedule, "optimizer", None) for one in self._probe.stages.optimizers):
                self._probe.stages.seen.schedule = type(schedule).__name__

    def _scaler(self, scaler: Any, args: tuple[Any, ...]) -> Any:
        progress, steps = self._probe.progress, self._probe.steps
        before = progress.step
        with self._session.guard("see a gradient scaler"):
            if not args or not self._probe.stages.holds(args[0]) or not scaler.is_enabled():
                return None
            if steps.is_looking:
                steps.scale = float(scaler.get_scale())

        def after() -> None:
            with self._session.guard("see a gradient scaler"):
                if progress.step == before:
                    progress.count("skipped_steps")
                    steps.forget()

        return after


def _has_fast_attention(model: Any) -> bool:
    return any(isinstance(m, (torch.nn.MultiheadAttention, torch.nn.TransformerEncoder)) for m in model.modules())

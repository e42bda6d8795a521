"""One forward pass after the other: training or evaluation, with which data, and what the loss made of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from diagnose.hooks.torch.data import DataWatch, inputs_of
from diagnose.hooks.torch.epochs import Flow, Swept
from diagnose.hooks.torch.graph import comes_from, last_activation, nodes_of
from diagnose.hooks.torch.origin import Batch
from diagnose.hooks.torch.outputs import CLASSES
from diagnose.hooks.torch.progress import Progress
from diagnose.hooks.torch.tally import Tally, mean_loss, right_answers
from diagnose.hooks.torch.tensors import batch_size, main_output, tensors_in, torch
from diagnose.model_card import Role
from diagnose.models.torch_card import Seen
from diagnose.models.torch_layers import role_of

MOST_PENDING = 64
"""Passes without a backward pass that are remembered: of an evaluation that records graphs there may be any number."""
ENOUGH_TO_TELL = 8
"""Samples of a batch from which its rows say whether they are the training data."""


@dataclass
class Pass:
    """One forward pass of the model."""

    batch: Batch
    inputs: list[tuple[str, Any]]
    samples: int
    mode: tuple[bool, Any]
    is_evaluation: bool
    swept: Swept | None = None
    output: Any = None
    nodes: list[Any] = field(default_factory=list)
    has_graph: bool = False
    is_open: bool = False
    """In evaluation mode, with a graph, in a training that was in training mode so far: a backward pass decides."""


@dataclass
class Lost:
    """One call of a loss."""

    name: str
    value: Any
    scores: Any
    labels: Any
    of: Pass | None
    right: tuple[Any, int] | None = None


class Passes:
    """Tells training from evaluation, and adds up what each of them ends with.

    Attributes
    ----------
    is_told
        Whether the program tells its epochs itself.
    """

    def __init__(self, model: Any, progress: Progress, seen: Seen, flow: Flow, data: DataWatch) -> None:
        self._model, self.progress, self.seen, self.flow, self.data = model, progress, seen, flow, data
        self.is_told = False
        self.train, self.val = Tally(), Tally()
        self.now: Pass | None = None
        self.pending: list[Pass] = []
        self.losses: list[Lost] = []
        self._trains_with: bool | None = None
        self._is_sweeping = self._has_ended = False
        self._sensitive = [m for m in model.modules() if role_of(m) in (Role.DROPOUT, Role.BATCH_NORMALISATION)]
        self.main_loss = ""

    def begins(self, args: tuple[Any, ...], kwargs: Mapping[str, Any], epoch_ends: Callable[[], None]) -> Pass:
        """Tell that a pass of the model begins; where an epoch has ended before it, that is told."""
        named = [*tensors_in(args), *tensors_in(dict(kwargs))]
        inputs = inputs_of(named)
        first = inputs[0][1] if inputs else None
        is_training = bool(self._model.training)
        graph = torch.is_grad_enabled()
        found = Pass(Batch(args, kwargs), inputs, batch_size([t for _, t in named]), (is_training, None), not graph)
        found.is_open = graph and self._trains_with is True and not is_training
        if graph and not found.is_open:
            self._settle()
            if self.flow.trains(first, steps=self.progress.steps_in_epoch) and not self.is_told:
                epoch_ends()
            self.progress.expected = self.progress.expected or self.flow.batches()
        elif found.is_open:
            self.flow.might_evaluate()
        else:
            found.swept = self.flow.evaluates(first)
        found.mode = is_training, self.flow.dataset()
        self.now = found
        for earlier in self.pending:  # the graph of an earlier pass is not kept alive
            earlier.nodes, earlier.output, earlier.batch = [], None, Batch()
        return found

    def ended(self, output: Any) -> None:
        """Tell that the pass is over."""
        found = self.now
        if found is None:
            return
        main = main_output(output)
        found.output = None if main is None else main.detach()
        found.has_graph = main is not None and bool(main.requires_grad)
        if found.is_evaluation:
            self._evaluated(found)
            return
        found.nodes = nodes_of(output)
        self.pending.append(found)
        del self.pending[:-MOST_PENDING], self.losses[:-MOST_PENDING]

    def lost(self, name: str, given: tuple[Any, Any], value: Any, settings: Mapping[str, Any]) -> None:
        """Tell that a loss was called."""
        scores, labels = given
        samples = int(scores.shape[0]) if scores.ndim else 1
        found = Lost(name, mean_loss(value, samples, settings).detach(), scores, labels, self.now)
        if value.requires_grad and (self.now is None or not self.now.is_evaluation):
            if self.seen.loss is None:
                self.seen.loss, self.seen.loss_settings = name, settings
                self.seen.output_activation = last_activation(scores)
                self.seen.is_mixed_precision = torch.is_autocast_enabled() or torch.is_autocast_enabled("cpu")
                if scores.ndim > 1:
                    self.seen.output_width = int(scores.shape[1 if name in CLASSES else -1])
            self.main_loss = self.main_loss or name
            found.right = right_answers(name, scores, labels)
            found.scores, found.labels = scores.detach(), None if labels is None else labels.detach()
            self.losses.append(found)
        elif self.now is not None and self.now.swept == "val" and self._is_sweeping:
            self.val.loss(found.value, samples)
            right = right_answers(name, scores, labels)
            if right is not None:
                self.val.answers(*right)
            if self.progress.step > self.progress.began:
                self.data.labelled("val", labels)

    def forget_parts(self) -> None:
        """Drop the losses of the pass so far: they were parts of a criterion that is told as a whole."""
        self.losses = [one for one in self.losses if one.of is not self.now]

    def _settle(self) -> None:
        """Take the open passes as evaluation: training went on with another pass."""
        settled = [one for one in self.pending if one.is_open]
        if not settled:
            return
        self.pending = [one for one in self.pending if not one.is_open]
        for one in settled:
            one.swept = self.flow.swept(one.inputs[0][1] if one.inputs else None, one.mode[1])
            self._evaluated(one)
        for lost in [one for one in self.losses if one.of is not None and one.of.is_open]:
            if lost.of is not None and lost.of.swept == "val":
                self.val.loss(lost.value, int(lost.scores.shape[0]))
                if lost.right is not None:
                    self.val.answers(*lost.right)
        self.losses = [one for one in self.losses if one.of is None or not one.of.is_open]

    def took_end(self) -> bool:
        """Whether an epoch has ended as a backward pass showed, since this was asked last."""
        ended, self._has_ended = self._has_ended and not self.is_told, False
        return ended

    def trained(self, loss: Any) -> tuple[list[Pass], list[Lost]] | None:
        """Return the passes and losses that a backward pass is about, which begins; None where it is not the model's.

        Parameters
        ----------
        loss
            None where it was not seen.
        """
        if not self.pending:
            return None
        if loss is not None and not comes_from(loss, [node for p in self.pending for node in p.nodes]):
            self.losses = []
            return None
        mode = self.pending[-1].mode
        passes = [p for p in self.pending if p.mode[0] == mode[0] and p.mode[1] is mode[1]]
        for other in (p for p in self.pending if not any(p is one for one in passes)):
            other.swept = "val"
            self._evaluated(other)
        losses = [one for one in self.losses if one.of is None or any(one.of is p for p in passes)]
        for one in (one for one in self.losses if not any(one is kept for kept in losses)):
            self.val.loss(one.value, int(one.scores.shape[0]))
        if passes[0].is_open and (first := passes[0].inputs):
            self._has_ended = self.flow.trains(first[0][1], steps=self.progress.steps_in_epoch, was_open=True)
        self._trains_with, self._is_sweeping = mode[0], False
        self.pending, self.losses = [], []
        for passed in passes:
            passed.nodes = []
        self._add(passes, losses, is_training=mode[0])
        return passes, losses

    def epoch_ended(self) -> dict[str, float]:
        """Return what the epoch's passes end with, and begin anew."""
        found = {**self.train.values(), **self.val.values("val_")}
        self.train, self.val = Tally(), Tally()
        self._is_sweeping = False
        return found

    def _add(self, passes: list[Pass], losses: list[Lost], *, is_training: bool) -> None:
        if not is_training:
            self.progress.count("training_passes_in_evaluation_mode", len(passes))
        for passed in passes:
            self.data.trained_on(passed.inputs, is_first_epoch=self.progress.is_first_epoch)
        main = [one for one in losses if one.name == self.main_loss]
        for one in main[: len(passes)]:
            self.data.labelled("train", one.labels)
            if one.right is not None:
                self.train.answers(*one.right)
        if losses:
            self.train.loss(sum(one.value.detach() for one in losses) / len(passes), sum(p.samples for p in passes))

    def _evaluated(self, found: Pass) -> None:
        if self._is_trained_on(found):
            found.swept = "train"
        if found.swept == "train":
            return
        progress = self.progress
        progress.count("evaluation_passes")
        if found.has_graph:
            progress.count("evaluation_passes_with_gradients")
        if self._is_in_training_mode(found):
            progress.count("evaluation_passes_in_training_mode")
        if found.swept != "val":
            return
        if not self._is_sweeping:
            self._is_sweeping, self.val = True, Tally()
        self.data.evaluated_on(found.inputs, compares=progress.step > progress.began)

    def _is_in_training_mode(self, found: Pass) -> bool:
        """Whether a pass ran in training mode; where only dropout did, that was meant: samples of its predictions."""
        return any(
            module.training and (found.mode[0] or role_of(module) is Role.BATCH_NORMALISATION)
            for module in self._sensitive
        )

    def _is_trained_on(self, found: Pass) -> bool:
        """Whether evaluation rows are training rows, where the program has no loaders that would tell."""
        if found.swept != "val" or self.flow.uses_loaders or found.samples < ENOUGH_TO_TELL or not found.inputs:
            return False
        return self.data.overlap.is_of_training(found.inputs[0][1])

    def loss_of(self, losses: list[Lost], backward: Any) -> float:
        """Return the value of a batch's loss, which waits for the device; NaN where it can't be told."""
        if losses:
            return float(sum(one.value.detach() for one in losses))
        return float(backward.detach()) if backward is not None and backward.numel() == 1 else math.nan

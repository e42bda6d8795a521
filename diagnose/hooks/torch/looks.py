"""Looks that need the model's outputs or the whole batch: outputs, the same samples again, the first bad number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from diagnose.hooks.session import Session
from diagnose.hooks.torch.activations import Activations
from diagnose.hooks.torch.fixed_batch import FixedBatch
from diagnose.hooks.torch.origin import Batch, is_finite, origin_of_gradient, origin_of_loss
from diagnose.hooks.torch.outputs import output_facts
from diagnose.hooks.torch.passes import Lost, Pass
from diagnose.journal.records import Losses, Output
from diagnose.journal.records import Lost as LostRecord
from diagnose.models.torch_layers import Leaf

KEPT = 200
"""Losses of single batches that are all written; of later ones ever fewer."""
WRITTEN = 32
"""Losses in one line of the journal."""
SELDOM = 10
"""Batches between two looks at the loss on a device that answers late."""


class Looks:
    """What is looked at beside the layers.

    Parameters
    ----------
    probe
        Whose progress, passes and steps these looks are of.
    """

    def __init__(self, session: Session, model: Any, leaves: Sequence[Leaf], probe: Any) -> None:
        self._session, self._model, self._leaves, self._probe = session, model, leaves, probe
        self._fixed: FixedBatch | None = None
        self._losses: list[tuple[float, float, float]] = []
        self._batches = 0
        self._witness = _first_to_show(leaves)
        self._is_lost = self._has_asked = False
        self._largest_loss = math.nan

    def forward(self, seen: Activations, now: Pass) -> None:
        """Take what one pass has shown of the layers."""
        known = self._probe.stages.seen
        known.order = tuple(seen.order)
        known.shapes |= seen.shapes
        known.activations |= seen.functions
        if not known.input_shapes:
            known.input_shapes = tuple(tuple(tensor.shape[1:]) for _, tensor in now.inputs)
        if seen.first is not None:
            self._probe.data.reached(*seen.first, now.inputs)

    def batch(self, passes: list[Pass], losses: list[Lost], backward: Any) -> None:
        """Take a training batch whose backward pass begins."""
        last = passes[-1]
        labels = losses[-1].labels if losses else None
        if self._fixed is None and last.samples > 1 and (last.batch.args or last.batch.kwargs):
            self._fixed = FixedBatch(Batch(last.batch.args, last.batch.kwargs, labels), last.samples)
        on_cpu = backward is None or backward.device.type == "cpu"
        if self._probe.steps.is_looking and last.output is not None:
            loss = self._probe.passes.main_loss
            with self._probe.steps.due.spending("layers"):
                facts = output_facts(last.output, labels, loss, self._next(), "train")
            if facts is not None:
                self._session.write(Output(facts))
        self._batches += 1
        if on_cpu or self._batches % SELDOM == 0 or self._probe.steps.is_looking:
            self._value(self._probe.passes.loss_of(losses, backward), Batch(last.batch.args, last.batch.kwargs, labels))

    def ask(self, place: tuple[float, float]) -> None:
        """Ask the model of the same samples as ever, where the time allows."""
        due = self._probe.steps.due
        if self._fixed is None or self._session.guard.has_failed("ask the model of its first batch"):
            return
        if self._has_asked and not due.affords("probe"):
            return
        self._has_asked = True
        with due.spending("probe"), self._probe.events.blind():
            facts = self._fixed.asked(self._model, self._probe.passes.main_loss, place)
        due.looked("probe")
        if facts is not None:
            self._session.write(Output(facts))

    def gradients(self) -> None:
        """Look at the gradient that shows first when one is no finite number any more, before a step."""
        weight = self._witness
        if self._is_lost or weight is None or weight.grad is None:
            return
        if weight.device.type != "cpu" and self._batches % SELDOM:
            return
        if not is_finite(weight.grad):
            found = origin_of_gradient(self._leaves, self._probe.progress.place(), self._before())
            if found is not None:
                self._is_lost = True
                self._session.write(LostRecord(found))

    def flush(self) -> None:
        """Write the losses that are waiting."""
        if self._losses:
            steps, epochs, values = map(list, zip(*self._losses, strict=True))
            self._losses = []
            self._session.write(Losses(steps, epochs, values))

    def _next(self) -> tuple[float, float]:
        step, epoch = self._probe.progress.place()
        return step + 1, epoch

    def _value(self, value: float, batch: Batch) -> None:
        step, epoch = self._next()
        every = max(1, int(step / KEPT))
        if step % every == 0:
            self._losses.append((step, epoch, value))
            if len(self._losses) >= WRITTEN:
                self.flush()
        if math.isfinite(value):
            self._largest_loss = value
        elif not self._is_lost:
            self._is_lost = True
            with self._probe.events.blind():
                found = origin_of_loss(self._model, self._leaves, batch, (step, epoch), self._before())
            self._session.write(LostRecord(found))

    def _before(self) -> str:
        loss = f"loss {self._largest_loss:.4g} at the step before" if math.isfinite(self._largest_loss) else ""
        return "; ".join(part for part in (loss, self._probe.steps.largest) if part)


def _first_to_show(leaves: Sequence[Leaf]) -> Any:
    """Return the smallest weight of the first layer that is trained: bad numbers reach it from wherever they arise."""
    for leaf in leaves:
        trained = [weight for _, weight in leaf.weights if weight.requires_grad and weight.is_floating_point()]
        if trained:
            return min(trained, key=lambda weight: int(weight.numel()))
    return None

"""The same samples asked again and again: what the model says of the first batch, in evaluation mode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diagnose.hooks.torch.origin import Batch
from diagnose.hooks.torch.outputs import output_facts
from diagnose.hooks.torch.stillness import can_run, undisturbed
from diagnose.hooks.torch.tensors import main_output, torch
from diagnose.recording import OutputFacts

MOST_SAMPLES = 64
MOST_VALUES = 10_000_000
"""Of the inputs that are kept: 40 MB."""


class FixedBatch:
    """A copy of the first samples.

    Parameters
    ----------
    batch, samples
        What the model was given, and how many samples that were.
    """

    def __init__(self, batch: Batch, samples: int) -> None:
        self._samples = samples
        self._args = tuple(self._part(item) for item in batch.args)
        self._kwargs = {name: self._part(item) for name, item in batch.kwargs.items()}
        self._labels = None if batch.labels is None else batch.labels[:MOST_SAMPLES].clone()

    def _part(self, item: Any) -> Any:
        if isinstance(item, torch.Tensor):
            most = max(2, MOST_VALUES // max(1, item[:1].numel())) if item.ndim else 0
            is_samples = item.ndim > 0 and item.shape[0] == self._samples
            return item.detach()[: min(MOST_SAMPLES, most)].clone() if is_samples else item.detach()
        if type(item) in (tuple, list):
            return type(item)(self._part(one) for one in item)
        if type(item) is dict:
            return {name: self._part(one) for name, one in item.items()}
        if isinstance(item, Mapping):  # a class of its own, such as an encoding of texts
            return {name: self._part(one) for name, one in item.items()}
        return item

    def asked(self, model: Any, loss: str, place: tuple[float, float]) -> OutputFacts | None:
        """Ask the model; None where it can't be run beside its training, or gives no tensor."""
        if not can_run(model):
            return None
        with undisturbed(model):
            output = main_output(model.forward(*self._args, **self._kwargs))
        if output is None:
            return None
        return output_facts(output, self._labels, loss, place, "probe")

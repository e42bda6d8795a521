"""The data as they go by: inputs, labels, orders and equal rows of both splits, told when enough has been seen."""

from __future__ import annotations

from typing import Any

from diagnose.data import SplitName
from diagnose.hooks.session import Session
from diagnose.hooks.torch.inputs import InputLook, OrderLook, Overlap
from diagnose.hooks.torch.labels import LabelLook
from diagnose.hooks.torch.tensors import torch
from diagnose.journal.records import Input, Label, Order
from diagnose.recording import OrderFacts

BESIDE = frozenset({
    "labels", "label", "target", "targets", "attention_mask", "token_type_ids", "position_ids", "decoder_input_ids",
    "decoder_attention_mask", "mask", "src_mask", "tgt_mask", "inputs_embeds", "past_key_values", "use_cache",
})  # fmt: skip
"""Names of what goes into a model beside its inputs."""
LOOKS = (1, 8)
"""Batches after which an input is told."""
SAME = 1e-5
"""Relative difference up to which two means are one."""


class DataWatch:
    """What both splits are made of.

    Parameters
    ----------
    is_sequential
        Whether the model reads sequences: two axes of a sample are no image then.
    """

    def __init__(self, session: Session, *, is_sequential: bool) -> None:
        self._session, self._is_sequential = session, is_sequential
        self._inputs: dict[tuple[SplitName, str], InputLook] = {}
        self._reached: dict[str, InputLook] = {}
        self._labels: dict[SplitName, LabelLook] = {}
        self._told: dict[SplitName, int] = {}
        self._order = OrderLook()
        self.overlap = Overlap()
        self.passes = 0

    def trained_on(self, inputs: list[tuple[str, Any]], *, is_first_epoch: bool) -> None:
        """Take a training batch."""
        self.passes += 1
        self._look("train", inputs)
        if inputs and inputs[0][1].ndim:
            self._order.add(inputs[0][1])
            if is_first_epoch:
                self.overlap.add(inputs[0][1])

    def evaluated_on(self, inputs: list[tuple[str, Any]], *, compares: bool) -> None:
        """Take a validation batch."""
        self._look("val", inputs)
        if compares and inputs and inputs[0][1].ndim:
            self.overlap.compare(inputs[0][1])

    def reached(self, layer: str, tensor: Any, inputs: list[tuple[str, Any]]) -> None:
        """Take what the first layer that multiplies was given, where the model has changed its input before."""
        floating = [(name, given) for name, given in inputs if given.ndim > 1]
        if len(floating) != 1 or not tensor.is_floating_point() or tensor.ndim < 2:
            return
        name, given = floating[0]
        if given.shape[0] != tensor.shape[0] or not (given.is_floating_point() or given.dtype == torch.uint8):
            return
        if _are_alike(tensor, given):
            return
        if name not in self._reached:
            shown = InputLook("train", name, is_sequential=self._is_sequential, reached_as=layer)
            self._reached[name] = shown
        self._reached[name].add(tensor)
        self._tell_input(self._reached[name])

    def labelled(self, split: SplitName, labels: Any) -> None:
        """Take the labels that a loss was given."""
        if labels is None:
            return
        look = self._labels.setdefault(split, LabelLook(split))
        look.add(labels)
        if self._told.get(split, 0) == 0:
            self._tell_labels(split)

    def epoch_ended(self, epoch: float, *, is_shuffled: bool | None) -> None:
        """Tell the order of the epoch's samples, and all that is known of inputs and labels after it."""
        look = self._labels.get("train")
        changes = None if look is None else look.changes()
        if self._order.batches > 1:  # one batch has no order
            n, changed, expected = changes or (self._order.n, None, None)
            facts = OrderFacts(epoch, self._order.digest(), n, changed, expected, is_shuffled)
            self._session.write(Order(facts))
        self._order = OrderLook()
        for shown in self._inputs.values():
            if shown.batches not in LOOKS and shown.name not in self._reached:
                self._tell_input(shown)
        for split in list(self._labels):
            if self._told[split] < 2:
                self._tell_labels(split, has_ended=True)
            del self._labels[split]

    def _look(self, split: SplitName, inputs: list[tuple[str, Any]]) -> None:
        for name, tensor in inputs:
            if not tensor.ndim:
                continue
            key = (split, name)
            look = self._inputs.setdefault(key, InputLook(split, name, is_sequential=self._is_sequential))
            before = look.batches
            look.add(tensor)
            if look.batches != before and look.batches in LOOKS and (split != "train" or name not in self._reached):
                self._tell_input(look)

    def _tell_input(self, look: InputLook) -> None:
        facts = look.facts()
        if facts is not None:
            self._session.write(Input(facts))

    def _tell_labels(self, split: SplitName, *, has_ended: bool = False) -> None:
        facts = self._labels[split].facts(has_ended=has_ended)
        if facts is not None:
            self._told[split] = self._told.get(split, 0) + 1
            self._session.write(Label(facts))


def inputs_of(named: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Return the inputs proper among what a model is given."""
    return [(name, tensor) for name, tensor in named if name.rpartition(".")[2] not in BESIDE]


def _are_alike(one: Any, other: Any) -> bool:
    """Whether two tensors hold the same values, in whatever shape."""
    if one.numel() != other.numel():
        return False
    means = [float(tensor.detach().double().mean()) for tensor in (one, other, one.abs(), other.abs().double())]
    return abs(means[0] - means[1]) <= SAME * means[3] + 1e-12 and abs(means[2] - means[3]) <= SAME * means[3] + 1e-12

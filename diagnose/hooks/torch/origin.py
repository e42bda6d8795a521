"""Where the first value that is no finite number arose: in the data, a weight, a layer, the loss or a gradient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from diagnose.hooks.torch.stillness import can_run, undisturbed
from diagnose.hooks.torch.tensors import tensors_in, torch
from diagnose.models.torch_layers import Leaf
from diagnose.recording import NonFinite


class Batch(NamedTuple):
    """What the model was given last, and the labels."""

    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = {}
    labels: Any = None


def origin_of_loss(
    model: Any, leaves: Sequence[Leaf], batch: Batch, place: tuple[float, float], before: str
) -> NonFinite:
    """Find where a loss that is no finite number comes from; the model is run once more on the batch.

    Parameters
    ----------
    place
        Step and epoch.
    before
        What was seen before.
    """
    step, epoch = place
    if not all(map(is_finite, (tensor for _, tensor in tensors_in((batch.args, batch.kwargs))))):
        return NonFinite(step, epoch, "input", "", before)
    if batch.labels is not None and not is_finite(batch.labels):
        return NonFinite(step, epoch, "label", "", before)
    for leaf in leaves:
        if not all(is_finite(weight) for _, weight in leaf.weights):
            return NonFinite(step, epoch, "weight", leaf.name, before)
    layer, said = _in_layers(model, leaves, batch)
    if layer is None:
        return NonFinite(step, epoch, "loss", "", before)
    return NonFinite(step, epoch, "activation", layer, "; ".join(part for part in (said, before) if part))


def origin_of_gradient(leaves: Sequence[Leaf], place: tuple[float, float], before: str) -> NonFinite | None:
    """Find the first layer, going backward, with a gradient that is no finite number; None where there is none."""
    for leaf in reversed(leaves):
        if any(weight.grad is not None and not is_finite(weight.grad) for _, weight in leaf.weights):
            return NonFinite(*place, "gradient", leaf.name, before)
    return None


def is_finite(tensor: Any) -> bool:
    """Whether all values are finite; those of whole numbers always are."""
    found = tensor.detach()
    if not (found.is_floating_point() or found.is_complex()) or not found.numel():
        return True
    return bool(torch.isfinite(found.sum())) or bool(torch.isfinite(found).all())


class _Watch:
    """Hooks that note the first layer whose output is not finite while its inputs are."""

    def __init__(self, leaves: Sequence[Leaf]) -> None:
        self.found: tuple[str, str] | None = None
        self.last = ""
        self.hooks = [leaf.module.register_forward_hook(self._of(leaf.name)) for leaf in leaves]

    def _of(self, name: str) -> Any:
        def after(module: Any, given: Any, output: Any) -> None:
            del module
            if self.found is None:
                self._look(name, given, output)
            self.last = name

        return after

    def _look(self, name: str, given: Any, output: Any) -> None:
        if not all(is_finite(tensor) for _, tensor in tensors_in(given)):
            behind = f", after {self.last}" if self.last else ""
            self.found = (self.last or name, f"arose before {name}, outside of layers{behind}")
        elif not all(is_finite(tensor) for _, tensor in tensors_in(output)):
            self.found = (name, "")


def _in_layers(model: Any, leaves: Sequence[Leaf], batch: Batch) -> tuple[str | None, str]:
    """Run the model and return the first layer that gives what is not finite, and a word on it; None if none does."""
    if not (batch.args or batch.kwargs) or not can_run(model):
        return None, ""
    is_parallel = torch.distributed.is_available() and torch.distributed.is_initialized()
    watch = _Watch(leaves)
    try:
        with undisturbed(model, training=False if is_parallel else None):
            output = model.forward(*batch.args, **batch.kwargs)
    finally:
        for hook in watch.hooks:
            hook.remove()
    if watch.found is None and not all(is_finite(tensor) for _, tensor in tensors_in(output)):
        last = watch.last or (leaves[-1].name if leaves else "")
        return last, f"arose behind {last}, outside of layers" if watch.last else ""
    return watch.found or (None, "")

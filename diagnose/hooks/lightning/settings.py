"""What a Lightning trainer and its module know of a training beside the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def settings(trainer: Any, module: Any) -> dict[str, Any]:
    """Return the module's saved hyperparameters, and what the trainer was told; the module's count more."""
    found: dict[str, Any] = {
        "precision": str(trainer.precision),
        "accumulate_grad_batches": trainer.accumulate_grad_batches,
        "num_devices": trainer.num_devices,
    }
    if trainer.max_epochs is not None and trainer.max_epochs > 0:
        found["max_epochs"] = trainer.max_epochs
    if trainer.gradient_clip_val is not None:
        found["gradient_clip_val"] = trainer.gradient_clip_val
    batch_size, rows = _loader(trainer.train_dataloader)
    if batch_size is not None:
        found["batch_size"] = batch_size * trainer.accumulate_grad_batches * max(trainer.num_devices, 1)
    held_out = _loader(trainer.val_dataloaders)[1]
    found |= {name: value for name, value in (("n_train", rows), ("n_val", held_out)) if value}
    for holder in (getattr(trainer, "datamodule", None), module):
        own = getattr(holder, "hparams", None)
        if isinstance(own, Mapping):
            found |= dict(own)
    return found


def _loader(loader: Any) -> tuple[int | None, int | None]:
    """Return batch size and rows of a loader; None of several loaders, and of data that come as a stream."""
    first = loader[0] if isinstance(loader, (list, tuple)) and len(loader) == 1 else loader
    batch_size = getattr(first, "batch_size", None)
    try:
        return batch_size, len(first.dataset)
    except (AttributeError, TypeError):
        return batch_size, None

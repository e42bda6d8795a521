"""A Lightning module and its loaders, as a training."""

from __future__ import annotations

import copy
import importlib
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from diagnose.errors import InputError
from diagnose.trials.adapters.rows import fingerprint_of
from diagnose.trials.adapters.torch_parts import PARTS, carry_out, settle_frozen

UNDERSTOOD = frozenset({"seed", "epochs", "batch_size", "learning_rate", "weight_decay", "clip_gradient_norm"})


def of_lightning(module: Any, train: Any, val: Any, **settings: Any) -> LightningTraining:
    """Make a training of a Lightning module.

    Parameters
    ----------
    module
        A ``LightningModule``, of which a copy with its weights as they are now is trained each time; or a function that
        makes one, called after the seed is set.
    train, val
        Data loaders. Another batch size makes another loader of the same data set.
    settings
        The run's own ``epochs``, ``learning_rate`` …

    Raises
    ------
    InputError
        It is neither a module nor a function.
    """
    return LightningTraining(module, train, val, settings)


class LightningTraining:
    """``train(config, report)`` of a Lightning module; see `of_lightning`."""

    understands = UNDERSTOOD | PARTS

    def __init__(self, module: Any, train: Any, val: Any, settings: Mapping[str, Any]) -> None:
        self._lightning = _lightning()
        self._torch = importlib.import_module("torch")
        if not callable(module):
            raise InputError(f"module={type(module).__name__}: expected a LightningModule or a function that makes one")
        self._module, self._train, self._val = module, train, val
        known = {"batch_size": train.batch_size} if getattr(train, "batch_size", None) else {}
        self.settings = {"epochs": 10, **known, **settings}
        is_module = isinstance(module, self._torch.nn.Module)
        weights = [p.detach().cpu().numpy() for p in module.state_dict().values()] if is_module else []
        name = repr(module) if is_module else getattr(module, "__qualname__", "module")
        self.fingerprint = fingerprint_of(name, len(train.dataset), len(val.dataset), *weights)

    def __call__(self, config: Mapping[str, Any], report: Callable[..., None] | None = None) -> dict[str, list[float]]:
        """Train a copy, and return what it logs by epoch."""
        torch, seed = self._torch, int(config.get("seed", 0))
        with torch.random.fork_rng(devices=[]), quiet():
            torch.manual_seed(seed)
            fresh = copy.deepcopy(self._module) if isinstance(self._module, torch.nn.Module) else self._module()
            carry_out(fresh, config)
            fresh.configure_optimizers = _with_rates(fresh, config)
            recorder = _recorder(self._lightning, report)
            trainer = self._lightning.Trainer(
                max_epochs=int(config["epochs"]), accelerator="cpu", devices=1, logger=False, callbacks=[recorder],
                enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
                num_sanity_val_steps=0, gradient_clip_val=config.get("clip_gradient_norm"),
            )  # fmt: skip
            trainer.fit(fresh, self._loader(self._train, config, seed), self._val)
        return dict(recorder.history)

    def _loader(self, loader: Any, config: Mapping[str, Any], seed: int) -> Any:
        """Return a loader like the given one, which draws from the seed."""
        data = self._torch.utils.data
        batch = config.get("batch_size")
        if batch is None or getattr(loader, "batch_size", None) is None:
            return loader
        is_shuffled = isinstance(loader.sampler, data.RandomSampler)
        return data.DataLoader(
            loader.dataset, batch_size=int(batch), shuffle=is_shuffled, collate_fn=loader.collate_fn,
            drop_last=loader.drop_last, generator=self._torch.Generator().manual_seed(seed),
        )  # fmt: skip


def _lightning() -> Any:
    try:
        return importlib.import_module("lightning")
    except ImportError:
        return importlib.import_module("pytorch_lightning")


def _with_rates(module: Any, config: Mapping[str, Any]) -> Callable[[], Any]:
    """Return the module's own optimizers with another rate and decay; frozen weights have no gradient to follow."""
    own = module.configure_optimizers

    def configured() -> Any:
        found = own()
        for optimizer in _optimizers(found):
            for group in optimizer.param_groups:
                if config.get("learning_rate") is not None:
                    group["lr"] = float(config["learning_rate"])
                if config.get("weight_decay") is not None:
                    group["weight_decay"] = float(config["weight_decay"])
        return found

    return configured


def _optimizers(found: Any) -> list[Any]:
    if isinstance(found, Mapping):
        return [found["optimizer"]]
    if isinstance(found, (tuple, list)):
        first = found[0] if found and isinstance(found[0], (tuple, list)) else found
        return [one["optimizer"] if isinstance(one, Mapping) else one for one in first if one is not None]
    return [found]


def _recorder(lightning: Any, report: Callable[..., None] | None) -> Any:
    class Recorder(lightning.pytorch.Callback if hasattr(lightning, "pytorch") else lightning.Callback):  # type: ignore[misc]
        """Keeps what is logged at the end of every epoch."""

        def __init__(self) -> None:
            self.history: dict[str, list[float]] = {}

        def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
            settle_frozen(pl_module)

        def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002
            logged = {name: float(value) for name, value in trainer.callback_metrics.items()}
            for name, value in logged.items():
                self.history.setdefault(name, []).append(value)
            if report is not None:
                report(trainer.current_epoch + 1, logged)

    return Recorder()


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what Lightning says of devices and workers out of the way."""
    logs = [logging.getLogger(name) for name in ("lightning.pytorch", "pytorch_lightning", "lightning.fabric")]
    before = [log.level for log in logs]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for log in logs:
            log.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for log, level in zip(logs, before, strict=True):
                log.setLevel(level)

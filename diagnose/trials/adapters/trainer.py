"""A Hugging Face trainer's parts, as a training."""

from __future__ import annotations

import dataclasses
import importlib
import sys
import tempfile
from collections.abc import Callable, Mapping
from typing import Any

from diagnose.errors import InputError
from diagnose.trials.adapters.rows import fingerprint_of
from diagnose.trials.adapters.torch_parts import PARTS, carry_out

ARGUMENTS: Mapping[str, str] = {
    "learning_rate": "learning_rate",
    "weight_decay": "weight_decay",
    "epochs": "num_train_epochs",
    "batch_size": "per_device_train_batch_size",
    "label_smoothing": "label_smoothing_factor",
    "clip_gradient_norm": "max_grad_norm",
    "seed": "seed",
}
"""Names of the configuration and of `TrainingArguments`."""
UNDERSTOOD = frozenset({*ARGUMENTS, "schedule", "warmup_ratio"})
SMOOTHING = "label_smoothing"
"""A trainer smooths the labels of evaluations too, so that losses with and without can't be compared: it is understood
where ``compute_metrics`` gives a score."""


def of_trainer(model_init: Callable[[], Any], args: Any, train: Any, val: Any, **parts: Any) -> TrainerTraining:
    """Make a training of what a Hugging Face ``Trainer`` is made of.

    Parameters
    ----------
    model_init
        Makes the model; called after the seed is set.
    args
        ``TrainingArguments``; copies are changed.
    train, val
        Data sets.
    parts
        What else the trainer takes: ``compute_metrics``, ``data_collator`` …

    Raises
    ------
    InputError
        The model's maker can't be called, or the arguments are none.
    """
    return TrainerTraining(model_init, args, train, val, parts)


class TrainerTraining:
    """``train(config, report)`` of a trainer; see `of_trainer`."""

    def __init__(self, model_init: Any, args: Any, train: Any, val: Any, parts: Mapping[str, Any]) -> None:
        if not callable(model_init) or not dataclasses.is_dataclass(type(args)):
            raise InputError("expected a function that makes the model, and TrainingArguments")
        self._transformers: Any = importlib.import_module("transformers")
        self._make, self._args, self._train, self._val, self._parts = model_init, args, train, val, dict(parts)
        self.understands = (UNDERSTOOD | PARTS) - (frozenset() if "compute_metrics" in parts else {SMOOTHING})
        self.settings = {key: getattr(args, name) for key, name in ARGUMENTS.items() if key != "seed"}
        self.settings["epochs"] = int(self.settings["epochs"])
        name = getattr(model_init, "__qualname__", "model")
        self.fingerprint = fingerprint_of(name, len(train), len(val), str(self.settings))

    def __call__(self, config: Mapping[str, Any], report: Callable[..., None] | None = None) -> dict[str, list[float]]:
        """Train a new model, and return what its evaluations say by epoch."""
        transformers = self._transformers
        history: dict[str, list[float]] = {}

        def made() -> Any:
            model = self._make()
            carry_out(model, config)
            return model

        with tempfile.TemporaryDirectory() as folder:
            trainer = transformers.Trainer(
                args=self._arguments(config, folder), model_init=made, train_dataset=self._train,
                eval_dataset=self._val, callbacks=[_recorder(transformers, history, report)], **self._parts,
            )  # fmt: skip
            for callback in (transformers.PrinterCallback, transformers.ProgressCallback):
                trainer.remove_callback(callback)
            trainer.train()
        return history

    def _arguments(self, config: Mapping[str, Any], folder: str) -> Any:
        values = {name: config[key] for key, name in ARGUMENTS.items() if config.get(key) is not None}
        if config.get("schedule"):
            values["lr_scheduler_type"] = config["schedule"]
        if config.get("warmup_ratio") is not None:
            values["warmup_steps"] = float(config["warmup_ratio"])
        beside = {
            "output_dir": folder, "eval_strategy": "epoch", "save_strategy": "no", "logging_strategy": "no",
            "report_to": [], "disable_tqdm": True, "load_best_model_at_end": False,
            "dataloader_pin_memory": self._args.dataloader_pin_memory and sys.modules["torch"].cuda.is_available(),
        }  # fmt: skip
        held = {f.name: getattr(self._args, f.name) for f in dataclasses.fields(self._args) if f.init}
        return type(self._args)(**{**held, **beside, **values})


def _recorder(transformers: Any, history: dict[str, list[float]], report: Callable[..., None] | None) -> Any:
    class Recorder(transformers.TrainerCallback):  # type: ignore[misc]
        """Keeps every evaluation."""

        def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any = None, **rest: Any) -> None:
            del args, control, rest
            scores = {
                name.replace("eval_", "val_", 1): float(value)
                for name, value in (metrics or {}).items()
                if name.startswith("eval_") and not name.endswith(("runtime", "per_second")) and _is_number(value)
            }
            for name, value in scores.items():
                history.setdefault(name, []).append(value)
            if report is not None:
                report(round(state.epoch or 0), {**scores, **(metrics or {})})

    return Recorder()


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)

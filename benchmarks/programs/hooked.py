"""The line that a user adds to a programme, for each framework: with diagnose, or with nothing in its place."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

__all__ = ["hook", "no_hook"]


def hook(framework: str, place: Path) -> Any:
    """Return what a programme of this framework puts in: a callback, or a monitor's maker for a plain loop."""
    module = importlib.import_module(f"diagnose.hooks.{framework}")
    if framework == "torch":
        return monitored(module.DiagnoseMonitor, place)
    return module.DiagnoseCallback(str(place))


def monitored(monitor: Any, place: Path) -> Callable[[Any, Any], Any]:
    """Return a maker of monitors that only wants the model and its optimizer: ``with hook(model, optimizer):``."""
    return lambda model, optimizer: monitor(model, optimizer, str(place))


def no_hook(framework: str) -> tuple[Any, list[float]]:
    """Return the same that only notes the validation loss of each epoch, and the list that it notes it in."""
    noted: list[float] = []
    if framework == "torch":
        return (lambda _model, _optimizer: Noting(noted)), noted
    return noting_callback(framework, noted), noted


def noting_callback(framework: str, noted: list[float]) -> Any:
    """Return a callback of one framework that notes the validation loss."""
    kinds = {
        "keras": "callbacks.Callback",
        "lightning": "pytorch.callbacks.Callback",
        "transformers": "TrainerCallback",
    }
    kind: Any = importlib.import_module(framework)
    for part in kinds[framework].split("."):
        kind = getattr(kind, part)

    def of_keras(_self: Any, _epoch: int, logs: Any = None) -> None:
        note(noted, logs or {}, "val_loss")

    def of_lightning(_self: Any, trainer: Any, _module: Any) -> None:
        if not trainer.sanity_checking:
            note(noted, trainer.callback_metrics, "val_loss")

    def of_transformers(_self: Any, _args: Any, _state: Any, _control: Any, metrics: Any = None, **_more: Any) -> None:
        if not noted or (metrics or {}).get("eval_loss", 0.0) != noted[-1]:  # the last is evaluated once more
            note(noted, metrics or {}, "eval_loss")

    method, function = {
        "keras": ("on_epoch_end", of_keras), "lightning": ("on_validation_end", of_lightning),
        "transformers": ("on_evaluate", of_transformers),
    }[framework]  # fmt: skip
    return type("Noting", (kind,), {method: function})()


def note(noted: list[float], values: Any, name: str) -> None:
    """Note one value, where there is one."""
    if name in values:
        noted.append(float(values[name]))


class Noting:
    """A monitor that watches nothing but what it is told."""

    def __init__(self, noted: list[float]) -> None:
        self.noted = noted

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""

    def epoch(self, **values: float) -> None:
        """End an epoch."""
        note(self.noted, values, "val_loss")

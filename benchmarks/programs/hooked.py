"""The line that a user adds to a programme, for each framework: with diagnose, or with nothing in its place."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

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


def no_hook(framework: str) -> Any:
    """Return the same that does nothing."""
    if framework == "keras":
        return importlib.import_module("keras").callbacks.Callback()
    if framework == "lightning":
        return importlib.import_module("lightning").pytorch.callbacks.Callback()
    if framework == "transformers":
        return importlib.import_module("transformers").TrainerCallback()
    return lambda _model, _optimizer: Nothing()


class Nothing:
    """A monitor that watches nothing."""

    def __enter__(self) -> Nothing:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""

    def epoch(self, **_values: float) -> None:
        """End an epoch."""

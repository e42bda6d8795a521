"""Any function from rows to predictions, and any object with such a ``predict``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from diagnose.models.predictor import Answer, Predictor


class FunctionInspector:
    """A callable, or an object with a method ``predict``; it gets the rows as they were given."""

    def recognises(self, model: Any) -> bool:
        """Whether it can be called."""
        return callable(model) or callable(getattr(model, "predict", None))

    @contextmanager
    def opened(self, model: Any) -> Iterator[Predictor]:
        """Ask it as it is."""
        predict = model.predict if callable(getattr(model, "predict", None)) else model
        name = getattr(model, "__name__", type(model).__name__)
        yield Predictor(name, lambda rows: Answer(_array(predict(rows))), wants_arrays=False)


def _array(said: Any) -> Any:
    for name in ("detach", "cpu", "numpy"):  # of tensors
        said = getattr(said, name)() if hasattr(said, name) else said
    return np.asarray(said)

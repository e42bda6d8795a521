"""scikit-learn's estimators and pipelines, and what has their methods."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from diagnose.models.predictor import Answer, Array, Predictor
from diagnose.readers.data.array_cells import array_cells
from diagnose.readers.data.joining import as_text


class SklearnInspector:
    """An estimator that was fitted."""

    def recognises(self, model: Any) -> bool:
        """Whether it has the methods of an estimator that predicts."""
        return hasattr(model, "predict") and hasattr(model, "get_params")

    @contextmanager
    def opened(self, model: Any) -> Iterator[Predictor]:
        """Ask for probabilities where it gives some, else for what it predicts."""
        has_chances = hasattr(model, "predict_proba")
        network, before = _network(model)

        def ask(batch: Any) -> Answer:
            rows = _flat(batch, getattr(model, "n_features_in_", None))
            with warnings.catch_warnings():
                # names of columns that were lacking or more in training are no fault of these rows
                warnings.filterwarnings("ignore", message=".*feature names", category=UserWarning)
                said = model.predict_proba(rows) if has_chances else model.predict(rows)
                features = _hidden(network, before.transform(rows) if before is not None else rows) if network else None
            return Answer(np.asarray(said), features)

        names = tuple(map(str, getattr(model, "feature_names_in_", ())))
        yield Predictor(
            type(model).__name__,
            ask,
            lambda: "last hidden layer of the network" if network else "",
            classes=_classes(model) if has_chances else (),
            columns=names,
            wants_arrays=not names,
        )


def _classes(model: Any) -> tuple[str, ...]:
    classes = getattr(model, "classes_", None)
    if not isinstance(classes, np.ndarray):
        return ()
    texts = as_text(array_cells("classes", classes))
    return tuple(texts.levels[code] for code in texts.values.tolist())


def _flat(rows: Any, wanted: int | None) -> Any:
    """Return images as rows of pixels where the estimator learnt on such."""
    if isinstance(rows, np.ndarray) and rows.ndim > 2 and wanted == math.prod(rows.shape[1:]):
        return rows.reshape(len(rows), -1)
    return rows


def _network(model: Any) -> tuple[Any, Any]:
    """Return the network within, and the pipeline before it, or None for each."""
    steps = getattr(model, "steps", None)
    last, before = (model, None) if not steps else (steps[-1][1], model[:-1] if len(steps) > 1 else None)
    has_layers = hasattr(last, "coefs_") and hasattr(last, "intercepts_") and len(last.coefs_) > 1
    return (last, before) if has_layers else (None, None)


def _hidden(network: Any, rows: Any) -> Array:
    from sklearn.neural_network._base import ACTIVATIONS  # noqa: PLC0415 - whoever has such a network has imported it

    found = np.asarray(rows)
    for weights, offsets in zip(network.coefs_[:-1], network.intercepts_[:-1], strict=True):
        found = found @ weights + offsets
        ACTIVATIONS[network.activation](found)  # in place
    return found

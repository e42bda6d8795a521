"""Ask a model about every row of every split, once, in batches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from diagnose.data import Split, SplitName
from diagnose.errors import InputError
from diagnose.models.functions import FunctionInspector
from diagnose.models.keras import KerasInspector
from diagnose.models.outputs import Said, understood
from diagnose.models.predictor import Array, Inspector, Predictor, failures
from diagnose.models.pytorch import TorchInspector
from diagnose.models.rows import batches, steps
from diagnose.models.sklearn import SklearnInspector
from diagnose.waiting import watched

INSPECTORS: tuple[Inspector, ...] = (KerasInspector(), TorchInspector(), SklearnInspector(), FunctionInspector())
"""Asked in this order: a Keras model on PyTorch is a module too."""
WIDEST = 2_048
"""Features that are kept of a row: a flattened feature map is projected to as many, which keeps distances to 3 %
(1 / √2048 = 0.02, Johnson & Lindenstrauss 1984)."""


def with_model(splits: Mapping[SplitName, Split], model: Any) -> dict[SplitName, Split]:
    """Return the splits with the model's outputs, the loss of each row, and the features in front of its last layer.

    Parameters
    ----------
    splits
        With their inputs (`Split.batches`).
    model
        A Keras model, a PyTorch module, a fitted estimator, or a function from rows to predictions. It is not changed.

    Returns
    -------
    dict
        Embeddings, outputs and losses that the data themselves brought are kept, which a note says.

    Raises
    ------
    InputError
        It is no model, cannot take the rows, or gives what does not fit the labels.
    """
    inspector = next((one for one in INSPECTORS if one.recognises(model)), None)
    if inspector is None:
        what = f"{type(model).__module__}.{type(model).__qualname__}".removeprefix("builtins.")
        raise InputError(f"model={what}: expected a Keras model, a PyTorch module, a fitted scikit-learn estimator, "
                         "or a function from rows to predictions")  # fmt: skip
    with inspector.opened(model) as predictor:
        answers = {name: _asked(split, predictor) for name, split in splits.items()}
        featured_by = predictor.featured_by()
        labels = {name: split.label for name, split in splits.items()}
        raw = {str(name): outputs for name, (outputs, _) in answers.items()}
        numbered = max((split.classes for split in splits.values()), key=len)
        said = understood(
            raw, {str(n): label for n, label in labels.items()}, predictor.classes, predictor.name, numbered
        )
    return {name: _joined(split, said[name], answers[name][1], featured_by) for name, split in splits.items()}


def _asked(split: Split, predictor: Predictor) -> tuple[Array, Array | None]:
    outputs, features, done = [], [], 0
    for batch in watched(batches(split, predictor), f"asking the model about {split.name}", steps(split)):
        try:
            answer = predictor.ask(batch)
        except failures() as error:
            raise InputError(
                f"{split.name}: the model {predictor.name} does not take these rows ({_shape(batch)}): "
                f"{type(error).__name__}: {str(error).strip()[:300]}\nGive data whose rows are what the model takes, "
                "such as the data set that it was trained on, or a function that prepares them: model=lambda rows: …"
            ) from error
        if answer.outputs.ndim == 0:
            raise InputError(f"{split.name}: the model {predictor.name} gives one value for all rows, not one a row")
        outputs.append(answer.outputs)
        done += len(answer.outputs)
        if answer.features is not None:
            features.append(_narrow(np.asarray(answer.features, np.float32)))
    if done != split.n:
        raise InputError(
            f"{split.name}: the model {predictor.name} gives {done:,} answers to {split.n:,} rows; expected one a row"
        )
    whole = np.concatenate(features) if features and sum(map(len, features)) == split.n else None
    return np.concatenate(outputs), whole


def _narrow(features: Array) -> Array:
    width = features.shape[1]
    if width <= WIDEST:
        return features
    rng = np.random.default_rng(width)  # the same directions for all batches and splits
    places, signs = rng.integers(0, WIDEST, width), rng.choice(np.array([-1.0, 1.0], np.float32), width)
    found = np.zeros((WIDEST, len(features)), np.float32)
    np.add.at(found, places, (features * signs).T)
    return found.T


def _shape(batch: Any) -> str:
    if isinstance(batch, (tuple, list)):
        return f"{type(batch).__name__} of {len(batch)}"
    shape = getattr(batch, "shape", None)
    return f"{type(batch).__name__} of shape {tuple(shape)}" if shape is not None else type(batch).__name__


def _joined(split: Split, said: Said, features: Array | None, featured_by: str) -> Split:
    notes = list(said.notes)
    outputs, classes, losses = said.outputs, said.classes, said.losses
    if split.outputs is not None:
        notes = ["the predictions that were given count, not the model's"]
        outputs, classes, losses = split.outputs, split.classes, split.losses
    elif split.losses is not None:
        notes.append("the losses that were given count, not the model's")
        losses = split.losses
    found = replace(split, outputs=outputs, classes=classes, losses=losses, notes=(*split.notes, *notes))
    if features is None or split.embedded_by == "given":
        return found
    return replace(found, embeddings=np.asarray(features, np.float32), embedded_by=featured_by)

"""What a table of inputs and its labels look like, for estimators that descend a gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from diagnose.data import SplitName
from diagnose.hooks.sklearn.card import last_step
from diagnose.recording import InputFacts, LabelFacts

MOST_COLUMNS = 512
MOST_CLASSES = 1_000


def reaching(model: Any, x: Any) -> Any:
    """Return the rows as the last step of a pipeline gets them."""
    steps = getattr(model, "steps", None)
    return model[:-1].transform(x) if steps and len(steps) > 1 else x


def input_facts(model: Any, x: Any, split: SplitName) -> InputFacts | None:
    """Return the facts of the rows that the estimator itself gets; None where these are no table of numbers."""
    rows = reaching(model, x)
    rows = rows.toarray() if hasattr(rows, "toarray") else np.asarray(rows)
    if rows.ndim != 2 or rows.dtype.kind not in "fiub" or not rows.size:
        return None
    dtype = str(rows.dtype)
    values = rows.astype(np.float64)
    is_finite = np.isfinite(values)
    known = values[is_finite]
    if not known.size:
        return None
    masked = np.ma.masked_array(values[:, :MOST_COLUMNS], ~is_finite[:, :MOST_COLUMNS])
    return InputFacts(
        split,
        "x",
        (int(values.shape[1]),),
        dtype,
        "table",
        len(values),
        float(known.min()),
        float(known.max()),
        float(known.mean()),
        float(known.std()),
        feature_means=tuple(float(v) for v in np.ma.filled(masked.mean(axis=0), np.nan)),
        feature_stds=tuple(float(v) for v in np.ma.filled(masked.std(axis=0), np.nan)),
        non_finite=float(1 - is_finite.mean()),
        constant_features=int(np.count_nonzero(np.ma.filled(np.ptp(masked, axis=0), 1) == 0)),
        reached_as="the model's input" if last_step(model) is model else "the last step of the pipeline",
    )


def label_facts(y: Any, split: SplitName) -> LabelFacts | None:
    """Return the facts of labels that are numbers; scikit-learn takes classes of any kind and encodes them itself."""
    labels = np.asarray(y)
    if labels.ndim != 1 or labels.dtype.kind not in "fiub" or not labels.size:
        return None
    values = labels.astype(np.float64)
    distinct, counts = np.unique(values, return_counts=True)
    is_whole = bool(np.all(values == np.round(values)))
    has_few = is_whole and len(distinct) <= MOST_CLASSES
    return LabelFacts(
        split,
        (),
        str(labels.dtype),
        len(labels),
        float(values.min()),
        float(values.max()),
        min(len(distinct), MOST_CLASSES + 1),
        counts={f"{v:g}": int(n) for v, n in zip(distinct, counts, strict=True)} if has_few else {},
        is_whole=is_whole,
        mean=float(values.mean()),
        std=float(values.std()),
    )

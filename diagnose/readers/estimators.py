"""Fitted scikit-learn, XGBoost, LightGBM and CatBoost models, and learning curves: recognised by their attributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from diagnose.readers.cells import as_cell
from diagnose.readers.protocol import Cell, RawLog
from diagnose.readers.tree import runs_in
from diagnose.run import SplitName

_TABLES = (
    ("evals_result_", "evals_result"),
    ("get_evals_result", "get_evals_result"),
    ("evals_result", "evals_result"),
)


def from_estimator(model: Any) -> list[RawLog]:
    """Every curve that a fitted model keeps of its training; an empty list where it keeps none."""
    table = _evals_result(model)
    if table:
        package = type(model).__module__.partition(".")[0]
        name = {"xgboost": "XGBoost", "lightgbm": "LightGBM", "catboost": "CatBoost"}.get(package, package)
        found = runs_in(
            table, name=type(model).__name__, format_name=f"{name} evals_result", where=f"fitted {type(model).__name__}"
        )
        return [_with_settings(raw, _settings(model)) for raw in found]
    columns, splits, notes = _score_curves(model)
    if not columns:
        return _display(model)
    longest = max(len(cells) for cells in columns.values())
    padded = {name: [*cells, *[None] * (longest - len(cells))] for name, cells in columns.items()}
    is_network = hasattr(model, "loss_curve_")
    padded["epoch" if is_network else "iteration"] = [float(i) for i in range(1, longest + 1)]
    settings = _settings(model)
    kind = type(model).__name__
    return [
        RawLog(
            kind,
            f"scikit-learn {kind}",
            f"fitted {kind}",
            padded,
            splits,
            settings,
            dict.fromkeys(settings, f"{kind}.get_params()"),
            (),
            tuple(notes),
        )
    ]


def _evals_result(model: Any) -> Mapping[str, Any] | None:
    for attribute, _ in _TABLES:
        table = getattr(model, attribute, None)
        if callable(table) and hasattr(model, "fit"):
            table = table()
        if isinstance(table, Mapping) and table and all(isinstance(value, Mapping) for value in table.values()):
            return table
    return None


def _with_settings(raw: RawLog, settings: dict[str, Any]) -> RawLog:
    return replace(raw, hyperparameters=settings, origins=dict.fromkeys(settings, "get_params()"))


def _score_curves(model: Any) -> tuple[dict[str, list[Cell]], dict[str, SplitName], list[str]]:
    columns: dict[str, list[Cell]] = {}
    notes: list[str] = []
    score = "accuracy" if hasattr(model, "classes_") else "r2"
    if _values(model, "loss_curve_"):
        columns["loss"] = _values(model, "loss_curve_")
        if _values(model, "validation_scores_"):
            columns[f"val_{score}"] = _values(model, "validation_scores_")
        return columns, {"loss": "train"}, notes
    sign, name = _histogram_scores(model)
    for attribute, prefix in (("train_score_", "train"), ("validation_score_", "val")):
        values = _values(model, attribute)
        if values:
            columns[f"{prefix}_{name}"] = [None if v is None else sign * float(v) for v in values]
    if _values(model, "oob_scores_"):
        columns["val_loss"] = _values(model, "oob_scores_")
        notes.append("the validation loss is the out-of-bag loss (oob_scores_)")
    return columns, {}, notes


def _histogram_scores(model: Any) -> tuple[float, str]:
    """Histogram boosting keeps scores, where higher is better: negative losses, or a scorer's values."""
    if not type(model).__name__.startswith("Hist"):
        return 1.0, "loss"
    scoring = getattr(model, "scoring", "loss")
    return (-1.0, "loss") if scoring == "loss" else (1.0, scoring if isinstance(scoring, str) else "score")


def _values(model: Any, attribute: str) -> list[Cell]:
    values = getattr(model, attribute, None)
    if not isinstance(values, (list, tuple, np.ndarray)):
        return []
    return [as_cell(value) for value in np.ravel(np.asarray(values)).tolist()]


def _settings(model: Any) -> dict[str, Any]:
    params = model.get_params() if hasattr(model, "get_params") else {}
    found = {str(k): v for k, v in params.items() if isinstance(v, (str, int, float, bool))}
    renamed = {"learning_rate_init": "learning_rate", "max_iter": "epochs_planned", "alpha": "weight_decay"}
    if hasattr(model, "loss_curve_"):
        if isinstance(found.get("learning_rate"), str):
            found["schedule"] = found.pop("learning_rate")
        found = {renamed.get(name, name): value for name, value in found.items()}
    return {name: value for name, value in found.items() if not (name == "batch_size" and value == "auto")}


def is_curve_result(value: tuple[Any, ...]) -> bool:
    """Whether a tuple is what ``learning_curve`` or ``validation_curve`` returns."""
    arrays = [np.asarray(item) for item in value[:3] if isinstance(item, (np.ndarray, list))]
    if len(arrays) < 2 or len(arrays) != min(len(value), 3):
        return False
    return (
        all(array.dtype.kind in "fiu" for array in arrays)
        and arrays[-1].ndim == 2
        and arrays[-2].ndim in {1, 2}
        and len(arrays[-1]) == len(arrays[-2])
    )


def curve_mapping(value: Mapping[str, Any]) -> RawLog | None:
    """Return the same results as a mapping with scikit-learn's own names for them."""
    if not {"train_scores", "test_scores"} <= set(value):
        return None
    try:
        train, test = (np.asarray(value[name], dtype=np.float64) for name in ("train_scores", "test_scores"))
    except (TypeError, ValueError):
        return None
    if train.size == 0 or train.ndim not in {1, 2} or train.shape[:1] != test.shape[:1]:
        return None
    sizes = value.get("train_sizes", value.get("train_sizes_abs"))
    kind = "learning_curve" if sizes is not None else "validation_curve"
    return _score_log(sizes, train, test, kind)


def curve_result(value: tuple[Any, ...]) -> RawLog:
    """Mean scores over the folds; what scikit-learn calls the test score is the cross-validation score."""
    if np.asarray(value[0]).ndim == 1:
        return _score_log(np.asarray(value[0]), np.asarray(value[1]), np.asarray(value[2]), "learning_curve")
    return _score_log(None, np.asarray(value[0]), np.asarray(value[1]), "validation_curve")


def _display(value: Any) -> list[RawLog]:
    """``LearningCurveDisplay`` and ``ValidationCurveDisplay`` hold the same arrays as attributes."""
    train, test = getattr(value, "train_scores", None), getattr(value, "test_scores", None)
    if not isinstance(train, np.ndarray) or not isinstance(test, np.ndarray):
        return []
    sizes = getattr(value, "train_sizes", None)
    return [_score_log(sizes, train, test, "learning_curve" if sizes is not None else "validation_curve")]


def _score_log(sizes: Any, train: Any, test: Any, kind: str) -> RawLog:
    def means(scores: Any) -> list[Cell]:
        return [float(v) for v in (scores.mean(axis=1) if scores.ndim == 2 else scores)]

    columns: dict[str, list[Cell]] = {"train_score": means(train), "val_score": means(test)}
    notes = ["scores are means over the cross-validation folds"]
    if sizes is None:
        columns["step"] = [float(i) for i in range(1, len(columns["train_score"]) + 1)]
        notes.append("the step is the position in the hyperparameter's grid")
    else:
        columns["train_sizes"] = [float(size) for size in np.asarray(sizes)]
    return RawLog(kind, f"scikit-learn {kind}", f"{kind} result", columns, notes=tuple(notes))

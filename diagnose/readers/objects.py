"""Objects in memory → runs: mappings, rows, data frames, Keras histories, fitted estimators, trainers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from diagnose.errors import InputError
from diagnose.extras import require
from diagnose.readers import estimators
from diagnose.readers.huggingface import HuggingFaceReader
from diagnose.readers.keras import is_keras_history, keras_history
from diagnose.readers.protocol import Cell, RawLog
from diagnose.readers.tree import is_rows, rows_to_columns, runs_in
from diagnose.readers.vocabulary import word_set

_FRAME_PACKAGES = word_set("pandas polars pyarrow modin cudf dask duckdb ibis pyspark sqlframe daft narwhals")
_EXPECTED = (
    "a path, a list of paths, a mapping such as {'loss': [...], 'val_loss': [...]}, a list of row dicts, a data frame, "
    "a Keras History, a fitted scikit-learn, XGBoost, LightGBM or CatBoost model, or a Hugging Face Trainer"
)


def from_object(history: Any) -> list[RawLog]:
    """Turn an object into raw logs.

    Raises
    ------
    InputError
        It is nothing that can hold a training history; the message says what can.
    """
    if isinstance(history, Mapping):
        scores = estimators.curve_mapping(history)
        return [scores] if scores else _from_tree(history, "mapping")
    if is_rows(history):
        return _from_tree(list(history), "rows")
    single = _single(history)
    found = [single] if single else estimators.from_estimator(history)
    if not found:
        raise InputError(_unusable(history))
    return found


def _single(history: Any) -> RawLog | None:
    """Read an object that holds one run."""
    of_model = getattr(history, "history", None)  # a Keras model keeps the History of its last fit
    if is_keras_history(history) or is_keras_history(of_model):
        return keras_history(history if is_keras_history(history) else of_model)
    if _package(history) in _FRAME_PACKAGES and hasattr(type(history), "columns"):
        return _from_frame(history)
    if isinstance(history, tuple) and estimators.is_curve_result(history):
        return estimators.curve_result(history)
    rows = _logged_rows(history)
    if rows is None:
        return None
    settings = _trainer_settings(history)
    columns = rows_to_columns(rows)
    return RawLog("trainer", HuggingFaceReader.format, "Trainer object", columns, hyperparameters=settings)


_KEEPERS = (
    "MLPClassifier and MLPRegressor keep one (loss_curve_; early_stopping=True adds validation scores), so do "
    "HistGradientBoosting*(early_stopping=True) and GradientBoosting* (subsample < 1 adds out-of-bag)"
)


def _unusable(history: Any) -> str:
    if hasattr(history, "fit"):
        kept = f"{_KEEPERS}; for any estimator the result of sklearn.model_selection.learning_curve can be given"
        if _is_fitted(history):
            return f"history is {_described(history)}, which is fitted and keeps no curve of its training. {kept}"
        return f"history is {_described(history)} that keeps no curve of its training and is not fitted. {kept}"
    if isinstance(history, np.ndarray) and history.ndim:
        shape = "x".join(map(str, history.shape))
        return (
            f"history is a {shape} array: which column is which quantity? "
            "write {'loss': array[:, 0], 'val_loss': array[:, 1]}"
        )
    return f"history is {_described(history)}; expected {_EXPECTED}"


def _is_fitted(estimator: Any) -> bool:
    """Whether an estimator has learnt something: scikit-learn ends the names of what it learns with ``_``."""
    return any(name.endswith("_") and not name.startswith("__") for name in getattr(estimator, "__dict__", {}))


def _package(value: Any) -> str:
    return type(value).__module__.partition(".")[0]


def _described(value: Any) -> str:
    kind = type(value).__name__
    if isinstance(value, (list, tuple)) and value and all(isinstance(item, (int, float)) for item in value):
        return f"a {kind} of numbers (which quantity is it? write {{'loss': [...], 'val_loss': [...]}})"
    return (
        f"an empty {kind}"
        if isinstance(value, (list, tuple, str)) and not value
        else f"a {_package(value)}.{kind}".replace("builtins.", "")
    )


def _from_tree(tree: Any, kind: str) -> list[RawLog]:
    found = runs_in(tree, name="run", format_name=_tree_format(tree, kind), where=f"{kind} in memory")
    if not found:
        keys = ", ".join(repr(key) for key in list(tree)[:10]) if isinstance(tree, Mapping) else f"{len(tree)} rows"
        raise InputError(
            f"history is a {kind} without a series of numbers ({keys or 'empty'}); "
            "expected {'loss': [0.9, …], 'val_loss': [1.0, …]}"
        )
    return found


def _tree_format(tree: Any, kind: str) -> str:
    keys = set(tree) if isinstance(tree, Mapping) else set()
    if keys and keys <= {"validation_0", "validation_1", "validation_2"}:
        return "XGBoost evals_result"
    if (
        keys
        and keys <= {"training", "valid_0", "valid_1", "valid_2"}
        and all(isinstance(value, Mapping) for value in tree.values())
    ):
        return "LightGBM evals_result"
    return f"a {kind}"


def _logged_rows(history: Any) -> Sequence[Mapping[str, Any]] | None:
    """``log_history`` of a Hugging Face trainer or its state."""
    state = getattr(history, "state", history)
    rows = getattr(state, "log_history", None)
    return rows if is_rows(rows) else None


def _trainer_settings(history: Any) -> dict[str, Any]:
    args = getattr(history, "args", None)
    values = args.to_dict() if args is not None and hasattr(args, "to_dict") else {}
    return {str(k): v for k, v in values.items() if isinstance(v, (str, int, float, bool))}


def _from_frame(frame: Any) -> RawLog:
    """Any data frame through narwhals; a named index becomes a column."""
    narwhals = require("narwhals", extra="", what="reading a data frame")
    index = getattr(getattr(frame, "index", None), "name", None)
    if isinstance(index, str) and hasattr(frame, "reset_index") and index not in list(frame.columns):
        frame = frame.reset_index()
    wrapped = narwhals.from_native(frame)
    eager = wrapped.collect() if hasattr(wrapped, "collect") else wrapped
    is_pandas = _package(frame) in {"pandas", "modin", "cudf"}
    columns: dict[str, Sequence[Cell]] = {}
    for name in eager.columns:
        cells = [_frame_cell(value) for value in eager[name].to_list()]
        columns[str(name)] = _without_fill(cells) if is_pandas else cells
    if not columns or not any(columns.values()):
        raise InputError("history is an empty data frame; expected columns such as epoch, loss, val_loss")
    return RawLog("frame", f"{_package(frame)} data frame", "data frame in memory", columns)


def _frame_cell(value: Any) -> Cell:
    if value is None or isinstance(value, (float, str)):
        return value
    if isinstance(value, (int, np.integer, np.floating)):
        return float(value)
    return None if type(value).__name__ in {"NAType", "NaTType"} else str(value)


def _without_fill(cells: list[Cell]) -> list[Cell]:
    """Pandas fills gaps with NaN: between values it means "not logged"; from some row to the end NaN was logged."""
    missing = [isinstance(cell, float) and math.isnan(cell) for cell in cells]
    if not any(missing):
        return cells
    first = missing.index(True)
    if all(missing[first:]):
        return cells
    return [None if gap else cell for cell, gap in zip(cells, missing, strict=True)]

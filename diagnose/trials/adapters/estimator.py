"""A scikit-learn estimator, or one that behaves like it, as a training."""

from __future__ import annotations

import contextlib
import inspect
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from diagnose.errors import InputError
from diagnose.trials.adapters.rows import ROWS, WEIGHTS, Array, fingerprint_of, given_rows, kept_rows, row_weights
from diagnose.trials.stand_ins import HeadData

NAMES: Mapping[str, tuple[str, ...]] = {
    "learning_rate": ("learning_rate_init", "eta0", "learning_rate"),
    "weight_decay": ("alpha", "C", "l2_regularization", "reg_lambda"),
    "epochs": ("max_iter", "n_estimators"),
    "batch_size": ("batch_size",),
    "max_depth": ("max_depth",),
    "subsample": ("subsample",),
    "early_stopping": ("early_stopping",),
    "seed": ("random_state",),
}
"""Which parameter of an estimator a key of the configuration is: the first of them that it has."""
RATES_IN_WORDS = "learning_rate"
"""What `MLPClassifier` and `SGDClassifier` call the schedule, and boosting the rate."""


def of_estimator(estimator: Any, train: Any, val: Any) -> EstimatorTraining:
    """Make a training of a scikit-learn estimator or pipeline.

    Parameters
    ----------
    estimator
        Fitted or not: a clone is fitted each time.
    train, val
        ``(inputs, labels)`` each.

    Returns
    -------
    EstimatorTraining
        It understands what the estimator has a parameter for.

    Raises
    ------
    InputError
        It is no estimator, or the rows are not what is expected.
    """
    return EstimatorTraining(estimator, train, val)


class EstimatorTraining:
    """``train(config, report)`` with an estimator; see `of_estimator`."""

    def __init__(self, estimator: Any, train: Any, val: Any) -> None:
        if not (hasattr(estimator, "fit") and hasattr(estimator, "get_params")):
            raise InputError(f"estimator={type(estimator).__name__}: expected one with fit and get_params")
        self._estimator = estimator
        self._x, self._y = given_rows(train, "train")
        self._held, self._truth = given_rows(val, "val")
        self._last, self._prefix = _last_step(estimator)
        self._parameters = self._last.get_params(deep=False)
        self.understands = frozenset(self._understood())
        self.settings = self._own()
        self.fingerprint = fingerprint_of(repr(estimator), self._x, self._y, self._held, self._truth)

    def _understood(self) -> list[str]:
        found = [key for key in NAMES if self._name(key) is not None]
        takes_weights = "sample_weight" in inspect.signature(self._last.fit).parameters
        steps_weigh = takes_weights or "class_weight" in self._parameters
        weighing = sorted(WEIGHTS) if takes_weights else ["class_weights"] if steps_weigh else []
        return ["seed", "standardise", *found, *sorted(ROWS), *weighing]

    def _name(self, key: str) -> str | None:
        for name in NAMES[key]:
            is_schedule = name == RATES_IN_WORDS and isinstance(self._parameters.get(name), str)
            if name in self._parameters and not is_schedule:
                return name
        return None

    def _own(self) -> dict[str, Any]:
        """Return the estimator's own settings under the configuration's names."""
        found = {}
        for key in sorted(set(NAMES) - {"seed", "early_stopping"}):
            value = self._parameters.get(self._name(key) or "")
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                found[key] = 1 / (value * len(self._x)) if self._name(key) == "C" else value
        return found

    def __call__(self, config: Mapping[str, Any], report: Callable[..., None] | None = None) -> dict[str, list[float]]:
        """Fit a clone and score it on training and validation rows, after each epoch where it has any."""
        from sklearn.base import clone  # noqa: PLC0415

        model = clone(self._estimator)
        parameters = self._set(config)
        model.set_params(**parameters)
        kept = kept_rows(self._x, config)
        x, y = self._x[kept], self._y[kept]
        if config.get("standardise"):
            from sklearn.pipeline import make_pipeline  # noqa: PLC0415
            from sklearn.preprocessing import StandardScaler  # noqa: PLC0415

            model = make_pipeline(StandardScaler(), model)
        weights = self._weigh(model, row_weights(y, kept, config), config)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # not converged, or a class that is missing in a part: the score tells
            return self._fitted(model, x, y, weights, report)

    def _set(self, config: Mapping[str, Any]) -> dict[str, Any]:
        found = {}
        for key in NAMES:
            name = self._name(key)
            value = config.get(key)
            if name is None or value is None:
                continue
            if name == "C":
                value = 1 / max(float(value) * len(self._x), 1e-12)
            found[self._prefix + name] = int(value) if key in ("epochs", "batch_size", "max_depth", "seed") else value
        return found

    def _weigh(self, model: Any, weights: Array | None, config: Mapping[str, Any]) -> dict[str, Any]:
        if weights is None:
            return {}
        if "sample_weight" in inspect.signature(self._last.fit).parameters:
            return {_last_name(model) + "sample_weight": weights}
        names = {str(label): label for label in np.unique(self._y).tolist()}
        given = {names.get(str(key), key): value for key, value in config["class_weights"].items()}
        model.set_params(**{_last_name(model) + "class_weight": given})
        return {}

    def _fitted(self, model: Any, x: Array, y: Array, weights: dict[str, Any], report: Any) -> dict[str, list[float]]:
        history: dict[str, list[float]] = {}

        def note(rows: Any) -> None:
            for split, (inputs, truth) in (("", (x, y)), ("val_", (self._held, self._truth))):
                for name, value in _scores(rows, inputs, truth).items():
                    history.setdefault(split + name, []).append(value)
            if report is not None:
                report(len(next(iter(history.values()))), {name: values[-1] for name, values in history.items()})

        if _has_epochs(model):
            classes = {"classes": np.unique(y)} if hasattr(model, "predict_proba") else {}
            for at in range(int(model.max_iter)):
                model.partial_fit(x, y, **({} if at else classes), **weights)
                note(model)
            return history
        model.fit(x, y, **weights)
        note(model)
        return history

    def features(self) -> HeadData | None:
        """Return the inputs themselves, of which a linear classifier is the last layer; None for other models."""
        is_linear = type(self._last).__name__ in {"LogisticRegression", "SGDClassifier"} and self._prefix == ""
        if not is_linear or self._x.ndim != 2 or not np.issubdtype(self._x.dtype, np.number):
            return None
        return HeadData(self._x, self._y, self._held, self._truth)


def _is_classifier(model: Any) -> bool:
    from sklearn.base import is_classifier  # noqa: PLC0415

    return bool(is_classifier(model))


def _has_epochs(model: Any) -> bool:
    is_network = type(model).__name__ in ("MLPClassifier", "MLPRegressor")
    return is_network and model.solver in ("sgd", "adam") and not model.early_stopping


def _scores(model: Any, x: Array, y: Array) -> dict[str, float]:
    if not _is_classifier(model):
        error = np.asarray(model.predict(x), np.float64) - y
        spread = float(np.var(y)) or 1.0
        return {"loss": float(np.mean(error**2)), "r2": 1 - float(np.mean(error**2)) / spread}
    found = {}
    if hasattr(model, "predict_proba"):
        with contextlib.suppress(ValueError, AttributeError):  # a label that training never saw, or no probabilities
            from sklearn.metrics import log_loss  # noqa: PLC0415

            found["loss"] = float(log_loss(y, model.predict_proba(x), labels=model.classes_))
    return {**found, "accuracy": float(np.mean(model.predict(x) == y))}


def _last_step(model: Any) -> tuple[Any, str]:
    """Return the estimator that learns, and what its parameters begin with from outside."""
    if hasattr(model, "steps"):
        name, last = model.steps[-1]
        inner, prefix = _last_step(last)
        return inner, f"{name}__{prefix}"
    return model, ""


def _last_name(model: Any) -> str:
    return _last_step(model)[1]

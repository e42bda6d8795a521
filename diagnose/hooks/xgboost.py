"""XGBoost: a callback for ``xgboost.train``, ``xgboost.cv`` and the estimators in its scikit-learn style.

Examples
--------
>>> import numpy as np, xgboost
>>> from diagnose.hooks.xgboost import DiagnoseCallback
>>> rng = np.random.default_rng(0)
>>> x = rng.normal(size=(400, 5))
>>> y = (x[:, 0] + rng.normal(size=400) > 0).astype(int)
>>> watch = DiagnoseCallback("runs/boosted", splits={"validation_0": "train", "validation_1": "val"})
>>> model = xgboost.XGBClassifier(n_estimators=40, callbacks=[watch])
>>> _ = model.fit(x[:300], y[:300], eval_set=[(x[:300], y[:300]), (x[300:], y[300:])], verbose=False)
>>> print(watch.diagnosis.main)
overfitting
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Iterator, Mapping
from functools import partial
from os import PathLike
from typing import Any

from diagnose.data import SplitName
from diagnose.extras import require
from diagnose.finding import Diagnosis
from diagnose.hooks.boosting_rounds import Rounds
from diagnose.hooks.options import Options

xgboost = require("xgboost", extra="xgboost", what="recording what XGBoost trains")
FRAMEWORK = "xgboost"
IGNORED = frozenset({"updater_seq", "validate_parameters", "lambda", "alpha", "eta", "disable_default_eval_metric"})
"""Parameters that say what another one says, or nothing of the training."""


class DiagnoseCallback(xgboost.callback.TrainingCallback):  # type: ignore[misc,name-defined]
    """Keeps every round's evaluations in a run directory, judges them as they come, and reports at the end.

    Parameters
    ----------
    directory
        The run directory.
    splits
        Name of an evaluation set to the split that it is, where its name does not say so.
    options
        Those of `diagnose.hooks.options.Options`: ``on_finding="stop"``, ``stop_early=True``, ``train=(x, y)`` …

    Raises
    ------
    InputError
        An option, or the context, can't be used.
    """

    def __init__(
        self, directory: str | PathLike[str], *, splits: Mapping[str, SplitName] | None = None, **options: Any
    ) -> None:
        super().__init__()
        self._given = (directory, {"splits": splits, **options})
        self._options = Options(**options)
        self._rounds = Rounds(directory, FRAMEWORK, self._options, splits, str(xgboost.__version__))
        self._log: Mapping[str, Mapping[str, list[Any]]] = {}
        self._is_cv = self._has_begun = False
        self._seen = 0
        self._end = weakref.finalize(self, self._rounds.finish, "ended by an error")
        self._end.atexit = False  # the session itself ends with the program

    def __reduce__(self) -> Any:
        """A copy, as searches over settings make them, records runs of its own."""  # noqa: D401
        directory, options = self._given
        return partial(type(self), **options), (directory,)

    @property
    def diagnosis(self) -> Diagnosis | None:
        """The diagnosis of the whole run; None before training has ended, and where judging failed."""
        return None if self._rounds.session is None else self._rounds.session.diagnosis

    def before_training(self, model: Any) -> Any:
        """Called by XGBoost."""  # noqa: D401
        self._is_cv, self._has_begun, self._seen, self._log = hasattr(model, "cvfolds"), False, 0, {}
        return model

    def after_iteration(self, model: Any, epoch: int, evals_log: Mapping[str, Any]) -> bool:  # noqa: ARG002
        """Called by XGBoost; True ends the training. Rounds count from 0 also where it goes on with a model."""  # noqa: D401
        self._log = evals_log
        if not self._has_begun:
            self._has_begun = True
            self._rounds.begin(partial(described, model))
        return self._told()

    def after_training(self, model: Any) -> Any:
        """Called by XGBoost: the round at which another callback stopped is told too."""  # noqa: D401
        if self._rounds.session is not None and self._has_begun:
            if self._seen < _length(self._log):
                self._told()
            with self._rounds.session.guard("keep the best round"):
                model = self._best_of(model)
        self._rounds.finish()
        return model

    def _told(self) -> bool:
        session = self._rounds.session
        number, values = self._seen, {}
        self._seen += 1
        if session is not None:
            with session.guard("read XGBoost's evaluations"):
                values = dict(self._values(number))
        return self._rounds.ended(number, values).stop

    def _values(self, number: int) -> Iterator[tuple[str, float]]:
        for evaluated, metrics in self._log.items():
            split = "val" if self._is_cv and evaluated == "test" else evaluated
            for metric, found in metrics.items():
                if number < len(found):
                    value = found[number]  # of a cross-validation: mean and standard deviation
                    yield self._rounds.column(split, metric), float(value[0] if isinstance(value, tuple) else value)

    def _best_of(self, model: Any) -> Any:
        best = self._rounds.best_round
        if not self._options.keeps_best or best is None or self._is_cv or model.num_boosted_rounds() != self._seen:
            return model
        model = model[: best + 1]
        model.set_attr(best_iteration=str(best))
        return model


def described(model: Any) -> Mapping[str, Any]:
    """Return the parameters of a booster, or of the first of a cross-validation."""
    folds = getattr(model, "cvfolds", None)
    booster = folds[0].bst if folds else model
    config = json.loads(booster.save_config())["learner"]
    return {name: value for name, value in _leaves(config) if name not in IGNORED}


def _leaves(config: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the parameters within sections that hold parameters; XGBoost writes all values as texts."""
    wanted = ("tree_train_param", "gblinear_train_param", "dart_train_param", "learner_train_param", "generic_param")
    for name, value in config.items():
        if isinstance(value, Mapping):
            if name in wanted:
                yield from ((key, _number(text)) for key, text in value.items() if text not in ("", "()"))
            else:
                yield from _leaves(value)


def _number(text: Any) -> Any:
    try:
        number = float(text)
    except (TypeError, ValueError):
        return text
    return int(number) if number.is_integer() else round(number, 7)  # as written in single precision


def _length(log: Mapping[str, Mapping[str, list[Any]]]) -> int:
    return max((len(found) for metrics in log.values() for found in metrics.values()), default=0)

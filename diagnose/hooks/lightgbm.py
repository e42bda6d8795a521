"""LightGBM: a callback for ``lightgbm.train``, ``lightgbm.cv`` and the estimators in its scikit-learn style.

LightGBM does not tell a callback that training is over. The report is written after the last round, or, where another
callback stopped earlier, when `DiagnoseCallback.diagnosis` is asked for, the callback is dropped or the program ends.

Examples
--------
>>> import numpy as np, lightgbm
>>> from diagnose.hooks.lightgbm import DiagnoseCallback
>>> rng = np.random.default_rng(0)
>>> x = rng.normal(size=(400, 5))
>>> y = (x[:, 0] + rng.normal(size=400) > 0).astype(int)
>>> watch = DiagnoseCallback("runs/boosted")
>>> train = lightgbm.Dataset(x[:300], y[:300])
>>> settings = {"objective": "binary", "min_data_in_leaf": 5, "verbose": -1}
>>> sets = [train, train.create_valid(x[300:], y[300:])]
>>> model = lightgbm.train(settings, train, 60, valid_sets=sets, valid_names=["train", "val"], callbacks=[watch])
>>> print(watch.diagnosis.main)
overfitting
"""

from __future__ import annotations

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
from diagnose.hooks.session import Advice

lightgbm = require("lightgbm", extra="lightgbm", what="recording what LightGBM trains")
FRAMEWORK = "lightgbm"
ORDER = 25
"""After LightGBM's own recording (20), before its early stopping (30), which ends the round for all that follow."""
RATES = ("learning_rate", "shrinkage_rate", "eta")


class DiagnoseCallback:
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
        self.order, self.before_iteration = ORDER, False
        self._given = (directory, {"splits": splits, **options})
        self._options = Options(**options)
        self._rounds = Rounds(directory, FRAMEWORK, self._options, splits, str(lightgbm.__version__))
        self._end = weakref.finalize(self, self._rounds.finish)
        self._end.atexit = False  # the session itself ends with the program

    def __reduce__(self) -> Any:
        """A copy, as searches over settings make them, records runs of its own."""  # noqa: D401
        directory, options = self._given
        return partial(type(self), **options), (directory,)

    @property
    def diagnosis(self) -> Diagnosis | None:
        """The diagnosis of the whole run, which ends it; None before training, and where judging failed."""
        return self._rounds.finish()

    def __call__(self, env: Any) -> None:
        """Called by LightGBM after every round.

        Raises
        ------
        lightgbm.callback.EarlyStopException
            LightGBM's own way to end training.
        """  # noqa: D401
        number = env.iteration - env.begin_iteration
        if number == 0:
            self._rounds.finish()  # an earlier training that was stopped
            self._rounds.begin(partial(described, env))
        values: dict[str, float] = {}
        if self._rounds.session is not None:
            with self._rounds.session.guard("read LightGBM's evaluations"):
                values = dict(self._values(env))
        rate = next((env.params[name] for name in RATES if isinstance(env.params.get(name), float)), None)
        advice = self._rounds.ended(number, values, rate)
        if advice.stop or env.iteration + 1 == env.end_iteration:
            self._rounds.finish()
        if advice.stop:
            raise lightgbm.callback.EarlyStopException(self._last(env, advice), env.evaluation_result_list or [])

    def _last(self, env: Any, advice: Advice) -> int:
        """Return the round that predictions go up to, from 0."""
        best = self._rounds.best_round
        return int(
            env.iteration
            if not self._options.keeps_best or best is None or advice.is_best
            else env.begin_iteration + best
        )

    def _values(self, env: Any) -> Iterator[tuple[str, float]]:
        is_cv = hasattr(env.model, "boosters")
        for evaluated, metric, value, *_ in env.evaluation_result_list or ():
            split = "val" if is_cv and evaluated == "valid" else evaluated
            yield self._rounds.column(split, metric), float(value)


def described(env: Any) -> Mapping[str, Any]:
    """Return the parameters of a training."""
    settings = {name: value for name, value in env.params.items() if name not in {"verbose", "verbosity"}}
    return {**settings, "n_estimators": env.end_iteration - env.begin_iteration}

"""The rounds of boosting, whichever library counts them: told to a session, through one training or several."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from os import PathLike
from typing import Any

from diagnose.data import SplitName
from diagnose.finding import Diagnosis
from diagnose.hooks.options import Options
from diagnose.hooks.session import Advice, Session
from diagnose.hooks.settings import tell_settings
from diagnose.journal.records import Epoch
from diagnose.readers.context import given_context

PAUSE = 0.25
"""Seconds between two looks at the run: a round may take a thousandth of a second, a look takes tens."""
FIRST = 3
"""Rounds that are looked at whatever time they take."""
NO_SETS = "the training has no evaluation sets, so there are no curves: give it some, the training data first"


class Rounds:
    """What XGBoost's and LightGBM's callbacks share.

    Parameters
    ----------
    directory
        The run directory; nothing is written there before training begins, for a callback may be copied and thrown
        away by a search over settings.
    framework
        ``"xgboost"`` or ``"lightgbm"``.
    options
        What the user wants.
    splits
        Name of an evaluation set to the split that it is: ``{"validation_0": "train"}``. Others are read by their name.
    version
        Of the framework.
    """

    def __init__(
        self,
        directory: str | PathLike[str],
        framework: str,
        options: Options,
        splits: Mapping[str, SplitName] | None,
        version: str,
    ) -> None:
        given_context(options.context or None)  # a mistake in it is told before anything trains
        self.options, self.stopped_because = options, ""
        self.best_round: int | None = None
        self.session: Session | None = None
        self._directory, self._framework, self._version = directory, framework, version
        self._splits = dict(splits or {})
        self._before = self._done = 0
        self._looked = 0.0
        self._is_open = False
        self._decides = options.stop_early or options.keeps_best

    def begin(self, described: Callable[[], Mapping[str, Any]]) -> None:
        """Tell that a training begins, with its parameters; trees have no layers, so there is no card of them."""
        is_first = self.session is None
        if self.session is None:
            self.session = Session(self._directory, self._framework, self.options, {self._framework: self._version})
            self._done = int(self.session.epochs_done)
        session = self.session
        session.budget.begin()
        self._before, self._is_open, self.stopped_because, self.best_round = self._done, True, "", None
        if not is_first:
            text = f"another training began after {self._done} rounds"
            session.happened("another training", text, epoch=float(self._done), step=float(self._done))
        with session.guard("describe the model"):
            told = {**described(), "framework": self._framework}
            tell_settings(session, self._framework, told, unit="iteration")

    def ended(self, number: int, values: Mapping[str, float], learning_rate: float | None = None) -> Advice:
        """Tell what a round ended with.

        Parameters
        ----------
        number
            Of the round in this training, from 0.
        """
        if self.session is None:
            return Advice()
        if number == 0 and not values:
            self.session.happened("no evaluation", NO_SETS, epoch=0.0, step=0.0)
        self._done = self._before + number + 1
        place = float(self._done)
        now = time.monotonic()
        if not (self._decides or number < FIRST or now - self._looked >= PAUSE):
            self.session.write(Epoch(place, place, dict(values), learning_rate))
            return Advice()
        advice = self.session.epoch_ended(place, place, values, learning_rate=learning_rate)
        self._looked = time.monotonic()
        self.best_round = number if advice.is_best else self.best_round
        if advice.stop:
            self.stopped_because = advice.why
        return advice

    def column(self, evaluated: str, metric: str) -> str:
        """Return the name of a curve: the evaluation set's split or own name, and the metric."""
        return f"{self._splits.get(evaluated, evaluated)}-{metric}"

    def finish(self, how: str = "") -> Diagnosis | None:
        """Close the run and write its report; once for every training."""
        if self.session is None:
            return None
        if self._is_open:
            self._is_open = False
            self.session.finish(how or (f"stopped by diagnose: {self.stopped_because}" if self.stopped_because
                                        else "finished"))  # fmt: skip
        return self.session.diagnosis

"""The callback of Keras."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Mapping
from os import PathLike
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from diagnose.extras import require
from diagnose.healthy import Unhealthy
from diagnose.hooks.keras.run import KerasRun
from diagnose.hooks.options import Options
from diagnose.hooks.session import Session

keras: Any = require("keras", extra="keras", what="recording what Keras trains")
_runs: WeakKeyDictionary[Session, KerasRun] = WeakKeyDictionary()


class DiagnoseCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Records a training, says what is wrong with it while it goes on, and writes a report at its end.

    Nothing of the training changes: weights, metrics and random numbers are bit for bit those of a training without it.
    Several calls of ``fit`` with the same model and directory are one run.

    Parameters
    ----------
    directory
        The run directory: journal, report and diagnosis are written there.
    **options
        The fields of `diagnose.hooks.options.Options`: ``on_finding="stop"``, ``stop_early=True``, ``context={…}`` …

    Examples
    --------
    >>> model.fit(x, y, validation_split=0.2, callbacks=[DiagnoseCallback("runs/a")])  # doctest: +SKIP
    """

    async_safe = True
    """Keras may call `on_train_batch_end` from other threads: it touches nothing but a list there."""

    def __init__(self, directory: str | PathLike[str], **options: Any) -> None:
        super().__init__()
        self.directory = directory
        self.options = Options(**options)
        self.session: Session | None = None
        self._run: KerasRun | None = None
        self._best: list[Any] | None = None
        self._how = "finished"

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Begin a run, or go on with it."""
        self.session = Session.of(self.directory, self.model, "keras", self.options, _environment())
        self._run = _runs.setdefault(self.session, KerasRun(self.session))
        self._how = "finished"
        with self.session.guard("begin"):
            self._run.fit_begins(self.model, self.params or {})

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Begin an epoch."""
        if self._run is not None and self.session is not None:
            with self.session.guard("begin an epoch"):
                self._run.epoch_begins(self.model)

    def on_train_batch_begin(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Look at the model, now and then."""
        if self._run is not None and self.session is not None:
            with self.session.guard("look at a step"):
                self._run.batch_begins(self.model, batch)

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Note the loss."""
        if self._run is not None and self.session is not None:
            with self.session.guard("note a loss"):
                self._run.batch_ended(batch, logs or {})

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Tell what the epoch ended with, and do what is advised.

        Raises
        ------
        Unhealthy
            Something was found, and ``on_finding`` is ``"raise"``.
        """
        if self._run is None or self.session is None:
            return
        try:
            with self.session.guard("end an epoch"):
                advice = self._run.epoch_ends(self.model, logs or {})
                if advice.is_best and self.session.options.keeps_best:
                    self._best = [np.array(np.asarray(weight)) for weight in self.model.weights]
                if advice.stop:
                    self.model.stop_training = True
                    self._how = f"stopped by diagnose: {advice.why}"
        except Unhealthy:
            self.session.finish("stopped by diagnose: on_finding is 'raise'")
            raise

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
        """Put the best weights back where that is wanted, and write the report."""
        if self._run is None or self.session is None:
            return
        if self._best is not None:
            with self.session.guard("put the best weights back"):
                self.model.set_weights(self._best)
        with self.session.guard("end the run"):
            self.session.finish(self._how)


def _environment() -> dict[str, str]:
    backend = str(keras.backend.backend())
    found = {"keras": str(keras.__version__), "backend": backend}
    module = sys.modules.get(backend)
    version = getattr(module, "__version__", None)
    found[backend] = str(version) if version else importlib.metadata.version(backend)
    return found

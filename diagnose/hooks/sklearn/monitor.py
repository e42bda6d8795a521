"""The monitor of scikit-learn estimators."""

from __future__ import annotations

import copy
import dataclasses
from os import PathLike
from types import TracebackType
from typing import Any, Self

from diagnose.extras import require
from diagnose.finding import Diagnosis
from diagnose.hooks.options import Options
from diagnose.hooks.session import Advice, Session
from diagnose.hooks.settings import tell_settings
from diagnose.hooks.sklearn.callback import Iterations, takes_callbacks
from diagnose.hooks.sklearn.card import FRAMEWORK, card, is_scale_sensitive, last_step, rate, settings
from diagnose.hooks.sklearn.facts import input_facts, label_facts
from diagnose.hooks.sklearn.history import Row, history
from diagnose.hooks.sklearn.layers import LayerWatch
from diagnose.hooks.sklearn.scores import Pair, joined, mean_scores, pair, scores, thinned
from diagnose.journal.records import Epoch, Input, Label

MOST_BATCHES = 50
"""Batches of an epoch that its training loss is computed from, the latest ones."""


class DiagnoseMonitor:
    """Keeps what an estimator's training ends each epoch with in a run directory, judges it, and reports at the end.

    Parameters
    ----------
    model
        An estimator or a pipeline; `fit` and `partial_fit` train it, and so may the program itself.
    directory
        The run directory.
    options
        Those of `diagnose.hooks.options.Options`: ``val=(x, y)`` gives curves and the audit of the data, ``train=``
        may be larger than what is trained on at a time, ``on_finding="stop"``, ``stop_early=True`` …

    Raises
    ------
    InputError
        An option, or the context, can't be used.
    """

    def __init__(self, model: Any, directory: str | PathLike[str], **options: Any) -> None:
        version = str(require("sklearn", extra="models", what="recording scikit-learn's training").__version__)
        self.model = model
        self.session = Session.of(directory, model, FRAMEWORK, Options(**options), {"scikit-learn": version})
        self._batches: list[Pair] = []
        self._layers = LayerWatch(self.session)
        self._steps = 0
        self._best: Any = None
        self._is_described = False

    @property
    def diagnosis(self) -> Diagnosis | None:
        """The diagnosis of the whole run; None before its end, and where judging failed."""
        return self.session.diagnosis

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.finish("finished" if kind is None else f"failed: {kind.__name__}: {error}")

    def partial_fit(self, x: Any, y: Any, **parameters: Any) -> Any:
        """Train on a batch, which the model does itself, and remember it for the epoch's training loss."""
        self.session.budget.begin()
        with self.session.guard("look at the weights"):
            self._layers.before_step(last_step(self.model), len(y))
        self.model.partial_fit(x, y, **parameters)
        self._steps += 1
        with self.session.guard("look at the weights"):
            self._layers.after_step(last_step(self.model))
        self._batches = [*self._batches[-(MOST_BATCHES - 1) :], (x, y)]
        return self.model

    def epoch(self, x: Any = None, y: Any = None, **values: float) -> Advice:
        """Tell that an epoch has ended.

        Parameters
        ----------
        x, y
            What to compute the training loss from; ``train=``, or the epoch's batches, where nothing is given.
        values
            Losses and scores of the program's own: ``val_loss=0.3``. What is given is not computed.

        Returns
        -------
        Advice
            ``stop`` is true where training should end, with ``why``.

        Raises
        ------
        Unhealthy
            Something was found, and ``on_finding`` is ``"raise"``.
        """
        options, session = self.session.options, self.session
        train = [(x, y)] if y is not None else [own] if (own := pair(options.train)) is not None else self._batches
        with session.guard("describe the model"):
            self._describe(joined(train), "epoch")
        found = dict(values)
        with session.guard("compute the losses"):
            found = {**self._computed(train, values), **values}
        number, step = session.epochs_done + 1, max(self._steps, session.steps_done + (0 if self._steps else 1))
        with session.guard("look at the layers"), session.budget.spending():
            self._layers.look(self.model, train, number, step)
        advice = session.epoch_ended(number, step, found, learning_rate=rate(self.model))
        self._batches = []
        if advice.is_best and options.keeps_best:
            with session.guard("keep the best model"):
                self._best = copy.deepcopy(self.model)
        return advice

    def fit(self, x: Any, y: Any, **parameters: Any) -> Any:
        """Train as the estimator's own ``fit`` does, to the same model, and report.

        Its curves are those that it keeps (networks, histogram boosting), those of its predictions after each round
        (boosting), or what a callback sees (of scikit-learn 1.9 and later). Of others the end alone is known.
        """
        session = self.session
        session.budget.begin()
        train = pair(session.options.train) or (x, y)
        if session.options.train is None and session.options.val is not None:
            session.options = dataclasses.replace(session.options, train=(x, y))
        if takes_callbacks(self.model):
            self._fit_with_callback(x, y, train, parameters)
        else:
            self.model.fit(x, y, **parameters)
            self._after_the_fact(train)
        self.finish()
        return self.model

    def finish(self, how: str = "finished") -> Diagnosis | None:
        """End the run and write its report; the best model is put back where it was kept."""
        if self._best is not None:
            with self.session.guard("put the best model back"):
                self.model.__dict__.update(self._best.__dict__)
            self._best = None
        return self.session.finish(how)

    def _fit_with_callback(self, x: Any, y: Any, train: Pair, parameters: dict[str, Any]) -> None:
        before = session_epochs = self.session.epochs_done
        others = list(getattr(self.model, "_skl_callbacks", ()))

        def seen(fitted: Any, number: int) -> bool:
            found: dict[str, float] = {}
            with self.session.guard("describe the model"):
                self._describe(train, "iteration", fitted)
            with self.session.guard("compute the losses"):
                found = self._computed([train], {}, fitted)
            place = session_epochs + number
            return self.session.epoch_ended(place, place, found).stop

        self.model.set_callbacks(*others, Iterations(seen))
        try:
            self.model.fit(x, y, **parameters)
        finally:
            self.model.set_callbacks(*others)
        if self.session.epochs_done == before:
            self._after_the_fact(train)

    def _after_the_fact(self, train: Pair) -> None:
        session = self.session
        unit, before = "epoch", session.epochs_done
        rows: list[Row] = []
        with session.guard("read what the estimator kept"):
            unit, rows = history(self.model, train, pair(session.options.val))
        with session.guard("describe the model"):
            self._describe(train, unit)
        with session.guard("look at the layers"):
            self._layers.look(self.model, [train], before + (rows[-1][0] if rows else 1), 1)
        for place, values in rows[:-1]:
            session.write(Epoch(before + place, before + place, values))
        for place, values in rows[-1:]:
            session.epoch_ended(before + place, before + place, values)
        if len(rows) < 2:
            text = f"{type(last_step(self.model)).__name__} keeps no curve of its training: partial_fit would give one"
            session.happened("no curve", text, epoch=session.epochs_done, step=session.epochs_done)

    def _computed(self, train: list[Pair], given: dict[str, float], model: Any = None) -> dict[str, float]:
        model = self.model if model is None else model
        val = pair(self.session.options.val)
        found: dict[str, float] = {}
        if train and "loss" not in given:
            found |= mean_scores(model, train)
        if val is not None and "val_loss" not in given:
            found |= {f"val_{name}": value for name, value in scores(model, *thinned(*val)).items()}
        return found

    def _describe(self, train: Pair | None, unit: str, fitted: Any = None) -> None:
        if self._is_described:
            return
        self._is_described = True
        model, session = self.model if fitted is None else fitted, self.session
        tell_settings(session, FRAMEWORK, settings(model), unit=unit)
        done = session.epochs_done
        found = card(model)
        if found is not None:
            session.stage(found, epoch=done, step=done, because="another training began" if done else "")
        if not is_scale_sensitive(last_step(model)):
            return
        for split, data in (("train", train), ("val", pair(session.options.val))):
            if data is not None:
                x, y = thinned(*data)
                inputs, labels = input_facts(model, x, split), label_facts(y, split)  # type: ignore[arg-type]
                if inputs is not None:
                    session.write(Input(inputs))
                if labels is not None:
                    session.write(Label(labels))

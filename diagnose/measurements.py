"""Measurements of one run, computed when asked for by name and once.

A measure is a pure function; its parameters name other measures or the evidence (``run``, ``history``, ``context``,
``train_split`` …, ``train_profile`` …, ``model`` (its card), ``recording`` (a hook's), ``seed``), as a pytest test
names its fixtures.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from diagnose.data import SplitName
from diagnose.errors import NotEnoughEvidence
from diagnose.run import Run

Measure = Callable[..., Any]
SPLITS: Mapping[SplitName, str] = {"train": "training", "val": "validation", "test": "test"}
"""The splits, which are asked for as ``train_split``, ``val_split`` and ``test_split``, and their names in prose."""

RECORD = "record the training with a hook: diagnose.hooks.keras, .torch, .lightning, .transformers or .sklearn"
NO_MODEL = NotEnoughEvidence("the model was not given", f"give the model: --model MODEL; or {RECORD}")
NO_RECORDING = NotEnoughEvidence("no hook recorded the training", RECORD)


@cache
def requests(function: Measure) -> tuple[tuple[str, bool], ...]:
    """Return the names that a measure or an analyzer's ``check`` asks for, each with whether it can do without."""
    signature = inspect.signature(function)
    return tuple((name, p.default is None) for name, p in signature.parameters.items() if name != "self")


class Measurements:
    """Resolves measures by name for one run.

    Parameters
    ----------
    run
        The evidence.
    measures
        All that may be asked for; the function's name is the measure's name.
    seed
        Of every random number that a measure draws.
    """

    def __init__(self, run: Run, measures: Iterable[Measure], *, seed: int = 0) -> None:
        self._measures = {measure.__name__: measure for measure in measures}
        self._known: dict[str, Any] = {"run": run, "history": run.history, "context": run.context, "seed": seed}
        self._missing: dict[str, NotEnoughEvidence] = {}
        self._tell_of(run)
        for split, words in SPLITS.items():
            settle = f"give the {words} data: --{split} DATA"
            self._missing[f"{split}_profile"] = NotEnoughEvidence(f"no {words} profile was given", settle)
            if split in run.profiles:
                self._known[f"{split}_profile"] = run.profiles[split]
                self._missing[f"{split}_split"] = NotEnoughEvidence(f"the {words} profile holds no rows", settle)
            elif split in run.splits:
                self._known[f"{split}_split"] = run.splits[split]
            else:
                self._missing[f"{split}_split"] = NotEnoughEvidence(f"no {words} data were given", settle)

    def _tell_of(self, run: Run) -> None:
        for name, value, missing in (("model", run.model, NO_MODEL), ("recording", run.recording, NO_RECORDING)):
            if value is None:
                self._missing[name] = missing
            else:
                self._known[name] = value

    def get(self, name: str) -> Any:
        """Return the value of one measure.

        Raises
        ------
        NotEnoughEvidence
            It cannot be made from this run; the same error is raised each time it is asked for.
        KeyError
            No measure has this name.
        """
        if name in self._known:
            return self._known[name]
        if name in self._missing:
            raise self._missing[name]
        measure = self._measures[name]
        try:
            value = measure(**self.arguments(measure))
        except NotEnoughEvidence as error:
            self._missing[name] = error
            raise
        self._known[name] = value
        return value

    def arguments(self, function: Measure) -> dict[str, Any]:
        """Return the values that a measure or analyzer asks for; None for a missing one whose default is None."""
        values: dict[str, Any] = {}
        for name, optional in requests(function):
            try:
                values[name] = self.get(name)
            except NotEnoughEvidence:
                if not optional:
                    raise
                values[name] = None
        return values

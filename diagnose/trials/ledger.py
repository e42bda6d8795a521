"""What was run: every training with its scores, kept by Optuna so that nothing that finished is run twice.

One Optuna study a seed, whose first trial is the baseline: what Optuna's pruner expects of a trial is taken from the
training of the same seed. The studies lie in one journal, a file that only grows: a process that is killed leaves a
trial that is marked as running, which the next one runs again.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from diagnose.errors import InputError
from diagnose.extras import require
from diagnose.trials.metric import Outcome

JOURNAL = "trials.journal"
LOOKS = 20
"""Times in a training that the pruner is asked: each look is written to disk."""
SETTLED = 0.5
"""Share of the epochs before which nothing is dropped."""
GRACE = 5
"""Seconds after which the lock of a killed process is broken."""

State = Literal["done", "dropped", "failed"]


@dataclass(frozen=True)
class Trial:
    """One training.

    Attributes
    ----------
    candidate
        Key of what was changed; empty for the baseline.
    seed
        Its seed.
    state
        How it ended; ``why`` says more.
    seconds
        It took.
    outcome
        Its scores; None where it gave none.
    read
        Keys of the configuration that it asked for.
    is_taken_whole
        Whether it took the configuration as a whole.
    """

    candidate: str
    seed: int
    state: State
    seconds: float
    outcome: Outcome | None = None
    why: str = ""
    read: tuple[str, ...] = ()
    is_taken_whole: bool = False


class Ledger:
    """All trainings of one study of remedies.

    Parameters
    ----------
    place
        Folder that keeps them; None keeps them in memory.
    name
        Stands for the training and its settings: others in the same folder are left alone.
    better
        Which way the score is better.
    epochs
        Of the baseline, where they are known.

    Raises
    ------
    MissingExtra
        Optuna is not installed.
    """

    def __init__(self, place: Path | None, name: str, better: str, epochs: int | None) -> None:
        self._optuna = require("optuna", extra="try", what="trying remedies")
        self._name = name
        self._better = better
        self._epochs = epochs
        self._studies: dict[int, Any] = {}
        self._storage: Any = self._optuna.storages.InMemoryStorage() if place is None else self._journal(place)

    def _journal(self, place: Path) -> Any:
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"place={place}: cannot be used as a folder ({error.strerror or error})") from error
        path = place / JOURNAL
        mended(path)
        journal = require("optuna.storages.journal", extra="try", what="keeping trials")
        lock = journal.JournalFileSymlinkLock(str(path), grace_period=GRACE)
        return self._optuna.storages.JournalStorage(journal.JournalFileBackend(str(path), lock_obj=lock))

    def study(self, seed: int) -> Any:
        """Return the study of a seed; what a killed process left running in it is closed."""
        if seed not in self._studies:
            with quiet():
                study = self._optuna.create_study(
                    study_name=f"{self._name}/seed {seed}",
                    storage=self._storage,
                    direction="maximize" if self._better == "higher" else "minimize",
                    pruner=self._optuna.pruners.NopPruner(),
                    sampler=self._optuna.samplers.RandomSampler(seed=0),
                    load_if_exists=True,
                )
                state = self._optuna.trial.TrialState
                for left in study.get_trials(deepcopy=False, states=(state.RUNNING,)):
                    study.tell(left.number, state=state.FAIL)
            self._studies[seed] = study
        return self._studies[seed]

    def finished(self, candidate: str, seed: int) -> Trial | None:
        """Return a training that was finished before, whatever it came to; None where there is none."""
        found = [t for t in self.study(seed).get_trials(deepcopy=False) if t.user_attrs.get("candidate") == candidate]
        ended = [t for t in found if "state" in t.user_attrs and t.state.is_finished()]
        return _read(ended[-1].user_attrs, seed) if ended else None

    def begin(self, candidate: str, seed: int, title: str, expected: float | None = None) -> Ticket:
        """Note that a training begins.

        Parameters
        ----------
        candidate, seed, title
            What is trained.
        expected
            The score that it must have from the middle of its epochs on, or is dropped; None lets it go on.
        """
        study = self.study(seed)
        with quiet():
            study.pruner = self._pruner(expected)
            trial = study.ask()
            trial.set_user_attr("candidate", candidate)
            trial.set_user_attr("title", title)
        return Ticket(study, trial, max((self._epochs or 0) // LOOKS, 1))

    def _pruner(self, expected: float | None) -> Any:
        pruners = self._optuna.pruners
        if expected is None or not self._epochs:
            return pruners.NopPruner()
        side = "lower" if self._better == "higher" else "upper"
        return pruners.ThresholdPruner(**{side: expected}, n_warmup_steps=max(round(SETTLED * self._epochs), 1))


class Ticket:
    """One training that runs: takes its scores as they come, and its end."""

    def __init__(self, study: Any, trial: Any, every: int) -> None:
        self._study, self._trial, self._every = study, trial, every
        self._reported: set[int] = set()

    def report(self, epoch: int, score: float) -> bool:
        """Take a score, and return whether the training is to be dropped."""
        if epoch % self._every or epoch in self._reported or math.isnan(score):
            return False
        self._reported.add(epoch)
        self._trial.report(score, epoch)
        return bool(self._trial.should_prune())

    def end(self, result: Trial) -> None:
        """Note how it ended. What is told last makes it finished."""
        state = require("optuna.trial", extra="try", what="trying remedies").TrialState
        attributes = {
            "seconds": result.seconds, "why": result.why, "read": list(result.read),
            "is_taken_whole": result.is_taken_whole, "state": result.state,
        }  # fmt: skip
        if result.outcome is not None:
            attributes |= {
                "score": result.outcome.score, "steps": list(result.outcome.steps),
                "values": list(result.outcome.values),
            }  # fmt: skip
        with quiet():
            for key, value in attributes.items():
                self._trial.set_user_attr(key, value)
            if result.state == "done" and result.outcome is not None:
                self._study.tell(self._trial, result.outcome.score)
            else:
                self._study.tell(self._trial, state=state.PRUNED if result.state == "dropped" else state.FAIL)


def _read(kept: dict[str, Any], seed: int) -> Trial:
    outcome = None
    if "score" in kept:
        outcome = Outcome(float(kept["score"]), tuple(kept["steps"]), tuple(kept["values"]))
    return Trial(
        kept["candidate"], seed, kept["state"], float(kept["seconds"]), outcome, str(kept["why"]), tuple(kept["read"]),
        bool(kept["is_taken_whole"]),
    )  # fmt: skip


def mended(path: Path) -> None:
    """Cut off the last line of a journal where a killed process wrote a part of it: nothing could be read otherwise."""
    if not path.is_file():
        return
    held = path.read_bytes()
    if held and not held.endswith(b"\n"):
        with path.open("r+b") as file:
            file.truncate(held.rfind(b"\n") + 1)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Optuna's own messages out of the way; what it is set to say otherwise stays."""
    log = logging.getLogger("optuna")
    before = log.level
    log.setLevel(logging.WARNING)
    try:
        yield
    finally:
        log.setLevel(before)

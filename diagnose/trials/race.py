"""The race: seed after seed the baseline and every remedy that is still in it, until the seeds or the time end.

A remedy leaves the race where its training fails, falls far behind within a training (Optuna's pruner), or is no better
than the baseline on average after two seeds. The last ends a remedy wrongly where the mean of two differences is
negative though it helps: a remedy that five pairs could show to help (by two standard deviations of a pair or more) has
a chance of 1 - Phi(2 sqrt 2) = 0.2 % of that. Nothing leaves the race for being good, so no test is made twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from diagnose.errors import InputError
from diagnose.trials.candidates import Candidate
from diagnose.trials.effects import Effect, paired
from diagnose.trials.ledger import Ledger, Trial
from diagnose.trials.metric import Metric
from diagnose.trials.one_training import Train, run

FEWEST = 2
"""Pairs before a remedy may be dropped for being no better."""
ENOUGH = 0.5
"""Share of what the baseline had gained by the middle of its epochs that a training must have gained there. What learns
that much more slowly (a far lower rate, heavy dropout) does not catch up in as many epochs again."""
RESOLVED = 8
"""Epochs of a baseline, at least: the gain of fewer is a matter of where its first evaluation happened to lie."""
Announce = Callable[[str], None]


@dataclass
class Race:
    """All trainings so far, and how to run more.

    Attributes
    ----------
    train, base, ledger, metric, seeds
        What is trained with which settings, where it is noted, by which score it is judged.
    budget
        Seconds that all trainings may take together, those of an interrupted call too.
    understands
        Keys that the training says it understands; None lets what it reads decide.
    announce
        Called after every training, with what comes next.
    trials
        By candidate's key (empty: the baseline) and seed.
    left
        Why a candidate left the race, by key.
    """

    train: Train
    base: Mapping[str, Any]
    ledger: Ledger
    metric: Metric
    seeds: Sequence[int]
    budget: float
    understands: frozenset[str] | None = None
    n_val: int | None = None
    announce: Announce = lambda what: None  # noqa: ARG005
    trials: dict[str, dict[int, Trial]] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    not_understood: dict[str, str] = field(default_factory=dict)
    is_out_of_time: bool = False
    resumed: int = 0
    _before: float = 0.0
    _started: float | None = None

    @property
    def spent(self) -> float:
        """Seconds since the first baseline began, and those of trainings that an earlier call finished."""
        return self._before + (0.0 if self._started is None else time.monotonic() - self._started)

    def start(self) -> None:
        """Train the first baseline, which everything else is measured against.

        Raises
        ------
        InputError
            It fails: no remedy can be measured.
        """
        first = self.get(None, self.seeds[0])
        if first is None or first.outcome is None:
            why = first.why if first is not None else "the time was up"
            raise InputError(f"the training itself failed, before any remedy was tried: {why}")

    def get(self, candidate: Candidate | None, seed: int) -> Trial | None:
        """Return the training of a candidate and seed, from the ledger where it is there; None where time is up."""
        key = "" if candidate is None else candidate.key
        held = self.trials.setdefault(key, {})
        if seed in held:
            return held[seed]
        title = "as it is" if candidate is None else candidate.remedy.title
        found = self.ledger.finished(key, seed)
        if found is not None:
            self.resumed += 1
            self._before += found.seconds
        elif not self._has_time_for(candidate):
            self.is_out_of_time = True
            return None
        else:
            found = self._run(candidate, key, seed, title)
            if found is None:
                return None
        held[seed] = found
        self.announce(f"{title}, seed {seed}")
        return found

    def _run(self, candidate: Candidate | None, key: str, seed: int, title: str) -> Trial | None:
        self._started = self._started or time.monotonic()
        changes = {} if candidate is None else candidate.changes
        values = {**self.base, **changes, "seed": seed}
        trial = run(
            self.train,
            values,
            self.ledger,
            self.metric,
            candidate=key,
            title=title,
            is_late=self._is_late,
            expected=self._expected(seed),
        )
        if trial.state == "dropped" and self._is_late():
            self.is_out_of_time = True
            return None
        return trial

    def _expected(self, seed: int) -> float | None:
        """Return what a training must have from the middle of the epochs on; None where that can't be said."""
        base = self.trials.get("", {}).get(seed)
        if base is None or base.outcome is None or len(base.outcome.values) < RESOLVED:
            return None
        values = [self.metric.sign * value for value in base.outcome.values]
        gained = max(values[: len(values) // 2]) - values[0]
        return self.metric.sign * (values[0] + ENOUGH * gained) if gained > 0 else None

    def _is_late(self) -> bool:
        return self.spent >= self.budget

    def _has_time_for(self, candidate: Candidate | None) -> bool:
        base = [t.seconds for t in self.trials.get("", {}).values()]
        if not base:
            return True
        own = [] if candidate is None else [t.seconds for t in self.trials.get(candidate.key, {}).values()]
        expected = float(np.mean(own or base))
        if not own and candidate is not None and self.base.get("epochs"):
            expected *= float(candidate.changes.get("epochs", self.base["epochs"])) / float(self.base["epochs"])
        return self.spent + expected <= self.budget

    def rounds(self, candidates: Sequence[Candidate]) -> None:
        """Run the race, one seed after the other."""
        for at, seed in enumerate(self.seeds):
            if self.get(None, seed) is None:
                return
            for candidate in candidates:
                if candidate.key in self.left or candidate.key in self.not_understood:
                    continue
                self._compete(candidate, seed)
            if at + 1 >= FEWEST:
                self._drop(candidates)

    def _compete(self, candidate: Candidate, seed: int) -> None:
        base = self.trials[""].get(seed)
        if base is None or base.outcome is None:
            return
        if self._ignores(candidate, base, may_be_hidden=True):
            return
        trial = self.get(candidate, seed)
        if trial is None:
            return
        if trial.state == "failed":
            self.left[candidate.key] = f"its training failed: {trial.why}"
        elif not self._ignores(candidate, trial, may_be_hidden=False) and trial.state == "dropped":
            self.left[candidate.key] = f"{trial.why} (seed {seed})"

    def _ignores(self, candidate: Candidate, trial: Trial, *, may_be_hidden: bool) -> bool:
        """Note a candidate whose keys are not read; a baseline must miss all of them, as one may hang on another."""
        lacking = [key for key in candidate.changes if not self._knows(key, trial)]
        if not lacking or (may_be_hidden and (trial.is_taken_whole or len(lacking) < len(candidate.changes))):
            return False
        self.not_understood[candidate.key] = f"train never asked for {', '.join(map(repr, sorted(lacking)))}"
        return True

    def _knows(self, key: str, trial: Trial) -> bool:
        if self.understands is not None:
            return key in self.understands
        return trial.is_taken_whole or key in trial.read

    def _drop(self, candidates: Iterable[Candidate]) -> None:
        for candidate in candidates:
            effect = self.effect(candidate)
            if candidate.key not in self.left and effect is not None and effect.seeds >= FEWEST and effect.value <= 0:
                self.left[candidate.key] = f"no better than without it after {effect.seeds} seeds"

    def differences(self, candidate: Candidate) -> list[float]:
        """Return paired differences, positive where the candidate is better."""
        if candidate.stop_at is not None:
            return self._of_stopping(candidate.stop_at)
        base, own = self.trials.get("", {}), self.trials.get(candidate.key, {})
        return [
            self.metric.sign * (own[seed].outcome.score - base[seed].outcome.score)  # type: ignore[union-attr]
            for seed in self.seeds
            if seed in own and seed in base and own[seed].outcome is not None and base[seed].outcome is not None
        ]

    def _of_stopping(self, step: float) -> list[float]:
        """Return what the baseline's own curves gain by ending at a step that was known before."""
        found = []
        for trial in self.trials.get("", {}).values():
            held = None if trial.outcome is None or len(trial.outcome.values) < 2 else trial.outcome.at(step)
            if held is not None and trial.outcome is not None:
                found.append(self.metric.sign * (held - trial.outcome.last))
        return found

    def effect(self, candidate: Candidate) -> Effect | None:
        """Return what is measured of a candidate; None where no pair is there."""
        differences = self.differences(candidate)
        if not differences:
            return None
        scores = [t.outcome.score for t in self.trials[""].values() if t.outcome is not None]
        share = self.n_val if self._is_share(scores) else None
        return paired(differences, n_val=share, scale=float(np.mean(np.abs(scores))))

    def _is_share(self, scores: Sequence[float]) -> bool:
        return self.metric.better == "higher" and bool(scores) and min(scores) >= 0 and max(scores) <= 1

    def changes_nothing(self, candidate: Candidate) -> bool:
        """Whether every score of a candidate is the baseline's to the last digit."""
        base, own = self.trials.get("", {}), self.trials.get(candidate.key, {})
        both = [(own[s].outcome, base[s].outcome) for s in self.seeds if s in own and s in base]
        return bool(both) and all(a is not None and b is not None and a.values == b.values for a, b in both)

    def cost(self, candidate: Candidate) -> float | None:
        """Return how many times as long a training takes with the candidate as without; None where unknown."""
        base = [t.seconds for t in self.trials.get("", {}).values() if t.state == "done"]
        own = [t.seconds for t in self.trials.get(candidate.key, {}).values() if t.state == "done"]
        return float(np.mean(own) / np.mean(base)) if own and base and np.mean(base) > 0 else None

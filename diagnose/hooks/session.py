"""One run while it trains: what a hook hands over is kept, judged after every epoch, and reported at the end."""

from __future__ import annotations

import logging
import os
import platform
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple, Self
from weakref import ref

from diagnose.auditing import diagnose_run, with_data
from diagnose.data import SplitName
from diagnose.finding import Diagnosis, Finding
from diagnose.healthy import Unhealthy
from diagnose.hooks import running
from diagnose.hooks.budget import Budget
from diagnose.hooks.guard import Guard
from diagnose.hooks.live import Looks, live_findings
from diagnose.hooks.memory import Memory
from diagnose.hooks.options import Options
from diagnose.hooks.telling import REPORT, concluded, policy_of, tell, told
from diagnose.hooks.trackers import Trackers
from diagnose.hooks.watched import Watched
from diagnose.journal import Journal
from diagnose.journal.reading import last_run
from diagnose.journal.records import Began, Ended, Epoch, Found, Happened, Record, Staged
from diagnose.model_card import ModelCard
from diagnose.randomness import kept_random_states
from diagnose.readers.context import given_context
from diagnose.readers.run_directory import raw_log
from diagnose.readers.understand import understand
from diagnose.recording import Happening, Stage
from diagnose.run import Run

log = logging.getLogger("diagnose")
JUDGING = 0.5
"""Part of the hook's share of the time that judging may take beside it: to measure costs more than to judge."""

SYNC_EVERY = 1.0
"""Seconds between two times that the journal is brought to the disk itself: only a power cut asks for it."""


class Advice(NamedTuple):
    """What a hook should do after an epoch: stop training, with the reason; keep these weights as the best so far."""

    stop: bool = False
    why: str = ""
    is_best: bool = False


class Session:
    """What all hooks share; it knows no framework.

    Parameters
    ----------
    directory
        The run directory.
    framework
        ``"keras"``, ``"torch"`` …
    options
        What the user wants.
    environment
        Versions of the framework and its device, by name.

    Attributes
    ----------
    epochs_done, steps_done
        So far, through every fit of the run, and those of the run that is resumed: a hook counts on from here.
    """

    def __init__(
        self,
        directory: str | PathLike[str],
        framework: str,
        options: Options | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.options = options or Options()
        self.directory = Path(directory)
        self.process = os.getpid()
        self.guard = Guard()
        self.budget = Budget(self.options.share)
        self.epochs_done, self.steps_done = 0.0, 0.0
        self.diagnosis: Diagnosis | None = None
        self._judging = Budget(self.options.share * JUDGING)
        self._memory, self._looks, self._watched = Memory(), Looks(), Watched()
        self._journal, self._trackers = Journal(self.directory), Trackers(self.directory, self.guard)
        self._model: ref[Any] | None = None
        self._synced = -SYNC_EVERY
        given_context(self.options.context or None)  # a mistake in it is told before anything trains
        if self.options.resume:
            with self.guard(f"read what {self.directory} holds"):
                self._take_up(last_run(self.directory))
        self.write(self._began(framework, environment))

    @classmethod
    def of(
        cls,
        directory: str | PathLike[str],
        model: Any,
        framework: str,
        options: Options | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Self:
        """Return the session of this process for a directory and a model, which goes on; or a new one.

        A second ``fit`` of the same model into the same directory is one run, also where its hook is a new object: its
        options hold from here on. The model is referred to weakly.
        """
        place = Path(directory).resolve()
        known = running.running(place, model)
        if isinstance(known, cls):
            known.options = options or known.options
            return known
        session = cls(directory, framework, options, environment)
        running.remember(place, model, session)
        with session.guard("refer to the model"):
            session._model = None if model is None else ref(model)
        return session

    @property
    def records(self) -> list[Record]:
        """What is held in memory, thinned in long runs; the journal has all of it."""
        return self._memory.records

    def write(self, record: Record) -> None:
        """Keep a record, in memory and in the journal; a journal that cannot be written is told once."""
        if os.getpid() != self.process:  # a forked child looks on, and its parent tells
            return
        self._memory.keep(record)
        with self.guard(f"write to {self.directory}"):
            self._journal.write(record)

    def stage(self, card: ModelCard, *, epoch: float, step: float, because: str, batch_size: int | None = None) -> None:
        """Tell what is trained from here on: once at the beginning, and whenever it has changed."""
        self._is_going_on()
        self.write(Staged(Stage(epoch, step, card, because, batch_size)))

    def happened(self, kind: str, text: str, *, epoch: float, step: float) -> None:
        """Note something that the report should say."""
        self.write(Happened(Happening(step, epoch, kind, text)))

    def epoch_ended(  # noqa: PLR0913  one record
        self,
        epoch: float,
        step: float,
        values: Mapping[str, Any],
        *,
        learning_rate: float | None = None,
        seconds: float | None = None,
        computed: tuple[str, ...] = (),
    ) -> Advice:
        """Tell what an epoch ended with, by the program's own names; epochs count from 1 through the whole run.

        Of values that the program does not log, and that the hook computed itself, ``computed`` has the names.

        Raises
        ------
        Unhealthy
            Something was found, and ``on_finding`` is ``"raise"``.
        """
        self._is_going_on()
        numbers = {str(name): float(value) for name, value in values.items() if _is_number(value)}
        self.write(Epoch(epoch, step, numbers, learning_rate, seconds, computed))
        self.epochs_done, self.steps_done = max(self.epochs_done, epoch), max(self.steps_done, step)
        with self.guard("sync the journal"):
            self._sync()
        advice = Advice()
        with self.guard("watch the loss"):
            advice = self._watch(epoch, step, numbers)
        new: list[Finding] = []
        with self.guard("judge the run so far"):
            new = self._look(epoch)
        for finding in new:
            advice = self._acted(finding, epoch, step, advice)
        return advice

    def finish(self, how: str = "finished") -> Diagnosis | None:
        """End the run and write the report; a later epoch goes on with it. None where judging failed."""
        if os.getpid() != self.process:
            return None
        self.write(Ended(how, _now()))
        with self.guard("sync the journal"):
            self._journal.sync()
        running.finished(self)
        with self.guard("diagnose the run"), kept_random_states():
            self.diagnosis = diagnose_run(self.run(with_splits=not how.startswith("failed")))
        with self.guard("tell the findings"):
            self._tell_the_rest()
        with self.guard("report the run"):
            self._report()
        return self.diagnosis

    def run(self, *, with_splits: bool = False) -> Run:
        """Return what is known so far as a `Run`; with the data that the user gave, where wanted."""
        name = self.options.name or self.directory.resolve().name
        raw = raw_log(name, str(self.directory), self.records)
        found = understand(raw, given=given_context(self.options.context or None))[0]
        given: dict[SplitName, Any] = {"train": self.options.train, "val": self.options.val, "test": self.options.test}
        sources = {split: source for split, source in given.items() if source is not None}
        if not with_splits or not sources:
            return found
        model = self._model() if self._model is not None and self.options.ask_model else None
        return with_data(found, sources, self.options.data, model=model)

    def _began(self, framework: str, environment: Mapping[str, str] | None) -> Began:
        settings: dict[str, float | str | bool | None]
        settings = {str(k): v for k, v in self.options.context.items() if isinstance(v, (int, float, str, bool))}
        own = {"python": platform.python_version(), "platform": platform.platform(), "cores": str(os.cpu_count())}
        return Began(
            framework=framework,
            name=self.options.name,
            time=_now(),
            process=self.process,
            environment={**own, **(environment or {})},
            settings=settings,
            resumes=self.options.resume,
        )

    def _take_up(self, records: list[Record]) -> None:
        for record in records:
            self._memory.keep(record)
            if isinstance(record, Epoch):
                self.epochs_done = max(self.epochs_done, record.epoch)
                self.steps_done = max(self.steps_done, record.step)
                self._watched.next(record.epoch, record.values)

    def _is_going_on(self) -> None:
        self.budget.begin()
        self._judging.begin()
        running.begun(self)

    def _sync(self) -> None:
        if self._journal.is_lost():  # the folder was deleted: what is held in memory is written anew
            self._journal.close()
            for record in self.records:
                self._journal.write(record)
        if time.monotonic() - self._synced >= SYNC_EVERY:
            self._journal.sync()
            self._synced = time.monotonic()

    def _watch(self, epoch: float, step: float, values: Mapping[str, float]) -> Advice:
        is_best, decision = self._watched.next(epoch, values)
        if decision is None or not decision.stop or not self.options.stop_early:
            return Advice(is_best=is_best)
        self.happened("stopped early", decision.why, epoch=epoch, step=step)
        log.warning("diagnose stops training after epoch %g: %s", epoch, decision.why)
        return Advice(stop=True, why=decision.why, is_best=is_best)

    def _look(self, epoch: float) -> list[Finding]:
        if not self._judging.affords():
            return []
        with self._judging.spending(), kept_random_states():
            return self._looks.new(live_findings(self.run()), epoch)

    def _acted(self, f: Finding, epoch: float, step: float, advice: Advice) -> Advice:
        self.write(Found(step, epoch, f.code, f.cause.value, f.severity.value, f.probability, f.claim))
        with self.guard("diagnose the run so far"), self._judging.spending(is_look=False), kept_random_states():
            self.diagnosis = diagnose_run(self.run())
        remedies = () if self.diagnosis is None else self.diagnosis.remedies
        line, policy = told(f, remedies, self.directory, epoch), "log"
        with self.guard("tell the finding"):
            policy = policy_of(f, self.options)
        tell(line, policy)
        with self.guard("tell the trackers"):
            if self.options.trackers:
                self._trackers.found(f, line, step)
        if policy == "raise" and self.diagnosis is not None:
            raise Unhealthy(line, self.diagnosis)
        if policy not in {"raise", "stop"}:
            return advice
        return advice._replace(stop=True, why=advice.why or f"{f.code}: {f.claim}")

    def _tell_the_rest(self) -> None:
        """Tell what was found at the end only: by a warning or to the user's function, else the conclusion says it."""
        if self.diagnosis is None or not (callable(self.options.on_finding) or self.options.on_finding == "warn"):
            return
        for f in self._looks.rest(self.diagnosis.findings):
            policy = policy_of(f, self.options)
            tell(told(f, self.diagnosis.remedies, self.directory, self.epochs_done), policy)

    def _report(self) -> None:
        if self.diagnosis is None:
            return
        if self.options.report:
            for name in ("diagnosis.json", REPORT):
                self.diagnosis.save(self.directory / name)
        level = logging.INFO if self.diagnosis.main == "healthy" else logging.WARNING
        log.log(level, "diagnose: %s", concluded(self.diagnosis, self.directory, has_report=self.options.report))
        if self.options.trackers:
            self._trackers.concluded(self.diagnosis, self.steps_done)


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError, OverflowError):
        return False
    return True


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
